"""The command ``simulate``, which the command line registers: what another policy would change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consentkit.cli_report import Database, Deliveries, Events, Export, Out, Width, need_input
from consentkit.errors import UsageError

if TYPE_CHECKING:
    from consentkit.cli_check import Tools

New = Annotated[str, typer.Option("--policy", "-p", help="The new policy to try.")]
Against = Annotated[str | None, typer.Option("--against", help="The policy in force; else that of the database.")]
Json = Annotated[bool, typer.Option("--json", help="Print the documented JSON instead of tables.")]


def register(app: typer.Typer, tools: Tools) -> None:
    """Add the command to the command line."""

    @app.command()
    def simulate(
        policy: New,
        events: Events = None,
        against: Against = None,
        deliveries: Deliveries = None,
        export: Export = None,
        db: Database = ":memory:",
        out: Out = None,
        width: Width = 640,
        as_json: Json = False,
    ) -> None:
        """Say what another policy would change, by destination; the exit code is 1 where anything would."""
        from rich.console import Console

        from consentkit.charts import save_simulated
        from consentkit.console_simulation import print_simulation
        from consentkit.policy import Policy

        wanted = Policy.load(policy)
        for warning in wanted.warnings():
            tools.say(f"warning: {warning}")
        if events and not against and not Path(db).is_file():
            raise UsageError("name the policy in force with --against: the new one is compared with it")
        need_input(events, db)
        with tools.workspace(db, None) as workspace:
            if against:
                tools.apply(workspace, against)
            if events:
                tools.load(workspace, events, deliveries, None, None, None, export)
            found = workspace.simulate(wanted)
            if out is not None:
                save_simulated(workspace, wanted, out, width=width)
                tools.say(f"wrote {out}")
        if as_json:
            typer.echo(found.as_json())
        else:
            print_simulation(Console(), found)
        raise typer.Exit(1 if found.changes else 0)
