"""Measure consentkit against the limits of its machine: ``python tests/benchmarks --folder DIR [--sizes 100k 1m 5m]``.

Data comes from ``consentkit sample`` and stays in the folder for the next time. Each figure is a ratio to a limit
measured in the same run, in turns; ``--json FILE`` keeps them. See README.md beside this file.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from measuring import PYTHON, Cost, in_turns, run, work

if TYPE_CHECKING:
    from collections.abc import Iterator

CONSENTKIT = [PYTHON, "-c", "from consentkit.cli import main; main()"]
PEERS = {
    "DuckDB by hand": "by_hand",
    "pandas": "with_pandas",
    "polars": "with_polars",
    "Great Expectations over pandas": "with_expectations",
}


class Row(NamedTuple):
    """One line of the table: a figure, its limit, the ratio and what it may be at most, where that is said."""

    size: str
    what: str
    figure: float
    limit: float
    at_most: float | None
    unit: str = "CPU s"

    @property
    def ratio(self) -> float:
        """How many times the limit the figure is."""
        return self.figure / self.limit


class Data(NamedTuple):
    """Generated data of one size: packed and plain events, deliveries, the policy, and another one."""

    size: str
    folder: Path

    @property
    def plain(self) -> Path:
        """The events as plain NDJSON."""
        return self.folder / "plain"

    @property
    def policy(self) -> Path:
        """The policy the sample was made by."""
        return self.folder / "policy.yml"

    @property
    def other(self) -> Path:
        """Another policy: a destination less for one category."""
        path = self.folder / "other.yml"
        path.write_text(self.policy.read_text(encoding="utf-8").replace('"Facebook Pixel", ', ""), encoding="utf-8")
        return path

    @property
    def database(self) -> Path:
        """Where a loaded database is kept during the measurements."""
        return self.folder / "loaded.duckdb"


def made(folder: Path, size: str) -> Data:
    """Make the data of one size, unless an earlier run did."""
    data = Data(size, folder / size)
    if not data.plain.is_dir():
        events = int(float(size.lower().rstrip("km")) * {"k": 1e3, "m": 1e6}.get(size[-1].lower(), 1))
        run([*CONSENTKIT, "sample", str(data.folder), "--events", str(events), "--seed", "1"])
        partial = data.folder / "unpacking"
        for path in sorted((data.folder / "events").rglob("*.gz")):
            target = partial / path.relative_to(data.folder / "events").with_suffix("")
            target.parent.mkdir(parents=True, exist_ok=True)
            with gzip.open(path) as packed, target.open("wb") as plain:
                shutil.copyfileobj(packed, plain, 1 << 20)
        partial.rename(data.plain)
    return data


def load(data: Data, events: Path, *options: str) -> list[str]:
    """Return the command that loads events into a new database."""
    target = Path(tempfile.mkdtemp(dir=data.folder.parent, prefix="run-"), "new.duckdb")
    return [*CONSENTKIT, "load", str(events), "--db", str(target), *options]


def loading(data: Data, runs: int) -> tuple[list[Row], list[str]]:
    """Loading plain and gzipped events."""
    rows, notes, plain, packed = [], [], [], []
    packed_events = data.folder / "events"
    for _ in range(runs):  # a database can be loaded once, so that each turn has one of its own
        command = load(data, data.plain)
        plain.append(in_turns({"bare": work("bare_read", data.plain), "load": command}, 1))
        command = load(data, packed_events)
        zcat = ["sh", "-c", f"find {packed_events} -name '*.gz' | sort | xargs zcat | wc -l"]
        packed.append(in_turns({"bare": zcat, "load": command}, 1))
        database = Path(command[command.index("--db") + 1])
        size = database.stat().st_size
    middle = sorted(plain, key=lambda turn: turn["load"].cpu / turn["bare"].cpu)[len(plain) // 2]
    rows.append(
        Row(data.size, "load NDJSON, against read_json of eight columns", middle["load"].cpu, middle["bare"].cpu, 3)
    )
    notes.append(f"{data.size}: load peaks at {middle['load'].peak:.0f} MB")
    middle = sorted(packed, key=lambda turn: turn["load"].wall / turn["bare"].wall)[len(packed) // 2]
    rows.append(Row(data.size, "load gzipped, against zcat | wc -l", middle["load"].wall, middle["bare"].wall, 3, "s"))
    bytes_in = sum(path.stat().st_size for path in packed_events.rglob("*.gz"))
    rows.append(Row(data.size, "database file, against the gzipped input", size / 1e6, bytes_in / 1e6, 1.5, "MB"))
    return rows, notes


def judging(data: Data) -> list[Row]:
    """Findings, another policy and questions on a database with events and deliveries."""
    data.database.unlink(missing_ok=True)  # one of an earlier run may have another layout
    events, deliveries = str(data.folder / "events"), str(data.folder / "deliveries")
    run([*CONSENTKIT, "audit", events, "-d", deliveries, "--policy", str(data.policy), "--db", str(data.database)])
    rows = []
    said: dict[str, float] = json.loads(run(work("findings", data.database)).said)
    both = said["findings"] + said["by destination"]
    rows.append(Row(data.size, "all findings, against deliveries joined to events", both, said["bare"], 2))
    applied = json.loads(run(work("apply", data.database, data.other, data.policy)).said)
    rows.append(Row(data.size, "another policy", applied["apply"], 1, 2, "s"))
    asked: dict[str, float] = json.loads(run(work("interactive", data.database)).said)
    rows += [Row(data.size, f"asked by hand: {name}", seconds, 1, 1, "s") for name, seconds in asked.items()]
    return rows


def auditing(data: Data, runs: int) -> tuple[list[Row], list[str]]:
    """The whole audit with its report, the suites, and peers that give one of its answers."""
    three = [str(data.plain), str(data.folder / "deliveries"), str(data.policy)]
    out = tempfile.mkdtemp(dir=data.folder.parent, prefix="run-")
    audit = [*CONSENTKIT, "audit", str(data.plain), "-d", three[1], "--policy", three[2], "--out", out]
    commands = {
        "bare": work("bare_read", data.plain),
        "audit": audit,
        "check": [*CONSENTKIT, "check", "--db", str(data.database)],
        **{name: work(task, *three) for name, task in PEERS.items()},
        "ours": work("ours", data.database),
    }
    cost = in_turns(commands, runs)
    answers = {name: json.loads(cost[name].said) for name in (*PEERS, "ours")}
    assert len({json.dumps(each, sort_keys=True) for each in answers.values()}) == 1, answers
    rows = [
        Row(data.size, "audit with report, against read_json of eight columns", cost["audit"].cpu, cost["bare"].cpu, 6),
        Row(data.size, "check of all suites, whole process", cost["check"].cpu, cost["bare"].cpu, None),
    ]
    rows += [
        Row(data.size, f"{name} for one finding, against the audit", cost[name].cpu, cost["audit"].cpu, None)
        for name in PEERS
    ]
    peaks = ", ".join(f"{name} {each.peak:.0f}" for name, each in cost.items())
    return rows, [
        f"{data.size}: peak memory in MB: {peaks}",
        f"{data.size}: refused and delivered: {answers['pandas']}",
    ]


def bounded(data: Data) -> tuple[list[Row], list[str]]:
    """The whole audit in little memory: what it peaks at, and what the limit costs."""
    audit = [*CONSENTKIT, "audit", str(data.folder / "events"), "-d", str(data.folder / "deliveries")]
    rows, free = [], run([*audit, "--policy", str(data.policy)])
    for limit, size in (("1GB", 1000), ("512MB", 512)):
        cost = run([*audit, "--policy", str(data.policy), "--memory", limit])
        rows.append(Row(data.size, f"peak of an audit with --memory {limit}", cost.peak * 1.048576, size, 1, "MB"))
        rows.append(Row(data.size, f"processor time with --memory {limit}, against none", cost.cpu, free.cpu, None))
    return rows, [f"{data.size}: an audit without a limit peaks at {free.peak:.0f} MB"]


def incremental(data: Data) -> list[Row]:
    """The last of thirty days, added to the others, against all thirty; starting and known files left out of both."""
    target = Path(tempfile.mkdtemp(dir=data.folder.parent, prefix="run-"))
    kinds = {kind: sorted((data.folder / kind).rglob("*.gz")) for kind in ("events", "deliveries")}
    last = max(path.name[-20:-10] for path in kinds["deliveries"])
    for kind, paths in kinds.items():
        for path in paths:
            folder = target / ("last" if last in path.stem else "before") / kind
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{path.parent.name}-{path.name}").symlink_to(path.resolve())

    def loaded(part: str, database: str) -> Cost:
        folder = target / part
        options = ["--policy", str(data.policy), "--db", str(target / database)]
        return run([*CONSENTKIT, "load", str(folder / "events"), "-d", str(folder / "deliveries"), *options])

    before, day = loaded("before", "a"), loaded("last", "a")
    again = loaded("last", "a")
    days = len(kinds["deliveries"])
    whole = (before.cpu - again.cpu) / (days - 1) if days > 1 else before.cpu
    return [Row(data.size, "one more day, against one of all", day.cpu - again.cpu, whole, 2)]


def starting(runs: int) -> list[Row]:
    """What a user waits for before anything happens."""
    commands = {"--help": [*CONSENTKIT, "--help"], "import": [PYTHON, "-c", "import consentkit"]}
    cost: dict[str, Cost] = in_turns(commands, max(3, runs))
    return [
        Row("-", "consentkit --help", cost["--help"].wall, 1, 0.5, "s"),
        Row("-", "import consentkit", cost["import"].wall, 1, 0.5, "s"),
    ]


def measured(data: Data, runs: int) -> Iterator[tuple[list[Row], list[str]]]:
    """Measure one size, part by part."""
    yield loading(data, runs)
    yield judging(data), []
    yield auditing(data, runs)
    yield bounded(data)
    yield incremental(data), []


def table(rows: list[Row]) -> str:
    """Lay the rows out as text."""
    lines = [f"{'size':>5} {'what':58} {'figure':>9} {'limit':>9} {'ratio':>7} {'at most':>8}"]
    for row in rows:
        bound = "" if row.at_most is None else f"{row.at_most:g}" + ("" if row.ratio <= row.at_most else "  over")
        lines.append(
            f"{row.size:>5} {row.what:58} {row.figure:9.2f} {row.limit:9.2f} {row.ratio:7.2f} {bound:>8} {row.unit}"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure, print the table, and keep it as JSON where told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where generated data is kept")
    parser.add_argument("--sizes", nargs="+", default=["100k", "1m", "5m"], help="numbers of events; 10m takes long")
    parser.add_argument("--runs", type=int, default=3, help="how many turns the median is taken of")
    parser.add_argument("--json", type=Path, help="a file to write the figures to")
    given = parser.parse_args()
    rows, notes = starting(given.runs), []
    for size in given.sizes:
        data = made(given.folder, size)
        for part in measured(data, given.runs):
            rows += part[0]
            notes += part[1]
            print(table(part[0]), flush=True)
        for left in given.folder.glob("run-*"):
            shutil.rmtree(left)
    print("\n" + table(rows) + "\n" + "\n".join(notes))
    if given.json:
        given.json.write_text(json.dumps([{**row._asdict(), "ratio": row.ratio} for row in rows], indent=2))


if __name__ == "__main__":
    main()
