"""A chart of what nobody could judge says so, in the words of the report: nothing in it reads like all is well."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from support import event, ndjson, policy

import consentkit as ck
from consentkit.charts import CHARTS
from consentkit.charts.export import svg
from consentkit.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from support import Row

RULES: Row = {"categories": [{"id": "Ads", "destinations": ["Pixel"]}], "destinations": [{"name": "Pixel"}]}
REFUSED: list[Row] = [{"id": f"m{n}", "preferences": {"Ads": False}} for n in range(2)]
LOG: list[Row] = [{"message_id": f"m{n}", "timestamp": "2026-03-01T12:00:05Z"} for n in range(2)]
OF_DELIVERIES = ("violations_over_time", "refused_heatmap", "destinations_overview", "withdrawal_delay")
ALL_CLEAR = re.compile(
    "No delivery against a refusal was found|None of|No event that refused|After 0 of|Nobody refused|No refusal could|"
    "maps no category|refuses|No data"
)
# What is loaded (policy, events, log), and what every chart of deliveries says of it.
OTHER_DAYS = [{**each, "message_id": "x", "timestamp": "2026-05-01T12:00:00Z"} for each in LOG]
NOTHING: dict[str, tuple[Row | None, list[Row], list[Row] | None, str]] = {
    "no policy": (None, REFUSED, LOG, "Could not check: no policy is applied."),
    "no events": (RULES, [], LOG, "Could not check: no event could be read."),
    "no log": (RULES, REFUSED, None, "No delivery log was given: where the events were sent is not known."),
    "empty log": (RULES, REFUSED, [], "Could not check: the delivery log is empty."),
    "dated too late": (
        {**RULES, "effective_from": "2027-01-01"},
        REFUSED,
        LOG,
        "Could not check: no policy version was in force at the time of any event.",
    ),
    "other ids": (
        RULES,
        REFUSED,
        [{**each, "message_id": f"x-{each['message_id']}"} for each in LOG],
        "Could not check: of 2 deliveries in the log none is of an event that was read; both are of 1 March 2026: "
        "their message ids do not match.",
    ),
    "other days": (
        RULES,
        REFUSED,
        OTHER_DAYS,
        "Could not check: of 2 deliveries in the log none is of an event that was read; the log is of 1 May 2026, the "
        "events of 1 March 2026: these are other days.",
    ),
    "unknown words": (
        RULES,
        REFUSED,
        [{**each, "status": "200"} for each in LOG],
        "Could not check: of 2 records in the log none has a status that is known.",
    ),
    "undated log": (
        RULES,
        REFUSED,
        [{"message_id": "x"}],
        "Could not check: of 1 delivery in the log none is of an event that was read.",
    ),
}
each_lack = pytest.mark.parametrize("lack", NOTHING)


def fill(ws: ck.Workspace, folder: Path, rules: Row | None, events: list[Row], log: list[Row] | None) -> None:
    (folder / "events.ndjson").write_bytes(ndjson([event(each) for each in events]))
    ws.load_events(folder / "events.ndjson")
    if log is not None:
        sent = [{"destination": "Pixel", "status": "delivered", **each} for each in log]
        (folder / "log.ndjson").write_bytes(ndjson(sent))
        ws.load_deliveries(folder / "log.ndjson")
    if rules is not None:
        ws.apply(policy(rules))
        ws.judge()  # charts show the same without, but ask everything anew


def title(chart: Any) -> str:
    return " ".join(chart.to_dict()["title"]["text"])


@each_lack
def test_no_chart_reads_like_all_is_well_where_nothing_was_judged(ws: ck.Workspace, tmp_path: Path, lack: str) -> None:
    rules, events, log, why = NOTHING[lack]
    fill(ws, tmp_path, rules, events, log)
    for name, picture in CHARTS.items():
        chart = picture.draw(ws)
        told = chart.to_dict()["description"]
        assert not ALL_CLEAR.search(title(chart)), name
        if name in OF_DELIVERIES:
            assert why.rstrip(".") in told, name
            assert title(chart).endswith("cannot be shown"), name
            assert picture.why(ws) == why
    flow = ck.charts.decision_flow(ws)
    assert why.rstrip(".") in flow.to_dict()["description"]
    assert "delivered" not in title(flow)


@each_lack
def test_the_report_says_in_its_charts_what_its_verdict_says(ws: ck.Workspace, tmp_path: Path, lack: str) -> None:
    rules, events, log, why = NOTHING[lack]
    fill(ws, tmp_path, rules, events, log)
    if lack == "no policy":
        with pytest.raises(ck.UsageError, match="no policy is applied"):
            ws.report(tmp_path / "out")
        return
    told = ws.summary().unchecked
    assert told is None if lack == "no log" else why == f"Could not check: {told}."
    drawn = svg(ck.charts.violations_over_time(ws))
    assert why.rstrip(".") in drawn, "in the text that is read aloud"


def test_events_alone_are_shown_whatever_became_of_the_log(ws: ck.Workspace, tmp_path: Path) -> None:
    rules, events, log, _ = NOTHING["other ids"]
    fill(ws, tmp_path, rules, events, log)
    assert title(ck.charts.coverage_by_version(ws)) == "100 % of events carry a consent object"
    assert title(ck.charts.consent_rate(ws)) == "0 % of people that answered grant Ads"
    assert ck.charts.save(ws, "coverage_by_version", tmp_path / "chart.csv") is None


@pytest.mark.parametrize(
    ("events", "log", "told"),
    [
        (
            [{"id": "m0"}, {"id": "m1"}],
            LOG,
            "No delivery could be held against a refusal: 2 of events that say nothing of the consent their "
            "destination needs",
        ),
        (
            REFUSED,
            [{**each, "status": "filtered"} for each in LOG],
            "Not one record of the delivery log says that something was delivered",
        ),
    ],
    ids=["nothing held against consent", "nothing delivered"],
)
def test_what_was_not_held_against_consent_is_not_told_as_kept(
    ws: ck.Workspace, tmp_path: Path, events: list[Row], log: list[Row], told: str
) -> None:
    fill(ws, tmp_path, RULES, events, log)
    for name in ("violations_over_time", "refused_heatmap", "destinations_overview"):
        assert title(CHARTS[name].draw(ws)) == told, name
        assert CHARTS[name].why(ws) is None


def test_what_was_judged_and_kept_is_told_with_how_much_it_was(ws: ck.Workspace, tmp_path: Path) -> None:
    events: list[Row] = [
        {"id": "m0", "preferences": {"Ads": True}},
        {"id": "m1", "preferences": {"Ads": False}},
        {"id": "m2"},
    ]
    log: list[Row] = [{"message_id": name} for name in ("m0", "m2", "stranger")]
    fill(ws, tmp_path, RULES, events, log)
    chart = ck.charts.violations_over_time(ws)
    assert title(chart) == "No delivery against a refusal was found among 1 delivery that could be checked"
    told = chart.to_dict()["description"]
    assert "1 of 3 deliveries were held against what the person answered" in told
    assert "1 of events that were not loaded" in told
    overview = ck.charts.destinations_overview(ws)
    assert title(overview) == "None of 1 destination got data against a refusal, among 1 delivery that could be checked"
    assert "1 of 3 deliveries could not be judged" in overview.to_dict()["description"]
    assert title(ck.charts.refused_heatmap(ws)) == "No event that refused a category was delivered where it is needed"


@pytest.mark.parametrize(("lack", "code"), [("no policy", 2), ("other ids", 2), (None, 0)])
def test_the_command_ends_with_2_and_says_why(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    lack: str | None,
    code: int,
) -> None:
    rules, events, log, why = NOTHING[lack] if lack else (RULES, REFUSED, LOG, "")
    with ck.open(tmp_path / "a.duckdb") as ws:
        fill(ws, tmp_path, rules, events, log)
    words = ["chart", "violations_over_time", "--db", tmp_path / "a.duckdb", "--out", tmp_path / "chart.svg"]
    monkeypatch.setattr("sys.argv", ["consentkit", *map(str, words)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert (stopped.value.code or 0) == code
    assert why in capsys.readouterr().err
    assert why.rstrip(".") in (tmp_path / "chart.svg").read_text(encoding="utf-8")
