"""Consent in the words of other tools: where it stands, when it can be read, and how the old manager is left behind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support import TESTS, event, ndjson, policy, records, write_tables
from typer.testing import CliRunner

import consentkit as ck
from consentkit.charts.consent import consent_rate_rows
from consentkit.cli import app
from consentkit.conformance import _run_readings
from consentkit.explaining import explain

if TYPE_CHECKING:
    from pathlib import Path

    from support import Row

PLACE = {"path": "context.privacy", "values": {"Y": "granted", "N": "refused"}}
MAPPED = {"categories": [{"id": "Ads", "destinations": ["X"]}]}
WITH_PLACE = {**MAPPED, "stamps": [PLACE]}


def written(folder: Path, *events: Row) -> Path:
    path = folder / "events.ndjson"
    path.write_bytes(ndjson([event(each) for each in events]))
    return path


def could_not_check(ws: ck.Workspace) -> list[Row]:
    return records(ws, "SELECT code, detail, n, out_of FROM finding_completeness WHERE code = 'X32'")


def test_every_reading_of_the_public_suite_agrees() -> None:
    import yaml

    cases = yaml.safe_load((TESTS / "conformance" / "dialects.yml").read_text(encoding="utf-8"))["readings"]
    by_known: dict[tuple[str, ...], list[Row]] = {}
    for case in cases:
        by_known.setdefault(tuple(case.get("known", ())), []).append(case)
    compared = [each for known, some in by_known.items() for each in _run_readings(known, some)]
    assert [each for each in compared if not each.agrees] == []
    assert len(compared) == len(cases) + sum(len(case["reads"]) for case in cases)


def test_a_place_named_after_loading_could_not_be_checked(ws: ck.Workspace, tmp_path: Path) -> None:
    ws.apply(policy(MAPPED))
    ws.load_events(written(tmp_path, {"context": {"privacy": {"Ads": "N"}}}))
    assert could_not_check(ws) == []
    ws.apply(policy(WITH_PLACE))
    assert could_not_check(ws) == [{"code": "X32", "detail": "context.privacy", "n": 1, "out_of": 1}]


def test_new_words_for_a_place_that_was_read_need_no_loading(ws: ck.Workspace, tmp_path: Path) -> None:
    ws.apply(policy(WITH_PLACE))
    ws.load_events(written(tmp_path, {"context": {"privacy": {"Ads": "nein"}}}))
    said = "SELECT says FROM stamp_reading"
    assert (ws.rows(said), could_not_check(ws)) == ([("unreadable",)], [])
    ws.apply(policy({**MAPPED, "stamps": [{"path": "context.privacy", "values": {"nein": "refused"}}]}))
    assert (ws.rows(said), could_not_check(ws)) == ([("refused",)], [])


def test_events_that_differ_elsewhere_only_are_one_situation_without_a_place(ws: ck.Workspace, tmp_path: Path) -> None:
    path = written(tmp_path, *({"id": word, "context": {"privacy": {"Ads": word}}} for word in "YN"))
    ws.apply(policy(MAPPED))
    ws.load_events(path)
    assert ws.rows("SELECT count(*) FROM stamp") == [(1,)]


@pytest.mark.parametrize(
    ("stamp", "told"),
    [
        ({"path": "context..privacy", "dialect": "onetrust"}, "keys with dots"),
        ({"path": "context.privacy"}, "nothing says how it is read"),
        ({"path": "context.privacy", "dialect": "onetrust", "values": {"Y": "granted"}}, "either dialect, or values"),
        ({"path": "context.privacy", "dialect": "one trust"}, "onetrust"),
        ({"path": "context.privacy", "values": {"Y": "yes"}}, "granted"),
        ({"path": "context.privacy", "values": "Y"}, "keys and values"),
        ({"path": "context.privacy", "values": {"Y": "granted"}, "categories": {"a": 1}}, "put it in quotes"),
        ({"path": "context.consentManagement", "dialect": "rudderstack"}, "always read"),
    ],
)
def test_mistakes_in_stamps_are_told(stamp: Row, told: str) -> None:
    with pytest.raises(ck.PolicyError, match=told):
        policy({**MAPPED, "stamps": [stamp]})


def test_stamps_survive_writing_and_make_a_policy_another(tmp_path: Path) -> None:
    said = policy(WITH_PLACE)
    path = tmp_path / "policy.yml"
    path.write_text(said.as_yaml(), encoding="utf-8")
    assert ck.Policy.load(path) == said
    assert hash(ck.Policy.load(path)) == hash(said)
    assert said.digest != policy(MAPPED).digest


def test_migration_counts_and_says_when_it_is_done(tmp_path: Path) -> None:
    rules = tmp_path / "policy.yml"
    rules.write_text(policy(MAPPED).as_yaml(), encoding="utf-8")
    old = {"consent": {"categoryPreferences": {"Ads": True}, "destinationPreferences": {"X": True}}}
    path = written(tmp_path, {"id": "a", **old}, {"id": "b", "preferences": {"Ads": True}})
    result = CliRunner().invoke(app, ["migration", str(path), "--policy", str(rules), "--json"])
    assert result.exit_code == 1, result.output
    found = json.loads(result.stdout)
    assert [(row["old_stamp"], row["new_stamp"]) for row in found["days"]] == [(1, 1)]
    assert [(row["destination"], row["today_deliver"]) for row in found["meaning"]] == [("X", 1)]
    done = CliRunner().invoke(app, ["migration", str(written(tmp_path, {"preferences": {}})), "--policy", str(rules)])
    assert (done.exit_code, "No event carries" in done.output) == (0, True)


def test_explain_names_what_another_tool_said(tmp_path: Path) -> None:
    rules = tmp_path / "policy.yml"
    rules.write_text(policy(WITH_PLACE).as_yaml(), encoding="utf-8")
    path = written(tmp_path, {"id": "m1", "context": {"privacy": {"Ads": "N"}}})
    result = CliRunner().invoke(app, ["explain", "m1", str(path), "--policy", str(rules)])
    assert "refused Ads, as the policy writes it at context.privacy; the platform does not read it" in result.output
    assert "a refusal counts, whichever tool wrote it" in result.output


def test_what_rudderstack_reads_is_in_rates_history_and_pictures(ws: ck.Workspace, tmp_path: Path) -> None:
    def said(who: str, **lists: list[str]) -> Row:
        return {"id": who, "anonymousId": who, "context": {"consentManagement": {"provider": "custom", **lists}}}

    events = [
        said("all", allowedConsentIds=["A", "B"]),
        said("half", allowedConsentIds=["A"]),
        said("mixed", allowedConsentIds=["A"], deniedConsentIds=["B"]),
        said("none", deniedConsentIds=["A", "B"]),
        {"id": "silent", "anonymousId": "silent"},
    ]
    ws.load_events(written(tmp_path, *events))
    log = [{"message_id": each["id"], "destination": name, "status": "delivered"} for each in events for name in "XF"]
    (tmp_path / "log.ndjson").write_bytes(ndjson(log))
    ws.load_deliveries(tmp_path / "log.ndjson")
    settings = [{"provider": "custom", "categories": ["A", "B"]}]
    ws.apply(policy({"platform": "rudderstack", "destinations": [{"name": "X", "consent": settings}, {"name": "F"}]}))

    rates = [
        {"category": "A", "granted": 3, "refused": 1, "silent": 1},
        {"category": "B", "granted": 1, "refused": 2, "silent": 2},
    ]
    assert ck.charts.rows(ws, "consent_rate") == rates
    assert consent_rate_rows(ws, "events") == rates
    assert ck.charts.rows(ws, "refused_heatmap") == [
        {"destination": "X", "category": "B", "refused": 2, "delivered": 2, "people": 2},
        {"destination": "X", "category": "A", "refused": 1, "delivered": 1, "people": 1},
    ]
    flow = {row["answer"]: row["n"] for row in ck.charts.rows(ws, "decision_flow")}
    assert flow == {"granted": 1, "refused": 2, "silent": 2, "needs none": 5}
    changes = {(row["change"], row["category"]): row["people"] for row in ck.charts.rows(ws, "consent_changes")}
    assert changes["first granted", "A"] == 3
    assert changes["first refused", "B"] == 2
    decided = "SELECT message_id, required, refused FROM event_decision WHERE destination = 'X' AND message_id = 'half'"
    assert records(ws, decided) == [{"message_id": "half", "required": ["A", "B"], "refused": ["B"]}]
    told = [str(line) for line in explain(ws, "mixed")]
    assert any("It carries consentManagement." in line for line in told)
    assert any("needs A, B; granted A; refused B" in line for line in told)


def test_an_event_of_a_warehouse_without_any_preference_is_explained(ws: ck.Workspace, tmp_path: Path) -> None:
    ws.apply(policy({"categories": [{"id": "A", "destinations": ["X"]}]}))
    ws.load_warehouse(
        write_tables(tmp_path / "w", {"web.tracks": [{"id": "m", "event": "e", "preferences": {"A": None}}]})
    )
    assert "a warehouse row" in "".join(map(str, explain(ws, "m")))


def test_other_words_for_a_stamp_change_the_history(ws: ck.Workspace, tmp_path: Path) -> None:
    ws.apply(policy(WITH_PLACE))
    ws.load_events(written(tmp_path, {"context": {"privacy": {"Ads": "N"}}}))
    value = "SELECT value, basis FROM device_history"
    assert ws.rows(value) == [("false", "said")]
    ws.apply(policy({**MAPPED, "stamps": [{**PLACE, "values": {"N": "granted"}}]}))
    assert ws.rows(value) == [("true", "said")]
    ws.apply(policy({**MAPPED, "stamps": [{**PLACE, "values": {"N": "unset"}}]}))
    assert ws.rows(value) == []


def test_a_refusal_in_another_tools_stamp_is_not_called_no_refusal(ws: ck.Workspace, tmp_path: Path) -> None:
    from consentkit.console import verdict
    from consentkit.report_words import verdict_sentence

    ws.apply(policy(WITH_PLACE))
    ws.load_events(written(tmp_path, {"id": "m", "context": {"privacy": {"Ads": "N"}}}))
    (tmp_path / "d.ndjson").write_bytes(ndjson([{"message_id": "m", "destination": "X", "status": "delivered"}]))
    ws.load_deliveries(tmp_path / "d.ndjson")
    found = ws.summary()
    assert "X33" in {row["code"] for row in found.findings}
    assert verdict_sentence(found) == (
        "Consent that another tool wrote was not kept: 1 delivery of 1 person although its stamp refused it."
    )
    assert not any("No delivery against a refusal" in line for line, _ in verdict(found))
    (row,) = found.destinations
    assert (row["destination"], row["delivered_although_refused"]) == ("X", 1)
    (row,) = ck.charts.rows(ws, "violations_over_time")
    assert (row["although"], row["deliveries"]) == ("a stamp of another tool refused", 1)
