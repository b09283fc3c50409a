"""The pieces of work that are measured, each run as a process of its own: ``python work.py NAME ARGUMENT...``.

What is measured inside a process, because its start would hide it, is printed as JSON: processor seconds by name.
"""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

EIGHT = {
    **dict.fromkeys(("messageId", "anonymousId", "userId", "type", "event", "timestamp"), "VARCHAR"),
    "context": "JSON",
    "integrations": "JSON",
}
# The twenty-one places of an event that a load reads (load_events_1_incoming.sql).
ALL = {
    **dict.fromkeys((*EIGHT, "previousId", "name", "originalTimestamp", "sentAt", "receivedAt"), "VARCHAR"),
    **dict.fromkeys(("writeKey", "sourceId"), "VARCHAR"),
    **dict.fromkeys(("integrations", "_metadata"), "JSON"),
    "context": "STRUCT(library STRUCT(name VARCHAR, version VARCHAR), app STRUCT(version VARCHAR),"
    " location STRUCT(country VARCHAR), consent JSON, consentManagement JSON)",
}
# What a record of the sample's delivery log says.
LOG = dict.fromkeys(("message_id", "destination", "status", "reason", "mode", "at"), "VARCHAR")


def bare_read(folder: str, which: str = "eight") -> None:
    """Read columns of the events, eight or all that a load reads, or of the log; count them and throw them away."""
    import duckdb

    read = {"eight": EIGHT, "all": ALL, "log": LOG}[which]
    columns = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in read.items()) + "}"
    counts = ", ".join(f'count("{name}")' for name in read)
    duckdb.connect().execute(f"""
        SELECT {counts} FROM read_json('{folder}/**/*.ndjson*', columns={columns}, format='newline_delimited',
            ignore_errors=true, maximum_object_size=33554432)""").fetchall()


def findings(database: str, other: str, policy: str, runs: int = 3) -> None:
    """All findings and the counts per destination, of a database that nobody has judged yet, and a bare join beside it.

    Least of three turns. Another policy that is applied lets go of what was found before, the same again would not.
    """
    import consentkit as ck

    queries = {
        "bare": """
            SELECT d.route_id, e.signature_id FROM delivery AS d INNER JOIN event AS e ON e.event_id = d.event_id""",
        "findings": "SELECT * FROM finding",
        "by destination": "SELECT * FROM destination_count",
    }
    least: dict[str, float] = {}
    with ck.open(database) as ws:
        for _ in range(runs):
            ws.apply(other)
            ws.apply(policy)
            took = {"judging": _took(ws.judge)}
            for name, query in queries.items():  # every column of every row is looked at
                took[name] = _took(partial(ws.rows, f"SELECT count(*), bit_xor(hash(x)) FROM ({query}) AS x"))
            least = {name: min(cost, least.get(name, cost)) for name, cost in took.items()}
    print(json.dumps(least))


def _took(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def ours(database: str) -> None:
    """Count refused and yet delivered records per destination as the findings of an audited database say."""
    import consentkit as ck

    with ck.open(database) as ws:
        print(json.dumps(dict(ws.rows("SELECT destination, deliveries FROM finding WHERE code = 'V5'"))))


def as_of(deliveries: str, changes: str) -> None:
    """Deliveries joined as-of to changes of consent, beside a bare hash join."""
    from history import each_query

    print(json.dumps({name: cpu for name, _, cpu, _ in each_query(int(deliveries), int(changes))}))


def check(database: str, suites: str, runs: int = 3) -> None:
    """All suites on a loaded database: import, the views they read as raw SQL, and the check; medians of turns."""
    began = time.process_time()
    from consentkit.checks import catalogue, session  # noqa: F401
    from consentkit.checks import suites as read
    from consentkit.checks.dialect import Dialect  # noqa: F401

    imported = time.process_time() - began
    import consentkit as ck
    from consentkit.checks.scratch import scratch

    entries = [entry for suite in read.load_suites(suites) for entry in suite.entries]
    asked = [str(entry.kwargs) for entry in entries if entry.type not in catalogue.OWN]
    bare, whole = [], []
    with ck.open(database) as ws:
        for _ in range(runs):
            began = time.process_time()
            with scratch(ws._engine) as made:
                made.fill(list(dict.fromkeys(entry.view for entry in entries)), asked, lambda: None)
            bare.append(time.process_time() - began)
            began = time.process_time()
            checked = len(ws.check(suites))
            whole.append(time.process_time() - began)
    print(json.dumps({"import": imported, "bare": median(bare), "check": median(whole), "expectations": checked}))


def contents(database: str) -> None:
    """Count and add up all that loading has put into a database, however often it was interrupted."""
    import consentkit as ck

    queries = {
        "events": """
            SELECT e.* EXCLUDE (signature_id), g.* EXCLUDE (signature_id, stamp_id, integrations_id, bundle_id),
                s.* EXCLUDE (stamp_id), i.canonical
            FROM event AS e
            INNER JOIN signature AS g ON g.signature_id = e.signature_id
            INNER JOIN stamp AS s ON s.stamp_id = g.stamp_id
            INNER JOIN integrations AS i ON i.integrations_id = g.integrations_id""",
        **{name: f"SELECT * FROM {name}" for name in ("rejected_line", "duplicate_line", "consent_interval")},
        "files": "SELECT * FROM input_file",
    }
    with ck.open(database) as ws:
        print(
            json.dumps(
                {n: ws.rows(f"SELECT count(*), bit_xor(hash(x)) FROM ({q}) AS x")[0] for n, q in queries.items()}
            )
        )


def lines(database: str) -> None:
    """Count the lines of files that are loaded."""
    import consentkit as ck

    with ck.open(database) as ws:
        print(ws.rows("SELECT CAST(coalesce(sum(f.lines), 0) AS BIGINT) FROM input_file AS f")[0][0])


def apply(database: str, other: str, policy: str) -> None:
    """Another policy on a loaded database: wall seconds of applying it; afterwards the first is in force again."""
    import consentkit as ck

    with ck.open(database) as ws:
        ws.rows("SELECT count(*) FROM event")
        began = time.perf_counter()
        ws.apply(other)
        print(json.dumps({"apply": time.perf_counter() - began}))
        ws.apply(policy)


def load_anew(folder: str, database: str) -> None:
    """Load the events, deliveries and policy of a folder into a new database."""
    import consentkit as ck

    Path(database).unlink(missing_ok=True)
    with ck.open(database) as ws:
        ws.apply(Path(folder, "policy.yml"))
        ws.load_events(Path(folder, "events.ndjson"))
        ws.load_deliveries(Path(folder, "deliveries.ndjson"))


def judge(database: str) -> None:
    """Ask for everything an audit finds."""
    import consentkit as ck

    with ck.open(database) as ws:
        print(len(ws.summary().findings))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
