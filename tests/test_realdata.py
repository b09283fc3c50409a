"""Real events that nobody in this project wrote: every one accounted for, every measured count reproduced."""

from __future__ import annotations

import csv
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from support import Row, assert_accounted, ledger, outcomes, policy, records

import consentkit as ck

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.realdata

PLAIN: Row = {}
WITH_ALIAS: Row = {"destinations": [{"name": "Amplitude", "aliases": ["am"]}]}
STAMPED = "event JOIN signature USING (signature_id) JOIN stamp USING (stamp_id)"
INTEGRATED = "event JOIN signature USING (signature_id) JOIN integrations i USING (integrations_id)"
FB_LINES = [410, 411, 412, 413, 415, 416, 416, 417, 418, 419, 421]


@pytest.fixture(scope="module")
def rudder(realdata: Path) -> Iterator[ck.Workspace]:
    """The RudderStack test events with their delivery log."""
    folder = realdata / "rudder-transformer-events"
    with ck.open() as ws:
        ws.load_events(folder / "events.ndjson")
        ws.load_deliveries(folder / "cases.csv")
        ws.apply(policy(PLAIN))
        yield ws


@pytest.fixture(scope="module")
def cases(realdata: Path) -> list[Row]:
    """The delivery log, read by the standard library."""
    with (realdata / "rudder-transformer-events" / "cases.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def count(ws: ck.Workspace, where: str, table: str = "event") -> Any:
    """Count rows."""
    return ws.rows(f"SELECT count(*) FROM {table} WHERE {where}")[0][0]


def v7(ws: ck.Workspace) -> dict[tuple[str, str], list[int]]:
    """The event lines of V7 findings, by destination and certainty."""
    found: dict[tuple[str, str], list[int]] = {}
    query = """
        SELECT d.name, f.certainty, e.line FROM finding_delivery f
        JOIN event e USING (event_id) JOIN destination d USING (version_id, destination_id)
        WHERE f.code = 'V7' ORDER BY e.line
    """
    for name, certainty, line in ws.rows(query):
        found.setdefault((name, certainty), []).append(line)
    return found


def test_every_event_is_accounted_for(rudder: ck.Workspace) -> None:
    assert_accounted(rudder)
    row = ledger(rudder)["events.ndjson"]
    assert (row["lines"], row["loaded"], row["rejected"], row["duplicates"]) == (1486, 1486, 0, 0)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("type IN ('Identify', 'Track', 'Alias')", 13),
        ("type <> lower(type)", 13),
        ("library IS NULL", 302),
        ("message_id IS NULL", 236),
        ("message_id IS NOT NULL", 1250),
        ("event_at IS NULL AND NOT unreadable_time", 136),
        ("event_at IS NULL AND unreadable_time", 12),  # originalTimestamp: NOW
    ],
)
def test_measured_dirt(rudder: ck.Workspace, where: str, expected: int) -> None:
    assert count(rudder, where) == expected


def test_events_without_context(rudder: ck.Workspace) -> None:
    assert count(rudder, "form = 'no_context'", STAMPED) == 34


def test_message_ids_repeat(rudder: ck.Workspace) -> None:
    assert rudder.rows("SELECT count(DISTINCT message_id) FROM event") == [(181,)]
    assert count(rudder, "TRUE", "duplicate_line") == 0
    repeated = rudder.rows(
        """SELECT sum(n) FROM
        (SELECT count(*) AS n FROM event WHERE message_id <> '' GROUP BY message_id HAVING count(*) > 1)"""
    )
    assert [(count(rudder, "TRUE", "shared_message"),)] == repeated
    assert count(rudder, "TRUE") - (181 + 236) == 1069  # lost, were the id a key


def test_integrations_values(rudder: ck.Workspace, realdata: Path) -> None:
    lines = (realdata / "rudder-transformer-events" / "events.ndjson").read_text(encoding="utf-8").splitlines()
    said = [json.loads(line).get("integrations") for line in lines]
    given = rudder.rows(f"SELECT form, count(*) FROM {INTEGRATED} GROUP BY 1")
    forms = Counter("absent" if value is None else "given" if value else "empty" for value in said)
    assert dict(given) == forms
    assert forms["given"] + forms["empty"] == 1088
    denied = f"SELECT count(*) FROM {INTEGRATED} WHERE "
    assert rudder.rows(denied + "all_entry = 'deny'") == [(17,)]
    entry = "EXISTS (SELECT 1 FROM integrations_entry n WHERE n.integrations_id = i.integrations_id AND n.entry = '{}')"
    assert rudder.rows(denied + entry.format("deny")) == [
        (sum(any(v is False for k, v in (o or {}).items() if k != "All") for o in said),)
    ]
    strings = sum(any(isinstance(v, str) for v in (o or {}).values()) for o in said)
    assert strings == 2
    assert rudder.rows(denied + entry.format("unclear")) == [(strings,)]
    objects = [(k, v) for o in said for k, v in (o or {}).items() if isinstance(v, dict)]
    assert len(objects) == 111
    assert {key for key, _ in objects} <= {
        row[0] for row in rudder.rows("SELECT name FROM integrations_entry WHERE entry = 'allow'")
    }


