"""Loads delivery records: what happened to each event at each destination, as some log tells it.

Source of the columns: the delivery record in the policy and commands document, section 2.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from consentkit.engine import literal, quoted, sql_text
from consentkit.errors import EngineError, SourceError, UsageError
from consentkit.sources.lines import line_batches, line_schema
from consentkit.sources.segment_json import write_reading_file
from consentkit.sources.tabular import CsvTable, ParquetTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from consentkit.engine import Engine
    from consentkit.sources.files import InputFile

DELIVERY_SUFFIXES = (
    ".parquet",
    *(f"{kind}{packing}" for kind in (".ndjson", ".jsonl", ".json", ".csv", ".tsv") for packing in ("", ".gz")),
)

# The names other logs use for our columns, read without being asked; any other name needs a mapping.
COLUMNS: dict[str, tuple[str, ...]] = {
    "message_id": ("messageId", "message-id"),
    "event_file": (),
    "event_line": (),
    "destination": ("destination_name", "destinationName", "destination_slug"),
    "status": ("outcome",),
    "reason": ("discard_reason", "discardReason"),
    "mode": ("connection_mode",),
    "at": ("delivered_at", "timestamp"),
}
# Epochs in a log's unit of time, as microseconds; without a unit a time is text.
_UNITS = {"seconds": 1_000_000, "milliseconds": 1_000, "microseconds": 1}
_HEADER = re.compile(r"[A-Za-z_$][\w .$-]{0,59}")  # what is not a header may be a person's data: it is not shown


class Columns:
    """Which of a log's columns mean which of ours, and what is the same for every record.

    ``mapping`` is theirs -> ours; ``constants`` is ours -> value, for logs that leave a column out because
    every record has the same; ``time_unit`` says what an epoch counts. A name with dots also means a field
    inside another, in NDJSON. Raises :class:`UsageError` where a name of ours does not exist.
    """

    def __init__(
        self,
        mapping: Mapping[str, str] | None = None,
        constants: Mapping[str, str] | None = None,
        time_unit: str | None = None,
    ) -> None:
        if time_unit is not None and time_unit not in _UNITS:
            raise UsageError(f"time_unit {time_unit!r} is none of {', '.join(_UNITS)}")
        self.time_unit = time_unit
        self.constants = dict(constants or {})
        self.theirs: dict[str, tuple[str, ...]] = {ours: (ours, *others) for ours, others in COLUMNS.items()}
        for ours in [*(mapping or {}).values(), *self.constants]:
            if ours not in COLUMNS:
                raise UsageError(f"{ours!r} is not a column of delivery records; they are {', '.join(COLUMNS)}")
        for ours in set((mapping or {}).values()):
            self.theirs[ours] = tuple(name for name, target in (mapping or {}).items() if target == ours)

    def beside(self, path: str) -> Columns:
        """Add the ``columns:`` and ``constants:`` of the sidecar file ``<path>.yml``, where there is one."""
        sidecar = Path(f"{path}.yml")
        return self.over(sidecar) if sidecar.is_file() else self

    def over(self, file: Path) -> Columns:
        """Add what a YAML file says; where both say something, what was said before holds."""
        import yaml

        try:
            said = yaml.safe_load(file.read_text(encoding="utf-8"))
            unit = self.time_unit or said.get("time_unit")
            merged = Columns(said.get("columns"), {**(said.get("constants") or {}), **self.constants}, unit)
        except (yaml.YAMLError, UnicodeDecodeError, AttributeError, TypeError, ValueError, OSError):
            message = "it must be YAML with `columns:` (theirs: ours) and, if wanted, `constants:` (ours: value)"
            raise SourceError(f"{file}: cannot be read as a mapping of columns; {message}") from None
        defaults = Columns()
        for ours, names in self.theirs.items():
            if names != defaults.theirs[ours]:
                merged.theirs[ours] = names
        return merged

    def of_export(self, name: str) -> Columns:
        """Add the mapping of a destination's export: a ready one by its name, or a YAML file of your own.

        Raises :class:`UsageError` where it is neither.
        """
        ready = {file.stem: file for file in sorted((Path(__file__).parent / "exports").glob("*.yml"))}
        file = ready.get(name) or Path(name)
        if not file.is_file():
            raise UsageError(f"{name}: no such mapping; name one of {', '.join(ready)}, or a YAML file")
        return self.over(file)

    def present_in(self, columns: list[str]) -> list[str]:
        """Return those of a file's columns that mean something here."""
        return [name for names in self.theirs.values() for name in names if name in columns]

    def expressions(self, path: str, present: list[str] | None, column: Callable[[str], str]) -> dict[str, str]:
        """Return SQL per column of ours; ``present`` lists the file's columns where they are known.

        ``column`` turns a name of theirs into SQL.
        Raises :class:`SourceError` where the file has no column for what a record must have.
        """
        found: dict[str, str] = {}
        for ours, names in self.theirs.items():
            there = [name for name in names if present is None or name in present]
            parts = [f"CAST({column(name)} AS VARCHAR)" for name in there]
            if ours in self.constants:
                parts = [literal(self.constants[ours])]
            found[ours] = f"tidied(coalesce({', '.join(parts)}))" if parts else "CAST(NULL AS VARCHAR)"
            if ours in ("destination", "status") and not parts:
                self._refuse(path, ours, present or [])
        if present is not None and not {*self.theirs["message_id"], *self.theirs["event_line"]} & set(present):
            self._refuse(path, "message_id", present)
        if self.time_unit and "at" not in self.constants:
            micros = f"TRY_CAST({found['at']} AS DOUBLE) * {_UNITS[self.time_unit]}"
            found["at"] = f"CAST(try(make_timestamp(TRY_CAST({micros} AS BIGINT))) AS VARCHAR)"
        return found

    @staticmethod
    def _refuse(path: str, ours: str, present: list[str]) -> None:
        if all(_HEADER.fullmatch(name) for name in present):
            said = f"it has {', '.join(present[:30])}"
        else:
            said = "and its first line does not look like column names"
        hint = f"name it with --map theirs={ours}"
        if ours != "message_id":
            hint += f", or --set {ours}=VALUE if it is the same for every record"
        raise SourceError(f"{path}: no column gives the {ours}; {said}; {hint}")


