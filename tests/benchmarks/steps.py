"""What is measured on a loaded database and of whole audits: the rows of the table, part by part."""

from __future__ import annotations

import functools
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from history import BARE
from measuring import CONSENTKIT, PYTHON, Cost, Row, in_turns, run, work
from peers import PEERS, agreed

if TYPE_CHECKING:
    from samples import Data

ROOT = Path(__file__).parents[2]
SUITES = ROOT / "expectations"
SAMPLE = ROOT / "data" / "sample"
AS_OF = 5_000_000


def starting(runs: int) -> list[Row]:
    """What a user waits for before anything happens."""
    sample = [str(SAMPLE / "events"), "-d", str(SAMPLE / "deliveries"), "--policy", str(SAMPLE / "policy.yml")]
    commands = {
        "--help": [*CONSENTKIT, "--help"],
        "import": [PYTHON, "-c", "import consentkit"],
    }
    cost: dict[str, Cost] = in_turns(commands, max(3, runs))
    check = in_turns({"check": [*CONSENTKIT, "check", *sample, "--suite", str(SUITES)]}, runs)["check"]
    return [
        Row("-", "consentkit --help", cost["--help"].wall, 1, 0.5, "s"),
        Row("-", "import consentkit", cost["import"].wall, 1, 0.5, "s"),
        Row("-", "consentkit check on the sample", check.wall, 1, None, "s"),
    ]


@functools.cache
def audited(data: Data) -> Path:
    """Return a database with events, deliveries and policy, made anew in each run of the benchmarks."""
    data.database.unlink(missing_ok=True)
    files = [str(data.events), "-d", str(data.deliveries), "--policy", str(data.policy)]
    run([*CONSENTKIT, "audit", *files, "--db", str(data.database)])
    return data.database


def judging(data: Data) -> list[Row]:
    """Findings, another policy and questions, the last on a judged database."""
    database = audited(data)
    asked: dict[str, float] = json.loads(run(work("asked", database, module="questions")).said)
    said: dict[str, float] = json.loads(run(work("findings", database, data.other, data.policy)).said)
    applied = json.loads(run(work("apply", database, data.other, data.policy)).said)
    both = said["findings"] + said["by destination"]
    return [
        Row(data.size, "all findings, against deliveries joined to events", said["judging"] + both, said["bare"], 2),
        Row(data.size, "all findings asked again, against the same", both, said["bare"], 2),
        Row(data.size, "another policy", applied["apply"], 1, 2, "s"),
        *(Row(data.size, f"asked by hand: {name}", seconds, 1, 1, "s") for name, seconds in asked.items()),
    ]


def checking(data: Data) -> tuple[list[Row], list[str]]:
    """All suites, beyond what their views and the import cost."""
    said: dict[str, float] = json.loads(run(work("check", audited(data), SUITES)).said)
    what = f"check of {said['expectations']:.0f} expectations beyond their views, against these as SQL"
    row = Row(data.size, what, said["check"] - said["bare"], said["bare"], 1)
    return [row], [f"{data.size}: importing what a check needs takes {said['import']:.1f} CPU s"]


def as_of(data: Data) -> list[Row]:
    """Deliveries joined as-of to changes of consent, at most five million to half a million."""
    deliveries = min(data.number, AS_OF)
    said: dict[str, float] = json.loads(run(work("as_of", deliveries, deliveries // 10)).said)
    return [
        Row(data.size, f"{deliveries:,} deliveries {name}, against a bare hash join", cpu, said[BARE], 3)
        for name, cpu in said.items()
        if name.startswith("as-of")
    ]


def auditing(data: Data, runs: int) -> tuple[list[Row], list[str]]:
    """The whole audit with its report, and all suites."""
    database = audited(data)
    run(work("judge", database))  # another part may have applied another policy
    out = tempfile.mkdtemp(dir=data.folder.parent, prefix="run-")
    commands = {
        "bare": work("bare_read", data.plain),
        "bare log": work("bare_read", data.deliveries, "log"),
        "audit": _audit(data, data.plain, "--out", out),
        "check": [*CONSENTKIT, "check", "--db", str(database), "--suite", str(SUITES)],
    }
    cost = in_turns(commands, runs)
    peaks = ", ".join(f"{name} {each.peak:.0f}" for name, each in cost.items())
    both = cost["bare"].cpu + cost["bare log"].cpu
    return [
        Row(data.size, "audit with report, against read_json of eight columns", cost["audit"].cpu, cost["bare"].cpu, 6),
        Row(data.size, "audit with report, against read_json of these and of the log", cost["audit"].cpu, both, None),
        Row(data.size, "check of a judged database, whole process", cost["check"].cpu, cost["bare"].cpu, None),
    ], [f"{data.size}: peak memory in MB: {peaks}"]


def peers(data: Data, runs: int) -> tuple[list[Row], list[str]]:
    """Others that give one of the audit's answers, against the whole audit. Stops where an answer is another."""
    three = [data.plain, data.deliveries, data.policy]
    commands = {name: work(task, *three, module="peers") for name, task in PEERS.items()}
    out = tempfile.mkdtemp(dir=data.folder.parent, prefix="run-")
    cost = in_turns({"audit": _audit(data, data.plain, "--out", out), **commands}, runs)
    answers = {name: cost[name].said for name in PEERS} | {"consentkit": run(work("ours", audited(data))).said}
    answer = agreed(answers)
    rows = [
        Row(data.size, f"{name} for one finding, against the audit", cost[name].cpu, cost["audit"].cpu, None)
        for name in PEERS
    ]
    peaks = ", ".join(f"{name} {each.peak:.0f}" for name, each in cost.items())
    return rows, [f"{data.size}: peak memory in MB: {peaks}", f"{data.size}: refused and delivered: {answer}"]


def bounded(data: Data) -> tuple[list[Row], list[str]]:
    """The whole audit in little memory: what it peaks at, and what the limit costs."""
    rows, free = [], run(_audit(data, data.events))
    for limit, size in (("1GB", 1000), ("512MB", 512)):
        cost = run(_audit(data, data.events, "--memory", limit))
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

    def done(command: str, part: str) -> float:
        folder = target / part
        options = ["--policy", str(data.policy), "--db", str(target / command)]
        return run([*CONSENTKIT, command, str(folder / "events"), "-d", str(folder / "deliveries"), *options]).cpu

    rows, days = [], len(kinds["deliveries"])
    for command, what in (("load", "loaded"), ("audit", "audited")):
        before, day, again = (done(command, part) for part in ("before", "last", "last"))
        whole = (before - again) / (days - 1) if days > 1 else before
        rows.append(Row(data.size, f"one more day {what}, against one of all", day - again, whole, 2))
    return rows


def _audit(data: Data, events: Path, *options: str) -> list[str]:
    return [*CONSENTKIT, "audit", str(events), "-d", str(data.deliveries), "--policy", str(data.policy), *options]
