"""The commands that write for readers, ``chart``, ``verify`` and ``lab``; the command line registers them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consentkit import cli_check
from consentkit.errors import UsageError

if TYPE_CHECKING:
    from consentkit.cli_check import Tools

Name = Annotated[str, typer.Argument(help="The chart; `consentkit chart list` names them.")]
Events = Annotated[list[str] | None, typer.Argument(help="Event files, when no loaded database is given.")]
PolicyFile = Annotated[str | None, typer.Option("--policy", "-p", help="Judge by this policy file or folder.")]
Deliveries = Annotated[list[str] | None, typer.Option("--deliveries", "-d", help="Delivery records. Repeatable.")]
Export = cli_check.Export
Database = Annotated[str, typer.Option("--db", help="A loaded database.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="A file ending in .png, .svg, .pdf, .html or .csv.")]
Width = Annotated[int, typer.Option("--width", help="The pixels the chart may take.", min=300, max=2000)]
KeyFile = Annotated[Path | None, typer.Option("--key-file", help="A file with the secret key of the pseudonyms.")]

# JupyterLab would ask hosts for news, for newer versions and for extensions.
_QUIET_LAB = (
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
)


def register(app: typer.Typer, tools: Tools) -> None:
    """Add the commands to the command line."""

    @app.command()
    def chart(
        name: Name,
        events: Events = None,
        policy: PolicyFile = None,
        deliveries: Deliveries = None,
        export: Export = None,
        db: Database = ":memory:",
        out: Out = None,
        width: Width = 640,
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
        need_input(events, db)
        with tools.workspace(db, None) as workspace:
            if policy:
                tools.apply(workspace, policy)
            if events:
                tools.load(workspace, events, deliveries, None, None, None, export)
            charts.save(workspace, name, out, width=width)
        tools.say(f"wrote {out}")

    @app.command()
    def verify(pack: Annotated[Path, typer.Argument(help="An evidence pack: a folder or a zip file.")]) -> None:
        """Check an evidence pack against its manifest and name what was altered."""
        from consentkit.pack import verify_pack

        told, seal = verify_pack(pack)
        for line in told:
            typer.echo(line)
        typer.echo(f"{pack}: {len(told)} differences" if told else f"{pack}: every file is as it was written")
        typer.echo(f"manifest sha256 {seal}; compare it with the number printed when the pack was written")
        raise typer.Exit(1 if told else 0)

    @app.command()
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


def need_input(events: list[str] | None, db: str) -> None:
    """Raise :class:`UsageError` where neither event files nor a database are named."""
    if not events and not Path(db).is_file():
        raise UsageError("name event files, or a loaded database with --db")


def read_key(path: Path | None) -> bytes | None:
    """Return the key a file holds, without the line's end. Raises :class:`UsageError` where it is short or missing."""
    if path is None:
        return None
    try:
        key = path.read_bytes().strip()
    except OSError:
        raise UsageError(f"{path}: the key cannot be read") from None
    if len(key) < 16:
        raise UsageError(f"{path}: a key of fewer than 16 bytes can be guessed; write a longer one")
    return key
