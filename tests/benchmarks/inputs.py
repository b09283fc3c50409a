"""Loading however the events lie: plain and gzipped, in many files, in one large one, and after an interruption."""

from __future__ import annotations

import json
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from measuring import CONSENTKIT, Cost, Failed, Row, in_turns, run, run_until, work
from samples import big_file, many_files

if TYPE_CHECKING:
    from samples import Data

_SAME = 1.1  # "the same", give or take what two runs of the same differ by


def load(data: Data, events: Path, *options: str) -> list[str]:
    """Return the command that loads events into a new database."""
    target = Path(tempfile.mkdtemp(dir=data.folder.parent, prefix="run-"), "new.duckdb")
    return [*CONSENTKIT, "load", str(events), "--db", str(target), *options]


def _database(command: list[str]) -> Path:
    return Path(command[command.index("--db") + 1])


def loading(data: Data, runs: int) -> tuple[list[Row], list[str]]:
    """Loading plain and gzipped events."""
    plain, packed, sizes = [], [], []
    zcat = ["sh", "-c", f"find {data.events} -name '*.gz' | sort | xargs zcat | wc -l"]
    for _ in range(runs):  # a database can be loaded once, so that each turn has one of its own
        bare = {which: work("bare_read", data.plain, which) for which in ("eight", "all")}
        plain.append(in_turns({**bare, "load": load(data, data.plain)}, 1))
        command = load(data, data.events)
        packed.append(in_turns({"bare": zcat, "load": command}, 1))
        sizes.append(_database(command).stat().st_size)
    cpu = sorted(plain, key=lambda turn: turn["load"].cpu / turn["eight"].cpu)[len(plain) // 2]
    wall = sorted(packed, key=lambda turn: turn["load"].wall / turn["bare"].wall)[len(packed) // 2]
    bytes_in = sum(path.stat().st_size for path in data.events.rglob("*.gz"))
    rows = [
        Row(data.size, "load NDJSON, against read_json of eight columns", cpu["load"].cpu, cpu["eight"].cpu, 3),
        Row(data.size, "load NDJSON, against read_json of all that it reads", cpu["load"].cpu, cpu["all"].cpu, None),
        Row(data.size, "load gzipped, against zcat | wc -l", wall["load"].wall, wall["bare"].wall, 3, "s"),
        Row(data.size, "database file, against the gzipped input", max(sizes) / 1e6, bytes_in / 1e6, 1.5, "MB"),
    ]
    return rows, [f"{data.size}: load peaks at {cpu['load'].peak:.0f} MB"]


def many(data: Data, runs: int) -> tuple[list[Row], list[str]]:
    """The same events in very many small gzipped files."""
    folders = {"few": data.events, "many": many_files(data)}
    numbers = {name: sum(1 for _ in folder.rglob("*.gz")) for name, folder in folders.items()}
    turns = [in_turns({name: load(data, folder) for name, folder in folders.items()}, 1) for _ in range(runs)]
    middle = sorted(turns, key=lambda turn: turn["many"].cpu / turn["few"].cpu)[len(turns) // 2]
    what = f"load {numbers['many']:,} gzipped files, against the same events in {numbers['few']}"
    return [
        Row(data.size, what, middle["many"].cpu, middle["few"].cpu, _SAME),
        Row(data.size, what, middle["many"].wall, middle["few"].wall, _SAME, "s"),
    ], []


def big(data: Data) -> tuple[list[Row], list[str]]:
    """One plain file in less memory than its size, against its days without a limit, for as many events."""
    file, times = big_file(data)
    free, tight = run(load(data, data.plain)), run(load(data, file, "--memory", "512MB"))
    what = f"one file of {file.stat().st_size / 1e9:.2g} GB with --memory 512MB"
    return [
        Row(data.size, f"load {what}, against days, no limit", tight.cpu / times, free.cpu, _SAME),
        Row(data.size, f"load {what}, against days, no limit", tight.wall / times, free.wall, _SAME, "s"),
        Row(data.size, f"peak of loading {what}", tight.peak * 1.048576, 512, 1, "MB"),
    ], [f"{data.size}: loading days without a limit peaks at {free.peak:.0f} MB"]


def interrupted(data: Data) -> tuple[list[Row], list[str]]:
    """A load stopped halfway and run again: it ends in the same database, and reads what is missing only."""
    policy = ["--policy", str(data.policy)]
    command = load(data, data.events, *policy)
    whole = run(command)
    expected, lines = _contents(_database(command)), _lines(_database(command))
    rows, notes = [], []
    for by in (signal.SIGKILL, signal.SIGINT):
        command = load(data, data.events, *policy)
        stopped = run_until(command, whole.wall / 2, by)
        kept = _lines(_database(command)) / lines
        again = run(command)
        if _contents(_database(command)) != expected:
            raise Failed(f"a load stopped by {by.name} and run again has not loaded the same")
        rows.append(_row(data, by, whole, again, 1 - kept))
        notes.append(
            f"{data.size}: {by.name} after {whole.wall / 2:.1f} s kept {kept:.0%} of the lines; with what it had cost,"
            f" both runs took {(stopped.cpu + again.cpu) / whole.cpu:.2f} x one"
        )
    return rows, notes


def _row(data: Data, by: signal.Signals, whole: Cost, again: Cost, missing: float) -> Row:
    what = f"load again after {by.name}, against a load of all that was missing"
    return Row(data.size, what, again.cpu, whole.cpu * missing, 1.25)


def _lines(database: Path) -> int:
    return int(run(work("lines", database)).said)


def _contents(database: Path) -> dict[str, list[int]]:
    found: dict[str, list[int]] = json.loads(run(work("contents", database)).said)
    return found
