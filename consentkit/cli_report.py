"""The commands that write for readers, ``chart``, ``verify`` and ``lab``; the command line registers them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from consentkit import cli_tools as tools
from consentkit.cli_options import (
    Deliveries,
    EventsOrDatabase,
    Export,
    Kept,
    KeyFile,
    Memory,
    NewPolicy,
    Picture,
    RawIds,
    Width,
)
from consentkit.errors import UsageError
from consentkit.writing import refuse_unwritable

Name = Annotated[str, typer.Argument(help="The chart; `consentkit chart list` names them.")]
# JupyterLab would ask hosts for news, for newer versions and for extensions.
_QUIET_LAB = (
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
)


def chart(
    name: Name,
    events: EventsOrDatabase = None,
    policy: NewPolicy = None,
    deliveries: Deliveries = None,
    export: Export = None,
    db: Kept = ":memory:",
    out: Picture = None,
    width: Width = 640,
    key_file: KeyFile = None,
    raw_ids: RawIds = False,
    memory: Memory = None,
) -> None:
    """Write one chart to a file: a picture, a page, or the rows behind it."""
    from consentkit import charts

    if name == "list":
        typer.echo("\n".join(charts.CHARTS))
        return
    if name not in charts.CHARTS:
        raise UsageError(charts.no_such_chart(name))
    if out is None:
        raise UsageError("name a file to write to with --out")
    tools.need_input(events, db, deliveries, export)
    refuse_unwritable(out.parent)
    with tools.opened(db, memory, key_file, raw_ids) as workspace:
        if policy is not None:
            tools.apply(workspace, policy)
        if events:
            tools.load(workspace, events, deliveries, None, None, None, export)
        why = charts.save(workspace, name, out, width=width)
    tools.say(f"wrote {out}")
    if why:
        tools.say(why)
        raise typer.Exit(tools.Exit.COULD_NOT_CHECK)


def verify(pack: Annotated[Path, typer.Argument(help="An evidence pack: a folder or a zip file.")]) -> None:
    """Check an evidence pack against its manifest and name what was altered."""
    from consentkit.phrases import count, visible
    from consentkit.verifying import verify_pack

    told, seal = verify_pack(pack)
    for line in told:
        typer.echo(visible(line, 300))  # who altered a pack chose its names, and a terminal would act on them
    typer.echo(f"{pack}: {count(len(told), 'difference')}" if told else f"{pack}: every file is as its manifest says")
    typer.echo(f"manifest sha256 {seal}; compare it with the number printed when the pack was written,")
    typer.echo("as who changes a file can change the manifest too")
    raise typer.Exit(1 if told else 0)


def lab(folder: Annotated[Path, typer.Argument(help="The folder of notebooks.")] = Path("notebooks")) -> None:
    """Open JupyterLab on the notebooks."""
    import subprocess
    from importlib.util import find_spec

    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; the notebooks are in the source of consentkit, in notebooks/")
    if find_spec("jupyterlab") is None:
        raise UsageError("JupyterLab is not installed; install it with: pip install 'consentkit[lab]'")
    words = [sys.executable, "-m", "jupyterlab", str(folder), *_QUIET_LAB]
    done = subprocess.run(words, check=False)  # noqa: S603
    raise typer.Exit(2 if done.returncode else 0)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(chart)
    app.command()(verify)
    app.command()(lab)
