"""The commands: arguments in, exit code out. Results go to stdout, progress and messages to stderr.

Exit codes: 0 nothing found at or above the threshold, 1 findings, 2 could not check; 2 wins over 1.
"""

from __future__ import annotations

import json
import sys
import traceback
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consentkit import cli_check, cli_history, cli_migration, cli_policy, cli_report, cli_simulate, cli_warehouse
from consentkit import cli_tools as tools
from consentkit.cli_options import (
    At,
    Command,
    Constant,
    Deliveries,
    Events,
    EventsOrDatabase,
    EventsOrWarehouse,
    Export,
    FailOn,
    Filled,
    Group,
    Json,
    Kept,
    KeyFile,
    Loaded,
    Mapped,
    Memory,
    NewPolicy,
    PolicyFile,
    RawIds,
    SourceName,
    Threshold,
)
from consentkit.cli_tools import Exit
from consentkit.errors import ConsentkitError, SourceError, UsageError
from consentkit.interrupts import INTERRUPTED, listening
from consentkit.outputs import outliving_readers
from consentkit.phrases import count
from consentkit.writing import refuse_unwritable

if TYPE_CHECKING:
    from consentkit.workspace import Workspace


class Format(StrEnum):
    """How verdicts are written."""

    ndjson = "ndjson"
    csv = "csv"
    table = "table"


