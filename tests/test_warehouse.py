"""Warehouse tables: the same findings as raw lines where a warehouse can know them, and a word where it cannot."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from support import PREFERENCE, SAMPLE, assert_accounted, event, ndjson, policy, records, write_tables
from warehouse_support import (
    Tables,
    as_csv,
    as_duckdb,
    as_parquet,
    as_postgres,
    as_sqlite,
    running_postgres,
    sample_tables,
)

import consentkit as ck
from consentkit.sources.warehouse_places import open_place
from consentkit.sources.warehouse_rows import Window, category_of_part, preference_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support import Row

# Reasons of raw decisions that a warehouse holds as nothing but NULL.
EMPTY = {"no_consent_object", "empty_consent_object", "empty_consent_with_integrations", "no_categories"}
EMPTY |= {"empty_preferences_with_integrations", "malformed", "not_boolean"}
STORES = ("parquet", "csv", "duckdb", "sqlite", "postgres")
ONE = {"categories": [{"id": "A", "destinations": ["X"]}]}


@pytest.fixture(scope="module")
def tables() -> Tables:
    return sample_tables()


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with running_postgres() as url:
        yield url


@pytest.fixture(scope="module")
def flat(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ck.Workspace]:
    """The sample from Parquet tables."""
    with ck.open() as ws:
        ws.apply(SAMPLE / "policy.yml")
        ws.load_warehouse(as_parquet(tables, tmp_path_factory.mktemp("flat")))
        ws.load_deliveries(SAMPLE / "deliveries")
        yield ws


def write(tables: Tables, store: str, folder: Path, request: pytest.FixtureRequest) -> Any:
    """Write tables into a store and return how it is named."""
    if store == "postgres":
        return as_postgres(tables, request.getfixturevalue("postgres"))
    writer = {"parquet": as_parquet, "csv": as_csv, "duckdb": as_duckdb, "sqlite": as_sqlite}[store]
    return writer(tables, folder / store)


def decisions(ws: ck.Workspace) -> dict[tuple[str, str], Row]:
    query = """
        SELECT v.message_id, v.destination, v.outcome, x.consent_reason, x.integrations_reason, x.consent_says
        FROM event AS e
        INNER JOIN event_decision AS v ON v.event_id = e.event_id
        INNER JOIN destination AS d ON d.name = v.destination
        INNER JOIN decision AS x ON x.signature_id = e.signature_id AND x.destination_id = d.destination_id
        WHERE e.message_id IS NOT NULL AND e.event_id NOT IN (SELECT s.event_id FROM shared_message AS s)
    """
    return {(row["message_id"], row["destination"]): row for row in records(ws, query)}


def findings(ws: ck.Workspace) -> list[Row]:
    ws.judge()
    return records(ws, "SELECT * EXCLUDE (advice, rule) FROM finding ORDER BY ALL")


def test_decisions_are_those_of_the_raw_lines_or_say_what_they_cannot_know(
    sample: ck.Workspace, flat: ck.Workspace
) -> None:
    known, told = decisions(sample), decisions(flat)
    assert len(told) > 20_000
    shared = {
        key
        for (key,) in sample.rows("SELECT e.message_id FROM shared_message AS s INNER JOIN event AS e USING (event_id)")
    }
    assert {key for key, _ in told.keys() - known.keys()} <= shared  # they differ in what no column holds
    unknown = unrecorded = 0
    for key in told.keys() & known.keys():
        row, truth = told[key], known[key]
        if row["consent_reason"] == "unknown_empty":
            assert truth["consent_reason"] in EMPTY, key
            assert row["outcome"] == "indeterminate", key
            unknown += 1
        elif truth["consent_reason"] in ("not_boolean", "malformed"):
            assert row["outcome"] in ("block", "indeterminate"), key
        else:
            assert row["consent_reason"] == truth["consent_reason"], key
            assert row["integrations_reason"] in ("not_recorded", "ignored"), key
            differs = row["outcome"] != truth["outcome"]
            assert not differs or truth["integrations_reason"] in ("integrations_false", "all_false"), key
            unrecorded += differs
    assert unknown > 1000
    assert unrecorded > 0


# What a warehouse cannot know: why a finding of the code may differ from that of the raw lines, and which finding of
# the warehouse's says so. Every other code must be the same, row by row.
NULLS = "where all preference columns are NULL nobody can tell no, empty and unreadable consent (RULES 2.7)"
CANNOT_KNOW = {
    "V1": (NULLS, "X20"),  # possible where it was certain
    "V1E": (NULLS, "X20"),
    "V2": (NULLS, "X20"),
    "V3": ("a value that is no boolean, and another key than categoryPreferences, have no column (RULES 2.7)", "X20"),
    "V5": (NULLS, "X20"),  # bounds: certain <= truth <= certain + possible
    "X8": (NULLS, "X20"),
    "V19": (NULLS, "X20"),  # an exempt destination's event with empty preferences does not show
    "V7": ("the integrations object has no column (RULES 2.7)", "X24"),
    "X9": ("events of one id that differ in what no column holds are one row (RULES 2.7)", "X24"),
}
ONLY_LINES = {"X1"}  # broken lines are no rows: there is nothing a warehouse could say of them
ONLY_WAREHOUSE = {"X20", "X23", "X24"}
Key = tuple[str, str | None, str | None, str | None]


def by_key(ws: ck.Workspace) -> dict[Key, dict[str, Row]]:
    """The findings by code, source, destination and detail, then by certainty."""
    found: dict[Key, dict[str, Row]] = {}
    for row in findings(ws):
        row.pop("of_events")  # rows of a table and lines of a file are not the same number of events
        key = (row.pop("code"), row.pop("source"), row.pop("destination"), row.pop("detail"))
        found.setdefault(key, {})[row.pop("certainty")] = row
    return found


def test_every_finding_is_that_of_the_raw_lines_or_the_warehouse_says_why_not(
    sample: ck.Workspace, flat: ck.Workspace
) -> None:
    known, told = by_key(sample), by_key(flat)
    assert len(known) > 20
    said = {code for code, *_ in told}
    differ = {key for key in known.keys() | told.keys() if known.get(key) != told.get(key)}
    unexplained = {key for key in differ if key[0] not in CANNOT_KNOW.keys() | ONLY_LINES | ONLY_WAREHOUSE}
    assert unexplained == set()
    assert {code for code, *_ in differ} == CANNOT_KNOW.keys() | ONLY_LINES | ONLY_WAREHOUSE  # no excuse without a use
    assert {says for _, says in CANNOT_KNOW.values()} <= said
    assert not ONLY_WAREHOUSE & {code for code, *_ in known}
    same = {key[0] for key in known.keys() - differ}
    assert same >= {"V8", "V11", "V13", "V18", "V20", "R1"}


def test_where_the_warehouse_cannot_know_its_findings_are_bounds(sample: ck.Workspace, flat: ck.Workspace) -> None:
    known, told = by_key(sample), by_key(flat)

    def counted(rows: dict[str, Row], certainty: str, what: str = "events") -> int:
        return int(rows[certainty][what]) if certainty in rows else 0

    for key in known.keys() | told.keys():
        truth, bound = known.get(key, {}), told.get(key, {})
        if key[0] in ("V1", "V5"):  # never certain of more than the lines are, nor silent of what they show
            assert counted(bound, "certain") <= counted(truth, "certain"), key
            assert counted(truth, "certain") <= counted(bound, "certain") + counted(bound, "possible"), key
        elif key[0] in ("V1E", "V2", "V3", "V7", "X9"):
            assert bound == {}, key
        elif key[0] == "V19":
            assert 0 <= counted(truth, "certain") - counted(bound, "certain") <= 1, key
    assert {key for key in told if key[0] == "V5" and "certain" in told[key]} == {
        key for key in known if key[0] == "V5"
    }
    open_rows = sum(rows["certain"]["events"] for key, rows in told.items() if key[0] == "X20")
    for key, rows in told.items():
        if key[0] == "X8":  # no more is left open than rows that say nothing
            assert counted(rows, "certain") <= open_rows, key
    every = flat.rows("SELECT count(*) FROM event")[0][0]
    about_all = {key[0]: (key[3], rows["certain"]["events"]) for key, rows in told.items() if key[0] in ("X23", "X24")}
    assert about_all == {"X23": ("Snowflake", every), "X24": (None, every)}
    assert flat.summary().coverage["events_without_consent_object"] == open_rows


@pytest.mark.parametrize("store", STORES[1:])
def test_every_store_gives_the_same_findings(
    tables: Tables, flat: ck.Workspace, store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with ck.open() as ws:
        ws.apply(SAMPLE / "policy.yml")
        left_out = ws.load_warehouse(write(tables, store, tmp_path, request))
        ws.load_deliveries(SAMPLE / "deliveries")
        assert left_out == []
        assert_accounted(ws)
        assert findings(ws) == findings(flat)


@pytest.mark.parametrize("first", ["raw", "warehouse"])
def test_raw_lines_settle_what_the_warehouse_leaves_open(
    sample: ck.Workspace, tables: Tables, first: str, tmp_path: Path
) -> None:
    with ck.open() as ws:
        ws.apply(SAMPLE / "policy.yml")
        ws.load_deliveries(SAMPLE / "deliveries")
        where = as_parquet(tables, tmp_path / "w")
        if first == "warehouse":
            ws.load_warehouse(where)
        ws.load_events(SAMPLE / "events")
        if first == "raw":
            ws.load_warehouse(where)
        about_events = [row for row in findings(ws) if row["code"] != "X1"]  # which counts rows of tables too
        assert about_events == [row for row in findings(sample) if row["code"] != "X1"]
        assert_accounted(ws)
        assert ws.rows("SELECT sum(loaded) FROM input_file WHERE kind = 'warehouse'") == [(0,)]


def test_loading_twice_changes_no_event(tables: Tables, postgres: str, tmp_path: Path) -> None:
    some = {f"again_{name}": table for name, table in tables.items() if name.startswith("server.")}
    as_postgres(some, postgres)
    distinct = len(set(tables["server.tracks"].column("id").to_pylist()))
    with ck.open() as ws:
        ws.apply(SAMPLE / "policy.yml")
        for _ in range(2):
            ws.load_warehouse(as_parquet(some, tmp_path / "p"), source="server")
            ws.load_warehouse(postgres, tables=list(some), source="server")
            assert ws.rows("SELECT count(*) FROM event") == [(distinct,)]
        assert_accounted(ws)


def test_an_event_in_tracks_and_its_own_table_counts_once(ws: ck.Workspace, tmp_path: Path) -> None:
    ws.apply(policy({"categories": [{"id": "A", "destinations": ["X"]}, {"id": "B", "destinations": ["X"]}]}))
    both = {"id": "one", "event_text": "Order Completed"}
    clash = {"id": "two", "event_text": "Order Completed"}
    folder = write_tables(
        tmp_path / "w",
        {
            "tracks": [{**both, "preferences": {"a": "true"}}, {**clash, "preferences": {"a": "true"}}],
            "order_completed": [{**both, "preferences": {"b": "true"}}, {**clash, "preferences": {"a": "false"}}],
            "users": [{"id": "u1", "email": "x", "anonymous_id": None}],
        },
    )
    (folder / "users.csv").write_text("id,received_at,email\nu1,2026-03-01,x\n")
    left_out = ws.load_warehouse(folder)
    assert left_out == [("users", "it has none of anonymous_id, user_id, event and event_text")]
    found = records(ws, "SELECT message_id, outcome FROM event_decision ORDER BY message_id, outcome")
    assert [(row["message_id"], row["outcome"]) for row in found] == [
        *[("one", "deliver")] * 2,  # the event, and its row in the other table
        *[("two", "block")] * 2,
    ]
    assert ws.rows("SELECT message_id, count(*) FROM event GROUP BY ALL ORDER BY ALL") == [("one", 1), ("two", 2)]
    assert_accounted(ws)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (None, None),
        ("true", "true"),
        ("TRUE", "true"),
        ("t", "true"),
        ("1", "true"),
        ("1.0", "true"),
        ("false", "false"),
        ("False", "false"),
        ("f", "false"),
        ("0", "false"),
        ("yes", '"yes"'),
        ("", '""'),
        ('a"b', '"a\\"b"'),
        ("2", '"2"'),
    ],
)
def test_a_preference_is_read_and_never_guessed(cell: str | None, said: str | None) -> None:
    assert preference_text(cell) == said


def test_an_empty_cell_of_csv_is_null() -> None:
    assert preference_text(" ", empty_is_null=True) is None


def test_categories_that_share_a_column_are_refused() -> None:
    assert category_of_part(["DataSharing", "C0001"]) == {"data_sharing": "DataSharing", "c0001": "C0001"}
    with pytest.raises(ck.UsageError, match=r"'DataSharing' and 'data-sharing' share the warehouse column"):
        category_of_part(["data-sharing", "DataSharing"])


def test_versions_whose_categories_share_a_column_are_refused(ws: ck.Workspace, tmp_path: Path) -> None:
    versions = [{"categories": [{"id": name, "destinations": ["X"]}]} for name in ("DataSharing", "data-sharing")]
    versions[1]["effective_from"] = "2026-03-01"  # type: ignore[assignment]
    ws.apply(policy(*versions, folder=tmp_path))
    with pytest.raises(ck.UsageError, match="share the warehouse column"):
        ws.load_warehouse(write_tables(tmp_path / "w", {"tracks": [{"id": "a"}]}))


def test_the_window_is_pushed_down_and_keeps_rows_without_arrival(
    ws: ck.Workspace, tables: Tables, tmp_path: Path
) -> None:
    ws.apply(SAMPLE / "policy.yml")
    seen: list[int] = []
    ws.load_warehouse(
        as_duckdb(tables, tmp_path / "w.duckdb"),
        tables=["web.tracks"],
        since="2026-03-10",
        until="2026-03-11T00:00:00Z",
        progress=seen.append,
    )
    [(rows, first, last)] = ws.rows("SELECT count(*), min(received_at), max(received_at) FROM event")
    assert 0 < rows < tables["web.tracks"].num_rows / 10
    assert str(first) >= "2026-03-10"
    assert str(last) < "2026-03-11"
    assert sum(seen) == ws.rows("SELECT sum(lines) FROM input_file")[0][0]
    ws.load_warehouse(
        write_tables(tmp_path / "c", {"tracks": [{"id": "never", "received_at": ""}]}), since="2026-04-01"
    )
    assert ws.rows("SELECT count(*) FROM event WHERE message_id = 'never'") == [(0,)]  # by its own time then
    rows_without = {"tracks": [{"id": "undated", "received_at": "", "timestamp": ""}]}
    ws.load_warehouse(write_tables(tmp_path / "d", rows_without), since="2026-04-01")
    assert ws.rows("SELECT event_at FROM event WHERE message_id = 'undated'") == [(None,)]


@pytest.mark.parametrize("store", [each for each in STORES if each != "csv"])
def test_a_place_sends_the_wanted_columns_of_the_rows_in_the_window_only(
    tables: Tables, store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    some = {f"sent_{name}": tables[name] for name in ("web.tracks", "web.pages")}
    place = open_place(write(some, store, tmp_path, request))
    try:
        table = next(each for each in place.tables() if each.label == "sent_web.tracks")
        wanted = ["id", "received_at", f"{PREFERENCE}advertising"]
        window = Window(datetime(2026, 3, 10), datetime(2026, 3, 12))
        sent = list(place.batches(table, wanted, "received_at", window))
        every = sum(batch.num_rows for batch in place.batches(table, wanted, "received_at", Window()))
    finally:
        place.close()
    assert every == some["sent_web.tracks"].num_rows
    assert {tuple(batch.schema.names) for batch in sent} == {tuple(wanted)}
    days = {str(moment)[:10] for batch in sent for moment in batch.column("received_at").to_pylist()}
    spare = {"2026-03-09", "2026-03-12"} if store == "sqlite" else set()  # text may have an offset
    assert {"2026-03-10", "2026-03-11"} <= days <= {"2026-03-10", "2026-03-11"} | spare


def test_sqlite_sends_times_of_every_form(ws: ck.Workspace, tmp_path: Path) -> None:
    times = [
        "2026-03-10 00:00:00",
        "2026-03-11T01:00:00+05:00",
        "2026-03-09 23:00:00-02:00",
        None,
        "soon",
        "2026-03-20",
    ]
    rows = {"id": [f"m{n}" for n in range(len(times))], "user_id": ["u"] * len(times), "received_at": times}
    ws.apply(policy(ONE))
    ws.load_warehouse(
        as_sqlite({"web.tracks": pa.table(rows)}, tmp_path / "w.sqlite"), since="2026-03-10", until="2026-03-11"
    )
    assert ws.rows("SELECT message_id FROM event ORDER BY 1") == [("m0",), ("m1",), ("m2",), ("m3",), ("m4",)]


HOSTILE = ('"; DROP TABLE event; --', "select", "Ünïcödé · ☃", "a'b", "with space", "semi;colon", "new\nline")


@pytest.mark.parametrize("store", ["duckdb", "sqlite", "postgres"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_table_name_is_a_name(
    ws: ck.Workspace, tables: Tables, store: str, name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    ws.apply(SAMPLE / "policy.yml")
    one = tables["server.tracks"].slice(0, 3)
    extra = one.append_column(f"{PREFERENCE}{name}", [["true"] * 3]).append_column(name, [["x"] * 3])
    where = write({f"hostile.{name}": extra}, store, tmp_path, request)
    ws.load_warehouse(where, tables=[f"hostile.{name}"])
    assert ws.rows("SELECT count(*) FROM event") == [(3,)]
    assert ws.rows("SELECT DISTINCT name FROM warehouse_table") == [(f"hostile.{name}",)]
    detail = f"{PREFERENCE}{name}"
    assert ws.rows("SELECT detail, n FROM finding_completeness WHERE code = 'X21'") == [(detail, 3)]


def test_what_cannot_be_read_is_refused_with_a_sentence(ws: ck.Workspace, tmp_path: Path) -> None:
    folder = write_tables(tmp_path / "w", {"web.tracks": [{"id": "a"}], "ios.tracks": [{"id": "b"}]})
    with pytest.raises(ck.UsageError, match="apply a policy"):
        ws.load_warehouse(folder)
    ws.apply(policy(ONE))
    with pytest.raises(
        ck.UsageError, match=r"'tracks' is a table of several schemas; name one of ios\.tracks, web\.tracks"
    ):
        ws.load_warehouse(folder, tables=["tracks"])
    with pytest.raises(ck.UsageError, match=r"there is no table 'web\.pages'"):
        ws.load_warehouse(folder, tables=["web.pages"])
    (folder / "web.tracks.csv").write_text("id,ID,received_at,user_id\n")
    with pytest.raises(ck.SourceError, match="the columns id and ID differ only by case"):
        ws.load_warehouse(folder, tables=["web.tracks"])
    (folder / "only.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ck.SourceError, match=r"no table with events, among 1; .*only: it has no column id"):
        ws.load_warehouse(folder / "only.csv")
    with pytest.raises(ck.UsageError, match="no driver for mysql"):
        ws.load_warehouse("mysql://someone:hidden@127.0.0.1/shop")
    with pytest.raises(ck.UsageError, match="since soon"):
        ws.load_warehouse(folder, since="soon")
    assert ws.rows("SELECT count(*) FROM event") == [(0,)]


def test_a_database_that_does_not_answer_is_named_without_its_password(ws: ck.Workspace) -> None:
    pytest.importorskip("adbc_driver_postgresql")
    ws.apply(policy(ONE))
    with pytest.raises(ck.SourceError, match=r"^postgresql://127.0.0.1:1/shop: it cannot be read") as caught:
        ws.load_warehouse("postgresql://someone:hidden@127.0.0.1:1/shop")
    assert "hidden" not in str(caught.value)


def test_a_missing_driver_says_how_to_get_it(ws: ck.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    ws.apply(policy(ONE))
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql.dbapi", None)
    with pytest.raises(ck.UsageError, match=r"pip install 'consentkit\[postgres\]'"):
        ws.load_warehouse("postgresql://127.0.0.1/shop")


def test_a_policy_for_rudderstack_is_refused(ws: ck.Workspace, tmp_path: Path) -> None:
    ws.apply(policy({"platform": "rudderstack", "destinations": [{"name": "X"}]}))
    with pytest.raises(ck.UsageError, match="Segment's schema only"):
        ws.load_warehouse(tmp_path)


def test_another_policy_in_force_says_to_load_again(ws: ck.Workspace, tmp_path: Path) -> None:
    ws.apply(policy(ONE))
    rows = [{"id": "a", "preferences": {"a": "true", "b": "true"}}]
    ws.load_warehouse(write_tables(tmp_path / "w", {"tracks": rows}))
    ws.apply(policy({"categories": [{"id": "B", "destinations": ["X"]}]}))
    found = ws.rows("SELECT code, detail FROM finding_completeness WHERE code IN ('X21', 'X30') ORDER BY ALL")
    assert found == [("X30", f"{PREFERENCE}a"), ("X30", f"{PREFERENCE}b")]


def test_a_row_without_an_id_is_set_aside(ws: ck.Workspace, tmp_path: Path) -> None:
    ws.apply(policy(ONE))
    ws.load_warehouse(write_tables(tmp_path / "w", {"tracks": [{"id": ""}, {"id": "a"}]}))
    assert ws.rows("SELECT code, line FROM rejected_line") == [("no_id", 2)]
    assert_accounted(ws)


def test_deliveries_follow_the_event_when_raw_lines_settle_it(ws: ck.Workspace, tmp_path: Path) -> None:
    ws.apply(policy(ONE))
    ws.load_warehouse(write_tables(tmp_path / "w", {"tracks": [{"id": "a"}]}))
    (tmp_path / "d.ndjson").write_bytes(ndjson([{"message_id": "a", "destination": "X", "status": "delivered"}]))
    ws.load_deliveries(tmp_path / "d.ndjson")
    assert ws.rows("SELECT code, certainty FROM finding_delivery WHERE code = 'V5'") == [("V5", "possible")]
    (tmp_path / "e.ndjson").write_bytes(ndjson([event({"id": "a", "preferences": {}})]))
    ws.load_events(tmp_path / "e.ndjson")
    assert ws.rows("SELECT code, certainty FROM finding_delivery WHERE code = 'V5'") == [("V5", "certain")]


def test_a_column_name_that_postgres_cut_is_still_its_category(ws: ck.Workspace, postgres: str) -> None:
    long = "PersonalisedAdvertisingAndContent"
    ws.apply(policy({"categories": [{"id": long, "destinations": ["X"]}]}))
    column = f"{PREFERENCE}personalised_advertising_and_content"
    row = {"id": ["a"], "user_id": ["u"], "received_at": ["2026-03-01"], column: [True]}
    as_postgres({"cut.tracks": pa.table(row)}, postgres)
    ws.load_warehouse(postgres, tables=["cut.tracks"])
    assert ws.rows("SELECT length(column_name), category_id, mapped FROM warehouse_column") == [(63, long, True)]
    assert ws.rows("SELECT outcome FROM event_decision") == [("deliver",)]
    assert ws.rows("SELECT code FROM finding_completeness WHERE code IN ('X21', 'X30')") == []
    with pytest.raises(ck.UsageError, match="share the warehouse column"):
        category_of_part([long, "PersonalisedAdvertisingAndMore"], longest=63)


def test_more_rows_than_a_row_group_are_all_there_beside_empty_tables(tmp_path: Path) -> None:
    with ck.open(threads=2) as ws:
        load_many(ws, tmp_path)


def load_many(ws: ck.Workspace, tmp_path: Path) -> None:
    rows = 130_000
    granted = [True, False, None, True] * (rows // 4)
    columns = {"id": [f"m{n}" for n in range(rows)], "user_id": ["u"] * rows, "received_at": ["2026-03-01"] * rows}
    ws.apply(policy(ONE))
    full = pa.table({**columns, f"{PREFERENCE}a": granted})
    tables = {
        "web.checkout": full,
        "web.signed_up": full.slice(0, 0),
        "web.tracks": full,
        "web.pages": full.slice(0, 0),
        "ios.pages": full.slice(0, 0),
    }
    ws.load_warehouse(as_parquet(tables, tmp_path / "w"))
    assert ws.rows("SELECT count(*) FROM event") == [(rows,)]
    found = ws.rows("SELECT outcome, count(DISTINCT message_id) FROM event_decision GROUP BY ALL ORDER BY ALL")
    assert found == [("block", rows // 4), ("deliver", rows // 2), ("indeterminate", rows // 4)]
    assert_accounted(ws)
