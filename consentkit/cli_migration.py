"""The command ``migration``, which the command line registers: how far the retired Consent Manager is left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from consentkit.cli_check import Database, Events, Json, Memory, PolicyFile, SourceName, loaded

if TYPE_CHECKING:
    from consentkit.cli_check import Tools


def register(app: typer.Typer, tools: Tools) -> None:
    """Add the command to the command line."""

    @app.command()
    def migration(
        events: Events = None,
        policy: PolicyFile = None,
        source: SourceName = None,
        db: Database = None,
        as_json: Json = False,
        memory: Memory = None,
    ) -> None:
        """Say how far each source has left the retired Consent Manager, and what its stamps would mean today."""
        from rich.console import Console

        from consentkit.console_history import print_migration
        from consentkit.history import as_json as written
        from consentkit.history import migration as progress

        with loaded(tools, db, memory, (events, policy, None, source, None, None)) as workspace:
            found = progress(workspace)
        if as_json:
            typer.echo(written(found))
        else:
            print_migration(Console(), found)
        raise typer.Exit(1 if any(row["old_stamp"] or row["old_traits"] for row in found["days"]) else 0)
