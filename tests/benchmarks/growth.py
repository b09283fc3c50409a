"""Measure how time and memory grow with the data: ``python tests/benchmarks/growth.py --folder DIR [--most 4]``.

One thing is made larger at a time, everything else stays: events, deliveries, destinations, categories, distinct
routing situations, choices of one device and of one person. Each is a whole process, loading and judging; the table
says by which power of the size its processor time grows, and ``--svg FILE`` draws it. Data is made here by counting:
the sample has one shop's shape only.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import NamedTuple

from measuring import Cost, in_turns, work

LADDERS = {
    "events": (25_000, 50_000, 100_000, 200_000, 400_000, 800_000),
    "deliveries": (100_000, 200_000, 400_000, 800_000, 1_600_000, 3_200_000),
    "destinations": (10, 30, 100, 300, 1_000),
    "categories": (4, 12, 40, 120, 400),
    "situations": (100, 1_000, 10_000, 50_000, 100_000, 1_000_000),
    "choices": (1_000, 10_000, 30_000, 100_000, 300_000),
}
PLAIN = {"events": 50_000, "deliveries": 100_000, "destinations": 10, "categories": 4, "situations": 100, "choices": 0}
# After the plain events, in turns: a choice on a device that a thousand people share, what one of these does there, and
# a choice and a visit of one user id on three devices.
DEVICES = "CASE WHEN x.i < {0} THEN 'a' || x.i % 5000 WHEN (x.i - {0}) % 4 < 2 THEN 'shared' ELSE 'd' || x.i % 3 END"
PEOPLE = """CASE
    WHEN x.i < {0} OR (x.i - {0}) % 4 = 0 THEN NULL WHEN (x.i - {0}) % 4 = 1 THEN 'p' || x.i % 1000 ELSE 'bot' END"""
NAMES = "CASE WHEN x.i < {0} OR (x.i - {0}) % 2 = 1 THEN 'E' || x.i % 20 ELSE 'Segment Consent Preference Updated' END"


class Step(NamedTuple):
    """What one size of one thing cost: loading and judging it."""

    thing: str
    size: int
    load: Cost
    judge: Cost

    @property
    def cpu(self) -> float:
        """Processor seconds of both."""
        return self.load.cpu + self.judge.cpu


def made(folder: Path, shape: dict[str, int]) -> Path:
    """Make events, deliveries and a policy of this shape, unless an earlier run did."""
    import duckdb
    import yaml

    target = folder / "-".join(str(shape[name]) for name in PLAIN)
    if (target / "policy.yml").exists():
        return target
    target.mkdir(parents=True, exist_ok=True)
    events, destinations, categories = shape["events"], shape["destinations"], shape["categories"]
    # every situation refuses other categories, by the bits of its number
    value = "'\"c' || c || '\":' || ((x.s >> (c % 20)) & 1 = 0)"
    values = f"array_to_string(list_transform(range({categories}), lambda c: {value}), ',')"
    said = {
        "messageId": "'m' || x.i",
        "type": "'track'",
        "event": NAMES.format(events),
        "anonymousId": DEVICES.format(events),
        "userId": PEOPLE.format(events),
        "timestamp": "strftime(TIMESTAMP '2026-03-01' + INTERVAL (x.i % 40000) MINUTE, '%Y-%m-%dT%H:%M:%SZ')",
        "context": f"""{{
            'library': {{'name': 'analytics.js', 'version': '1'}},
            'consent': {{
                'categoryPreferences': CAST('{{' || {values} || '}}' AS JSON), 'version': CAST(x.s AS VARCHAR)
            }}
        }}""",
    }
    logged = {
        "message_id": f"'m' || x.i % {events}",
        "destination": f"'D' || (x.i // {events} + x.i) % {destinations}",
        "status": "'delivered'",
        "at": "'2026-04-01T10:00:00Z'",
    }
    con = duckdb.connect()
    lines = events + 4 * shape["choices"]
    for name, rows, fields in (("events", lines, said), ("deliveries", shape["deliveries"], logged)):
        columns = ", ".join(f'{value} AS "{key}"' for key, value in fields.items())
        source = f"(SELECT t.i, t.i % {shape['situations']} AS s FROM range({rows}) AS t(i)) AS x"
        con.execute(f"COPY (SELECT {columns} FROM {source}) TO '{target / name}.ndjson' (FORMAT json)")
    policy = {
        "version": 1,
        "platform": "segment",
        "categories": [
            {"id": f"c{c}", "destinations": sorted({f"D{c % destinations}", f"D{(c + 1) % destinations}"})}
            for c in range(categories)
        ],
        "destinations": [{"name": f"D{d}", "kind": "actions"} for d in range(destinations)],
    }
    (target / "policy.yml").write_text(yaml.safe_dump(policy), encoding="utf-8")
    return target


def steps(folder: Path, most: int, runs: int) -> list[Step]:
    """Measure every ladder up to its ``most``-th rung."""
    found = []
    for thing, sizes in LADDERS.items():
        for size in sizes[:most]:
            shape = {**PLAIN, thing: size}
            if thing == "situations":  # each needs an event
                shape["events"] = max(size, shape["events"])
            data, database = made(folder, shape), folder / "growing.duckdb"
            cost = in_turns({"load": work("load_anew", data, database), "judge": work("judge", database)}, runs)
            found.append(Step(thing, size, cost["load"], cost["judge"]))
            print(line(found), flush=True)
    return found


def line(found: list[Step]) -> str:
    """Lay the last step out as text, with the power by which it grew over the one before."""
    step = found[-1]
    grown = ""
    if len(found) > 1 and (before := found[-2]).thing == step.thing:
        power = math.log(step.cpu / before.cpu) / math.log(step.size / before.size)
        grown = f"x^{power:.2f}"
    peak = max(step.load.peak, step.judge.peak)
    return f"{step.thing:13}{step.size:>10,} {step.load.cpu:8.2f} {step.judge.cpu:8.2f} CPU s {peak:7.0f} MB  {grown}"


def drawn(found: list[Step], file: Path) -> None:
    """Draw time against size, a small picture for each thing."""
    import altair as alt
    import pandas as pd

    rows = [{"thing": s.thing, "size": s.size, "processor seconds": s.cpu} for s in found]
    axes = {
        "x": alt.X("size:Q", scale=alt.Scale(type="log"), title=None, axis=alt.Axis(format="~s", tickCount=4)),
        "y": alt.Y("processor seconds:Q", scale=alt.Scale(type="log"), axis=alt.Axis(tickCount=5)),
    }
    picture = alt.Chart(pd.DataFrame(rows)).mark_line(point=True).encode(**axes).properties(width=190, height=150)
    picture.facet(alt.Facet("thing:N", title=None), columns=3).resolve_scale(x="independent").save(file)


def main() -> None:
    """Measure, print as it goes, and keep the figures where told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where generated data is kept")
    parser.add_argument("--most", type=int, default=4, help="how many sizes of each thing; 6 is all of them")
    parser.add_argument("--runs", type=int, default=1, help="how many turns the median is taken of")
    parser.add_argument("--json", type=Path, help="a file to write the figures to")
    parser.add_argument("--svg", type=Path, help="a file to draw them in")
    given = parser.parse_args()
    found = steps(given.folder, given.most, given.runs)
    if given.json:
        given.json.write_text(json.dumps([{**s._asdict(), "load": s.load.cpu, "judge": s.judge.cpu} for s in found]))
    if given.svg:
        drawn(found, given.svg)


if __name__ == "__main__":
    main()
