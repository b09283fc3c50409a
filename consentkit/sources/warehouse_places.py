"""Where warehouse tables stand: a place lists its tables and their columns and streams the wanted ones."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from consentkit.errors import SourceError, UsageError
from consentkit.sources.warehouse_adbc import AdbcPlace
from consentkit.sources.warehouse_databases import DuckdbPlace, SqlitePlace
from consentkit.sources.warehouse_files import FilePlace
from consentkit.sources.warehouse_rows import why_no_events

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow as pa

    from consentkit.sources.files import InputFile
    from consentkit.sources.warehouse_rows import TableName, Window


class Place(Protocol):
    """A place that holds tables; ``longest_name`` is where it cuts the names of columns, if it does."""

    label: str
    longest_name: int | None

    def tables(self) -> list[TableName]:
        """List its tables and views, in the order of their names."""

    def columns(self, table: TableName) -> dict[str, str]:
        """Return a table's columns with their types, in order."""

    def input_of(self, table: TableName, window: Window) -> InputFile:
        """Return what the ledger says of a table before it is read."""

    def batches(self, table: TableName, wanted: list[str], arrival: str, window: Window) -> Iterator[pa.RecordBatch]:
        """Stream the wanted columns of the rows that arrived in the window."""

    def is_csv(self, table: TableName) -> bool:
        """Whether it is text in which an empty cell is NULL."""

    def set_aside(self, table: TableName) -> list[tuple[int, bytes]]:
        """Return the rows that could not be cut into columns, after reading."""

    def close(self) -> None:
        """Let go of it."""


def open_place(where: str | Path | Sequence[str | Path]) -> Place:
    """Open the place that a path, pattern, list of them or URL names. Raises :class:`SourceError` where it is none."""
    if isinstance(where, str) and re.match(r"[a-zA-Z][a-zA-Z0-9+.]+://", where):
        return AdbcPlace(where)
    if isinstance(where, (str, Path)) and Path(where).is_file():
        with Path(where).open("rb") as stream:
            start = stream.read(16)
        if start == b"SQLite format 3\x00":
            return SqlitePlace(Path(where))
        if start[8:12] == b"DUCK":
            return DuckdbPlace(Path(where))
    return FilePlace(where)


def chosen_tables(place: Place, wanted: Iterable[str] | None) -> tuple[list[TableName], list[tuple[TableName, str]]]:
    """Return the tables to load, tracks before the tables of its events, and those left out with the reason.

    ``wanted`` names tables as ``schema.table``, or ``table`` where only one schema has it; None takes every table
    that holds events. Raises :class:`UsageError` where a name fits no table or several.
    """
    there = place.tables()
    left_out: list[tuple[TableName, str]] = []
    if wanted is None:
        names = {table.label for table in there}
        found = []
        for table in there:
            why = why_no_events(table, place.columns(table))
            if why is None and table.label.endswith("_view") and table.label.removesuffix("_view") in names:
                why = "it is a view of a table that is loaded"
            found += [] if why else [table]
            left_out += [(table, why)] if why else []
        if not found:
            told = "".join(f"; {table.label}: {why}" for table, why in left_out[:3])
            raise SourceError(f"{place.label}: it holds no table with events, among {len(there)}{told}")
    else:
        found = [_meant(place, there, name) for name in dict.fromkeys(wanted)]
    return sorted(found, key=lambda each: (each.schema or "", each.name.lower() != "tracks", each.name)), left_out


def _meant(place: Place, there: list[TableName], name: str) -> TableName:
    exact = [table for table in there if table.label == name]
    found = exact or [table for table in there if table.name == name]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(table.label for table in (found or there)[:20])
    if found:
        raise UsageError(f"{place.label}: {name!r} is a table of several schemas; name one of {listed}")
    raise UsageError(f"{place.label}: there is no table {name!r}; there are {listed or 'none'}")


def moment_of(text: str | None, option: str) -> datetime | None:
    """Read a date or a time as naive UTC. Raises :class:`UsageError` where it is neither."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text}: write it as 2026-03-01 or 2026-03-01T12:00:00Z") from None
    return moment.replace(tzinfo=None) - (moment.utcoffset() or timedelta(0))
