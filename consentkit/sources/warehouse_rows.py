"""What the columns of a flattened warehouse table mean, and its rows as Arrow batches of text.

Source: RULES.md 2.7. A column is known by its documented name, a preference column by the category of the policy
whose snake-cased id it ends in. What it says is read, never guessed: a column no category maps to keeps its name.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from consentkit.errors import ConsentkitError, SourceError, UsageError
from consentkit.names import warehouse_column_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    import pyarrow as pa

    from consentkit.sources.files import InputFile

BATCH_ROWS = 65_536
PREFERENCE = "context_consent_category_preferences_"
# theirs -> ours; every one is text once it is read
COLUMNS = {
    "id": "id",
    "anonymous_id": "anonymous_id",
    "user_id": "user_id",
    "previous_id": "previous_id",
    "timestamp": "event_at",
    "original_timestamp": "original_at",
    "received_at": "received_at",
    "sent_at": "sent_at",
    "event": "event",
    "event_text": "event_text",
    "name": "name",
    "context_library_name": "library",
    "context_library_version": "library_version",
    "context_app_version": "app_version",
    "context_location_country": "country",
}
TYPES = {
    "tracks": "track",
    "pages": "page",
    "screens": "screen",
    "identifies": "identify",
    "groups": "group",
    "aliases": "alias",
}
PREFERENCE_TABLES = {
    "segment_consent_preference_updated": "Segment Consent Preference Updated",
    "segment_consent_preference": "Segment Consent Preference",
}
_BOOLEANS = {"true": "true", "t": "true", "1": "true", "1.0": "true"}
_BOOLEANS |= {"false": "false", "f": "false", "0": "false", "0.0": "false"}


class TableName(NamedTuple):
    """A table and the schema it stands in; the schema is the name of the source its events come from."""

    schema: str | None
    name: str

    @property
    def label(self) -> str:
        """The name as users write it: ``web.tracks``."""
        return f"{self.schema}.{self.name}" if self.schema else self.name

    @property
    def source(self) -> str | None:
        """The source the table's events come from, unless the schema is where tables stand by default."""
        return None if self.schema is None or self.schema.lower() in ("public", "main", "dbo") else self.schema


class Window(NamedTuple):
    """From when until before when rows are wanted, by arrival; naive UTC, None where it is open."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Layout:
    """Which columns of one table are read and what each of them means."""

    table: TableName
    known: dict[str, str]  # ours -> theirs
    preferences: dict[str, str] = field(default_factory=dict)  # theirs -> category id, or their own name
    unmapped: frozenset[str] = frozenset()

    @property
    def wanted(self) -> list[str]:
        """Their names of the columns to read, and of no others."""
        return [*self.known.values(), *self.preferences]

    @property
    def arrival(self) -> str:
        """Their name of the column a window is about: arrival, which warehouses sort by, else the event's time."""
        return self.known.get("received_at") or self.known["event_at"]

    @property
    def type(self) -> str | None:
        """The kind of call its rows are; a table with an event column holds track calls."""
        named = TYPES.get(self.table.name.lower())
        if named or "event" in self.known or "event_text" in self.known:
            return named or "track"
        return "track" if self.table.name.lower() in PREFERENCE_TABLES else None


def category_of_part(categories: Iterable[str], longest: int | None = None) -> dict[str, str]:
    """Map the column part of every category id to the id; ``longest`` is where the place cuts column names.

    Raises :class:`UsageError` where two ids share one column: what it says would belong to both.
    """
    found: dict[str, str] = {}
    for category in sorted(set(categories)):
        part = warehouse_column_part(category)[: longest - len(PREFERENCE) if longest else None]
        if part in found:
            said = f"{found[part]!r} and {category!r} share the warehouse column {PREFERENCE}{part}"
            raise UsageError(f"{said}: what it holds cannot be told apart; rename one of them in the policy")
        if part:
            found[part] = category
    return found


def part_of(column: str) -> str:
    """Return the part of a preference column's name that stands for the category."""
    return column.lower().removeprefix(PREFERENCE)


def why_no_events(table: TableName, columns: Iterable[str]) -> str | None:
    """Say why a table holds no events, or None: every event table has an id, a time and someone it is about."""
    there = {name.lower() for name in columns}
    if "id" not in there:
        return "it has no column id"
    if not {"timestamp", "received_at"} & there:
        return "it has neither timestamp nor received_at"
    if table.name.lower() not in TYPES and not {"anonymous_id", "user_id", "event", "event_text"} & there:
        return "it has none of anonymous_id, user_id, event and event_text"
    return None


def layout_of(table: TableName, columns: Sequence[str], parts: dict[str, str]) -> Layout:
    """Find the columns that mean something. Raises :class:`SourceError` where two differ only by case."""
    why = why_no_events(table, columns)
    if why:
        raise SourceError(f"{table.label}: this table holds no events: {why}")
    known: dict[str, str] = {}
    preferences: dict[str, str] = {}
    unmapped = set()
    seen: dict[str, str] = {}
    for theirs in columns:
        plain = theirs.lower()
        ours = COLUMNS.get(plain)
        if ours is None and not (plain.startswith(PREFERENCE) and len(plain) > len(PREFERENCE)):
            continue
        if plain in seen:
            raise SourceError(f"{table.label}: the columns {seen[plain]} and {theirs} differ only by case")
        seen[plain] = theirs
        if ours is not None:
            known[ours] = theirs
            continue
        category = parts.get(part_of(theirs))
        preferences[theirs] = category or plain
        if category is None:
            unmapped.add(theirs)
    ordered = dict(sorted(preferences.items(), key=lambda item: item[1]))
    return Layout(table, known, ordered, frozenset(unmapped))