def test_times_with_offsets_become_utc(rudder: ck.Workspace, realdata: Path) -> None:
    from datetime import UTC, datetime

    lines = (realdata / "rudder-transformer-events" / "events.ndjson").read_text(encoding="utf-8").splitlines()
    checked = 0
    for number, line in enumerate(lines, start=1):
        text = json.loads(line).get("timestamp")
        if not isinstance(text, str) or text[-6:-5] not in ("+", "-") or text[-3:-2] != ":":
            continue
        expected = datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
        assert rudder.rows("SELECT event_at FROM event WHERE line = ?", [number]) == [(expected,)], text
        checked += 1
    assert checked > 10


def test_no_event_has_a_consent_object(rudder: ck.Workspace) -> None:
    states = rudder.rows(f"SELECT state, count(*) FROM {STAMPED} GROUP BY 1")
    assert sum(n for state, n in states if state in ("A0", "A1")) == 1486
    assert {state for state, _ in states} <= {"A0", "A1"}
    assert rudder.rows("SELECT without_consent_object FROM source_count WHERE events > 0") == [(1486,)]


def test_a_source_that_must_stamp_did_not(rudder: ck.Workspace, realdata: Path) -> None:
    with ck.open() as ws:
        ws.load_events(realdata / "rudder-transformer-events" / "events.ndjson")
        ws.apply(policy({"sources": [{"name": "web", "stamps_consent": True}]}))
        found = records(ws, "SELECT code, severity, certainty, events, of_events FROM finding WHERE code = 'V1'")
    assert found == [{"code": "V1", "severity": "critical", "certainty": "certain", "events": 1486, "of_events": 1486}]


def test_the_delivery_log_is_accounted_for(rudder: ck.Workspace, cases: list[Row]) -> None:
    row = ledger(rudder, "deliveries")["cases.csv"]
    assert (row["lines"], row["loaded"], row["rejected"]) == (2020, 2020, 0)
    assert rudder.rows("SELECT count(DISTINCT destination) FROM route") == [(137,)]
    assert count(rudder, "event_id IS NULL", "delivery") == 0
    linked = rudder.rows(
        """SELECT e.line, r.destination, r.status
        FROM delivery JOIN route r USING (route_id) JOIN event e USING (event_id) WHERE linked_by = 'only_file'"""
    )
    told = [(int(case["event_line"]), case["destination_slug"], case["outcome"] or None) for case in cases]
    assert Counter(linked) == Counter(told)


def test_statuses_of_the_log(rudder: ck.Workspace, cases: list[Row]) -> None:
    means = {"transformed": "delivered", "error": "rejected", "": "unknown"}
    found = rudder.rows("SELECT m.status, count(*) FROM delivery JOIN route_meaning m USING (route_id) GROUP BY 1")
    assert dict(found) == Counter(means[case["outcome"]] for case in cases)
    delivered = sum(case["outcome"] == "transformed" for case in cases)
    assert delivered == 1222
    assert count(rudder, "outcome IS NULL", "(SELECT destination AS outcome FROM route)") == 0


def test_1222_deliveries_were_of_events_without_a_consent_object(rudder: ck.Workspace) -> None:
    assert rudder.rows("SELECT sum(deliveries) FROM finding WHERE code = 'V1E'") == [(1222,)]
    told = "SELECT deliveries, deliveries_to_unknown, deliveries_against_integrations FROM coverage"
    assert rudder.rows(told) == [(1222, 1211, 11)], (
        "an empty policy knows no destination, but the events say All: false"
    )
    assert records(rudder, "SELECT certainty, deliveries FROM finding_total WHERE code = 'V1E'") == [
        {"certainty": "certain", "deliveries": 1222}
    ]


def test_eleven_deliveries_against_all_false(rudder: ck.Workspace) -> None:
    found = v7(rudder)
    assert found["fb", "certain"] == FB_LINES
    assert {key for key in found if key[1] == "certain"} == {("fb", "certain")}
    assert records(rudder, "SELECT deliveries, events FROM finding WHERE code = 'V7' AND certainty = 'certain'") == [
        {"deliveries": 11, "events": 10}
    ]


def test_object_values_are_no_findings_once_the_alias_is_known(rudder: ck.Workspace, realdata: Path) -> None:
    assert v7(rudder).get(("am", "certain"), []) == []
    with ck.open() as ws:
        ws.load_events(realdata / "rudder-transformer-events" / "events.ndjson")
        ws.load_deliveries(realdata / "rudder-transformer-events" / "cases.csv")
        ws.apply(policy(WITH_ALIAS))
        found = v7(ws)
    assert found == {("fb", "certain"): FB_LINES}


