"""The commands about consent over time, which the command line registers: withdrawals, person, snowplow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from consentkit import cli_tools as tools
from consentkit.cli_options import (
    Constant,
    Database,
    Deliveries,
    EventsOrDatabase,
    Export,
    Json,
    Kept,
    KeyFile,
    Mapped,
    Memory,
    NewPolicy,
    RawIds,
    SourceName,
)
from consentkit.errors import UsageError

Files = Annotated[list[str], typer.Argument(help="The files of a Snowplow export (CSV, TSV, Parquet), or a folder.")]
Timeline = Annotated[
    Path | None,
    typer.Option(
        "--out", help="Draw it as a timeline into this file too: .svg, .png, .pdf, .html, or .csv for its rows."
    ),
]


def withdrawals(
    events: EventsOrDatabase = None,
    policy: NewPolicy = None,
    deliveries: Deliveries = None,
    source: SourceName = None,
    columns: Mapped = None,
    constants: Constant = None,
    export: Export = None,
    db: Database = None,
    as_json: Json = False,
    memory: Memory = None,
    key_file: KeyFile = None,
    raw_ids: RawIds = False,
) -> None:
    """Say what was still delivered after people refused, and for how long."""
    from consentkit.console_history import print_withdrawals
    from consentkit.history import withdrawals as test

    given = (events, policy, deliveries, source, columns, constants, export)
    with tools.loaded(db, memory, given, key_file, raw_ids) as workspace:
        if not workspace.rows("SELECT 1 FROM delivery LIMIT 1"):
            raise UsageError("there is no delivery record: name the delivery log with --deliveries")
        found = test(workspace)
    if as_json:
        typer.echo(found.as_json())
    else:
        print_withdrawals(tools.console(), found)
    if not found.destinations:
        raise typer.Exit(tools.Exit.COULD_NOT_CHECK)
    raise typer.Exit(tools.Exit.FINDINGS if found.ignored else tools.Exit.CLEAN)


def person(
    who: Annotated[str, typer.Argument(metavar="ID", help="A user id or anonymous id, as it stands in the events.")],
    events: EventsOrDatabase = None,
    policy: NewPolicy = None,
    deliveries: Deliveries = None,
    source: SourceName = None,
    columns: Mapped = None,
    constants: Constant = None,
    export: Export = None,
    db: Database = None,
    out: Timeline = None,
    as_json: Json = False,
    memory: Memory = None,
) -> None:
    """Show one person's record: every change of consent and every delivery since the first."""
    from consentkit.console_history import print_person
    from consentkit.history import person as record
    from consentkit.history import person_json

    given = (events, policy, deliveries, source, columns, constants, export)
    with tools.loaded(db, memory, given) as workspace:
        found = record(workspace, who)
        if out is not None:
            from consentkit.charts import save_person

            save_person(workspace, who, out)
            tools.say(f"wrote {out}")
    if as_json:
        typer.echo(person_json(found))
    else:
        print_person(tools.console(), found)


def snowplow(files: Files, db: Kept = ":memory:", as_json: Json = False, memory: Memory = None) -> None:
    """Load a Snowplow export and count its consent: people per scope and version, and the log."""
    from consentkit.console_history import print_snowplow
    from consentkit.history import as_json as written
    from consentkit.history import snowplow_counts

    with tools.opened(db, memory) as workspace, tools.progress("bytes") as tell:
        workspace.load_snowplow(files, progress=tell)
        counts = snowplow_counts(workspace)
    if as_json:
        typer.echo(written(counts))
    else:
        print_snowplow(tools.console(), counts)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(withdrawals)
    app.command()(person)
    app.command()(snowplow)
