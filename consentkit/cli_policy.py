"""The commands about policy files, ``policy check``, ``schema``, ``import`` and ``names``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from consentkit import cli_tools as tools
from consentkit.cli_options import Loaded, NewPolicy
from consentkit.cli_tools import Exit
from consentkit.errors import NO_POLICY, UsageError
from consentkit.phrases import count
from consentkit.writing import write_files

Source = Annotated[str, typer.Option("--source", help="The name of the source that Segment settings are of.")]
Enforcement = Annotated[
    str | None, typer.Option("--enforcement", help="Where consent is enforced: cloud, analytics.js, kotlin, swift, ...")
]


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
        with tools.opened(db, None) as workspace:
            if not workspace.rows("SELECT 1 FROM event LIMIT 1"):
                raise UsageError(f"{db}: no event is loaded, so nothing of the policy can be looked for")
            use = workspace.policy_use(checked)
        warnings, not_checked = [*warnings, *use.unseen], use.not_checked
    for told in [f"warning: {each}" for each in warnings] + [f"not checked: {each}" for each in not_checked]:
        tools.say(tools.plain(told))
    parts = [count(len(checked.versions), "version"), count(len(warnings), "warning")]
    parts += [f"{len(not_checked)} not checked"] if not_checked else []
    typer.echo(f"{file}: valid, {', '.join(parts)}")
    raise typer.Exit(Exit.FINDINGS if strict and warnings else Exit.CLEAN)


def policy_schema() -> None:
    """Print the JSON Schema of the policy file."""
    from consentkit.policy import Policy

    typer.echo(json.dumps(Policy.json_schema(), indent=2))


def policy_import(
    file: Annotated[str, typer.Argument(help="Segment settings, a RudderStack source, or CSV.")],
    form: Annotated[str | None, typer.Option("--format", help="segment, rudderstack or csv, if not clear.")] = None,
    source: Source = "default",
    enforcement: Enforcement = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The file to write, in place of stdout.")] = None,
) -> None:
    """Write a policy from what a platform or a spreadsheet already says."""
    from consentkit.policy.importing import as_file, import_policy

    policy, notes = import_policy(file, form=form, source=source, enforcement=enforcement)
    for warning in policy.warnings():
        tools.say(f"warning: {warning.message}")
    text = as_file(policy, file, notes)
    if out is None:
        typer.echo(text, nl=False)
    elif out.exists():
        raise UsageError(f"{out}: this file exists and is not overwritten")
    else:
        write_files(out.parent, {out.name: text})
        for note in notes:
            tools.say(tools.plain(f"not said there: {note}"))
        tools.say(f"wrote {out}")


def policy_names(
    db: Loaded,
    policy: NewPolicy = None,
    catalogue: Annotated[
        str | None, typer.Option("--catalogue", help="Other names of destinations: JSON or CSV (name,alias).")
    ] = None,
) -> None:
    """List the destination names in the data that the policy does not know, and the aliases to add."""
    from consentkit.near_names import alias_block, read_catalogue, unknown_names

    if not Path(db).is_file():
        raise UsageError(f"{db}: no such database; `consentkit load` makes one")
    groups = read_catalogue(catalogue) if catalogue else []
    with tools.opened(db, None) as workspace:
        if policy is not None:
            tools.apply(workspace, policy)
        if not workspace.rows("SELECT 1 FROM policy_version LIMIT 1"):
            raise UsageError(NO_POLICY)
        names = unknown_names(workspace, groups)
        for each in names:
            meant = "; ".join(f"{name} ({why})" for name, why in each.candidates) or "nothing alike"
            typer.echo(f"{each.times:>10,}  {tools.plain(each.name)}  in {each.place}: {meant}")
        block = alias_block(workspace, names)
    typer.echo(f"\n# for the policy, after a look at each:\n{block}" if block else "\nno alias to propose")


def register(app: typer.Typer) -> None:
    """Add the commands to those about policies."""
    app.command("check")(policy_check)
    app.command("schema")(policy_schema)
    app.command("import")(policy_import)
    app.command("names")(policy_names)
