"""The commands: arguments in, exit code out. Results go to stdout, progress and messages to stderr.

Exit codes: 0 nothing found at or above the threshold, 1 findings, 2 could not check; 2 wins over 1.
"""

from __future__ import annotations

import json
import sys
import traceback
from contextlib import contextmanager
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consentkit import cli_check, cli_history, cli_migration, cli_report, cli_simulate, cli_warehouse
from consentkit.errors import ConsentkitError, SourceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from consentkit.workspace import Workspace


class Exit(IntEnum):
    """What the exit code of every command means."""

    CLEAN = 0
    FINDINGS = 1
    COULD_NOT_CHECK = 2


class FailOn(StrEnum):
    """The least severity that makes a command exit with 1."""

    critical = "critical"
    warning = "warning"
    info = "info"


class Format(StrEnum):
    """How verdicts are written."""

    ndjson = "ndjson"
    csv = "csv"
    table = "table"


app = typer.Typer(
    help="Proves from your own event data whether consent was enforced, destination by destination.",
    epilog="Exit codes: 0 nothing found, 1 findings, 2 could not check.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
policy_app = typer.Typer(help="Checks and describes policy files.", no_args_is_help=True)
app.add_typer(policy_app, name="policy")

SomeEvents = Annotated[
    list[str] | None, typer.Argument(help="Event files, folders or patterns; none with --warehouse.")
]
Events = Annotated[list[str], typer.Argument(help="Event files (NDJSON, plain or gzipped), folders or patterns.")]
PolicyFile = Annotated[str, typer.Option("--policy", "-p", help="The policy file, or a folder of its versions.")]
Deliveries = Annotated[
    list[str] | None,
    typer.Option("--deliveries", "-d", help="Delivery records: NDJSON, CSV or Parquet. Repeatable."),
]
SourceName = Annotated[str | None, typer.Option("--source", help="The source all these events come from.")]
Mapped = Annotated[
    list[str] | None, typer.Option("--map", help="A column of the delivery log: theirs=ours. Repeatable.")
]
Constant = Annotated[
    list[str] | None,
    typer.Option("--set", help="A value that is the same for every delivery record: ours=value."),
]
Database = Annotated[str, typer.Option("--db", help="A DuckDB file to keep everything in; memory when not given.")]
Memory = Annotated[str | None, typer.Option("--memory", help="A memory limit such as 1GB; work beyond it uses disk.")]
Json = Annotated[bool, typer.Option("--json", help="Print the documented JSON instead of tables.")]
Threshold = Annotated[FailOn, typer.Option("--fail-on", help="The least severity that makes the exit code 1.")]
At = Annotated[str | None, typer.Option("--at", help="Judge as if every source were enforced at this point.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="A folder for report.html, findings.json, CSV and more.")]
Pack = Annotated[Path | None, typer.Option("--pack", help="Write an evidence pack: a new folder, or a zip file.")]
RawIds = Annotated[bool, typer.Option("--raw-ids", help="Write ids as they are, in place of pseudonyms.")]


@app.command()
def audit(
    policy: PolicyFile,
    events: SomeEvents = None,
    deliveries: Deliveries = None,
    source: SourceName = None,
    columns: Mapped = None,
    constants: Constant = None,
    export: cli_check.Export = None,
    db: Database = ":memory:",
    out: Out = None,
    fail_on: Threshold = FailOn.warning,
    as_json: Json = False,
    key_file: cli_report.KeyFile = None,
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
    with _workspace(db, memory) as workspace:
        _apply(workspace, policy)
        more = (warehouse, tables, (since, until), source, (counts, _pairs("--count-map", count_map)))
        cli_warehouse.load_more(workspace, *more, _say)
        _load(workspace, _some(events, warehouse), deliveries, source, columns, constants, export)
        with workspace.judged():
            _write_out(workspace, out, None, key_file, raw_ids)
            raise typer.Exit(_report(workspace, fail_on, as_json))


@app.command()
def load(
    db: Database,
    events: SomeEvents = None,
    policy: Annotated[str | None, typer.Option("--policy", "-p", help="The policy; a warehouse needs it.")] = None,
    deliveries: Deliveries = None,
    source: SourceName = None,
    columns: Mapped = None,
    constants: Constant = None,
    export: cli_check.Export = None,
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

    with _workspace(db, memory) as workspace:
        if policy:
            _apply(workspace, policy)
        more = (warehouse, tables, (since, until), source, (counts, _pairs("--count-map", count_map)))
        cli_warehouse.load_more(workspace, *more, _say)
        _load(workspace, _some(events, warehouse), deliveries, source, columns, constants, export)
        for kind, files, lines, rejected in workspace.rows(sql_text("ask_loaded")):
            _say(f"{kind}: {files:,} files, {lines:,} lines, {rejected:,} of them rejected")
        if not workspace.rows("SELECT 1 FROM event LIMIT 1"):
            raise UsageError("no event could be read; see rejected_line and input_file in the database")
        if refused := cli_warehouse.refused(workspace):
            raise SourceError(refused)


@app.command()
def report(
    db: Database,
    policy: Annotated[str | None, typer.Option("--policy", "-p", help="Judge by this policy from now on.")] = None,
    out: Out = None,
    pack: Pack = None,
    key_file: cli_report.KeyFile = None,
    raw_ids: RawIds = False,
    fail_on: Threshold = FailOn.warning,
    as_json: Json = False,
    memory: Memory = None,
) -> None:
    """Say what is found in a database that is already loaded, by its policy or another one."""
    if not Path(db).is_file():
        raise UsageError(f"{db}: no such database; `consentkit load` makes one")
    with _workspace(db, memory) as workspace:
        if policy:
            _apply(workspace, policy)
        with workspace.judged():
            _write_out(workspace, out, pack, key_file, raw_ids)
            raise typer.Exit(_report(workspace, fail_on, as_json))


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

    with _workspace(":memory:", memory) as workspace:
        _apply(workspace, policy, at)
        _load(workspace, events, None, source, None, None)
        for row in workspace.summary().rejects:
            _say(f"{row['lines']:,} lines have no verdict: {row['message']}")
        if not workspace.rows("SELECT 1 FROM event LIMIT 1"):
            raise UsageError("no event could be read")
        write_verdicts(workspace, form.value, sys.stdout)


@app.command()
def explain(
    message_id: Annotated[str, typer.Argument(help="The message id of the event.")],
    events: Annotated[list[str] | None, typer.Argument(help="Event files, when no database is given.")] = None,
    policy: Annotated[str | None, typer.Option("--policy", "-p", help="The policy to judge by.")] = None,
    deliveries: Deliveries = None,
    export: cli_check.Export = None,
    source: SourceName = None,
    db: Database = ":memory:",
    at: At = None,
) -> None:
    """Say in words, for one event and each destination, what was decided and why."""
    from rich.console import Console

    from consentkit.explaining import explain as explained

    with _workspace(db, None) as workspace:
        if policy:
            _apply(workspace, policy, at)
        if events:
            _load(workspace, events, deliveries, source, None, None, export)
        console = Console()
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

    with _progress("events") as tell:
        truth = write_sample(out, events=events, seed=seed, days=days, gzip=gzip, progress=tell)
    _say(f"{out}: {truth.event_lines:,} event lines, {truth.delivery_lines:,} delivery records; see its README.md")


@policy_app.command("check")
def policy_check(
    file: Annotated[str, typer.Argument(help="The policy file, or a folder of its versions.")],
    db: Annotated[str | None, typer.Option("--db", help="A loaded database to look for its parts in.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings also make the exit code 1.")] = False,
) -> None:
    """Check a policy file: every mistake at once, then warnings; with --db also what no data shows."""
    from consentkit.policy import Policy

    checked = Policy.load(file)
    warnings, not_checked = [str(each) for each in checked.warnings()], []
    if db is not None:
        if not Path(db).is_file():
            raise UsageError(f"{db}: no such database; `consentkit load` makes one")
        with _workspace(db, None) as workspace:
            if not workspace.rows("SELECT 1 FROM event LIMIT 1"):
                raise UsageError(f"{db}: no event is loaded, so nothing of the policy can be looked for")
            use = workspace.policy_use(checked)
        warnings, not_checked = [*warnings, *use.unseen], use.not_checked
    for told in [f"warning: {each}" for each in warnings] + [f"not checked: {each}" for each in not_checked]:
        _say(cli_warehouse.plain(told))
    versions = len(checked.versions)
    unchecked = f", {len(not_checked)} not checked" if not_checked else ""
    typer.echo(f"{file}: valid, {versions} version{'s' if versions > 1 else ''}, {len(warnings)} warnings{unchecked}")
    raise typer.Exit(Exit.FINDINGS if strict and warnings else Exit.CLEAN)


@policy_app.command("schema")
def policy_schema() -> None:
    """Print the JSON Schema of the policy file."""
    from consentkit.policy import Policy

    typer.echo(json.dumps(Policy.json_schema(), indent=2))


@contextmanager
def _workspace(db: str, memory: str | None) -> Iterator[Workspace]:
    from consentkit.workspace import open as open_workspace

    with open_workspace(db, memory=memory) as workspace:
        try:
            yield workspace
        except KeyboardInterrupt:
            _say("consentkit: interrupted; what was loaded before stays, and the same command goes on from there")
            raise typer.Exit(Exit.COULD_NOT_CHECK) from None


def _apply(workspace: Workspace, policy: str, at: str | None = None) -> None:
    from consentkit.policy import Policy

    wanted = Policy.load(policy)
    for warning in wanted.warnings():
        _say(f"warning: {warning}")
    workspace.apply(wanted, at=at)


def _some(events: list[str] | None, warehouse: list[str] | None) -> list[str]:
    if not events and not warehouse:
        raise UsageError("no events were named; give files, or a warehouse with --warehouse")
    return events or []


def _load(
    workspace: Workspace,
    events: list[str],
    deliveries: list[str] | None,
    source: str | None,
    columns: list[str] | None,
    constants: list[str] | None,
    export: str | None = None,
) -> None:
    mapping, fixed = _pairs("--map", columns), _pairs("--set", constants)
    if not deliveries and (export or mapping or fixed):
        raise UsageError("--as, --map and --set say how to read --deliveries; name the delivery log with it")
    if events:
        with _progress("bytes") as tell:
            workspace.load_events(events, source=source, progress=tell)
    if deliveries:
        with _progress("bytes") as tell:
            workspace.load_deliveries(deliveries, columns=mapping, constants=fixed, export=export, progress=tell)


def _write_out(workspace: Workspace, out: Path | None, pack: Path | None, key_file: Path | None, raw_ids: bool) -> None:
    """Write the report into a folder and the evidence pack, where asked for."""
    key = cli_report.read_key(key_file)
    if out is not None:
        workspace.report(out, key=key, raw_ids=raw_ids)
        _say(f"wrote {out / 'report.html'}, findings.json and CSV files beside it")
    if pack is not None:
        seal = workspace.pack(pack, key=key, raw_ids=raw_ids)
        _say(f"wrote {pack}; manifest sha256 {seal}")
        if key is None and not raw_ids:
            _say("its pseudonyms are of a random key; with --key-file the same data gives the same pack")


def _report(workspace: Workspace, fail_on: FailOn, as_json: bool) -> int:
    summary = workspace.summary()
    workspace.record_audit(summary)
    if as_json:
        typer.echo(summary.as_json())
    else:
        from rich.console import Console

        from consentkit.console import print_summary

        print_summary(Console(), summary)
    return summary.exit_code(fail_on.value)


def _pairs(option: str, given: list[str] | None) -> dict[str, str]:
    pairs = {}
    for item in given or []:
        left, mark, right = item.partition("=")
        if not (left and mark and right):
            raise UsageError(f"{option} {item}: write it as left=right")
        pairs[left.strip()] = right.strip()
    return pairs


@contextmanager
def _progress(unit: str) -> Iterator[Callable[..., None] | None]:
    """Show a bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from consentkit.console import progress_bar

    with progress_bar(unit) as tell:
        yield tell


def _say(message: str) -> None:
    typer.echo(message, err=True)


_TOOLS = cli_check.Tools(_workspace, _apply, _load, _progress, _say)
cli_check.register(app, _TOOLS)
cli_warehouse.register(policy_app, _TOOLS)
cli_report.register(app, _TOOLS)
cli_simulate.register(app, _TOOLS)
cli_history.register(app, _TOOLS)
cli_migration.register(app, _TOOLS)


def main() -> None:
    """Run the command line; a mistake of the user ends in a sentence, and whatever fails in exit code 2."""
    try:
        app()
    except ConsentkitError as error:
        _say(f"consentkit: {cli_warehouse.sentence(str(error))}")
    except Exception:  # noqa: BLE001 - Python would exit with 1, which here means findings
        _say("consentkit: this is a fault of consentkit itself; please report it with the lines below")
        traceback.print_exc()
    raise SystemExit(Exit.COULD_NOT_CHECK)