def test_another_policy_on_the_same_workspace_gives_the_same(realdata: Path) -> None:
    with ck.open() as ws:
        ws.apply(policy(PLAIN))
        ws.load_deliveries(realdata / "rudder-transformer-events" / "cases.csv")
        ws.load_events(realdata / "rudder-transformer-events" / "events.ndjson")
        ws.apply(policy(WITH_ALIAS))
        assert v7(ws) == {("fb", "certain"): FB_LINES}


def test_decide_gives_the_lines(realdata: Path) -> None:
    rules = policy({"destinations": [{"name": "fb"}, {"name": "Amplitude", "aliases": ["am"]}]})
    decided = ck.decide(realdata / "rudder-transformer-events" / "events.ndjson", rules)
    assert len(decided) == 2 * 1486
    blocked = decided[(decided["destination"] == "fb") & (decided["outcome"] == "block")]
    assert set(FB_LINES) <= set(blocked["event_line"])
    at = decided[(decided["destination"] == "Amplitude") & decided["event_line"].isin([45, 55])]
    assert list(at["outcome"]) == ["deliver", "deliver"]


def test_all_payloads_of_the_documentation_load(ws: ck.Workspace, realdata: Path) -> None:
    ws.load_events(realdata / "segment-docs-payloads")
    assert_accounted(ws)
    found = {name: (row["lines"], row["loaded"], row["rejected"], row["problem"]) for name, row in ledger(ws).items()}
    assert found == {
        "complete.ndjson": (95, 95, 0, None),
        "fragments.ndjson": (4, 3, 1, None),  # one is the body of a batch call
        "js_calls.ndjson": (682, 682, 0, None),
        "partial.ndjson": (113, 113, 0, None),
    }
    assert ws.rows("SELECT count(*) FROM event") == [(893,)]


def test_consent_in_the_documentation_is_read(ws: ck.Workspace, realdata: Path) -> None:
    ws.load_events(realdata / "segment-docs-payloads" / "complete.ndjson")
    assert count(ws, "form = 'given'", STAMPED) == 1
    assert count(ws, "form <> 'absent'", INTEGRATED) == 19


def test_what_pages_of_the_documentation_had_loaded_is_read(ws: ck.Workspace, realdata: Path, tmp_path: Path) -> None:
    complete = realdata / "segment-docs-payloads" / "complete.ndjson"
    ws.load_events(complete)
    listed = "event JOIN signature USING (signature_id) JOIN bundle_entry USING (bundle_id)"
    assert ws.rows(f"SELECT bundle_entry.name, side, count(*) FROM {listed} GROUP BY ALL ORDER BY ALL") == [
        ("Facebook Pixel", "unbundled", 6),
        ("Segment.io", "bundled", 6),
    ]
    # the same real pages, had they loaded what they refuse
    lines = [line for line in complete.read_text(encoding="utf-8").splitlines() if '"bundled"' in line]
    pages = [json.loads(line) for line in lines]
    for number, page in enumerate(pages):
        page["messageId"] += "-refusing"
        page["_metadata"] = {"bundled": ["Facebook Pixel", "Segment.io"], "unbundled": []}
        page["context"]["consent"] = {"categoryPreferences": {"Advertising": number == 0}}
    (tmp_path / "refusing.ndjson").write_text("".join(json.dumps(page) + "\n" for page in pages), encoding="utf-8")
    ws.load_events(tmp_path / "refusing.ndjson")
    for model, expected in (("opt-in", [("X37", "certain", 5)]), ("opt-out", [("X38", "possible", 5)])):
        source = {"name": "web", "enforcement": "analytics.js", "consent_model": model}
        mapping = {"id": "Advertising", "destinations": ["Facebook Pixel"]}
        ws.apply(policy({"categories": [mapping], "sources": [source]}))
        loaded = "destination = 'Facebook Pixel' AND code IN ('X37', 'X38')"
        found = f"SELECT code, certainty, events FROM finding WHERE {loaded}"
        assert ws.rows(found) == expected


def test_consent_fragment_of_the_documentation_is_decided(realdata: Path) -> None:
    names = ("Advertising", "Analytics", "Functional", "DataSharing")
    rules = policy(
        {
            "categories": [
                *({"id": name, "destinations": [f"needs {name}"]} for name in names),
                {"id": "Missing", "destinations": ["needs Missing"]},
            ],
            "destinations": [{"name": "needs nothing"}],
        }
    )
    decided = ck.decide(realdata / "segment-docs-payloads" / "fragments.ndjson", rules)
    fragment = decided[decided["event_line"] == 4]
    assert outcomes(fragment) == {
        "needs Advertising": "deliver",
        "needs Analytics": "block",
        "needs Functional": "deliver",
        "needs DataSharing": "block",
        "needs Missing": "block",
        "needs nothing": "deliver",
    }


def test_browser_events_of_another_platform_load(ws: ck.Workspace, realdata: Path) -> None:
    ws.load_events(realdata / "rudder-sdk-js-sanity" / "events.ndjson")
    assert_accounted(ws)
    row = ledger(ws)["events.ndjson"]
    assert (row["lines"], row["rejected"], row["problem"]) == (43, 0, None)
    assert count(ws, "consent_management IS NOT NULL", "stamp") > 0