def load_delivery_files(
    engine: Engine, files: list[InputFile], columns: Columns, progress: Callable[[int], None]
) -> None:
    """Load delivery records into the tables, inside the caller's transaction.

    In: NDJSON, CSV (also with tabs or semicolons) or Parquet, by name or content, plain or gzipped. Out:
    rows in ``delivery`` and ``route``; records without a destination or without any word on their event
    in ``rejected_line``; one row per file in ``input_file``. Raises :class:`SourceError` where a file has
    no column for what a record must have.
    """
    write_reading_file(engine, files, None)
    engine.run("load deliveries: begin", sql_text("load_deliveries_0_incoming"))
    for file in files:
        _read(engine, file, columns.beside(file.path), progress)
    engine.run("load deliveries: link", sql_text("load_deliveries_2_link"))
    write_reading_file(engine, files, None)
    engine.run("load deliveries: account", sql_text("load_deliveries_3_account"))


def link_pending(engine: Engine) -> None:
    """Try again to find the events of delivery records that found none so far."""
    pending = "SELECT count(*) FROM delivery WHERE event_id IS NULL OR linked_by = 'only_file'"
    if engine.value("count pending deliveries", pending):
        engine.run("load deliveries: pending", sql_text("load_deliveries_1_pending"))
        engine.run("load deliveries: link", sql_text("load_deliveries_2_link"))


def _column(name: str) -> str:
    return f"r.{quoted(name)}"


def _format(file: InputFile) -> str:
    name = file.path.lower().removesuffix(".gz")
    for suffix, kind in ((".parquet", "parquet"), (".csv", "csv"), (".tsv", "csv")):
        if name.endswith(suffix):
            return kind
    if name.endswith((".ndjson", ".jsonl", ".json")):
        return "ndjson"
    with Path(file.path).open("rb") as stream:
        start = stream.read(4)
    return "parquet" if start == b"PAR1" else "ndjson" if start[:1] in b"{\x1f" else "csv"


def _read(engine: Engine, file: InputFile, columns: Columns, progress: Callable[[int], None]) -> None:
    if file.problem:
        return
    kind = _format(file)
    if kind == "ndjson":
        _read_ndjson(engine, file, columns, progress)
    elif kind == "parquet":
        parquet = ParquetTable(file)
        found = columns.expressions(file.path, parquet.columns, _column)
        with engine.stream("incoming_table", parquet.batches(columns.present_in(parquet.columns))):
            try:
                _take(engine, found, "incoming_table")
            except EngineError:
                if parquet.damage is None:
                    raise
                raise parquet.damage from None
        progress(file.bytes)
    else:
        table = CsvTable(file, progress)
        if not table.columns:
            file.problem = file.problem or "empty"
            return
        found = columns.expressions(file.path, table.columns, _column)
        with engine.stream("incoming_table", table.batches(columns.present_in(table.columns))):
            _take(engine, found, "incoming_table")
        file.lines += len(table.bad)
        bad = [(file.file_id, line, "wrong_columns", text) for line, text in table.bad]
        engine.insert("load deliveries: set aside", "rejected_line", ("file_id", "line", "code", "content"), bad)


