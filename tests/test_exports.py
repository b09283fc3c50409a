"""A destination's own export is delivery evidence: each row says that an event arrived there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support import assert_accounted, empty, event, ndjson, rejected

import consentkit as ck

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ARRIVED = """
    SELECT e.message_id, r.destination, r.status, strftime(d.logged_at, '%Y-%m-%d %H:%M:%S')
    FROM delivery AS d
    INNER JOIN route AS r ON r.route_id = d.route_id
    LEFT JOIN event AS e ON e.event_id = d.event_id
    ORDER BY d.line
"""
MIXPANEL = [
    {"event": "Paid", "properties": {"time": 1772366400, "$insert_id": "m0", "distinct_id": "p"}},
    {"event": "Paid", "properties": {"time": "soon", "$insert_id": "m1"}},
    {"event": "Paid", "properties": {"time": 1e300, "$insert_id": "of nobody"}},
]
GARBAGE = ['{"properties": "text"}', '{"properties": [1]}', '{"properties": {"$insert_id": null}}', "{}", "[]", "{"]


@pytest.fixture(scope="module")
def shared() -> Iterator[ck.Workspace]:
    with ck.open() as ws:
        yield ws


@pytest.fixture
def two(shared: ck.Workspace, tmp_path: Path) -> ck.Workspace:
    empty(shared)
    path = tmp_path / "events.ndjson"
    path.write_bytes(ndjson([event({"id": "m0"}), event({"id": "m1"})]))
    shared.load_events(path)
    return shared


def test_mixpanel_lines_with_fields_inside_properties(two: ck.Workspace, tmp_path: Path) -> None:
    (tmp_path / "log.ndjson").write_bytes(ndjson([*MIXPANEL, *GARBAGE]))
    two.load_deliveries(tmp_path / "log.ndjson", export="mixpanel")
    assert two.rows(ARRIVED) == [
        ("m0", "Mixpanel", "delivered", "2026-03-01 12:00:00"),
        ("m1", "Mixpanel", "delivered", None),
        (None, "Mixpanel", "delivered", None),
    ]
    codes = rejected(two)
    assert [codes[line] for line in range(4, 10)] == ["no_event_named"] * 4 + ["not_object", "not_json"]
    assert_accounted(two)


@pytest.mark.parametrize("name", ["insert_id", "$insert_id"])
def test_amplitude_rows_as_lines_and_as_csv(two: ck.Workspace, tmp_path: Path, name: str) -> None:
    (tmp_path / "1.json").write_bytes(ndjson([{name: "m0", "event_time": "2026-03-01 12:00:00.5", "app": 1}]))
    (tmp_path / "2.csv").write_text(f"event_time,{name}\n2026-03-01 12:00:01,m1\n", encoding="utf-8")
    two.load_deliveries([tmp_path / "1.json", tmp_path / "2.csv"], export="amplitude")
    assert two.rows(ARRIVED) == [
        ("m0", "Amplitude", "delivered", "2026-03-01 12:00:00"),
        ("m1", "Amplitude", "delivered", "2026-03-01 12:00:01"),
    ]


def test_what_is_said_goes_before_the_mapping(two: ck.Workspace, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("event_id,event_time\nm1,1772366400\n", encoding="utf-8")
    said = {"destination": "Meta"}
    two.load_deliveries(tmp_path / "log.csv", export="facebook-conversions", constants=said)
    assert two.rows(ARRIVED) == [("m1", "Meta", "delivered", "2026-03-01 12:00:00")]


def test_a_mapping_of_your_own(two: ck.Workspace, tmp_path: Path) -> None:
    said = {
        "columns": {"a.b/c'~.d": "message_id", "ms": "at", "tool": "destination"},
        "constants": {"status": "delivered"},
        "time_unit": "milliseconds",
    }
    (tmp_path / "my.yml").write_text(json.dumps(said), encoding="utf-8")
    (tmp_path / "log.ndjson").write_bytes(ndjson([{"a": {"b/c'~": {"d": "m0"}}, "ms": 1772366400000, "tool": "X"}]))
    two.load_deliveries(tmp_path / "log.ndjson", export=str(tmp_path / "my.yml"))
    assert two.rows(ARRIVED) == [("m0", "X", "delivered", "2026-03-01 12:00:00")]


@pytest.mark.parametrize("text", ["[]", "columns: [a]", "\t", "columns: {a: nothing}", "time_unit: years"])
def test_a_mapping_that_is_none_is_refused(two: ck.Workspace, tmp_path: Path, text: str) -> None:
    (tmp_path / "my.yml").write_text(text, encoding="utf-8")
    (tmp_path / "log.csv").write_text("a\nb\n", encoding="utf-8")
    with pytest.raises(ck.ConsentkitError):
        two.load_deliveries(tmp_path / "log.csv", export=str(tmp_path / "my.yml"))
    with pytest.raises(ck.ConsentkitError, match="amplitude"):
        two.load_deliveries(tmp_path / "log.csv", export="no such export")
