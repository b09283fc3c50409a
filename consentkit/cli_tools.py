"""What every command needs: a workspace, a policy applied, files loaded, and a word on stderr of each."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from consentkit.errors import UsageError
from consentkit.phrases import count
from consentkit.pseudonyms import checked_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from consentkit.workspace import Workspace


class Exit(IntEnum):
    """What the exit code of every command means."""

    CLEAN = 0
    FINDINGS = 1
    COULD_NOT_CHECK = 2


@contextmanager
def opened(db: str, memory: str | None, key_file: Path | None = None, raw_ids: bool = False) -> Iterator[Workspace]:
    """Open a workspace for one command."""
    from consentkit.workspace import open as open_workspace

    with open_workspace(db, memory=memory, key=read_key(key_file), raw_ids=raw_ids) as workspace:
        yield workspace


def apply(workspace: Workspace, policy: str, at: str | None = None) -> None:
    """Apply a policy file and say its warnings."""
    from consentkit.policy import Policy

    wanted = Policy.load(policy)
    for warning in wanted.warnings():
        say(f"warning: {warning}")
    workspace.apply(wanted, at=at)


def load(
    workspace: Workspace,
    events: list[str],
    deliveries: list[str] | None,
    source: str | None,
    columns: list[str] | None,
    constants: list[str] | None,
    export: str | None = None,
) -> None:
    """Load event and delivery files as the options of that name say."""
    from consentkit.engine import sql_text

    mapping, fixed = pairs("--map", columns), pairs("--set", constants)
    if not deliveries and (export or mapping or fixed):
        raise UsageError("--as, --map and --set say how to read --deliveries; name the delivery log with it")
    before = last_file(workspace)
    if events:
        with progress("bytes") as tell:
            workspace.load_events(events, source=source, progress=tell)
        _warn_of_situations(workspace)
    if deliveries:
        with progress("bytes") as tell:
            workspace.load_deliveries(deliveries, columns=mapping, constants=fixed, export=export, progress=tell)
    damaged = workspace.rows(sql_text("ask_damaged_files"), [before])
    for path, problem, lines in damaged[:_SHOWN_FILES]:
        say(f"warning: {plain(path)}: {problem}; {count(lines, 'line')} of it could be read")
    if len(damaged) > _SHOWN_FILES:
        say(f"warning: and {len(damaged) - _SHOWN_FILES:,} more files that could not be read to their end")


def _warn_of_situations(workspace: Workspace) -> None:
    from consentkit.engine import sql_text

    for situations, events, differ in workspace.rows(sql_text("ask_situations")):
        where = f"warning: {situations:,} routing situations among {count(events, 'event')}, by {differ}"
        say(f"{where}: each is judged by itself, which takes long; a time or an id of the event in it does this")


@contextmanager
def loaded(
    db: str | None,
    memory: str | None,
    given: tuple[Any, ...],
    key_file: Path | None = None,
    raw_ids: bool = False,
) -> Iterator[Workspace]:
    """Open the database, judge it by the policy and load the files, whichever are given."""
    events, policy, *how = given
    need_input(events, db, *how)
    if events and policy is None and not (db and Path(db).is_file()):
        raise UsageError("name the policy to judge by with --policy")
    with opened(db or ":memory:", memory, key_file, raw_ids) as workspace:
        if policy is not None:
            apply(workspace, policy)
        if events:
            load(workspace, events, *how)
        yield workspace


def need_input(events: list[str] | None, db: str | None, *how: object) -> None:
    """Raise :class:`UsageError` without event files and database, and where ``how`` to read files is said of none."""
    if events:
        return
    if db in (None, ":memory:"):
        raise UsageError("name event files, or a loaded database with --db")
    if not Path(str(db)).exists():
        raise UsageError(f"{db}: no such database; `consentkit load` makes one")
    if any(how):
        raise UsageError("--deliveries, --source, --as, --map and --set go with event files")


_SHOWN_FILES = 20
_READ_BY = {
    "events": "events are read as lines of JSON in UTF-8, one object each: `jq -c . FILE` writes such lines, "
    "`jq -c '.[]' FILE` those of an array",
    "deliveries": "--map theirs=ours names its columns, --as NAME a destination's export, and it is then read again",
    "counts": "--count-map theirs=ours names its columns, and it is then read again",
    "warehouse": "its rows are read as Segment writes them",
}


def last_file(workspace: Workspace) -> int:
    """Return the number of the last file loaded so far."""
    from consentkit.engine import sql_text

    return int(workspace.rows(sql_text("ask_last_file"))[0][0])


def refused(workspace: Workspace, before: int, events: list[str], others: list[str]) -> list[str]:
    """Say of each file of which not one line could be loaded why, and what to do.

    Only of those that came after the file with the number ``before``, and of events and other files named again: what
    another load of the same database was told of is not told each night.
    """
    from consentkit.engine import sql_text
    from consentkit.sources.deliveries import DELIVERY_SUFFIXES
    from consentkit.sources.files import EVENT_SUFFIXES, named_paths

    found = workspace.rows(sql_text("ask_refused_files"))
    named: list[str] = []
    if any(number <= before for number, *_ in found):  # else nobody need look into folders again
        named += named_paths(events, EVENT_SUFFIXES) if events else []
        named += named_paths(others, DELIVERY_SUFFIXES) if others else []
    return [
        f"{path}: not one of its {count(lines, 'line')} could be loaded: {message}; {_READ_BY[kind]}"
        if lines
        else f"{path}: nothing of it could be read: {message}"
        for number, kind, path, lines, message in found
        if number > before or path in named
    ]


def pairs(option: str, given: list[str] | None) -> dict[str, str]:
    """Read an option's theirs=ours. Raises :class:`UsageError` where one is written otherwise."""
    found = {}
    for item in given or []:
        left, mark, right = item.partition("=")
        if not (left and mark and right):
            raise UsageError(f"{option} {item}: write it as left=right")
        found[left.strip()] = right.strip()
    return found


def read_key(path: Path | None) -> bytes | None:
    """Return the key a file holds, without the line's end. Raises :class:`UsageError` where it is short or missing."""
    if path is None:
        return None
    try:
        key = path.read_bytes().strip()
    except OSError:
        raise UsageError(f"{path}: the key cannot be read") from None
    return checked_key(key, str(path))


@contextmanager
def progress(unit: str) -> Iterator[Callable[..., None] | None]:
    """Show a bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from consentkit.console import progress_bar

    with progress_bar(unit) as tell:
        yield tell


def say(message: str) -> None:
    """Tell the user something that is no result: on stderr."""
    typer.echo(message, err=True)


_SHOWN = 80
_LONG = re.compile(r"\S{200,}")


def sentence(text: str) -> str:
    """Return a message whose names from data are harmless on a terminal, and none of them longer than a line."""
    lines = (_LONG.sub(lambda found: found[0][:_SHOWN] + "…", plain(line)) for line in text.split("\n"))
    return "\n".join(lines)


def plain(text: str) -> str:
    """Return a text with names from data without what a terminal would act on."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def console() -> Console:
    """Return the console that results are printed on."""
    from consentkit.terminal import terminal

    return terminal()