def preference_text(value: str | None, *, empty_is_null: bool = False) -> str | None:
    """Return what a cell of a preference column says, as JSON; None where it says nothing.

    true, t, 1 and false, f, 0 in any case are booleans, as warehouses store and export them; anything else
    stays the text it is, which is no preference. In CSV an empty cell is NULL.
    """
    if value is None or (empty_is_null and not value.strip()):
        return None
    return _BOOLEANS.get(value.strip().lower()) or json.dumps(value)


def row_schema() -> pa.Schema:
    """Return the schema of :func:`row_batches`."""
    import pyarrow as pa

    text = [(name, pa.string()) for name in [*COLUMNS.values(), "preferences"]]
    return pa.schema([("file_id", pa.int32()), ("line", pa.int64()), *text])


def row_batches(
    layout: Layout, batches: Iterable[pa.RecordBatch], file: InputFile, filled: dict[str, int], *, csv: bool
) -> Iterator[pa.RecordBatch]:
    """Yield rows as text, their preferences as one JSON text without its braces; counts lines and filled cells."""
    import numpy as np
    import pyarrow as pa

    for batch in batches:
        rows, first = batch.num_rows, file.lines + 1
        ids = pa.array(np.full(rows, file.file_id, dtype=np.int32))
        if csv:
            lines = batch.column("line")
        else:
            lines = pa.array(np.arange(first, first + rows, dtype=np.int64))
            file.lines += rows
        columns = []
        for ours in COLUMNS.values():
            theirs = layout.known.get(ours)
            columns.append(pa.nulls(rows, pa.string()) if theirs is None else _text(layout, batch, theirs, csv))
        said = [_said(layout, batch, theirs, filled, csv) for theirs in layout.preferences]
        yield pa.RecordBatch.from_arrays([ids, lines, *columns, _joined(said, rows)], schema=row_schema())


def _joined(said: list[pa.Array], rows: int) -> pa.Array:
    import pyarrow as pa
    from pyarrow import compute

    if not said:
        return pa.nulls(rows, pa.string())
    # with null_handling="skip" Arrow drops rows in which all are null, so each piece brings its own comma
    pieces = [compute.fill_null(each, "") for each in said]
    joined = compute.utf8_slice_codeunits(compute.binary_join_element_wise(*pieces, ""), 1)
    return compute.if_else(compute.equal(joined, ""), pa.scalar(None, pa.string()), joined)


def _said(layout: Layout, batch: pa.RecordBatch, theirs: str, filled: dict[str, int], csv: bool) -> pa.Array:
    """Return a preference column as pieces of JSON: the category's id and what the cell says."""
    import pyarrow as pa

    coded = _text(layout, batch, theirs, False).dictionary_encode()
    key = json.dumps(layout.preferences[theirs])
    texts = [preference_text(value, empty_is_null=csv) for value in coded.dictionary.to_pylist()]
    pieces = pa.array([None if text is None else f",{key}:{text}" for text in texts], pa.string())
    column = pieces.take(coded.indices)
    filled[theirs] = filled.get(theirs, 0) + len(column) - column.null_count
    return column


def _text(layout: Layout, batch: pa.RecordBatch, theirs: str, csv: bool) -> pa.Array:
    """Return one column as text; times in UTC. In CSV an empty cell is NULL."""
    import pyarrow as pa
    from pyarrow import compute

    column = batch.column(theirs)
    if isinstance(column.type, pa.BaseExtensionType):
        column = column.storage
    try:
        if pa.types.is_timestamp(column.type):
            # the tables of an event may store its time differently, and it is the same time: to the microsecond, in UTC
            zone = column.type.tz and "UTC"
            column = column.cast(pa.timestamp("us", zone), safe=False)
            column = column if zone else compute.assume_timezone(column, "UTC")
        column = column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        kind: Any = column.type
        raise SourceError(f"{layout.table.label}: the column {theirs} holds {kind}, which is not read") from None
    if csv:
        column = compute.if_else(compute.equal(column, ""), pa.scalar(None, pa.string()), column)
    return column


@contextmanager
def said(label: str, hide: Callable[[str], str] = str) -> Iterator[None]:
    """Turn whatever a driver raises into one sentence that names the place, without values."""
    try:
        yield
    except (ConsentkitError, GeneratorExit, KeyboardInterrupt):
        raise
    except Exception as error:  # noqa: BLE001 - every driver has exceptions of its own
        told = hide((str(error).strip() or type(error).__name__).split("\n", 1)[0])
        told = re.sub(r"'[^']*'", "…", told)
        raise SourceError(f"{label}: it cannot be read: {told}") from None
