"""One of the audit's answers from others: DuckDB by hand, pandas, polars, Great Expectations over pandas.

Each counts, from the same files, the records per destination that were delivered although consent was refused, as an
analyst would write it: ``python peers.py NAME EVENTS DELIVERIES POLICY`` prints the counts as JSON.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PEERS = {
    "DuckDB by hand": "by_hand",
    "pandas": "with_pandas",
    "polars": "with_polars",
    "Great Expectations over pandas": "with_expectations",
}
PREFERENCE = ("Segment Consent Preference Updated", "Segment Consent Preference")


class DisagreeError(Exception):
    """Two answers to one question differ, so that what they cost cannot be compared."""


def agreed(answers: Mapping[str, str]) -> dict[str, int]:
    """Return the one answer that all gave, as JSON text. Raises :class:`DisagreeError` where they differ."""
    read = {name: json.loads(said) for name, said in answers.items()}
    first: dict[str, int] = next(iter(read.values()))
    if any(answer != first for answer in read.values()):
        raise DisagreeError("; ".join(f"{name} {answer}" for name, answer in read.items()))
    return first


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