app = typer.Typer(
    cls=Group,
    help="Proves from your own event data whether consent was enforced, destination by destination.",
    epilog="Exit codes: 0 nothing found, 1 findings, 2 could not check.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
policy_app = typer.Typer(cls=Group, help="Checks and describes policy files.", no_args_is_help=True)
app.add_typer(policy_app, name="policy")

Out = Annotated[Path | None, typer.Option("--out", "-o", help="A folder for report.html, findings.json, CSV and more.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        from consentkit import __version__

        typer.echo(f"consentkit {__version__}")
        raise typer.Exit(Exit.CLEAN)


Version = Annotated[
    bool,
    typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True),
]
Pack = Annotated[Path | None, typer.Option("--pack", help="Write an evidence pack: a new folder, or a zip file.")]


@app.callback()
def common(version: Version = False) -> None:
    """Take what may stand before a command."""


@app.command()
def audit(
    policy: PolicyFile,
    events: EventsOrWarehouse = None,
    deliveries: Deliveries = None,
    source: SourceName = None,
    columns: Mapped = None,
    constants: Constant = None,
    export: Export = None,
    db: Kept = ":memory:",
    out: Out = None,
    fail_on: Threshold = FailOn.warning,
    as_json: Json = False,
    key_file: KeyFile = None,
    raw_ids: RawIds = False,
    warehouse: cli_warehouse.Warehouse = None,
    tables: cli_warehouse.Tables = None,
    since: cli_warehouse.Since = None,
    until: cli_warehouse.Until = None,
    counts: cli_warehouse.Counts = None,
    count_map: cli_warehouse.CountMap = None,
    memory: Memory = None,
) -> None:
    """Load events and deliveries, judge them by the policy, and say what was found."""
    events = _files(events, warehouse, _some(deliveries, counts), db)  # before the policy is applied to the database
    _check_places(out, None)
    with tools.opened(db, memory, key_file, raw_ids) as workspace:
        tools.apply(workspace, policy)
        more = (warehouse, tables, (since, until), source, (counts, tools.pairs("--count-map", count_map)))
        cli_warehouse.load_more(workspace, *more)
        tools.load(workspace, events, deliveries, source, columns, constants, export)
        code = _report(workspace, fail_on, as_json)  # first: it is read while charts are drawn, which takes memory
        _write_out(workspace, out, None)
        raise typer.Exit(code)


@app.command()
def load(
    db: Filled,
    events: EventsOrWarehouse = None,
    policy: Annotated[str | None, typer.Option("--policy", "-p", help="The policy; a warehouse needs it.")] = None,
    deliveries: Deliveries = None,
    source: SourceName = None,
    columns: Mapped = None,
    constants: Constant = None,
    export: Export = None,
    warehouse: cli_warehouse.Warehouse = None,
    tables: cli_warehouse.Tables = None,
    since: cli_warehouse.Since = None,
    until: cli_warehouse.Until = None,
    counts: cli_warehouse.Counts = None,
    count_map: cli_warehouse.CountMap = None,
    memory: Memory = None,
) -> None:
    """Load events and deliveries into a database file, to be judged later."""
    from consentkit.engine import sql_text

    others = _some(deliveries, counts)
    events = _files(events, warehouse, others, db)
    with tools.opened(db, memory) as workspace:
        before = tools.last_file(workspace)
        if policy is not None:
            tools.apply(workspace, policy)
        more = (warehouse, tables, (since, until), source, (counts, tools.pairs("--count-map", count_map)))
        cli_warehouse.load_more(workspace, *more)
        tools.load(workspace, events, deliveries, source, columns, constants, export)
        for kind, files, lines, rejected, repeats in workspace.rows(sql_text("ask_loaded")):
            told = f"{rejected:,} of them rejected" + (f", {repeats:,} repeats" if repeats else "")
            tools.say(f"{kind}: {count(files, 'file')}, {count(lines, 'line')}, {told}")
        refused = tools.refused(workspace, before, events, others)
        if not workspace.rows("SELECT 1 FROM event LIMIT 1"):
            raise UsageError("\n".join(["no event could be read", *refused]))
        if refused:
            raise SourceError("\n".join([*refused, "what else was named is loaded"]))


@app.command()
def report(
    db: Loaded,
    policy: NewPolicy = None,
    out: Out = None,
    pack: Pack = None,
    key_file: KeyFile = None,
    raw_ids: RawIds = False,
    fail_on: Threshold = FailOn.warning,
    as_json: Json = False,
    memory: Memory = None,
) -> None:
    """Say what is found in a database that is already loaded, by its policy or another one."""
    if not Path(db).is_file():
        raise UsageError(f"{db}: no such database; `consentkit load` makes one")
    _check_places(out, pack)
    with tools.opened(db, memory, key_file, raw_ids) as workspace:
        if policy is not None:
            tools.apply(workspace, policy)
        code = _report(workspace, fail_on, as_json)
        _write_out(workspace, out, pack)
        if pack is not None and key_file is None and not raw_ids:
            tools.say("its pseudonyms are of a random key; with --key-file the same data gives the same pack")
        raise typer.Exit(code)


@app.command()
def decide(
    events: Events,
    policy: PolicyFile,
    source: SourceName = None,
    form: Annotated[Format, typer.Option("--format", help="How to write the verdicts.")] = Format.table,
    at: At = None,
    memory: Memory = None,
) -> None:
    """Print the verdict of the policy for every event and connected destination."""
    from consentkit.verdicts import write_verdicts

    with tools.opened(":memory:", memory) as workspace:
        tools.apply(workspace, policy, at)
        tools.load(workspace, events, None, source, None, None)
        for row in workspace.summary().rejects:
            tools.say(f"{row['lines']:,} lines have no verdict: {row['message']}")
        if not workspace.rows("SELECT 1 FROM event LIMIT 1"):
            raise UsageError("no event could be read")
        if not write_verdicts(workspace, form.value, sys.stdout):
            raise UsageError("no verdict: the policy names no destination that is connected to the source of an event")


@app.command()
def explain(
    message_id: Annotated[str, typer.Argument(help="The message id of the event.")],
    events: EventsOrDatabase = None,
    policy: Annotated[str | None, typer.Option("--policy", "-p", help="The policy to judge by.")] = None,
    deliveries: Deliveries = None,
    export: Export = None,
    source: SourceName = None,
    db: Kept = ":memory:",
    at: At = None,
    memory: Memory = None,
) -> None:
    """Say in words, for one event and each destination, what was decided and why."""
    from consentkit.explaining import explain as explained

    tools.need_input(events, db, deliveries, export, source)
    with tools.opened(db, memory) as workspace:
        if policy is not None:
            tools.apply(workspace, policy, at)
        if events:
            tools.load(workspace, events, deliveries, source, None, None, export)
        console = tools.console()
        for line in explained(workspace, message_id):
            console.print(line, soft_wrap=True)


@app.command()
def conformance(
    folder: Annotated[str, typer.Argument(help="A folder of conformance cases.")] = "tests/conformance",
    as_json: Json = False,
) -> None:
    """Decide every case of the conformance suite and compare with what is expected."""
    from dataclasses import asdict

    from consentkit.conformance import run_cases

    compared = run_cases(folder)
    differ = [each for each in compared if not each.agrees]
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in compared], indent=2))
    else:
        for each in differ:
            told = f"expected {each.expected}, decided {each.decided} ({each.reason}); {each.rule}"
            typer.echo(f"{each.case}, {each.destination}, {each.verdict}: {told}")
        typer.echo(f"{len(compared) - len(differ)} of {len(compared)} decisions and readings agree")
    raise typer.Exit(Exit.FINDINGS if differ else Exit.CLEAN)


