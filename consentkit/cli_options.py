"""The options and arguments that several commands share, so that one word means the same in each of them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from consentkit.errors import UsageError


class FailOn(StrEnum):
    """The least severity that makes a command exit with 1."""

    critical = "critical"
    warning = "warning"
    info = "info"


def _as_flags(params: list[Any]) -> list[Any]:
    """Let the help show what is given alone without a value: Typer would show ``<bool>``."""
    for each in params:
        if getattr(each, "is_flag", False):
            each.metavar = ""
    return params


class Command(TyperCommand):
    """A command whose help shows flags as they are given, and which takes no empty text for a value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read a command line. An empty text is a variable not set; as a path it would be the folder one is in."""
        for before, each in zip(["", *args], args, strict=False):
            name, given, value = each.partition("=")
            if each == "":
                name = before
            elif not (name.startswith("--") and given and not value):
                continue
            what = f"{name} is given" if name.startswith("-") else "an argument is"
            raise UsageError(f"{what} an empty text; is a variable not set?")
        return super().parse_args(ctx, args)

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters for the help and for the reading of a command line."""
        return _as_flags(super().get_params(ctx))


class Group(TyperGroup):
    """A group of commands whose help shows flags as they are given."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters for the help and for the reading of a command line."""
        return _as_flags(super().get_params(ctx))


Events = Annotated[list[str], typer.Argument(help="Event files (NDJSON, plain or gzipped), folders or patterns.")]
EventsOrWarehouse = Annotated[
    list[str] | None,
    typer.Argument(help="Event files, folders or patterns; none with --warehouse or a loaded --db."),
]
EventsOrDatabase = Annotated[
    list[str] | None, typer.Argument(help="Event files, folders or patterns; none with a loaded --db.")
]
PolicyFile = Annotated[str, typer.Option("--policy", "-p", help="The policy file, or a folder of its versions.")]
NewPolicy = Annotated[
    str | None, typer.Option("--policy", "-p", help="Judge by this policy, a file or a folder, from now on.")
]
Deliveries = Annotated[
    list[str] | None,
    typer.Option("--deliveries", "-d", help="Delivery records: NDJSON, CSV or Parquet. Repeatable."),
]


def _in_utf8(value: Any) -> Any:
    """Refuse a name that no data can hold, before it is looked for there."""
    try:
        "".join(value or []).encode()
    except UnicodeEncodeError:
        raise typer.BadParameter("it holds bytes that are not UTF-8, as all names in data are") from None
    return value


SourceName = Annotated[
    str | None, typer.Option("--source", help="The source all these events come from.", callback=_in_utf8)
]
Mapped = Annotated[
    list[str] | None,
    typer.Option("--map", help="A column of the delivery log: theirs=ours. Repeatable.", callback=_in_utf8),
]
Constant = Annotated[
    list[str] | None,
    typer.Option("--set", help="A value that is the same for every delivery record: ours=value.", callback=_in_utf8),
]
Export = Annotated[
    str | None,
    typer.Option(
        "--as", help="Whose export the deliveries are: amplitude, mixpanel, facebook-conversions, or a YAML file."
    ),
]
Kept = Annotated[str, typer.Option("--db", help="A DuckDB file to keep everything in; memory when not given.")]
Filled = Annotated[str, typer.Option("--db", help="The DuckDB file to load into; made where it is not there.")]
Loaded = Annotated[str, typer.Option("--db", help="A loaded database.")]
Database = Annotated[str | None, typer.Option("--db", help="A loaded database, or a file to keep what is loaded.")]
Memory = Annotated[str | None, typer.Option("--memory", help="A memory limit such as 1GB; work beyond it uses disk.")]
Json = Annotated[bool, typer.Option("--json", help="Print the documented JSON instead of tables.")]
Threshold = Annotated[FailOn, typer.Option("--fail-on", help="The least severity that makes the exit code 1.")]
At = Annotated[str | None, typer.Option("--at", help="Judge as if every source were enforced at this point.")]
Picture = Annotated[Path | None, typer.Option("--out", "-o", help="A file ending in .png, .svg, .pdf, .html or .csv.")]
Width = Annotated[int, typer.Option("--width", help="The pixels the chart may take.", min=300, max=2000)]
KeyFile = Annotated[Path | None, typer.Option("--key-file", help="A file with the secret key of pseudonyms and masks.")]
RawIds = Annotated[bool, typer.Option("--raw-ids", help="Write ids and names as they are: no pseudonyms, no masks.")]
