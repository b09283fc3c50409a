"""Loads events as Segment writes them: NDJSON, plain or gzipped, one event a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentkit.engine import quoted, sql_text
from consentkit.errors import EngineError
from consentkit.sources.lines import line_batches, line_schema
from consentkit.sources.settling import account_warehouse, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from consentkit.engine import Engine
    from consentkit.sources.files import InputFile

SLICE = 1 << 27
SLICE_STEPS = (
    "load_events_2_rejected",
    "load_events_3_stamp",
    "load_events_4_stamp_category",
    "load_events_5_integrations",
    "load_events_6_signature",
    "load_events_7_event",
)


def load_event_files(
    engine: Engine, files: list[InputFile], source: str | None, progress: Callable[[int], None]
) -> None:
    """Load files of Segment-spec NDJSON into the tables, inside the caller's transaction.

    In: files with their ids; ``source``, the source they come from, when the caller says so. Out: rows in
    ``event``, ``rejected_line``, ``duplicate_line``, ``stamp*``, ``integrations*``, ``signature`` and one row
    per file in ``input_file``. Every line ends in exactly one of event, rejected_line and duplicate_line.
    Source of the rules: RULES.md 1, 2 and 2.6.
    """
    write_reading_file(engine, files, source)
    read_batches(engine, line_batches(files, progress))
    _finish(engine, files, source)


def load_prepared_lines(engine: Engine, files: list[InputFile], lines: str) -> None:
    """Load the rows of the temporary table ``lines``, of the columns of ``line_schema``, as lines of ``files``."""
    write_reading_file(engine, files, None)
    engine.run("load events: lines", f"CREATE TEMP VIEW incoming_line AS SELECT * FROM {quoted(lines)}")
    engine.run("load events: read lines", sql_text("load_events_1_incoming"))
    _take_slice(engine)
    engine.run("load events: lines read", "DROP VIEW incoming_line")
    _finish(engine, files, None)


def _finish(engine: Engine, files: list[InputFile], source: str | None) -> None:
    settle(engine)
    engine.run("load events: duplicates", sql_text("load_events_8_duplicates"))
    write_reading_file(engine, files, source)
    engine.run("load events: account", sql_text("load_events_9_account"))
    lost = engine.value("load events: check the account", sql_text("load_events_check"))
    if lost:
        raise EngineError("load events", f"the account of {lost} files does not add up; nothing was loaded", "")
    account_warehouse(engine)


def read_batches(engine: Engine, batches: Iterator[pa.RecordBatch]) -> None:
    """Turn batches of numbered lines into rows of the tables, slice by slice, to bound memory."""
    import pyarrow as pa

    while (first := next(batches, None)) is not None:
        reader = pa.RecordBatchReader.from_batches(line_schema(), _slice(first, batches))
        with engine.stream("incoming_line", reader):
            engine.run("load events: read lines", sql_text("load_events_1_incoming"))
        _take_slice(engine)


def _take_slice(engine: Engine) -> None:
    """Move a slice into the tables; no step inserts nothing, after which DuckDB 2.0 can lose sight of later rows."""
    count = "SELECT count(*) - count(i.reject_code), count(i.reject_code) FROM incoming AS i"
    events, rejected = engine.rows("load events: count the slice", count)[0]
    for step in SLICE_STEPS:
        if rejected if step == "load_events_2_rejected" else events:
            engine.run(step.replace("_", " "), sql_text(step))


def write_reading_file(engine: Engine, files: list[InputFile], source: str | None) -> None:
    """Tell the load steps which files are being read, and what reading them showed so far."""
    import pyarrow as pa

    rows = [(f.file_id, f.path, source, f.bytes, f.sha256, f.lines, f.problem) for f in files]
    names = ("file_id", "path", "source_given", "bytes", "sha256", "lines", "problem")
    types = (pa.int32(), pa.string(), pa.string(), pa.int64(), pa.string(), pa.int64(), pa.string())
    columns = [pa.array(column, type=kind) for column, kind in zip(zip(*rows, strict=True), types, strict=True)]
    with engine.stream("reading", pa.table(columns, names=list(names))):
        engine.run("note the files", "CREATE OR REPLACE TEMP TABLE reading_file AS SELECT * FROM reading")


def _slice(first: pa.RecordBatch, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    size = first.nbytes
    yield first
    while size < SLICE and (batch := next(batches, None)) is not None:
        size += batch.nbytes
        yield batch
