"""Times of a warehouse: `timestamp` for order, `received_at` for arrival, in every way they are stored."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet
from support import PREFERENCE, policy, write_tables

if TYPE_CHECKING:
    from pathlib import Path

    import consentkit as ck

ONE = {"categories": [{"id": "A", "destinations": ["X"]}]}
NOON = datetime(2026, 3, 1, 12)
CHOICE = "Segment Consent Preference Updated"
WRITTEN = {
    "2026-03-01T12:00:00.000Z": NOON,
    "2026-03-01 12:00:00": NOON,
    "2026-03-01 12:00:00 UTC": NOON,
    "2026-03-01 12:00:00.25+00": NOON.replace(microsecond=250_000),
    "2026-03-01 14:00:00+02": NOON,
    "2026-03-01 07:00:00-05:00": NOON,
    "2026-03-01": datetime(2026, 3, 1),
    "1772366400": NOON,
    "1772366400.25": NOON.replace(microsecond=250_000),
    "1772366400250": NOON.replace(microsecond=250_000),
    "1772366400250000": NOON.replace(microsecond=250_000),
    "1772366400250000000": NOON.replace(microsecond=250_000),
    "2026": None,
    "3 March": None,
    "-1": None,
    "1e300": None,
    "NaN": None,
}


def test_order_is_by_timestamp_and_arrival_by_received_at(ws: ck.Workspace, tmp_path: Path) -> None:
    refused = {"id": "refused", "timestamp": "2026-03-01T12:00:00Z", "received_at": "2026-03-04T00:00:00Z"}
    granted = {"id": "granted", "timestamp": "2026-03-02T12:00:00Z", "received_at": "2026-03-03T00:00:00Z"}
    # what no clock corrected says the opposite, and is not looked at
    wrong = {"refused": "2026-03-09T00:00:00Z", "granted": "2026-03-01T00:00:00Z"}
    rows = [
        {**each, "event_text": CHOICE, "original_timestamp": wrong[each["id"]], "preferences": {"a": said}}
        for each, said in ((refused, "false"), (granted, "true"))
    ]
    ws.apply(policy(ONE))
    ws.load_warehouse(write_tables(tmp_path / "w", {"tracks": rows}))
    latest = "SELECT value, valid_from FROM device_history WHERE is_current"
    assert ws.rows(latest) == [("true", datetime(2026, 3, 2, 12))]
    assert ws.rows("SELECT day FROM event_day ORDER BY day") == [(date(2026, 3, 3),), (date(2026, 3, 4),)]


def test_one_event_counts_once_however_its_tables_store_its_time(ws: ck.Workspace, tmp_path: Path) -> None:
    for name, unit, zone in (
        ("tracks", "us", "UTC"),
        ("orders", "ns", "UTC"),
        ("bills", "ms", None),
        ("sent", "s", "UTC"),
    ):
        at = pa.array([NOON], pa.timestamp(unit, zone))
        row = {"id": ["m"], "anonymous_id": ["v"], "event": ["e"], "timestamp": at, "received_at": at}
        (tmp_path / "web").mkdir(exist_ok=True)
        parquet.write_table(pa.table(row), tmp_path / "web" / f"{name}.parquet", version="2.6")
    ws.apply(policy(ONE))
    ws.load_warehouse(tmp_path / "web")
    assert ws.rows("SELECT message_id, event_at, received_at FROM event") == [("m", NOON, NOON)]
    assert ws.rows("SELECT count(*) FROM duplicate_line") == [(3,)]


def test_without_a_timestamp_the_original_one_stands_in_and_arrival_never(ws: ck.Workspace, tmp_path: Path) -> None:
    bare = {"timestamp": "", "received_at": "2026-03-05T00:00:00Z"}
    rows = [{"id": "original", **bare, "original_timestamp": "2026-03-01T12:00:00Z"}, {"id": "undated", **bare}]
    ws.apply(policy(ONE))
    ws.load_warehouse(write_tables(tmp_path / "w", {"tracks": rows}))
    assert dict(ws.rows("SELECT message_id, event_at FROM event")) == {"original": NOON, "undated": None}
    assert ws.rows("SELECT detail, n FROM finding_completeness WHERE code = 'X10'") == [("absent", 1)]


def test_times_are_read_as_warehouses_write_them(ws: ck.Workspace, tmp_path: Path) -> None:
    rows = [{"id": text, "timestamp": text, "received_at": text, "sent_at": text} for text in WRITTEN]
    ws.apply(policy(ONE))
    ws.load_warehouse(write_tables(tmp_path / "w", {"tracks": rows}))
    for column in ("event_at", "received_at", "sent_at"):
        assert dict(ws.rows(f"SELECT message_id, {column} FROM event")) == WRITTEN, column


@pytest.mark.parametrize("store", ["sqlite", "duckdb"])
@pytest.mark.parametrize(("kind", "one"), [("BIGINT", 1), ("BIGINT", 1000), ("DOUBLE", 1)])
def test_a_window_bounds_arrival_that_is_a_number(
    ws: ck.Workspace, store: str, kind: str, one: int, tmp_path: Path
) -> None:
    first = 1772366400 * one
    rows = [(f"m{day}", first + day * 86_400 * one) for day in range(4)]
    columns = f"id VARCHAR, received_at {kind}, timestamp {kind}, anonymous_id VARCHAR, {PREFERENCE}a VARCHAR"
    con: Any = (sqlite3 if store == "sqlite" else duckdb).connect(str(tmp_path / f"shop.{store}"))
    con.execute(f"CREATE TABLE tracks ({columns})")
    con.executemany("INSERT INTO tracks VALUES (?, ?, ?, 'v', 'true')", [(name, at, at) for name, at in rows])
    con.commit()
    con.close()
    ws.apply(policy(ONE))
    ws.load_warehouse(tmp_path / f"shop.{store}", since="2026-03-02", until="2026-03-04")
    assert ws.rows("SELECT message_id, received_at FROM event ORDER BY message_id") == [
        ("m1", datetime(2026, 3, 2, 12)),
        ("m2", datetime(2026, 3, 3, 12)),
    ]
