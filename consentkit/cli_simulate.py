"""The command ``simulate``, which the command line registers: what another policy would change."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from consentkit import cli_tools as tools
from consentkit.cli_options import (
    Deliveries,
    EventsOrDatabase,
    Export,
    Json,
    Kept,
    KeyFile,
    Memory,
    Picture,
    RawIds,
    Width,
)
from consentkit.errors import UsageError

New = Annotated[str, typer.Option("--policy", "-p", help="The new policy to try.")]
Against = Annotated[str | None, typer.Option("--against", help="The policy in force; else that of the database.")]


def simulate(
    policy: New,
    events: EventsOrDatabase = None,
    against: Against = None,
    deliveries: Deliveries = None,
    export: Export = None,
    db: Kept = ":memory:",
    out: Picture = None,
    width: Width = 640,
    as_json: Json = False,
    key_file: KeyFile = None,
    raw_ids: RawIds = False,
    memory: Memory = None,
) -> None:
    """Say what another policy would change, by destination; the exit code is 1 where anything would."""
    from consentkit.charts import save_simulated
    from consentkit.console_simulation import print_simulation
    from consentkit.policy import Policy

    wanted = Policy.load(policy)
    for warning in wanted.warnings():
        tools.say(f"warning: {warning}")
    if events and against is None and not Path(db).is_file():
        raise UsageError("name the policy in force with --against: the new one is compared with it")
    tools.need_input(events, db, deliveries, export)
    with tools.opened(db, memory, key_file, raw_ids) as workspace:
        if against is not None:
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
        print_simulation(tools.console(), found)
    raise typer.Exit(1 if found.changes else 0)


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(simulate)