def _read_ndjson(engine: Engine, file: InputFile, columns: Columns, progress: Callable[[int], None]) -> None:
    import pyarrow as pa

    asked = [name for names in columns.theirs.values() for name in names]
    roots = [name.partition(".")[0] for name in asked if "." in name]
    pointers = {name: _pointer(name) for name in [*asked, *roots]}
    for name in asked:
        if "." in name:
            pointers[f"{name} inside"] = _pointer(*name.split("."))
    places = {name: place for place, name in enumerate(pointers, start=1)}
    record = f"json_extract_string(l.text, [{', '.join(literal(pointer) for pointer in pointers.values())}])"
    # not TRY, in which one broken line costs a whole vector
    parsed = f"CASE WHEN json_valid(l.text) THEN {record} END AS found"
    relation = f"(SELECT l.file_id, l.line, l.raw, l.text, {parsed} FROM incoming_line AS l)"
    reject = """CASE
                WHEN r.found IS NOT NULL AND starts_with(r.text, '{') THEN NULL
                WHEN r.found IS NOT NULL AND starts_with(ltrim(r.text, E' \\t\\r\\n'), '{') THEN NULL
                WHEN r.text IS NULL THEN 'not_utf8'
                WHEN trim(r.text, E' \\t\\r\\n') = '' THEN 'blank'
                WHEN try(json_type(r.text)) IS NOT NULL THEN 'not_object'
                ELSE 'not_json'
            END"""
    reader = pa.RecordBatchReader.from_batches(line_schema(), line_batches([file], progress))

    def column(name: str) -> str:
        flat = f"r.found[{places[name]}]"
        root, _, inner = name.partition(".")
        if not inner:
            return flat
        outer = f"r.found[{places[root]}]"  # text that holds JSON is looked into as well
        packed = f"json_extract_string({outer}, {literal(_pointer(*inner.split('.')))})"
        return f"coalesce({flat}, r.found[{places[f'{name} inside']}], CASE WHEN json_valid({outer}) THEN {packed} END)"

    found = columns.expressions(file.path, None, column)
    with engine.stream("incoming_line", reader):
        _take(engine, found, relation, reject, "r.raw, r.text")


def _pointer(*names: str) -> str:
    """Return the path to a field inside fields, for JSON functions."""
    if all(re.fullmatch(r"[\w -]+", name) for name in names):
        return "$" + "".join(f'."{name}"' for name in names)
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)


def _take(
    engine: Engine,
    found: dict[str, str],
    relation: str,
    reject: str = "NULL",
    line: str = "CAST(NULL AS BLOB) AS raw, CAST(NULL AS VARCHAR) AS text",
) -> None:
    """Move the rows of a relation that has file_id and line into ``incoming_delivery``."""
    engine.run(
        "load deliveries: read",
        f"""
        INSERT INTO incoming_delivery
        WITH named AS (
            SELECT
                r.file_id, r.line, {found["message_id"]} AS message_id,
                {found["event_file"]} AS event_file, as_line({found["event_line"]}) AS event_line,
                {found["destination"]} AS destination, {found["status"]} AS status,
                {found["reason"]} AS reason, {found["mode"]} AS mode,
                as_utc({found["at"]}) AS logged_at,
                {reject} AS unreadable, {line}
            FROM {relation} AS r
        ),
        judged AS (
            SELECT
                n.*,
                CASE
                    WHEN n.unreadable IS NOT NULL THEN n.unreadable
                    WHEN n.destination IS NULL THEN 'no_destination'
                    WHEN n.message_id IS NULL AND n.event_line IS NULL THEN 'no_event_named'
                END AS reject_code
            FROM named AS n
        )
        SELECT
            g.file_id, g.line, g.message_id, g.event_file, g.event_line, g.destination, g.status, g.reason,
            g.mode, g.logged_at, g.reject_code, CASE
                WHEN g.reject_code IS NOT NULL THEN coalesce(g.raw, encode(g.text), encode(to_json(struct_pack(
                    message_id := g.message_id, event_file := g.event_file, event_line := g.event_line,
                    destination := g.destination, status := g.status, reason := g.reason
                ))::VARCHAR))
            END
        FROM judged AS g""",
    )
