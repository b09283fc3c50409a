"""Loads delivery records: what happened to each event at each destination, as some log tells it.

Source of the columns: the delivery record in the policy and commands document, section 2.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from consentkit.engine import literal, quoted, sql_text
from consentkit.errors import EngineError
from consentkit.sources.delivery_columns import root_of, text_inside
from consentkit.sources.lines import line_batches, line_schema
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
    in ``rejected_line``; one row per file in ``input_file``. Raises :class:`SourceError` where a file has
    no column for what a record must have.
    """
    write_reading_file(engine, files, None)
    engine.run("load deliveries: begin", sql_text("load_deliveries_0_incoming"))
    for file in files:
        _read(engine, file, columns.beside(file.path), progress)
        if not file.lines and file.problem is None:
            file.problem = "empty"
    engine.run("load deliveries: link", sql_text("load_deliveries_2_link"))
    write_reading_file(engine, files, None)
    engine.run("load deliveries: account", sql_text("load_deliveries_3_account"))


def link_pending(engine: Engine) -> None:
    """Try again to find the events of delivery records that found none so far."""
    pending = "SELECT count(*) FROM delivery WHERE event_id IS NULL OR linked_by = 'only_file'"
    if engine.value("count pending deliveries", pending):
        engine.run("load deliveries: pending", sql_text("load_deliveries_1_pending"))
        engine.run("load deliveries: link", sql_text("load_deliveries_2_link"))


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
        found = columns.expressions(file.path, parquet.columns, _column_of(parquet.columns, parquet.nested))
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
        found = columns.expressions(file.path, table.columns, _column_of(table.columns))
        with engine.stream("incoming_table", table.batches(columns.present_in(table.columns))):
            _take(engine, found, "incoming_table")
        file.lines += len(table.bad)
        bad = [(file.file_id, line, "wrong_columns", text) for line, text in table.bad]
        engine.insert("load deliveries: set aside", "rejected_line", ("file_id", "line", "code", "content"), bad)


def _read_ndjson(engine: Engine, file: InputFile, columns: Columns, progress: Callable[[int], None]) -> None:
    import pyarrow as pa

    asked = [name for names in columns.theirs.values() for name in names]
    read = list(dict.fromkeys([*asked, *map(root_of, asked)]))
    places = {name: place for place, name in enumerate(read, start=1)}
    record = f"json_extract_string(l.text, [{', '.join(literal(_pointer(name)) for name in read)}])"
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
        flat, outer = (f"r.found[{places[each]}]" for each in (name, root_of(name)))
        return flat if flat == outer else f"coalesce({flat}, {text_inside(outer, name)})"

    found = columns.expressions(file.path, None, column)
    with engine.stream("incoming_line", reader):
        _take(engine, found, relation, reject, "r.raw, r.text")


def _pointer(name: str) -> str:
    """Return the path to a field for JSON functions, in the form they find fastest."""
    if re.fullmatch(r"[\w -]+", name):
        return f'$."{name}"'
    return "/" + name.replace("~", "~0").replace("/", "~1")


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
