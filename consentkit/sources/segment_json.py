"""Loads events as Segment writes them: NDJSON, plain or gzipped, one event a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentkit.engine import quoted, sql_text
from consentkit.errors import EngineError
from consentkit.sources.lines import line_batches
from consentkit.sources.settling import account_warehouse, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from consentkit.engine import Engine
    from consentkit.sources.files import InputFile

FIRST_SLICE = 1 << 22
_READ = "DROP VIEW read_line; DROP VIEW incoming_line"
_KNOWN = """
CREATE OR REPLACE TEMP TABLE known_situation (situation_key UBIGINT NOT NULL, signature_id INTEGER NOT NULL);
CREATE OR REPLACE TEMP TABLE reading_source AS SELECT max(r.source_given) AS source_given FROM reading_file AS r
"""
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
    _read_slices(engine, line_batches(files, progress))
    _finish(engine, files, source)


def load_prepared_lines(engine: Engine, files: list[InputFile], lines: str) -> None:
    """Load the rows of the temporary table ``lines``, of the columns of ``line_schema``, as lines of ``files``."""
    write_reading_file(engine, files, None)
    engine.run("load events: make room", _KNOWN)
    engine.run("load events: lines", f"CREATE OR REPLACE TEMP VIEW incoming_line AS SELECT * FROM {quoted(lines)}")
    engine.run("load events: reading", sql_text("load_events_1_incoming"))
    _take_slice(engine)
    engine.run("load events: lines read", _READ)
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


def _read_slices(engine: Engine, batches: Iterator[pa.RecordBatch]) -> None:
    """Turn batches of numbered lines into rows of the tables, slice by slice, to bound memory."""
    engine.run("load events: make room", _KNOWN)
    quick, size = False, FIRST_SLICE
    while (first := next(batches, None)) is not None:
        with engine.stream("slice_line", _slice(first, batches, size)):
            lines = engine.value("count the lines", "SELECT count(*) FROM slice_line")
            engine.run("load events: lines", "CREATE OR REPLACE TEMP VIEW incoming_line AS SELECT * FROM slice_line")
            engine.run("load events: reading", sql_text("load_events_1_incoming"))
            left = lines - _take_known(engine) if quick else lines
            if 0 < left < lines:
                engine.run("load events: what is left", sql_text("load_events_1_left"))
                engine.run("load events: lines", "CREATE OR REPLACE TEMP VIEW incoming_line AS SELECT * FROM left_line")
            new = _take_slice(engine) if left else 0
        quick, size = new < left / 2 or new < lines / 10, engine.slice_bytes
        engine.run("load events: lines read", _READ)


def _take_known(engine: Engine) -> int:
    """Move the lines of known situations into ``event`` and return how many they are."""
    engine.run("load events: known situations", sql_text("load_events_1_quick"))
    taken = int(engine.value("load events 7 event", sql_text("load_events_7_event")))
    engine.run("load events: known taken", "DROP VIEW incoming")
    return taken


def _take_slice(engine: Engine) -> int:
    """Move lines into the tables the long way and return how many situations were met.

    No step inserts nothing, after which DuckDB 2.0 can lose sight of later rows.
    """
    engine.run("load events: read lines", "CREATE OR REPLACE TEMP TABLE incoming AS SELECT * FROM read_line")
    count = "SELECT count(*) - count(i.reject_code), count(i.reject_code) FROM incoming AS i"
    events, rejected = engine.rows("load events: count the slice", count)[0]
    for step in SLICE_STEPS:
        if rejected if step == "load_events_2_rejected" else events:
            engine.run(step.replace("_", " "), sql_text(step))
    met = engine.value("load events: remember", sql_text("load_events_7_remember")) if events else 0
    engine.run("load events: lines taken", "DROP TABLE incoming")
    return int(met)


def write_reading_file(engine: Engine, files: list[InputFile], source: str | None) -> None:
    """Tell the load steps which files are being read, and what reading them showed so far."""
    import pyarrow as pa

    rows = [(f.file_id, f.path, source, f.bytes, f.sha256, f.lines, f.problem) for f in files]
    names = ("file_id", "path", "source_given", "bytes", "sha256", "lines", "problem")
    types = (pa.int32(), pa.string(), pa.string(), pa.int64(), pa.string(), pa.int64(), pa.string())
    columns = [pa.array(column, type=kind) for column, kind in zip(zip(*rows, strict=True), types, strict=True)]
    with engine.stream("reading", pa.table(columns, names=list(names))):
        engine.run("note the files", "CREATE OR REPLACE TEMP TABLE reading_file AS SELECT * FROM reading")
    engine.run("places of consent", sql_text("load_events_0_places"))


def _slice(first: pa.RecordBatch, batches: Iterator[pa.RecordBatch], enough: int) -> pa.Table:
    """Gather batches to a slice; many small ones, of small files, are joined so that they cost no more than few."""
    import pyarrow as pa

    gathered, size = [first], first.nbytes
    while size < enough and (batch := next(batches, None)) is not None:
        gathered.append(batch)
        size += batch.nbytes
    table = pa.Table.from_batches(gathered)
    return table.combine_chunks() if table.num_rows < 2048 * len(gathered) else table
