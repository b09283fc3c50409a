"""Loads events as Segment writes them: NDJSON, plain or gzipped, one event a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentkit.engine import quoted, sql_text
from consentkit.errors import EngineError
from consentkit.sources.files import unpacked
from consentkit.sources.lines import line_batches, line_schema, no_rows
from consentkit.sources.settling import account_warehouse, note_repeats, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from consentkit.engine import Engine
    from consentkit.sources.files import InputFile

# What is met in the first lines makes the way quick for most of the others; of few lines, most have nothing to gain.
FIRST_SLICE = 1 << 22
# To take the long way costs as much as to read so many lines twice.
_MANY_LEFT = 1 << 13
_ROOM = """
CREATE OR REPLACE TEMP TABLE known_situation (situation_key UBIGINT NOT NULL, signature_id INTEGER NOT NULL);
CREATE OR REPLACE TEMP TABLE left_line (file_id INTEGER NOT NULL, line BIGINT NOT NULL, text VARCHAR, raw BLOB);
CREATE OR REPLACE TEMP TABLE reading_source AS SELECT max(r.source_given) AS source_given FROM reading_file AS r
"""
_WAITING = "SELECT sum(coalesce(strlen(l.text), octet_length(l.raw))) FROM left_line AS l"
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
    few = sum(map(unpacked, files)) <= 2 * engine.slice_bytes
    first = 2 * engine.slice_bytes if few else FIRST_SLICE
    _read_slices(engine, line_batches(files, progress, engine.slice_bytes), first)
    _finish(engine, files, source)


def load_prepared_lines(engine: Engine, files: list[InputFile], lines: str) -> None:
    """Load the rows of the temporary table ``lines``, of the columns of ``line_schema``, as lines of ``files``."""
    write_reading_file(engine, files, None)
    engine.run("load events: make room", _ROOM)
    _take_slice(engine, lines)
    _finish(engine, files, None)


def _finish(engine: Engine, files: list[InputFile], source: str | None) -> None:
    engine.run("load events: lines read", "DROP VIEW IF EXISTS read_line; DROP VIEW IF EXISTS incoming_line")
    settle(engine)
    note_repeats(engine)
    write_reading_file(engine, files, source)
    engine.run("load events: account", sql_text("load_events_9_account"))
    lost = engine.value("load events: check the account", sql_text("load_events_check"))
    if lost:
        raise EngineError("load events", f"the account of {lost} files does not add up; nothing was loaded", "")
    account_warehouse(engine)


def _read_slices(engine: Engine, batches: Iterator[pa.RecordBatch], first_slice: int) -> None:
    """Turn batches of numbered lines into rows of the tables, slice by slice, to bound memory.

    The long way costs about the same for a hundred lines as for ten thousand, so that what the quick way leaves over
    waits until it is as much as a slice, half of what was read, or much of one slice, as the next would leave as much.
    """
    engine.run("load events: make room", _ROOM)
    quick, size, lines, left = False, first_slice, 0, 0
    current = _Slice()
    with engine.stream("slice_line", current):
        while (first := next(batches, None)) is not None:
            current.gather(first, batches, size)
            lines += len(current)
            if quick:
                before = left
                left, waiting = _take_known(engine, len(current), left)
                if left < lines / 2 and left - before < _MANY_LEFT and waiting < size:
                    continue
            left = left if quick else lines
            new = _take_slice(engine, "left_line" if quick else "slice_line")
            quick = new < left / 2 or new < lines / 10
            size, lines, left = engine.slice_bytes, 0, 0
    if left:
        _take_slice(engine, "left_line")


class _Slice:
    """The lines that are being taken, for DuckDB under one name.

    A name of their own for each slice would keep them all in memory to the end of the transaction.
    """

    def __init__(self) -> None:
        self._lines: pa.Table = no_rows(line_schema())

    def __arrow_c_stream__(self, schema: object | None = None) -> object:
        """Give the lines to whoever reads Arrow's streams."""
        stream: object = self._lines.__arrow_c_stream__(schema)
        return stream

    def __len__(self) -> int:
        return int(self._lines.num_rows)

    def gather(self, first: pa.RecordBatch, batches: Iterator[pa.RecordBatch], enough: int) -> None:
        """Put batches together; many small ones, of small files, are joined so that they cost no more than few."""
        import pyarrow as pa

        self._lines = no_rows(first.schema)
        gathered, size = [first], first.nbytes
        while size < enough and (batch := next(batches, None)) is not None:
            gathered.append(batch)
            size += batch.nbytes
        table = pa.Table.from_batches(gathered)
        self._lines = table.combine_chunks() if table.num_rows < 1024 * len(gathered) else table


def _take_known(engine: Engine, lines: int, left: int) -> tuple[int, int]:
    """Move the lines of known situations into ``event``; return how many others wait now, and their bytes.

    In: how many lines the slice has, and how many waited before.
    """
    _read_from(engine, "slice_line")
    engine.run("load events: known situations", sql_text("load_events_1_quick"))
    taken = engine.value("load events 7 event", sql_text("load_events_7_event"))
    engine.run("load events: known taken", "DROP VIEW incoming")
    if taken < lines:
        engine.run("load events: leave the others", sql_text("load_events_1_left"))
        left += lines - int(taken)
    return left, int(engine.value("load events: what is left", _WAITING)) if left else 0


def _take_slice(engine: Engine, lines: str) -> int:
    """Move the lines of a table into the tables the long way and return how many situations were met.

    No step inserts nothing, after which DuckDB 2.0 can lose sight of later rows.
    """
    _read_from(engine, lines)
    engine.run("load events: read lines", "CREATE OR REPLACE TEMP TABLE incoming AS SELECT * FROM read_line")
    count = "SELECT count(*) - count(i.reject_code), count(i.reject_code), count(i.bundle) FROM incoming AS i"
    events, rejected, bundles = engine.rows("load events: count the slice", count)[0]
    if bundles:
        engine.run("load events 5 bundle", sql_text("load_events_5_bundle"))
    for step in SLICE_STEPS:
        if rejected if step == "load_events_2_rejected" else events:
            engine.run(step.replace("_", " "), sql_text(step))
    met = engine.value("load events: remember", sql_text("load_events_7_remember")) if events else 0
    engine.run("load events: lines taken", "DROP TABLE incoming; DELETE FROM left_line")
    return int(met)


def _read_from(engine: Engine, lines: str) -> None:
    """Make ``read_line`` read the lines of a table."""
    engine.run("load events: lines", f"CREATE OR REPLACE TEMP VIEW incoming_line AS SELECT * FROM {quoted(lines)}")
    engine.run("load events: reading", sql_text("load_events_1_incoming"))


def write_reading_file(engine: Engine, files: list[InputFile], source: str | None) -> None:
    """Tell the load steps which files are being read, and what reading them showed so far."""
    engine.run("note the files", sql_text("load_events_0_files"))
    rows = [(f.file_id, f.path, source, f.bytes, f.sha256, f.lines, f.problem) for f in files]
    names = ("file_id", "path", "source_given", "bytes", "sha256", "lines", "problem")
    engine.insert("note the files", "reading_file", names, rows)
    engine.run("places of consent", sql_text("load_events_0_places"))
