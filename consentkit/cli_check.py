"""The commands about expectations, ``check`` and ``suggest``; the command line registers them.

Exit codes of ``check``: 0 everything was checked and nothing at or above ``--fail-on`` failed, 1 failures,
2 something could not be checked: a bad suite, an expectation that raised, a view that is missing or empty.
"""

from __future__ import annotations

import os
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from consentkit import cli_tools as tools
from consentkit.cli_options import (
    Constant,
    Database,
    Deliveries,
    EventsOrDatabase,
    Export,
    FailOn,
    Json,
    KeyFile,
    Mapped,
    Memory,
    NewPolicy,
    RawIds,
    SourceName,
    Threshold,
)
from consentkit.errors import SuiteError, UsageError
from consentkit.writing import write_files

if TYPE_CHECKING:
    from consentkit.checks.results import CheckResult
    from consentkit.checks.suites import Suite
    from consentkit.workspace import Workspace

DEFAULT_SUITES = "expectations"


Suites = Annotated[list[str] | None, typer.Option("--suite", help="A suite file or folder. Repeatable.")]
MaxRate = Annotated[
    float | None, typer.Option("--max-rate", help="Failing shares up to this (0 to 1) do not make the exit code 1.")
]
NewOnly = Annotated[bool, typer.Option("--new-only", help="Only failures that --baseline does not know count.")]
Baseline = Annotated[Path | None, typer.Option("--baseline", help="A file of known failures.")]
WriteBaseline = Annotated[Path | None, typer.Option("--write-baseline", help="Write what fails now as a baseline.")]
Junit = Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML to this file.")]
Sarif = Annotated[Path | None, typer.Option("--sarif", help="Write SARIF 2.1.0 to this file.")]
Html = Annotated[Path | None, typer.Option("--html", help="Write a self-contained page to this file.")]
DataDocs = Annotated[
    Path | None,
    typer.Option("--data-docs", help="Write Great Expectations' own pages here; opened, they load from the network."),
]
Github = Annotated[bool, typer.Option("--github", help="Print GitHub annotations and add to its step summary.")]
SchemaOnly = Annotated[bool, typer.Option("--schema", help="Only print the JSON Schema of what --json prints.")]
SyntaxOnly = Annotated[bool, typer.Option("--syntax", help="Only load the suites strictly; read no data.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="A new file to write to; stdout when not given.")]


def check(
    events: EventsOrDatabase = None,
    policy: NewPolicy = None,
    deliveries: Deliveries = None,
    source: SourceName = None,
    columns: Mapped = None,
    constants: Constant = None,
    export: Export = None,
    db: Database = None,
    suite: Suites = None,
    fail_on: Threshold = FailOn.warning,
    max_rate: MaxRate = None,
    new_only: NewOnly = False,
    baseline: Baseline = None,
    write_baseline: WriteBaseline = None,
    as_json: Json = False,
    junit: Junit = None,
    sarif: Sarif = None,
    html: Html = None,
    data_docs: DataDocs = None,
    github: Github = False,
    syntax: SyntaxOnly = False,
    schema: SchemaOnly = False,
    memory: Memory = None,
    key_file: KeyFile = None,
    raw_ids: RawIds = False,
) -> None:
    """Run expectation suites (Great Expectations) on a database or on files."""
    if schema:
        typer.echo(resources.files("consentkit.checks").joinpath("result.schema.json").read_text("utf-8"), nl=False)
        return
    suites = suite or [DEFAULT_SUITES]
    if not suite and not Path(DEFAULT_SUITES).is_dir():
        raise UsageError(f"there is no folder {DEFAULT_SUITES}/ here; name a suite with --suite")
    if new_only and baseline is None:
        raise UsageError("--new-only needs a --baseline to compare with; --write-baseline writes one")
    valid = _loaded_suites(suites, github=github)  # before the data: a mistake is told at once
    if syntax:
        for each in valid:
            typer.echo(f"{each.file}: valid, {len(each.entries)} expectations")
        return
    known = _known(baseline)
    given = (events, policy, deliveries, source, columns, constants, export)
    with tools.loaded(db, memory, given, key_file, raw_ids) as workspace:
        result = _run(workspace, suites, fail_on.value, max_rate, data_docs)
    if baseline is not None:
        result = _against(result, known, baseline, new_only=new_only)
    files = {"junit": junit, "sarif": sarif, "html": html, "baseline": write_baseline}
    _write_files(result, files)
    _print(result, as_json=as_json, github=github)
    raise typer.Exit(result.exit_code)


def suggest(
    events: EventsOrDatabase = None,
    policy: NewPolicy = None,
    deliveries: Deliveries = None,
    source: SourceName = None,
    columns: Mapped = None,
    constants: Constant = None,
    export: Export = None,
    db: Database = None,
    out: Out = None,
    memory: Memory = None,
) -> None:
    """Write a starting suite from what the data shows, as a proposal to review."""
    from consentkit.checks.suggest import suggest as proposal

    if out is not None and out.exists():
        raise UsageError(f"{out}: there is such a file already; a proposal never overwrites a suite")
    given = (events, policy, deliveries, source, columns, constants, export)
    with tools.loaded(db, memory, given) as workspace:
        text = proposal(workspace)
    if out is None:
        sys.stdout.write(text)
    else:
        _write(out, text)


def _run(
    workspace: Workspace, suites: list[str], fail_on: str, max_rate: float | None, docs: Path | None
) -> CheckResult:
    with tools.progress("checks") as tell:
        result = workspace.check(suites, fail_on=fail_on, max_rate=max_rate, progress=tell, data_docs=docs)
    if docs is not None:
        tools.say(
            f"wrote {docs / 'index.html'}: these pages of Great Expectations load scripts, fonts and a logo from the"
            " network when they are opened, which tells others of it, and may hold values; --html needs no network"
        )
    return result


def _loaded_suites(suites: list[str], *, github: bool) -> list[Suite]:
    from consentkit.checks.suites import load_suites

    try:
        return load_suites(suites)
    except SuiteError as error:
        if github:
            from consentkit.checks.github import mistake_lines

            sys.stderr.write(mistake_lines(error.mistakes))
        raise


def _known(baseline: Path | None) -> dict[str, dict[str, float]]:
    from consentkit.checks.baseline import read_baseline

    return read_baseline(baseline) if baseline is not None else {}


def _against(result: CheckResult, known: dict[str, dict[str, float]], baseline: Path, *, new_only: bool) -> CheckResult:
    from consentkit.checks.baseline import mark_known

    return mark_known(result, known, baseline.as_posix(), new_only=new_only)


def _write_files(result: CheckResult, files: dict[str, Path | None]) -> None:
    from consentkit.checks.baseline import baseline_text
    from consentkit.checks.junit import junit
    from consentkit.checks.page import page
    from consentkit.checks.sarif import sarif

    writers = {"junit": junit, "sarif": sarif, "html": page, "baseline": baseline_text}
    for kind, path in files.items():
        if path is not None:
            _write(path, writers[kind](result))


def _print(result: CheckResult, *, as_json: bool, github: bool) -> None:
    if github:
        _tell_github(result, sys.stderr if as_json else sys.stdout)
    if as_json:
        typer.echo(result.as_json())
        return
    from consentkit.checks.table import print_check

    print_check(tools.console(), result)


def _tell_github(result: CheckResult, stream: TextIO) -> None:
    from consentkit.checks.github import annotation_lines, step_summary

    stream.write(annotation_lines(result))
    place = os.environ.get("GITHUB_STEP_SUMMARY")
    if place:
        with Path(place).open("a", encoding="utf-8") as file:
            file.write(step_summary(result))


def _write(path: Path, text: str) -> None:
    write_files(path.parent, {path.name: text})
    tools.say(f"wrote {path}")


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(check)
    app.command()(suggest)
