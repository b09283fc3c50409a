"""Loads delivery records: what happened to each event at each destination, as some log tells it.

README.md says under "Your own data" which columns a record has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentkit.engine import quoted, sql_text
from consentkit.errors import EngineError
from consentkit.sources.delivery_columns import root_of, text_inside
from consentkit.sources.delivery_reading import LineLog, TableLog, read_log
from consentkit.sources.lines import line_batches
from consentkit.sources.segment_json import write_reading_file
from consentkit.sources.tabular import CsvTable, ParquetTable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from consentkit.engine import Engine
    from consentkit.sources.delivery_columns import Columns
    from consentkit.sources.files import InputFile

DELIVERY_SUFFIXES = (
    ".parquet",
    *(f"{kind}{packing}" for kind in (".ndjson", ".jsonl", ".json", ".csv", ".tsv") for packing in ("", ".gz")),
)


def load_delivery_files(
    engine: Engine, files: list[InputFile], columns: Columns, progress: Callable[[int], None]
) -> None:
    """Load delivery records into the tables, inside the caller's transaction.

    In: NDJSON, CSV (also with tabs or semicolons) or Parquet, by name or content, plain or gzipped. Out:
    rows in ``delivery`` and ``route``; records without a destination or without any word on their event
    in ``rejected_line``; one row per file in ``input_file``. A record that another file holds as well is left out
    and counted (RULES.md 2.2). Raises :class:`SourceError` where a file has
    no column for what a record must have.
    """
    write_reading_file(engine, files, None)
    engine.run("load deliveries: begin", sql_text("load_deliveries_0_incoming"))
    for kind, theirs, alike in _alike(files, columns):
        if kind == "ndjson":
            read_log(engine, LineLog(theirs, line_batches(alike, progress, engine.slice_bytes)))
        elif kind == "parquet":
            _read_parquet(engine, alike[0], theirs, progress)
        else:
            _read_csv(engine, alike[0], theirs, progress)
    for file in files:
        if not file.lines and file.problem is None:
            file.problem = "empty"
    _link(engine)
    write_reading_file(engine, files, None)
    if engine.value("load deliveries: overlap", sql_text("load_deliveries_2_overlap")):
        engine.run("load deliveries: repeats", sql_text("load_deliveries_2_repeats"))
    engine.run("load deliveries: account", sql_text("load_deliveries_3_account"))


def link_pending(engine: Engine) -> None:
    """Try again to find the events of delivery records that found none so far."""
    if engine.value("count pending deliveries", "SELECT count(*) FROM pending_delivery"):
        engine.run("load deliveries: begin", sql_text("load_deliveries_0_incoming"))
        engine.run("load deliveries: pending", sql_text("load_deliveries_1_pending"))
        _link(engine)


def _link(engine: Engine) -> None:
    if engine.value("count incoming deliveries", "SELECT count(*) FROM incoming_delivery"):
        engine.run("load deliveries: met", sql_text("load_deliveries_2_met"))
        engine.run("load deliveries: routes", sql_text("load_deliveries_1_routes"))
        engine.run("load deliveries: link", sql_text("load_deliveries_2_link"))
    engine.run("load deliveries: end", "DROP TABLE incoming_delivery; DROP VIEW named_event")


def _column_of(present: Collection[str], nested: Collection[str] = ()) -> Callable[[str], str]:
    """Return what turns a name into SQL: a column, else a field inside one that is nested or holds JSON as text."""

    def column(name: str) -> str:
        if name in present:
            return f"r.{quoted(name)}"
        root = root_of(name)
        cell = f"r.{quoted(root)}"
        return text_inside(f"CAST(to_json({cell}) AS VARCHAR)" if root in nested else f"CAST({cell} AS VARCHAR)", name)

    return column


def _format(file: InputFile) -> str:
    name = file.path.lower().removesuffix(".gz")
    for suffix, kind in ((".parquet", "parquet"), (".csv", "csv"), (".tsv", "csv")):
        if name.endswith(suffix):
            return kind
    if name.endswith((".ndjson", ".jsonl", ".json")):
        return "ndjson"
    with file.place.open("rb") as stream:
        start = stream.read(4)
    return "parquet" if start == b"PAR1" else "ndjson" if start[:1] in b"{\x1f" else "csv"


def _alike(files: list[InputFile], columns: Columns) -> list[tuple[str, Columns, list[InputFile]]]:
    """Return the files with their format and columns: lines that read the same way as one log.

    What a log costs at least is much for a small file.
    """
    logs: list[tuple[str, Columns, list[InputFile]]] = []
    for file in files:
        if file.problem:
            continue
        kind, theirs = _format(file), columns.beside(file.place)
        if logs and kind == logs[-1][0] == "ndjson" and theirs.reads_as(logs[-1][1]):
            logs[-1][2].append(file)
        else:
            logs.append((kind, theirs, [file]))
    return logs


def _read_parquet(engine: Engine, file: InputFile, columns: Columns, progress: Callable[[int], None]) -> None:
    table = ParquetTable(file)
    said = columns.said(file.path, table.columns, _column_of(table.columns, table.nested))
    try:
        read_log(engine, TableLog(columns, said, table.batches(columns.present_in(table.columns))))
    except EngineError:
        if table.damage is None:
            raise
        raise table.damage from None
    progress(file.bytes)


def _read_csv(engine: Engine, file: InputFile, columns: Columns, progress: Callable[[int], None]) -> None:
    table = CsvTable(file, progress)
    if not table.columns:
        file.problem = file.problem or "empty"
        return
    said = columns.said(file.path, table.columns, _column_of(table.columns))
    read_log(engine, TableLog(columns, said, table.batches(columns.present_in(table.columns))))
    file.lines += len(table.bad)
    bad = [(file.file_id, line, "wrong_columns", text) for line, text in table.bad]
    engine.insert("load deliveries: set aside", "rejected_line", ("file_id", "line", "code", "content"), bad)
