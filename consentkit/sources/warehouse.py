"""Loads events from the flattened tables of a warehouse: tracks, pages, identifies and one table per event.

A warehouse tells less than raw lines do (RULES.md 2.7): it has no integrations object, and where all preference
columns are NULL nobody can tell which of three states with opposite outcomes that was. Both are kept as what they
are, unknown; raw lines of the same message ids settle them, in whichever order the two are loaded.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from consentkit.engine import sql_text
from consentkit.errors import EngineError
from consentkit.kept import changing
from consentkit.names import warehouse_column_part
from consentkit.sources.segment_json import SLICE_STEPS, write_reading_file
from consentkit.sources.settling import account_warehouse, note_repeats, settle
from consentkit.sources.warehouse_places import chosen_tables
from consentkit.sources.warehouse_rows import (
    PREFERENCE_TABLES,
    Window,
    category_of_part,
    layout_of,
    part_of,
    row_batches,
    row_schema,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pyarrow as pa

    from consentkit.engine import Engine
    from consentkit.sources.files import InputFile
    from consentkit.sources.warehouse_places import Place
    from consentkit.sources.warehouse_rows import Layout


class Wanted(NamedTuple):
    """What of a place is to be loaded; ``source`` overrides what the schemas say."""

    tables: list[str] | None = None
    window: Window = Window()
    source: str | None = None


def load_warehouse_tables(
    engine: Engine,
    place: Place,
    wanted: Wanted,
    fresh: Callable[[list[InputFile], str | None], list[InputFile]],
    progress: Callable[[int], None],
) -> list[tuple[str, str]]:
    """Load the event tables of a place, one transaction per source; return the tables left out, with the reason.

    In: an open place; ``fresh`` numbers inputs and leaves out those already loaded; ``progress`` is told of rows.
    Out: rows as :func:`~consentkit.sources.segment_json.load_event_files` writes them, and one row per table in
    ``warehouse_table`` and per preference column in ``warehouse_column``. The categories are those of the policy
    applied. Raises :class:`UsageError` where a name fits no table or two categories share a column.
    """
    tables, left_out = chosen_tables(place, wanted.tables)
    ids = [row[0] for row in engine.rows("categories of the policy", "SELECT DISTINCT category_id FROM category")]
    parts = category_of_part(ids, place.longest_name)
    layouts = [layout_of(table, list(place.columns(table)), parts) for table in tables]
    for source, group in groupby(layouts, key=lambda each: wanted.source or each.table.source):
        with changing(engine):
            inputs = [(layout, place.input_of(layout.table, wanted.window)) for layout in group]
            new = {id(file) for file in fresh([file for _, file in inputs], source)}
            reading = [(layout, file) for layout, file in inputs if id(file) in new]
            if reading:
                _load_source(engine, place, reading, source, wanted.window, progress)
    return [(table.label, why) for table, why in left_out]


def _load_source(
    engine: Engine,
    place: Place,
    reading: list[tuple[Layout, InputFile]],
    source: str | None,
    window: Window,
    progress: Callable[[int], None],
) -> None:
    files = [file for _, file in reading]
    _begin(engine, reading, window)
    for layout, file in reading:
        _read_table(engine, place, layout, file, window, progress)
    write_reading_file(engine, files, source)
    for step in ("load_warehouse_2_incoming", *SLICE_STEPS):
        engine.run(step.replace("_", " "), sql_text(step))
    settle(engine)
    note_repeats(engine)
    account_warehouse(engine)
    check = sql_text("load_warehouse_6_lost")
    if engine.rows("load warehouse: check the account", check):
        raise EngineError("load warehouse: check the account", "rows were lost on the way", check)


def _begin(engine: Engine, reading: Iterable[tuple[Layout, InputFile]], window: Window) -> None:
    import pyarrow as pa

    rows = [(file.file_id, each.type, PREFERENCE_TABLES.get(each.table.name.lower())) for each, file in reading]
    names = ("file_id", "type", "preference_name")
    kinds = (pa.int32(), pa.string(), pa.string())
    columns = [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), kinds, strict=True)]
    with engine.stream("reading", pa.table(columns, names=list(names))):
        engine.run("note the tables", "CREATE OR REPLACE TEMP TABLE reading_table AS SELECT * FROM reading")
    engine.run("load warehouse: begin", sql_text("load_warehouse_0_begin"))
    bounds = """
        CREATE OR REPLACE TEMP TABLE arrival_window AS
        SELECT CAST(? AS TIMESTAMP) AS since, CAST(? AS TIMESTAMP) AS until
    """
    engine.run("note the window", bounds, [window.since, window.until])
    engine.insert(
        "note the tables",
        "warehouse_table",
        ("file_id", "name", "since", "until"),
        [(file.file_id, each.table.label, *map(_text, window)) for each, file in reading],
    )


def _text(moment: object) -> str | None:
    return None if moment is None else str(moment)


def _part(layout: Layout, theirs: str) -> str:
    """Return the part of a column's name that stands for its category, uncut where the category is known."""
    unknown = theirs in layout.unmapped
    return part_of(theirs) if unknown else warehouse_column_part(layout.preferences[theirs])


def _noting(batches: Iterator[pa.RecordBatch], failed: list[Exception]) -> Iterator[pa.RecordBatch]:
    try:
        yield from batches
    except Exception as error:
        failed.append(error)
        raise


def _read_table(
    engine: Engine, place: Place, layout: Layout, file: InputFile, window: Window, progress: Callable[[int], None]
) -> None:
    import pyarrow as pa

    filled = dict.fromkeys(layout.preferences, 0)
    csv = place.is_csv(layout.table)
    raw = place.batches(layout.table, layout.wanted, layout.arrival, window)
    batches = row_batches(layout, raw, file, filled, csv=csv)
    failed: list[Exception] = []
    reader = pa.RecordBatchReader.from_batches(row_schema(), _noting(batches, failed))
    try:
        with engine.stream("incoming_table", reader):
            engine.run("load warehouse: read rows", sql_text("load_warehouse_1_row"))
    except EngineError:
        if failed:  # the engine knows only that its input ended; what stopped it says why
            raise failed[0] from None
        raise
    bad = place.set_aside(layout.table)
    rows = [(file.file_id, line, "wrong_columns", text) for line, text in bad]
    engine.insert("load warehouse: set aside", "rejected_line", ("file_id", "line", "code", "content"), rows)
    kept = engine.value("count rows", "SELECT count(*) FROM warehouse_row WHERE file_id = ?", [file.file_id])
    file.lines = kept + len(bad)
    if not file.lines and not any(window):
        file.problem = "empty"
    engine.insert(
        "note the columns",
        "warehouse_column",
        ("file_id", "column_name", "part", "category_id", "mapped", "filled"),
        [
            (file.file_id, theirs, _part(layout, theirs), category, theirs not in layout.unmapped, filled[theirs])
            for theirs, category in layout.preferences.items()
        ],
    )
    progress(kept)
