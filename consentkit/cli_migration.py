"""The command ``migration``, which the command line registers: how far the retired Consent Manager is left behind."""

from __future__ import annotations

import typer

from consentkit import cli_tools as tools
from consentkit.cli_options import Database, EventsOrDatabase, Json, Memory, NewPolicy, SourceName


def migration(
    events: EventsOrDatabase = None,
    policy: NewPolicy = None,
    source: SourceName = None,
    db: Database = None,
    as_json: Json = False,
    memory: Memory = None,
) -> None:
    """Say how far each source has left the retired Consent Manager, and what its stamps would mean today."""
    from consentkit.console_history import print_migration
    from consentkit.history import as_json as written
    from consentkit.history import migration as progress

    with tools.loaded(db, memory, (events, policy, None, source, None, None)) as workspace:
        found = progress(workspace)
    if as_json:
        typer.echo(written(found))
    else:
        print_migration(tools.console(), found)
    raise typer.Exit(1 if any(row["old_stamp"] or row["old_traits"] for row in found["days"]) else 0)


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(migration)
