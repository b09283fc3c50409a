"""Measure the consent history: deliveries joined as-of to changes of preference, against a bare hash join.

Run it by hand: ``python tests/benchmarks/history.py`` (five million deliveries, half a million preference events; about
a minute), or with two numbers of your own. Ids are integers written as text; nothing is read but what is made here.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import consentkit as ck

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "Segment Consent Preference Updated"
POLICY = {
    "version": 1,
    "platform": "segment",
    "categories": [{"id": name, "destinations": [f"D{place}", f"D{place + 1}"]} for place, name in enumerate("ABCD")],
    "destinations": [{"name": f"D{place}", "kind": "actions" if place % 2 else "classic"} for place in range(5)],
}
EVENTS = """
    INSERT INTO event
    SELECT
        {base} + x.i, 2, x.i, NULL, NULL, hash(x.i), g.signature_id, 'track', 'E', 'd' || x.p,
        CASE WHEN x.p % 3 < 2 THEN 'u' || x.p END, hash(x.p), x.moment, x.moment + INTERVAL 1 SECOND, x.moment, FALSE,
        'analytics.js', '1', '1', 'DE', NULL, x.moment + INTERVAL 5 MINUTE
    FROM (
        SELECT
            t.i, CAST(hash(t.i * 7 + {seed}) % {people} AS BIGINT) AS p, CAST(hash(t.i + {seed}) % 16 AS INTEGER) AS m,
            TIMESTAMP '2026-01-01' + INTERVAL (CAST(hash(t.i * 3 + {seed}) % 7776000 AS BIGINT)) SECOND AS moment
        FROM range({rows}) AS t(i)
    ) AS x
    INNER JOIN (
        SELECT row_number() OVER (ORDER BY k.signature_id) - 1 AS m, k.signature_id
        FROM signature AS k
        WHERE k.kind = '{kind}'
    ) AS g ON g.m = x.m
    ORDER BY 1"""
DELIVERED = "FROM delivery AS q INNER JOIN event AS e ON e.event_id = q.event_id"
IN_FORCE = "h.valid_from <= e.event_at AND e.event_at < h.valid_to"
BARE = "bare hash join, no time"
QUERIES = {
    BARE: f"SELECT count(*) {DELIVERED} INNER JOIN person_history AS h ON h.user_id = e.user_id WHERE h.is_current",
    "as-of, every category": f"""
        SELECT count(*) {DELIVERED} INNER JOIN person_history AS h ON h.user_id = e.user_id AND {IN_FORCE}""",
    "as-of, needed categories": f"""
        SELECT count(*) {DELIVERED}
        INNER JOIN route_meaning AS m ON m.route_id = q.route_id
        INNER JOIN requirement AS r ON r.version_id = m.version_id AND r.destination_id = m.destination_id
        INNER JOIN person_history AS h ON h.user_id = e.user_id AND h.category_id = r.category_id AND {IN_FORCE}""",
    "one person at one time": "SELECT count(*) FROM consent_on('u100', TIMESTAMP '2026-02-01')",
    "deliveries after a refusal": "SELECT count(*), count(hash(x)) FROM delivery_after_refusal AS x",
    "withdrawal test": "SELECT count(*), count(hash(x)) FROM withdrawal_test AS x",
}


def make(ws: ck.Workspace, deliveries: int, changes: int, folder: Path) -> None:
    """Fill the tables: every stamp and situation from real lines, all other rows by counting."""
    lines = []
    for number in range(16):
        preferences = {name: bool(number >> place & 1) for place, name in enumerate("ABCD")}
        for kind in (NAME, "E"):
            said = {"messageId": f"{number}{kind}", "type": "track", "event": kind, "anonymousId": "seed"}
            lines.append(json.dumps({**said, "context": {"consent": {"categoryPreferences": preferences}}}) + "\n")
    (folder / "events.ndjson").write_text("".join(lines))
    ws.load_events(folder / "events.ndjson")
    ask = ws._engine.run
    ask("routes", "INSERT INTO route SELECT t.i, 'D' || t.i, 'delivered', NULL, NULL FROM range(5) AS t(i)")
    people = max(1, changes * 2 // 5)
    for base, seed, rows, kind in ((2, 1, changes, "preference"), (3, 2, deliveries, "event")):
        ask("events", EVENTS.format(base=base * 10**10, seed=seed, rows=rows, kind=kind, people=people))
    ask(
        "deliveries",
        """INSERT INTO delivery (delivery_id, event_id, linked_by, route_id, logged_at)
        SELECT 30000000000 + e.line, e.event_id, 'line', e.line % 5, e.event_at
        FROM event AS e WHERE e.event_id >= 30000000000""",
    )


def measured(ws: ck.Workspace, query: str) -> tuple[float, float, int]:
    """Return the least wall and CPU seconds of three runs, and what was counted."""
    found = []
    for _ in range(3):
        wall, cpu = time.perf_counter(), time.process_time()
        counted = ws.rows(query)[0][0]
        found.append((time.perf_counter() - wall, time.process_time() - cpu))
    return min(each[0] for each in found), min(each[1] for each in found), counted


def each_query(deliveries: int, changes: int) -> Iterator[tuple[str, float, float, int]]:
    """Make the data and yield for working out the history and for each query: wall and CPU seconds, and rows."""
    with tempfile.TemporaryDirectory() as folder, ck.open(Path(folder, "audit.duckdb")) as ws:
        make(ws, deliveries, changes, Path(folder))
        wall, cpu = time.perf_counter(), time.process_time()
        ws.apply(ck.Policy.model_validate(POLICY))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        yield "history worked out and kept", wall, cpu, ws.rows("SELECT count(*) FROM consent_interval")[0][0]
        for name, query in QUERIES.items():
            yield (name, *measured(ws, query))


def main(deliveries: int = 5_000_000, changes: int = 500_000) -> None:
    """Run each query three times and print seconds beside those of the bare join."""
    print(f"{deliveries:,} deliveries, {changes:,} preference events")
    bare = None
    for name, wall, cpu, counted in each_query(deliveries, changes):
        bare = cpu if name == BARE else bare
        ratio = f" {cpu / bare:6.1f} x bare" if bare else ""
        print(f"{name:42}{counted:>12,} rows {cpu:8.2f} CPU s {wall:8.2f} s{ratio}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