@app.command()
def sample(
    out: Annotated[Path, typer.Argument(help="The folder to write to.")],
    events: Annotated[int, typer.Option(help="How many events, at least 2000.")] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed writes the same files.")] = 7,
    days: Annotated[int, typer.Option(help="How many days, at least 22.")] = 30,
    gzip: Annotated[bool, typer.Option(help="Compress the files.")] = True,
) -> None:
    """Write a made-up shop's events, delivery log and policy, with planted faults and their truth."""
    from consentkit.sample import write_sample

    with tools.progress("events") as tell:
        truth = write_sample(out, events=events, seed=seed, days=days, gzip=gzip, progress=tell)
    tools.say(f"{out}: {truth.event_lines:,} event lines, {truth.delivery_lines:,} delivery records; see its README.md")


def _some(*given: list[str] | None) -> list[str]:
    return [each for some in given for each in some or []]


def _files(events: list[str] | None, warehouse: list[str] | None, others: list[str], db: str) -> list[str]:
    """Return the files of events. Raises :class:`UsageError` where there are none and no database holds any."""
    if not events and not warehouse and not (others and Path(db).is_file()):
        more = "; delivery records and counts alone can be added to a database that is loaded"
        raise UsageError(f"no events were named; give files, or a warehouse with --warehouse{more}")
    return events or []


def _check_places(out: Path | None, pack: Path | None) -> None:
    """Tell at once what would only be told when all is loaded and judged."""
    refuse_unwritable(out)
    if pack is not None:
        from consentkit.pack import refuse_there

        refuse_there(pack)


def _write_out(workspace: Workspace, out: Path | None, pack: Path | None) -> None:
    """Write the report into a folder and the evidence pack, where asked for."""
    if out is not None:
        workspace.report(out)
        tools.say(f"wrote {out / 'report.html'}, findings.json and CSV files beside it")
    if pack is not None:
        seal = workspace.pack(pack)
        tools.say(f"wrote {pack}; manifest sha256 {seal}")


def _report(workspace: Workspace, fail_on: FailOn, as_json: bool) -> int:
    summary = workspace.summary()
    if not workspace.record_audit(summary):
        tools.say("warning: the database can only be read: this audit is not noted in its remediation log")
    if as_json:
        typer.echo(summary.as_json())
    else:
        from consentkit.console import print_summary

        print_summary(tools.console(), summary)
    return summary.exit_code(fail_on.value)


cli_check.register(app)
cli_policy.register(policy_app)
cli_report.register(app)
cli_simulate.register(app)
cli_history.register(app)
cli_migration.register(app)
for each in (*app.registered_commands, *policy_app.registered_commands):
    each.cls = Command


def main() -> None:
    """Run the command line; a mistake of the user ends in a sentence, and whatever fails in exit code 2."""
    with outliving_readers():
        with listening() as interrupted:
            try:
                app()
            except BaseException as error:  # noqa: BLE001 - what is neither a mistake nor a fault is raised again
                if not interrupted():
                    _tell(error)
        if interrupted():  # whatever it was at, and whatever became of that
            tools.say(INTERRUPTED)
        raise SystemExit(Exit.COULD_NOT_CHECK)


def _tell(error: BaseException) -> None:
    if isinstance(error, ConsentkitError):
        tools.say(f"consentkit: {tools.sentence(str(error))}")
    elif isinstance(error, Exception):  # Python would exit with 1, which here means findings
        tools.say("consentkit: this is a fault of consentkit itself; please report it with the lines below")
        traceback.print_exception(error)
    else:
        raise error
