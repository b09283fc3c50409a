"""The options about warehouses and delivery counts, and how they are loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from consentkit import cli_tools as tools
from consentkit.errors import UsageError
from consentkit.phrases import count

if TYPE_CHECKING:
    from consentkit.workspace import Workspace

Warehouse = Annotated[
    list[str] | None,
    typer.Option("--warehouse", help="A warehouse: Parquet, CSV, DuckDB or SQLite files, or a URL. Repeatable."),
]
Tables = Annotated[
    str | None, typer.Option("--tables", help="Its tables, as web.tracks,ios.tracks; all with events when not given.")
]
Since = Annotated[str | None, typer.Option("--since", help="Only warehouse rows that arrived from this moment on.")]
Until = Annotated[str | None, typer.Option("--until", help="Only warehouse rows that arrived before this moment.")]
Counts = Annotated[
    list[str] | None,
    typer.Option("--counts", help="Delivery counts: destination, day, status, reason, count. Repeatable."),
]
CountMap = Annotated[
    list[str] | None, typer.Option("--count-map", help="A column of the delivery counts: theirs=ours. Repeatable.")
]


def load_more(
    workspace: Workspace,
    warehouse: list[str] | None,
    tables: str | None,
    window: tuple[str | None, str | None],
    source: str | None,
    counts: tuple[list[str] | None, dict[str, str]],
) -> None:
    """Load warehouses and delivery counts, and say which tables were left out."""
    if not warehouse and (tables or any(window)):
        raise UsageError("--tables, --since and --until are about a warehouse; name one with --warehouse")
    named = [each.strip() for each in tables.split(",") if each.strip()] if tables else None
    for place in warehouse or []:
        left_out = workspace.load_warehouse(place, tables=named, source=source, since=window[0], until=window[1])
        for table, why in left_out:
            tools.say(f"left out: {table}: {why}")
    if counts[0]:
        workspace.load_delivery_counts(counts[0], columns=counts[1])
        _warn_of_shared_counts(workspace)


def _warn_of_shared_counts(workspace: Workspace) -> None:
    from consentkit.engine import sql_text

    if shared := workspace.rows(sql_text("ask_shared_counts"))[0][0]:
        where = f"warning: {count(shared, 'count')} of a destination, day, status and reason in more than one file"
        tools.say(f"{where}: they are added up; load exports that overlap one without the other")
