"""Loads what a delivery overview counts: destination, day, status, reason and how many.

Source of the columns: RULES.md 2.2. Counts name no event; the view ``count_reconciled`` holds them against what the
rules allow on each day.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from consentkit.engine import sql_text
from consentkit.errors import SourceError, UsageError
from consentkit.sources.blocks import chunks
from consentkit.sources.segment_json import write_reading_file
from consentkit.sources.tabular import CsvTable, ParquetTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from consentkit.engine import Engine
    from consentkit.sources.files import InputFile

COUNT_SUFFIXES = (".parquet", ".csv", ".csv.gz", ".tsv", ".tsv.gz", ".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz")
COLUMNS: dict[str, tuple[str, ...]] = {
    "destination": ("destination_name", "destinationName", "integration"),
    "day": ("date", "at", "time"),
    "status": ("outcome", "step"),
    "reason": ("discard_reason", "discardReason", "reason_code"),
    "count": ("events", "records", "n", "total"),
}
_ROW = ("file_id", "line", "destination", "day", "status", "reason", "records")
_MOST = 1 << 53  # whole numbers beyond are no longer told from one another
Row = dict[str, Any]


class CountColumns:
    """Which of their columns mean which of ours, and what is the same in every row.

    Raises :class:`UsageError` where a name of ours does not exist.
    """

    def __init__(self, mapping: Mapping[str, str] | None = None, constants: Mapping[str, str] | None = None) -> None:
        self.constants = dict(constants or {})
        self.theirs = {ours: (ours, *others) for ours, others in COLUMNS.items()}
        for ours in [*(mapping or {}).values(), *self.constants]:
            if ours not in COLUMNS:
                raise UsageError(f"{ours!r} is not a column of delivery counts; they are {', '.join(COLUMNS)}")
        for ours in set((mapping or {}).values()):
            self.theirs[ours] = tuple(name for name, target in (mapping or {}).items() if target == ours)

    def read(self, row: Row) -> Row:
        """Return a row under our names, as text; absent and empty are None."""
        found: Row = {}
        for ours, names in self.theirs.items():
            cells = [row[name] for name in names if row.get(name) is not None]
            text = self.constants.get(ours) or (_text(cells[0]) if cells else None)
            found[ours] = text.strip() or None if text else None
        return found

    def check(self, path: str, columns: list[str]) -> None:
        """Raise :class:`SourceError` where a file has no column for what a count must have."""
        for ours in ("destination", "day", "status", "count"):
            if ours not in self.constants and not set(self.theirs[ours]) & set(columns):
                hint = f"name it with --count-map theirs={ours}"
                raise SourceError(f"{path}: no column gives the {ours} of the counts; {hint}")


def load_count_files(engine: Engine, files: list[InputFile], columns: CountColumns) -> None:
    """Load delivery counts inside the caller's transaction.

    In: CSV, NDJSON or Parquet. Out: rows in ``delivery_count`` and ``route``; rows without a destination, a day
    or a whole number in ``rejected_line``; one row per file in ``input_file``.
    """
    if not files:
        return
    engine.run("load counts: begin", sql_text("load_counts_0_incoming"))
    for file in files:
        rows: list[tuple[object, ...]] = []
        bad: list[tuple[object, ...]] = []
        for line, row in _rows(file, columns, bad):
            told = columns.read(row)
            day, records = _day(told["day"]), _number(told["count"])
            code = (
                "no_destination"
                if told["destination"] is None
                else "no_day"
                if day is None
                else "no_number"
                if records is None
                else None
            )
            if code:
                bad.append((file.file_id, line, code, json.dumps(row, default=str).encode()))
            else:
                rows.append((file.file_id, line, told["destination"], day, told["status"], told["reason"], records))
        file.lines = len(rows) + len(bad)
        if not file.lines and file.problem is None:
            file.problem = "empty"
        engine.insert("load counts: read", "incoming_count", _ROW, rows)
        engine.insert("load counts: set aside", "rejected_line", ("file_id", "line", "code", "content"), bad)
    write_reading_file(engine, files, None)
    engine.run("load counts: link", sql_text("load_counts_1_link"))


def _rows(file: InputFile, columns: CountColumns, bad: list[tuple[object, ...]]) -> Iterator[tuple[int, Row]]:
    name = file.path.lower().removesuffix(".gz")
    if name.endswith((".ndjson", ".jsonl")):
        yield from _json_rows(file, bad)
        return
    table = ParquetTable(file) if name.endswith(".parquet") else CsvTable(file, lambda _: None)
    if not table.columns:
        return
    columns.check(file.path, table.columns)
    wanted = [each for each in table.columns if any(each in names for names in columns.theirs.values())]
    for batch in table.batches(wanted):
        for row in batch.to_pylist():
            yield row.pop("line"), row
    if isinstance(table, CsvTable):
        bad.extend((file.file_id, line, "wrong_columns", text) for line, text in table.bad)


def _json_rows(file: InputFile, bad: list[tuple[object, ...]]) -> Iterator[tuple[int, Row]]:
    for line, text in enumerate(b"".join(chunks(file, lambda _: None)).splitlines(), start=1):
        try:
            row = json.loads(text)
        except ValueError:
            row = None
        if isinstance(row, dict):
            yield line, row
        else:
            bad.append((file.file_id, line, "not_object" if row is not None else "not_json", text))


def _text(cell: object) -> str:
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _day(text: str | None) -> date | None:
    """Return the day, in UTC where a time with an offset is given."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    offset = moment.utcoffset()
    return (moment - offset if offset else moment).date()


def _number(text: str | None) -> int | None:
    try:
        number = float((text or "").replace(",", ""))
    except ValueError:
        return None
    return int(number) if 0 <= number < _MOST and number.is_integer() else None
