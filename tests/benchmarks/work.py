"""The pieces of work that are measured, each run as a process of its own: ``python work.py NAME ARGUMENT...``.

What is measured inside a process, because its start would hide it, is printed as JSON: processor seconds by name.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

EIGHT = {
    **dict.fromkeys(("messageId", "anonymousId", "userId", "type", "event", "timestamp"), "VARCHAR"),
    "context": "JSON",
    "integrations": "JSON",
}
PREFERENCE = ("Segment Consent Preference Updated", "Segment Consent Preference")


def bare_read(folder: str) -> None:
    """Read eight columns of the events with DuckDB, count them and throw them away."""
    import duckdb

    columns = "{" + ", ".join(f"{name}: '{kind}'" for name, kind in EIGHT.items()) + "}"
    counts = ", ".join(f'count("{name}")' for name in EIGHT)
    duckdb.connect().execute(f"""
        SELECT {counts} FROM read_json('{folder}/**/*.ndjson*', columns={columns}, format='newline_delimited',
            ignore_errors=true, maximum_object_size=33554432)""").fetchall()


def _timed(workspace: Any, queries: dict[str, str], runs: int = 3) -> dict[str, float]:
    """Return the least processor seconds of each query, run in turns, every column of every row looked at."""
    least: dict[str, float] = {}
    for _ in range(runs):
        for name, query in queries.items():
            began = time.process_time()
            workspace.rows(f"SELECT count(*), bit_xor(hash(x)) FROM ({query}) AS x")
            least[name] = min(least.get(name, 1e9), time.process_time() - began)
    return least


def findings(database: str) -> None:
    """All findings and the counts per destination, and the bare join they are held against."""
    import consentkit as ck

    with ck.open(database) as ws:
        queries = {
            "bare": """
                SELECT d.route_id, e.signature_id
                FROM delivery AS d INNER JOIN event AS e ON e.event_id = d.event_id""",
            "findings": "SELECT * FROM finding",
            "by destination": "SELECT * FROM destination_count",
        }
        print(json.dumps(_timed(ws, queries)))


def ours(database: str) -> None:
    """Count refused and yet delivered records per destination as the findings of an audited database say."""
    import consentkit as ck

    with ck.open(database) as ws:
        print(json.dumps(dict(ws.rows("SELECT destination, deliveries FROM finding WHERE code = 'V5'"))))


def interactive(database: str) -> None:
    """What an analyst asks by hand: wall seconds, the worst of three."""
    import consentkit as ck
    from consentkit.engine import sql_text

    with ck.open(database) as ws:
        user = ws.rows("SELECT user_id FROM event WHERE user_id IS NOT NULL LIMIT 1")[0][0]
        message = ws.rows("SELECT message_id FROM event WHERE message_id IS NOT NULL LIMIT 1")[0][0]
        asked = {
            "by destination": ("SELECT * FROM destination_count", []),
            "by day": ("SELECT CAST(event_at AS DATE) AS day, count(*) FROM event GROUP BY ALL", []),
            "one person": ("SELECT * FROM person_history WHERE user_id = ?", [user]),
            "one event": (sql_text("ask_explain"), [message, message]),
        }
        worst = dict.fromkeys(asked, 0.0)
        for _ in range(3):
            for name, (query, params) in asked.items():
                began = time.perf_counter()
                ws.rows(query, params)
                worst[name] = max(worst[name], time.perf_counter() - began)
        print(json.dumps(worst))


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


def _policy(path: str) -> tuple[dict[str, str], dict[str, set[str]]]:
    """Return the name of each destination by every way of writing it, and the categories each needs."""
    import yaml

    said = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    names = {alias: each["name"] for each in said["destinations"] for alias in (each["name"], *each.get("aliases", []))}
    exempt = {each["name"] for each in said["destinations"] if each.get("kind") == "aws-s3"}
    needs: dict[str, set[str]] = {}
    for category in said["categories"]:
        for name in category["destinations"]:
            if name not in exempt:
                needs.setdefault(name, set()).add(category["id"])
    return names, needs


def by_hand(events: str, deliveries: str, policy: str) -> None:
    """Count refused and yet delivered records per destination with DuckDB, as an analyst would write it."""
    import duckdb
    import pandas as pd

    names, needs = _policy(policy)
    con = duckdb.connect()
    con.register("alias", pd.DataFrame(list(names.items()), columns=["written", "name"]))
    con.register(
        "need", pd.DataFrame([(n, c) for n, each in needs.items() for c in each], columns=["name", "category"])
    )
    rows = con.execute(f"""
        WITH e AS (
            SELECT DISTINCT messageId, event, context -> '$.consent.categoryPreferences' AS said
            FROM read_json('{events}/**/*.ndjson*', columns={{messageId: 'VARCHAR', event: 'VARCHAR', context: 'JSON'}},
                format='newline_delimited', ignore_errors=true)
        )
        SELECT a.name, count(DISTINCT d.message_id || a.name)
        FROM read_json('{deliveries}/**/*.ndjson*', format='newline_delimited', ignore_errors=true,
            columns={{message_id: 'VARCHAR', destination: 'VARCHAR', status: 'VARCHAR'}}) AS d
        JOIN e ON e.messageId = d.message_id
        JOIN alias AS a ON a.written = d.destination
        JOIN need AS n ON n.name = a.name
        WHERE d.status = 'delivered' AND json_type(e.said) = 'OBJECT' AND coalesce(e.event, '') NOT IN {PREFERENCE}
            AND coalesce(e.said ->> ('$.' || n.category), 'false') = 'false'
        GROUP BY ALL""").fetchall()
    print(json.dumps(dict(rows)))


def _lines(folder: str) -> Iterator[dict[str, Any]]:
    for path in sorted(Path(folder).rglob("*.ndjson*")):
        with path.open("rb") as stream:
            for line in gzip.GzipFile(fileobj=stream) if path.suffix == ".gz" else stream:
                try:
                    said = json.loads(line.decode("utf-8-sig"))
                except ValueError:
                    continue
                if isinstance(said, dict):
                    yield said


def _pairs(events: str, deliveries: str, policy: str) -> Any:
    """Return a pandas row per message and destination it was delivered to, and whether it was refused there."""
    import pandas as pd

    names, needs = _policy(policy)
    rows = []
    for event in _lines(events):
        said = ((event.get("context") or {}).get("consent") or {}).get("categoryPreferences")
        if (
            isinstance(said, dict)
            and event.get("event") not in PREFERENCE
            and all(isinstance(v, bool) for v in said.values())
        ):
            rows.append((event.get("messageId"), frozenset(key for key, value in said.items() if value is True)))
    e = pd.DataFrame(rows, columns=["message_id", "granted"]).drop_duplicates()
    d = pd.DataFrame(
        [(r.get("message_id"), r.get("destination"), r.get("status")) for r in _lines(deliveries)],
        columns=["message_id", "destination", "status"],
    )
    d = d[d["status"] == "delivered"]
    d["name"] = d["destination"].map(names)
    both = d[d["name"].isin(list(needs))].merge(e, on="message_id")
    both["refused"] = [not needs[name] <= granted for name, granted in zip(both["name"], both["granted"], strict=True)]
    return both.groupby(["message_id", "name"], as_index=False)["refused"].max()


def with_pandas(events: str, deliveries: str, policy: str) -> None:
    """The same count with pandas."""
    pairs = _pairs(events, deliveries, policy)
    print(json.dumps(dict(Counter(pairs.loc[pairs["refused"], "name"]))))


def with_expectations(events: str, deliveries: str, policy: str) -> None:
    """The same count with Great Expectations over pandas frames, one expectation for each destination."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.expectations.core.expect_column_values_to_be_in_set import ExpectColumnValuesToBeInSet

    found = {}
    asset = gx.get_context(mode="ephemeral").data_sources.add_pandas("pairs").add_dataframe_asset("pairs")
    whole = asset.add_batch_definition_whole_dataframe("whole")
    never = ExpectColumnValuesToBeInSet(column="refused", value_set=[False])
    for name, rows in _pairs(events, deliveries, policy).groupby("name"):
        result = whole.get_batch(batch_parameters={"dataframe": rows}).validate(never)
        if not result.success:
            found[name] = result.result["unexpected_count"]
    print(json.dumps(found))


