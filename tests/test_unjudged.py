"""What nobody could judge is never counted as checked: in the verdict, the exit code, the suites or an explanation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support import TESTS, event, ndjson, policy

import consentkit as ck
from consentkit.explaining import explain
from consentkit.report_words import checked_deliveries, verdict_sentence

if TYPE_CHECKING:
    from pathlib import Path

    from support import Row

SUITE = TESTS.parent / "expectations" / "deliveries.yml"
RULES: Row = {"categories": [{"id": "Ads", "destinations": ["Pixel"]}], "destinations": [{"name": "Pixel"}]}
# policy, and why none of two refused deliveries to Pixel can be judged by it
NOT_JUDGED: dict[str, tuple[Row, str]] = {
    "dated too late": (
        {**RULES, "effective_from": "2027-01-01"},
        "no policy version was in force at the time of any event",
    ),
    "another name": (
        {"categories": [{"id": "Ads", "destinations": ["Pixl"]}], "destinations": [{"name": "Pixl"}]},
        "of 2 deliveries in the log none is to a destination the policy knows",
    ),
    "an empty policy": ({}, "of 2 deliveries in the log none is to a destination the policy knows"),
    "unclear rules": (
        {
            **RULES,
            "sources": [
                {"name": "web", "write_keys": ["w"], "enforcement": "kotlin"},
                {"name": "srv", "write_keys": ["s"], "enforcement": "cloud"},
            ],
        },
        "of 2 deliveries in the log none can be judged by the rules",
    ),
}


def loaded(tmp_path: Path, rules: Row, events: list[Row], deliveries: list[Row], *more: Row) -> ck.Workspace:
    """Open a workspace with events, a log that is given as dicts, and one policy or several versions."""
    (tmp_path / "events.ndjson").write_bytes(ndjson([event(each) for each in events]))
    log = [{"destination": "Pixel", "status": "delivered", **each} for each in deliveries]
    (tmp_path / "log.ndjson").write_bytes(ndjson(log))
    ws = ck.open()
    ws.load_events(tmp_path / "events.ndjson")
    ws.load_deliveries(tmp_path / "log.ndjson")
    ws.apply(policy(rules, *more, folder=tmp_path))
    return ws


REFUSALS: list[Row] = [{"id": f"m{n}", "preferences": {"Ads": False}} for n in range(2)]
LOG: list[Row] = [{"message_id": f"m{n}"} for n in range(2)]


def test_a_log_whose_words_are_not_known_is_not_checked_though_its_lines_are_read(tmp_path: Path) -> None:
    with loaded(tmp_path, RULES, REFUSALS, [{**each, "status": "200"} for each in LOG]) as ws:
        summary = ws.summary()
        assert summary.unchecked == "of 2 records in the log none has a status that is known"
        assert summary.exit_code("critical") == 2
    with loaded(tmp_path, RULES, REFUSALS, [{**LOG[0], "status": "200"}, {**LOG[1], "status": "filtered"}]) as ws:
        assert ws.summary().exit_code("critical") == 0


@pytest.mark.parametrize("name", NOT_JUDGED)
def test_where_nothing_could_be_judged_nothing_passes(tmp_path: Path, name: str) -> None:
    rules, why = NOT_JUDGED[name]
    with loaded(tmp_path, rules, REFUSALS, LOG) as ws:
        summary = ws.summary()
        assert summary.unchecked == why
        assert summary.exit_code("critical") == 2
        assert why in verdict_sentence(summary)
        assert checked_deliveries(summary.coverage) == 0
        row = next(row for row in summary.destinations if row["destination"] == "Pixel")
        assert (row["delivered_although_refused"], row["delivered_unjudged"]) == (0, 2)
        checked = ws.check(SUITE)
        assert checked["expect_no_delivery_without_consent"].status == "error"
        assert checked["expect_delivery_counts_to_be_within_what_rules_allow"].status in ("error", "passed")


def test_a_policy_that_judges_the_same_finds_them(tmp_path: Path) -> None:
    with loaded(tmp_path, RULES, REFUSALS, LOG) as ws:
        assert ws.summary().unchecked is None
        assert ws.rows("SELECT code, deliveries FROM finding WHERE severity = 'critical'") == [("V5", 2)]


def test_what_some_of_it_could_not_be_judged_for_is_told_beside_what_was_checked(tmp_path: Path) -> None:
    events: list[Row] = [
        {"id": "granted", "preferences": {"Ads": True}},
        {"id": "undated", "preferences": {"Ads": False}, "omit": ["timestamp"]},
        {"id": "silent"},
    ]
    deliveries = [{"message_id": each["id"]} for each in events] + [{"message_id": "granted", "destination": "Other"}]
    dated = ({**RULES, "effective_from": day} for day in ("2026-01-01", "2026-02-01"))
    with loaded(tmp_path, next(dated), events, deliveries, next(dated)) as ws:
        summary = ws.summary()
        assert summary.unchecked is None
        assert "among 1 delivery that could be checked" in verdict_sentence(summary)
        assert [(row["code"], row["deliveries"]) for row in summary.findings if row["code"] == "X45"] == [("X45", 1)]
        told: list[Any] = list(explain(ws, "undated"))
        assert any("Pixel" in str(line) for line in told)
        assert ["delivered" in str(line) for line in told if str(line).lstrip().startswith("log")].count(True) == 1
        words = " ".join(str(line) for line in explain(ws, "granted"))
        assert "the policy does not know the destination" in words


def test_records_of_a_shared_id_are_told_with_each_of_its_events(tmp_path: Path) -> None:
    events = [{"id": "m", "event": name, "preferences": {"Ads": name == "One"}} for name in ("One", "Two")]
    with loaded(tmp_path, RULES, events, [{"message_id": "m"}]) as ws:
        told = [str(line) for line in explain(ws, "m") if str(line).lstrip().startswith("log")]
        assert len(told) == 2
        assert all("delivered, of this event or another of its id" in line for line in told)


def test_near_a_change_of_version_what_is_only_possible_counts_as_refused_nowhere(tmp_path: Path) -> None:
    events: list[Row] = [
        {"id": "near", "at": "2026-03-05T01:00:00Z", "preferences": {"Ads": False}},
        {"id": "after", "at": "2026-03-06T01:00:00Z", "preferences": {"Ads": False}},
    ]
    changed: Row = {**RULES, "effective_from": "2026-03-05", "latency": "6h"}
    with loaded(tmp_path, RULES, events, [{"message_id": each["id"]} for each in events], changed) as ws:
        summary = ws.summary()
        row = next(row for row in summary.destinations if row["destination"] == "Pixel")
        assert (row["delivered_although_refused"], row["delivered_possibly_refused"]) == (1, 1)
        assert summary.coverage["deliveries_refused"] == row["delivered_although_refused"]
        assert summary.coverage["deliveries_unjudged"] == row["delivered_unjudged"] == 1
