"""Shared by the tests: short ways to write events, open a workspace on them and read its tables."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

import consentkit as ck
from consentkit.kept import let_go

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Row = dict[str, Any]

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"
SQL = ROOT / "consentkit" / "sql"
REALDATA = ROOT.parent / "shared" / "realdata"
SAMPLE = ROOT / "data" / "sample"
NOON = "2026-03-01T12:00:00Z"


class _PlainYaml(yaml.SafeLoader):
    """YAML in which times, ``no`` and ``Off`` stay the text that was written."""


_GUESSED = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool"}
_PlainYaml.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _GUESSED]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_PlainYaml.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), list("tf"))


def read_yaml(path: Path) -> Any:
    """Read a YAML file without YAML's guesses at times and booleans."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_PlainYaml)


def event(terse: Mapping[str, Any]) -> Row:
    """Write out an event that was written tersely.

    ``id`` stands for messageId, ``at`` for timestamp, ``consent`` for context.consent, ``preferences`` for
    context.consent.categoryPreferences. A track call of one anonymous visitor at noon, unless said
    otherwise; ``omit`` lists keys to leave out.
    """
    said = dict(terse)
    full: Row = {"type": "track", "event": "Checkout", "timestamp": NOON, "anonymousId": "visitor"}
    for short, long in (("id", "messageId"), ("at", "timestamp")):
        if short in said:
            full[long] = said.pop(short)
    if "preferences" in said:
        said["consent"] = {"categoryPreferences": said.pop("preferences")}
    if "consent" in said:
        said["context"] = {**said.get("context", {}), "consent": said.pop("consent")}
    left_out = said.pop("omit", [])
    return {key: value for key, value in {**full, **said}.items() if key not in left_out}


def ndjson(items: Sequence[Mapping[str, Any] | str]) -> bytes:
    """Write dicts as lines of JSON; a text is a line as it stands."""
    lines = [item if isinstance(item, str) else json.dumps(item, ensure_ascii=False) for item in items]
    return "".join(f"{line}\n" for line in lines).encode()


def policy(*versions: Mapping[str, Any], folder: Path | None = None) -> ck.Policy:
    """Make a policy of one version, or of several by way of files in a folder."""
    full = [{"version": 1, "platform": "segment", "categories": [], **version} for version in versions]
    if len(full) == 1:
        return ck.Policy.parse(full[0])
    assert folder is not None, "several versions are read from files"
    paths = [folder / f"policy-{number}.yml" for number in range(len(full))]
    for path, version in zip(paths, full, strict=True):
        path.write_text(yaml.safe_dump(version), encoding="utf-8")
    return ck.Policy.load(paths)


def records(ws: ck.Workspace, query: str, params: Sequence[object] = ()) -> list[Row]:
    """Run a query and return its rows as dicts."""
    if not params:
        names, rows = ws.cells(query)
        return [dict(zip(names, row, strict=True)) for row in rows]
    frame = ws.sql(f"SELECT * FROM ({query}) AS q LIMIT 0", params)
    return [dict(zip(frame.columns, row, strict=True)) for row in ws.rows(query, params)]


def empty(ws: ck.Workspace) -> None:
    """Make the tables of a workspace anew but for the fixed vocabularies: far faster than opening another one.

    Rows that are only deleted would still be counted by DuckDB's optimizer, which leaves out what reads an empty table.
    """
    let_go(ws._engine)
    fixed = (
        "('about', 'status_word', 'reason_code', 'reject_code', 'standing_kind', 'decision_reason', 'finding_code', "
        "'dialect_sign', 'dialect_part', 'dialect_name', 'dialect_word')"
    )
    used = f"NOT temporary AND estimated_size > 0 AND table_name NOT IN {fixed}"
    tables = ws.rows(f"SELECT sql FROM duckdb_tables() WHERE {used}")
    made = [made.replace("CREATE TABLE", "CREATE OR REPLACE TABLE", 1) for (made,) in tables]
    ws._engine.run("empty", "".join(made) + "DELETE FROM about WHERE name IN ('done', 'applied')")


def ledger(ws: ck.Workspace, kind: str = "events") -> dict[str, Row]:
    """The account of every file of a kind, by file name."""
    rows = records(ws, "SELECT * FROM input_file WHERE kind = ? ORDER BY file_id", [kind])
    return {Path(row["path"]).name: row for row in rows}


def rejected(ws: ck.Workspace) -> dict[int, str]:
    """The code of every rejected line, by line number, where only one file has any."""
    rows = ws.rows("SELECT line, code FROM rejected_line ORDER BY file_id, line")
    found = dict(rows)
    assert len(found) == len(rows), "more than one file has rejected lines"
    return found


def assert_accounted(ws: ck.Workspace) -> None:
    """Every line of every file ended in exactly one place, and the ledger says the same as the tables."""
    for row in records(ws, "SELECT * FROM input_file"):
        assert row["lines"] == row["loaded"] + row["rejected"] + row["duplicates"], row["path"]
        places = ws.rows(
            """
            SELECT line FROM event WHERE file_id = $1 UNION ALL SELECT line FROM delivery WHERE file_id = $1
            UNION ALL SELECT line FROM rejected_line WHERE file_id = $1
            UNION ALL SELECT line FROM duplicate_line WHERE file_id = $1
            """,
            [row["file_id"]],
        )
        assert len(places) == len(set(places)) == row["lines"], row["path"]


def outcomes(decided: Any) -> dict[str, str]:
    """The outcome per destination of one event's decisions."""
    found = dict(zip(decided["destination"], decided["outcome"], strict=True))
    assert len(found) == len(decided)
    return found


PREFERENCE = "context_consent_category_preferences_"


def write_tables(folder: Path, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> Path:
    """Write warehouse tables as CSV, ``web.tracks`` to web.tracks.csv; ``preferences`` stands for its columns."""
    folder.mkdir(exist_ok=True)
    for name, rows in tables.items():
        full = [_warehouse_row(row) for row in rows]
        columns = list(dict.fromkeys(column for row in full for column in row))
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, columns)
            writer.writeheader()
            writer.writerows(full)
    return folder


def _warehouse_row(terse: Mapping[str, Any]) -> Row:
    preferences = {f"{PREFERENCE}{part}": value for part, value in terse.get("preferences", {}).items()}
    row = {"anonymous_id": "visitor", "timestamp": NOON, **{k: v for k, v in terse.items() if k != "preferences"}}
    return {"received_at": row["timestamp"], **row, **preferences}