def with_polars(events: str, deliveries: str, policy: str) -> None:
    """The same count with polars."""
    import polars as pl

    names, needs = _policy(policy)
    text = b"".join(
        gzip.decompress(p.read_bytes()) if p.suffix == ".gz" else p.read_bytes()
        for p in sorted(Path(events).rglob("*.ndjson*"))
    )
    said = pl.col("line").str
    e = (
        pl.DataFrame({"line": pl.Series(text.decode("utf-8", "replace").splitlines(), dtype=pl.String)})
        .filter(
            said.starts_with("{")
            & said.strip_chars().str.ends_with("}")
            & said.contains('"categoryPreferences":{', literal=True)
        )
        .select(
            message_id=said.json_path_match("$.messageId"),
            event=said.json_path_match("$.event"),
            **{
                c: said.json_path_match(f"$.context.consent.categoryPreferences.{c}") == "true"
                for c in sorted(set().union(*needs.values()))
            },
        )
        .filter(~pl.col("event").is_in(list(PREFERENCE)).fill_null(value=False))
        .unique()
    )
    log = b"".join(gzip.decompress(p.read_bytes()) for p in sorted(Path(deliveries).rglob("*.ndjson*")))
    d = pl.read_ndjson(log, schema_overrides={"message_id": pl.String, "destination": pl.String, "status": pl.String})
    d = d.filter(pl.col("status") == "delivered").with_columns(
        name=pl.col("destination").replace_strict(names, default=None)
    )
    both = d.filter(pl.col("name").is_in(list(needs))).join(e, on="message_id")
    found: Counter[str] = Counter()
    for name, categories in needs.items():
        one = both.filter(pl.col("name") == name)
        leaked = one.filter(~pl.all_horizontal(pl.col(c).fill_null(value=False) for c in sorted(categories)))
        if leaked.height:
            found[name] = leaked.unique(["message_id", "name"]).height
    print(json.dumps(found))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
