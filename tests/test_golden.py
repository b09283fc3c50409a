"""Golden rows: for each SQL view, small inputs and the rows that the documents ask for.

A case is a YAML file ``golden/<view>/<case>.yml``:

``about``
    what it shows, in a sentence
``policy``
    a policy, or a list of versions
``events``
    events, terse as in :func:`support.event`; a text is a line as it stands
``warehouse``
    rows by table name, as ``web.tracks``; ``preferences`` of a row stands for its columns
``counts``
    what a delivery overview counts
``deliveries``
    delivery records: ``id`` or ``line`` name the event, ``to`` the destination; delivered unless said otherwise
``audits``
    optional: what is loaded, and judged by another policy where one is given, before each further audit
``expect``
    the rows of the view, in any order; only the columns named there are compared
``only``
    optional: column -> values; other rows of the view are not looked at

The rows are read through the query of the view in ``READABLE``, which puts names in the place of ids.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from support import SQL, TESTS, Row, event, ndjson, policy, read_yaml, records, write_tables

if TYPE_CHECKING:
    from pathlib import Path

    import consentkit as ck

GOLDEN = TESTS / "golden"
CASES = sorted(GOLDEN.glob("*/*.yml"))
VIEWS = {path.stem.partition("_")[2] for path in SQL.glob("[0-9][0-9]_*.sql")}

EVENT = "INNER JOIN event AS e ON e.signature_id = v.signature_id"
STAMPED = """
    INNER JOIN signature AS g ON g.stamp_id = v.stamp_id
    INNER JOIN event AS e ON e.signature_id = g.signature_id"""
INTEGRATED = """
    INNER JOIN signature AS g ON g.integrations_id = v.integrations_id
    INNER JOIN event AS e ON e.signature_id = g.signature_id"""
BUNDLED = """
    INNER JOIN signature AS g ON g.bundle_id = v.bundle_id
    INNER JOIN event AS e ON e.signature_id = g.signature_id"""
DESTINATION = "INNER JOIN destination AS d ON d.version_id = v.version_id AND d.destination_id = v.destination_id"
NAMED_DESTINATION = DESTINATION.replace("INNER", "LEFT")
SOURCE = "INNER JOIN source AS s ON s.version_id = v.version_id AND s.source_id = v.source_id"
ROUTE = "INNER JOIN route AS r ON r.route_id = v.route_id"
SAID = "LEFT JOIN decision_reason AS k ON k.reason = v.reason"
RECORD = """
    LEFT JOIN delivery AS l ON l.delivery_id = v.delivery_id
    LEFT JOIN event AS e ON e.event_id = v.event_id"""
NEWEST = """
    LEFT JOIN newest_version AS n ON TRUE
    LEFT JOIN destination AS d ON d.version_id = n.version_id AND d.destination_id = v.destination_id"""
OF_EVENT = "LEFT JOIN event AS e ON e.event_id = v.event_id"

READABLE = {
    "route_meaning": f"SELECT v.*, v.version_id AS version, r.destination AS written, r.status AS status_written, "
    f"r.reason AS reason_written, r.mode AS mode_written, d.name AS destination "
    f"FROM route_meaning AS v {ROUTE} {DESTINATION}",
    **{
        view: f"SELECT v.version_id AS version, d.name AS destination, v.category_id AS category FROM {view} AS v "
        f"{DESTINATION}"
        for view in ("requirement", "destination_category")
    },
    "signature_source": f"SELECT e.message_id AS event, v.version_id AS version, s.name AS source "
    f"FROM signature_source AS v {EVENT} {SOURCE}",
    "connected": f"SELECT v.version_id AS version, d.name AS destination, s.name AS source "
    f"FROM connected AS v {DESTINATION} {SOURCE}",
    "stamp_account": f"SELECT v.*, e.message_id AS event, v.version_id AS version, d.name AS destination "
    f"FROM stamp_account AS v {STAMPED} {DESTINATION}",
    "integrations_account": f"SELECT v.*, e.message_id AS event, v.version_id AS version, d.name AS destination "
    f"FROM integrations_account AS v {INTEGRATED} {DESTINATION}",
    "integrations_likeness": f"SELECT e.message_id AS event, v.version_id AS version, d.name AS destination "
    f"FROM integrations_likeness AS v {INTEGRATED} {DESTINATION}",
    **{
        view: f"SELECT v.*, e.message_id AS event FROM {view} AS v {STAMPED}"
        for view in ("stamp_said", "stamp_reading", "stamp_canonical", "stamp_answer")
    },
    "other_account": "SELECT v.*, e.message_id AS event, d.name AS destination "
    f"FROM other_account AS v {STAMPED} {DESTINATION}",
    "stamp_total": f"SELECT v.*, e.message_id AS event FROM stamp_total AS v {STAMPED}",
    "cloud_consent": f"SELECT v.*, e.message_id AS event, v.version_id AS version, d.name AS destination, k.says "
    f"FROM cloud_consent AS v {EVENT} {DESTINATION} {SAID}",
    "cloud_integrations": f"SELECT v.*, e.message_id AS event, v.version_id AS version, d.name AS destination, k.says "
    f"FROM cloud_integrations AS v {EVENT} {DESTINATION} {SAID}",
    "decision": f"SELECT v.*, e.message_id AS event, v.version_id AS version, d.name AS destination, s.name AS source "
    f"FROM decision AS v {EVENT} {DESTINATION} {SOURCE}",
    "situation_answer": f"SELECT v.*, e.message_id AS event, d.name AS destination FROM situation_answer AS v "
    f"{EVENT} {DESTINATION}",
    "bundle_account": "SELECT v.*, e.message_id AS event, d.name AS destination FROM bundle_account AS v "
    f"{BUNDLED} {DESTINATION}",
    "bundle_fault": "SELECT v.*, e.message_id AS event, s.name AS source, d.name AS destination "
    f"FROM bundle_fault AS v {EVENT} {SOURCE} {DESTINATION}",
    "signature_point": f"SELECT v.*, e.message_id AS event, s.name AS source "
    f"FROM signature_point AS v {EVENT} {SOURCE}",
    "consent_setting": f"SELECT v.*, v.category_id AS category, d.name AS destination, s.name AS source "
    f"FROM consent_setting AS v {DESTINATION} {SOURCE}",
    "setting_account": f"SELECT v.*, e.message_id AS event, d.name AS destination "
    f"FROM setting_account AS v {STAMPED} {DESTINATION}",
    "source_setting": f"SELECT v.*, s.name AS source FROM source_setting AS v {SOURCE}",
    "source_listed": f"SELECT v.category_id AS category, s.name AS source FROM source_listed AS v {SOURCE}",
    "destination_need": f"SELECT v.*, d.name AS destination FROM destination_need AS v {DESTINATION}",
    "verdict": f"SELECT v.*, e.message_id AS event, d.name AS destination FROM verdict AS v {EVENT} {DESTINATION}",
    **{
        view: f"SELECT v.*, e.message_id AS event, d.name AS destination, k.says FROM {view} AS v "
        f"{EVENT} {DESTINATION} {SAID}"
        for view in ("device_consent", "device_integrations", "device_gate", "rudder_consent", "rudder_integrations")
    },
    "judged_link": "SELECT d.line AS delivery, e.line AS event, f.line AS first FROM judged_link AS v "
    "LEFT JOIN delivery AS d ON d.delivery_id = v.delivery_id LEFT JOIN event AS e ON e.event_id = v.event_id "
    "LEFT JOIN event AS f ON f.event_id = v.group_id",
    "route_count": f"SELECT v.*, r.destination AS written, r.status FROM route_count AS v {ROUTE}",
    "event_unlogged": "SELECT v.*, e.message_id AS event FROM event_unlogged AS v "
    "INNER JOIN event AS e ON e.event_id = v.event_id",
    **{
        view: f"SELECT v.*, d.name AS destination FROM {view} AS v {NEWEST}"
        for view in ("count_expected", "count_reconciled")
    },
    **{
        view: "SELECT v.*, e.message_id AS event, v.version_id AS version "
        f"FROM {view} AS v INNER JOIN event AS e ON e.event_id = v.event_id"
        for view in ("event_in_force", "event_arrival")
    },
    "event_way": "SELECT e.message_id AS event, (SELECT string_agg(o.message_id, ', ' ORDER BY o.message_id) "
    "FROM event_way AS w INNER JOIN event AS o ON o.event_id = w.event_id WHERE w.way = v.way) AS alike "
    "FROM event_way AS v INNER JOIN event AS e ON e.event_id = v.event_id",
    "event_routes": "SELECT v.*, (SELECT string_agg(r.destination || ' ' || r.status, ', ' ORDER BY r.route_id) "
    "FROM unnest(v.routes) AS u(route_id) INNER JOIN route AS r ON r.route_id = u.route_id) AS went "
    "FROM event_routes AS v",
    "situation_count": f"SELECT v.*, e.message_id AS event, v.version_id AS version, r.destination AS written "
    f"FROM situation_count AS v {EVENT} {ROUTE}",
    "delivery_standing": f"SELECT v.*, e.message_id AS event, r.destination AS written FROM delivery_standing AS v "
    f"{EVENT} {ROUTE}",
    "standing_count": f"SELECT v.*, d.name AS destination FROM standing_count AS v {NEWEST}",
    "doubtful_delivery": "SELECT v.*, l.line AS delivery FROM doubtful_delivery AS v "
    "INNER JOIN delivery AS l ON l.delivery_id = v.delivery_id",
    "delivery_situation": f"SELECT v.*, l.line AS delivery, e.message_id AS event, e.line AS event_line, "
    f"v.version_id AS version FROM delivery_situation AS v {RECORD}",
    "delivery_fault": f"SELECT v.*, e.message_id AS event, v.version_id AS version, d.name AS destination, "
    f"r.status, r.reason, r.mode FROM delivery_fault AS v {EVENT} {DESTINATION} {ROUTE}",
    "event_fault": f"SELECT v.*, e.message_id AS event, v.version_id AS version, s.name AS source "
    f"FROM event_fault AS v {EVENT} {SOURCE}",
    "finding_delivery": f"SELECT v.*, l.line AS delivery, e.message_id AS event, e.line AS event_line, "
    f"d.name AS destination, s.name AS source FROM finding_delivery AS v {RECORD} {DESTINATION} {SOURCE}",
    "finding_event": f"SELECT v.*, e.message_id AS event, s.name AS source, d.name AS destination "
    f"FROM finding_event AS v INNER JOIN event AS e ON e.event_id = v.event_id {SOURCE} {NAMED_DESTINATION}",
    "finding_record": f"SELECT v.*, l.line AS delivery, e.message_id AS event, d.name AS destination "
    f"FROM finding_record AS v {RECORD} {NEWEST}",
    "finding_any": f"SELECT v.*, l.line AS delivery, e.message_id AS event, d.name AS destination "
    f"FROM finding_any AS v {RECORD} {NEWEST}",
    **{
        view: f"SELECT v.*, e.message_id AS event FROM {view} AS v {OF_EVENT}"
        for view in (
            "event_moment",
            "preference_event",
            "stamp_choice",
            "person_merge",
            "preference_subject",
            "preference_period",
            "consent_change",
            "consent_stretch",
            "refusal_of_grant",
            "device_history",
            "person_history",
            "stamp_change",
            "unannounced_change",
            "repeated_preference",
            "event_subject",
        )
    },
    **{
        view: f"SELECT v.*, e.message_id AS event, c.message_id AS choice FROM {view} AS v {OF_EVENT} "
        "LEFT JOIN event AS c ON c.event_id = v.preference_event_id"
        for view in ("stamp_against_device", "stamp_against_person")
    },
    "stretch_events": "SELECT v.*, s.name AS source FROM stretch_events AS v "
    "INNER JOIN source AS s ON s.source_id = v.source_id",
    "early_delivery": f"SELECT v.*, l.line AS delivery, e.message_id AS event, d.name AS destination "
    f"FROM early_delivery AS v {RECORD} {NEWEST}",
    "finding_history": "SELECT v.*, e.message_id AS event, s.name AS source, d.name AS destination "
    f"FROM finding_history AS v {OF_EVENT} LEFT JOIN source AS s ON s.source_id = v.source_id {NEWEST}",
    **{
        view: f"SELECT v.*, e.message_id AS event, d.name AS destination FROM {view} AS v {OF_EVENT} {NEWEST}"
        for view in ("delivery_after_refusal", "preference_due")
    },
    "event_record": f"SELECT v.*, l.line AS delivery, e.message_id AS event, e.name FROM event_record AS v {RECORD}",
    "delivered_event": "SELECT v.*, c.subject_kind, c.subject_id, e.message_id AS event, d.name AS destination "
    f"FROM delivered_event AS v INNER JOIN chooser AS c ON c.number = v.number {OF_EVENT} {NEWEST}",
    **{
        view: f"SELECT v.*, e.message_id AS event, d.name AS destination FROM {view} AS v "
        f"LEFT JOIN event AS e ON e.event_id = v.{event_id} {NEWEST}"
        for view, event_id in (
            ("destination_refusal", "refusal_event_id"),
            ("withdrawal", "refusal_event_id"),
            ("destination_grant", "grant_event_id"),
            ("consent_grant", "grant_event_id"),
        )
    },
}


KEYS = {"about", "policy", "source", "events", "warehouse", "deliveries", "counts", "audits", "expect", "only"}


def test_every_view_has_golden_cases() -> None:
    assert {path.parent.name for path in CASES} == VIEWS


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_golden(ws: ck.Workspace, path: Path, tmp_path: Path) -> None:
    case = read_yaml(path)
    assert case.keys() <= KEYS
    expected: list[Row] = case["expect"]
    columns = list(expected[0]) if expected else []
    assert all(list(row) == columns for row in expected), "every expected row names the same columns"
    load(ws, case, tmp_path)
    for number, further in enumerate(case.get("audits", [])):
        ws.record_audit()
        load(ws, further, tmp_path / f"audit{number}")
    if "audits" in case:
        ws.record_audit()
    query = READABLE.get(path.parent.name, f"SELECT v.* FROM {path.parent.name} AS v")
    found = Counter(map(_frozen, _picked(ws, query, columns, case)))
    assert found == Counter(map(_frozen, expected)), case["about"]


def load(ws: ck.Workspace, case: Row, folder: Path) -> None:
    """Load the policy, events and deliveries of a case."""
    if "policy" in case:
        versions = case["policy"] if isinstance(case["policy"], list) else [case["policy"]]
        (folder / "policies").mkdir(parents=True)
        ws.apply(policy(*versions, folder=folder / "policies"))
    folder.mkdir(exist_ok=True)
    if case.get("events"):
        lines = [item if isinstance(item, str) else event(item) for item in case["events"]]
        (folder / "events.ndjson").write_bytes(ndjson(lines))
        ws.load_events(folder / "events.ndjson", source=case.get("source"))
    if case.get("warehouse"):
        ws.load_warehouse(write_tables(folder / "warehouse", case["warehouse"]))
    if case.get("counts"):
        (folder / "counts.ndjson").write_bytes(ndjson(case["counts"]))
        ws.load_delivery_counts(folder / "counts.ndjson")
    if case.get("deliveries"):
        (folder / "deliveries.ndjson").write_bytes(ndjson([_delivery(item) for item in case["deliveries"]]))
        ws.load_deliveries(folder / "deliveries.ndjson")


def _delivery(terse: Row | str) -> Row | str:
    if isinstance(terse, str):
        return terse
    names = {"id": "message_id", "line": "event_line", "to": "destination"}
    return {"status": "delivered", **{names.get(key, key): value for key, value in terse.items()}}


def _picked(ws: ck.Workspace, query: str, columns: list[str], case: Row) -> list[Row]:
    """Read the columns that are compared, of the rows that are looked at."""
    only: dict[str, list[Any]] = case.get("only", {})
    names = ", ".join(f'q."{column}"' for column in dict.fromkeys([*columns, *only])) or "1 AS one"
    rows = records(ws, f"SELECT {names} FROM ({query}) AS q")
    rows = [{column: _plain(value) for column, value in row.items()} for row in rows]
    kept = [row for row in rows if all(row[column] in values for column, values in only.items())]
    return [{column: row[column] for column in columns} for row in kept]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _frozen(row: Row) -> tuple[tuple[str, Any], ...]:
    return tuple((column, tuple(value) if isinstance(value, list) else value) for column, value in row.items())
