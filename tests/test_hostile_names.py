"""Names that are SQL, markup, very long or not printable: in tables, columns and cells they stay names."""

from __future__ import annotations

import csv
import json
import sqlite3
import sys
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet
from support import NOON, PREFERENCE, event, ndjson, policy

import consentkit as ck
from consentkit.cli import main
from consentkit.engine import quoted

if TYPE_CHECKING:
    from pathlib import Path

LONG = [letter * 10_000 for letter in ("x", '"', "☃")]
HOSTILE = [
    '"; DROP TABLE event; --',
    "'; DELETE FROM stamp; --",
    "select",
    "Ünïcödé · ☃",
    "a'b",
    "semi;colon, comma",
    "tab\tbed",
    "\x1b[31mred",
    "\u202egnp",
    "$1 {x} %s ?",
    " ",
    *LONG,
]
ONE = {"categories": [{"id": "A", "destinations": ["X"]}]}


def row(**more: str) -> dict[str, str]:
    """One row of a tracks table that refuses A, with a column and a preference column of every hostile name."""
    plain = {"id": "m", "anonymous_id": "v", "timestamp": NOON, "received_at": NOON, "event": HOSTILE[0]}
    named = dict.fromkeys(HOSTILE, "cell") | {f"{PREFERENCE}{name}": "true" for name in HOSTILE}
    return {**plain, f"{PREFERENCE}a": "false", **named, **more}


def write_csv(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_file(path: Path, rows: list[dict[str, str]]) -> Path:
    """Write rows as the file's ending says."""
    if path.suffix == ".csv":
        return write_csv(path, rows)
    if path.suffix == ".ndjson":
        path.write_bytes(ndjson(rows))
    else:
        parquet.write_table(pa.Table.from_pylist(rows), path)
    return path


def write_store(store: str, folder: Path, name: str) -> Path:
    """Write the row as a table of this name into a store; a file is tracks, as no file has such a name."""
    if store in ("csv", "parquet"):
        return write_file(folder / f"tracks.{store}", [row()])
    path, columns = folder / f"shop.{store}", row()
    if store == "duckdb":
        found = pa.Table.from_pylist([columns])
        with duckdb.connect(str(path)) as con:
            con.register("incoming", found)
            con.execute(f"CREATE TABLE {quoted(name)} AS SELECT * FROM incoming")
        return path
    kept = sqlite3.connect(path)
    kept.execute(f"CREATE TABLE {quoted(name)} ({', '.join(map(quoted, columns))})")
    kept.execute(f"INSERT INTO {quoted(name)} VALUES ({', '.join('?' for _ in columns)})", list(columns.values()))
    kept.commit()
    kept.close()
    return path


@pytest.mark.parametrize(
    ("store", "name"),
    [("parquet", "tracks"), ("csv", "tracks"), *((store, name) for store in ("duckdb", "sqlite") for name in LONG)],
    ids=lambda text: text[:8],
)
def test_tables_and_columns_of_hostile_names_load(ws: ck.Workspace, store: str, name: str, tmp_path: Path) -> None:
    ws.apply(policy(ONE))
    left_out = ws.load_warehouse(write_store(store, tmp_path, name))
    assert left_out == []
    assert ws.rows("SELECT message_id, name FROM event") == [("m", HOSTILE[0])]
    assert ws.rows("SELECT count(*) FROM stamp WHERE form = 'given'") == [(1,)]
    # blanks around a name in CSV are no part of it, so that one of blanks alone is none
    names = [each for each in HOSTILE if store != "csv" or each.strip()]
    said = dict(ws.rows("SELECT category_id, granted FROM stamp_category"))
    assert said == {"A": False, **{f"{PREFERENCE}{each}".lower(): True for each in names}}
    told = {detail for (detail,) in ws.rows("SELECT detail FROM finding_completeness WHERE code = 'X21'")}
    assert told == {f"{PREFERENCE}{each}" for each in names}


@pytest.mark.parametrize("kind", ["parquet", "csv", "ndjson"])
def test_delivery_logs_of_hostile_names_load(ws: ck.Workspace, kind: str, tmp_path: Path) -> None:
    ws.apply(policy(ONE))
    (tmp_path / "e.ndjson").write_bytes(ndjson([event({"id": "m", "preferences": {"A": False}})]))
    ws.load_events(tmp_path / "e.ndjson")
    names = [name for name in HOSTILE if name.strip()]
    rows = [{**dict.fromkeys(HOSTILE, "z"), LONG[2]: name, "message_id": "m", "status": "delivered"} for name in names]
    log = write_file(tmp_path / f"log.{kind}", rows)
    ws.load_deliveries(log, columns={LONG[2]: "destination"})
    found = {name for (name,) in ws.rows("SELECT r.destination FROM delivery JOIN route r USING (route_id)")}
    assert found == set(names)
    assert {row["destination"] for row in ws.summary().findings if row["code"] == "V20"} == set(names)
    page = ws.report(tmp_path / "out").read_text(encoding="utf-8")
    assert len(page) < 5_000_000


@pytest.mark.parametrize(("name", "why"), [("new\nline", "does not end in the first line"), ("x" * 200_000, "longer")])
def test_a_header_that_cannot_be_cut_into_names_is_refused(
    ws: ck.Workspace, name: str, why: str, tmp_path: Path
) -> None:
    ws.apply(policy(ONE))
    table = write_csv(tmp_path / "tracks.csv", [{"id": "m", "timestamp": NOON, "anonymous_id": "v", name: "z"}])
    for load in (ws.load_warehouse, ws.load_deliveries):
        with pytest.raises(ck.SourceError, match=why):
            load(table)
    assert ws.rows("SELECT count(*) FROM input_file") == [(0,)]


def test_a_message_shows_no_name_that_a_terminal_would_act_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = tmp_path / "p.yml"
    rules.write_text(json.dumps({"version": 1, "platform": "segment", **ONE}))
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as con:
        for name in HOSTILE:
            con.execute(f"CREATE TABLE {quoted(name)} (id VARCHAR)")
    words: list[Any] = ["audit", "--warehouse", tmp_path / "shop.duckdb", "--policy", rules, "--tables", "\x1b[2Jnone"]
    monkeypatch.setattr(sys, "argv", ["consentkit", *map(str, words)])
    with pytest.raises(SystemExit) as stopped:
        main()
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert "there is no table" in said
    assert not set("\x1b\u202e\t") & set(said)
    assert len(said) < 3_000
