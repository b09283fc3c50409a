"""What the command line knows of warehouses, delivery counts, imported policies and unknown names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consentkit.errors import UsageError
from consentkit.phrases import count

if TYPE_CHECKING:
    from collections.abc import Callable

    from consentkit.cli_check import Tools
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
Source = Annotated[str, typer.Option("--source", help="The name of the source that Segment settings are of.")]
Enforcement = Annotated[
    str | None, typer.Option("--enforcement", help="Where consent is enforced: cloud, analytics.js, kotlin, swift, ...")
]
_SHOWN = 80
_LONG = re.compile(r"\S{200,}")


def load_more(
    workspace: Workspace,
    warehouse: list[str] | None,
    tables: str | None,
    window: tuple[str | None, str | None],
    source: str | None,
    counts: tuple[list[str] | None, dict[str, str]],
    say: Callable[[str], None],
) -> None:
    """Load warehouses and delivery counts, and say which tables were left out."""
    if not warehouse and (tables or any(window)):
        raise UsageError("--tables, --since and --until are about a warehouse; name one with --warehouse")
    named = [each.strip() for each in tables.split(",") if each.strip()] if tables else None
    for place in warehouse or []:
        left_out = workspace.load_warehouse(place, tables=named, source=source, since=window[0], until=window[1])
        for table, why in left_out:
            say(f"left out: {table}: {why}")
    if counts[0]:
        workspace.load_delivery_counts(counts[0], columns=counts[1])


_READ_BY = {
    "events": "events are read as lines of JSON, one object each",
    "deliveries": "--map theirs=ours names its columns, --as NAME a destination's export, and it is then read again",
    "counts": "--count-map theirs=ours names its columns, and it is then read again",
    "warehouse": "its rows are read as Segment writes them",
}


def refused(workspace: Workspace) -> str:
    """Say of which files with lines not one could be loaded, why, and what to do; empty where there is none."""
    from consentkit.engine import sql_text

    told = [
        f"{path}: not one of its {count(lines, 'line')} could be loaded: {message}; {_READ_BY[kind]}"
        for kind, path, lines, message in workspace.rows(sql_text("ask_refused_files"))
    ]
    return "\n".join([*told, "what else was named is loaded"] if told else [])


def register(policy_app: typer.Typer, tools: Tools) -> None:
    """Add the commands to those about policies."""

    @policy_app.command("import")
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
            out.write_text(text, encoding="utf-8")
            tools.say(f"wrote {out}")

    @policy_app.command("names")
    def policy_names(
        db: Annotated[str, typer.Option("--db", help="A loaded database.")],
        policy: Annotated[str | None, typer.Option("--policy", "-p", help="Judge by this policy from now on.")] = None,
        catalogue: Annotated[
            str | None, typer.Option("--catalogue", help="Other names of destinations: JSON or CSV (name,alias).")
        ] = None,
    ) -> None:
        """List the destination names in the data that the policy does not know, and the aliases to add."""
        from consentkit.near_names import alias_block, read_catalogue, unknown_names

        if not Path(db).is_file():
            raise UsageError(f"{db}: no such database; `consentkit load` makes one")
        groups = read_catalogue(catalogue) if catalogue else []
        with tools.workspace(db, None) as workspace:
            if policy:
                tools.apply(workspace, policy)
            if not workspace.rows("SELECT 1 FROM policy_version LIMIT 1"):
                raise UsageError("no policy is applied to this database; name one with --policy")
            names = unknown_names(workspace, groups)
            for each in names:
                meant = "; ".join(f"{name} ({why})" for name, why in each.candidates) or "nothing alike"
                typer.echo(f"{each.times:>10,}  {plain(each.name)}  in {each.place}: {meant}")
            block = alias_block(workspace, names)
        typer.echo(f"\n# for the policy, after a look at each:\n{block}" if block else "\nno alias to propose")


def sentence(text: str) -> str:
    """Return a message whose names from data are harmless on a terminal, and none of them longer than a line."""
    lines = (_LONG.sub(lambda found: found[0][:_SHOWN] + "…", plain(line)) for line in text.split("\n"))
    return "\n".join(lines)


def plain(text: str) -> str:
    """Return a text with names from data without what a terminal would act on."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)
