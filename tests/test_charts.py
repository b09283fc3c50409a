"""The charts: what they state is counted, they say so in their titles, and hostile names stay names."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import vl_convert
from report_support import HOSTILE, load_hostile
from support import SAMPLE, event, ndjson, policy

import consentkit as ck
from consentkit.charts import CHARTS
from consentkit.charts.export import page, svg
from consentkit.charts.violations import over_bars
from consentkit.checks.suggest import suggest
from consentkit.phrases import drawable, labels, percent, span, visible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

each_chart = pytest.mark.parametrize("name", CHARTS)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ck.Workspace]:
    with ck.open() as ws:
        load_hostile(ws, tmp_path_factory.mktemp("hostile"))
        ws.judge()
        yield ws


def title(chart: dict[str, Any]) -> str:
    return " ".join(chart["title"]["text"])


def texts(chart: Any) -> Iterator[str]:
    """Every text in a chart's specification."""
    match chart:
        case dict():
            for value in chart.values():
                yield from texts(value)
        case list():
            for value in chart:
                yield from texts(value)
        case str():
            yield chart
        case _:
            pass


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "violations_over_time",
            "57 deliveries to Braze although consent was refused, 15 to 18 March; 13 more to 2 other destinations",
        ),
        (
            "refused_heatmap",
            "Refusals were not kept at Braze (Functional, 5.5 %) and Facebook Pixel (Advertising, 0.5 %)",
        ),
        ("destinations_overview", "3 of 14 destinations got data against a refusal"),
        (
            "coverage_by_version",
            "91.3 % of events carry a consent object; of those from ios 5.2.1 none (349, 12 to 26 March)",
        ),
        (
            "release_before_after",
            "ios 5.2.1: 349 of 349 events without a consent object; 0 of 562 in releases before it, 0 of 347 after",
        ),
        ("completeness_calendar", "Every one of 30 days has data of ios, server, web and delivery log"),
    ],
)
def test_the_title_states_what_the_sample_shows(sample: ck.Workspace, name: str, told: str) -> None:
    assert title(CHARTS[name].draw(sample).to_dict()) == told


def test_deliveries_against_a_refusal_are_told_with_what_they_are_of(sample: ck.Workspace) -> None:
    told = ck.charts.violations_over_time(sample).to_dict()["title"]["subtitle"]
    assert told[0] == "24,177 deliveries in the log; 4,001 events, 1 to 30 March 2026"


@each_chart
@pytest.mark.parametrize("width", [640, 316])
def test_every_chart_has_title_n_period_description_and_theme(sample: ck.Workspace, name: str, width: int) -> None:
    chart = CHARTS[name].draw(sample, width=width).to_dict()
    assert title(chart)
    assert "4,001 events, 1 to 30 March 2026" in " ".join(chart["title"]["subtitle"])
    assert title(chart)[:20] in chart["description"]
    assert chart["config"]["font"].startswith("Liberation Sans")
    assert "tooltip" in json.dumps(chart)


@each_chart
def test_a_notebook_shows_it_without_a_network(sample: ck.Workspace, name: str) -> None:
    shown, about = CHARTS[name].draw(sample)._repr_mimebundle_(include=None, exclude=None)
    drawn = "application/vnd.vegalite.v5+json"
    assert shown.keys() == {drawn, "image/svg+xml", "text/plain"}, "text/html would load scripts from a host"
    assert about == {drawn: {"embed_options": {"actions": False}}}
    assert "<svg" in shown["image/svg+xml"]
    assert "<text" in vl_convert.vegalite_to_svg(shown[drawn], vl_version="5.21")
    copied = CHARTS[name].draw(sample).properties(width=300)
    assert "text/html" not in copied._repr_mimebundle_()[0]


@each_chart
def test_nothing_loaded_is_said_not_drawn(ws: ck.Workspace, name: str) -> None:
    chart = CHARTS[name].draw(ws).to_dict()
    assert title(chart).endswith("cannot be shown")
    assert chart["title"]["subtitle"] == ["0 events"]
    assert "Could not check: no " in chart["description"]


def test_without_a_delivery_log_the_charts_say_so(ws: ck.Workspace, tmp_path: Path) -> None:
    (tmp_path / "events.ndjson").write_text('{"messageId": "m", "type": "track", "event": "E", "anonymousId": "a"}\n')
    ws.load_events(tmp_path / "events.ndjson")
    ws.apply(ck.Policy.parse({"version": 1, "platform": "segment", "categories": [{"id": "A", "destinations": ["X"]}]}))
    ws.judge()
    for name in ("violations_over_time", "refused_heatmap", "destinations_overview"):
        assert "No delivery log was given" in CHARTS[name].draw(ws).to_dict()["description"]
    flow = ck.charts.decision_flow(ws).to_dict()
    assert title(flow) == "Of 1 decision 0 refuse; what became of them is not known"
    assert "No delivery log was given" in flow["description"]


def test_the_rows_behind_a_chart_are_those_of_the_truth(sample: ck.Workspace) -> None:
    leaked = [
        (row["destination"], row["category"], row["delivered"])
        for row in ck.charts.rows(sample, "refused_heatmap")
        if row["delivered"]
    ]
    assert leaked == [("Braze", "Functional", 57), ("Facebook Pixel", "Advertising", 7)]
    flow = {(row["answer"], row["fate"]): row["n"] for row in ck.charts.rows(sample, "decision_flow")}
    assert flow["refused", "delivered"] == 64
    pairs = sample.rows(
        "SELECT count(DISTINCT (d.event_id, d.destination)) FROM event_decision AS d "
        "WHERE d.destination <> 'legacy-crm'"
    )
    assert sum(flow.values()) == pairs[0][0]
    rates = CHARTS["consent_rate"].rows(sample, "events")
    assert {row["granted"] + row["refused"] + row["silent"] for row in rates} == {4001}
    people = CHARTS["consent_rate"].rows(sample)
    assert {row["granted"] + row["refused"] + row["silent"] for row in people} == {267}


def test_what_a_page_had_loaded_is_in_the_pictures_by_destination(ws: ck.Workspace, tmp_path: Path) -> None:
    refusing = {"preferences": {"A": False}, "_metadata": {"bundled": ["X"]}}
    (tmp_path / "events.ndjson").write_bytes(ndjson([event({"id": f"m{n}", **refusing}) for n in range(3)]))
    ws.load_events(tmp_path / "events.ndjson")
    source = {"name": "web", "enforcement": "analytics.js", "consent_model": "opt-in"}
    ws.apply(policy({"categories": [{"id": "A", "destinations": ["X"]}], "sources": [source]}))
    ws.judge()
    assert [(row["destination"], row["deliveries"]) for row in ck.charts.rows(ws, "violations_over_time")] == [("X", 3)]
    assert "by the page itself" in title(ck.charts.violations_over_time(ws).to_dict())
    assert "1 of 1 destination got data against a refusal" in title(ck.charts.destinations_overview(ws).to_dict())
    assert [row["loaded_although_refused"] for row in ws.summary().destinations] == [3]
    assert "expect_nothing_loaded_on_pages_without_consent" in suggest(ws)


def test_counts_stand_on_bars_and_rates_begin_at_zero(sample: ck.Workspace) -> None:
    for name in CHARTS:
        text = json.dumps(CHARTS[name].draw(sample).to_dict())
        assert '"type": "text"' in text, name
        for domain in _domains(json.loads(text)):
            assert domain[0] in (0, -20) or isinstance(domain[0], str), name


def _domains(chart: Any) -> Iterator[list[Any]]:
    if isinstance(chart, dict):
        for key, value in chart.items():
            if key == "domain" and isinstance(value, list):
                yield value
            else:
                yield from _domains(value)
    elif isinstance(chart, list):
        for value in chart:
            yield from _domains(value)


def test_numbers_stand_over_bars_where_they_have_room() -> None:
    assert over_bars([9, 61, 1], 61, room=20) == ["9", "61", "1"]
    assert over_bars([900, 6100, 6100, 1], 6100, room=20) == ["", "6,100", "", ""]
    assert over_bars([9, 61, 1], 6100, room=20) == ["", "61", ""], "bars of one scale are labelled alike"
    assert over_bars([], 0, room=20) == []


@each_chart
def test_hostile_names_are_short_drawable_and_harmless(hostile: ck.Workspace, name: str) -> None:
    chart = CHARTS[name].draw(hostile)
    spec = chart.to_dict()
    assert max(len(text) for text in texts({**spec, "description": ""})) < 260
    for letter in ("\u202e", "\u200b", "\n", "\ufeff"):
        assert not [text for text in texts(spec) if letter in text]
    drawn = svg(chart)
    assert "<script" not in drawn
    assert "<img" not in drawn
    assert not re.findall(r'(?:href|src)="(?!#)|url\((?!#)', drawn)


def test_names_that_are_cut_alike_stay_rows_of_their_own(hostile: ck.Workspace) -> None:
    held = CHARTS["coverage_by_version"].draw(hostile).to_dict()["datasets"]
    panels = [rows for rows in held.values() if "what" in rows[0]]
    assert len(panels) == 3
    for rows in panels:
        assert len({row["name"] for row in rows}) == len(rows)


def test_a_page_cannot_be_broken_out_of(hostile: ck.Workspace) -> None:
    text = page(ck.charts.destinations_overview(hostile), ck.charts.destinations_overview(hostile, width=316))
    assert text.count("<script>") == 2
    assert text.count("</script>") == 2
    assert "default-src 'none'" in text


def test_same_input_same_bytes(sample: ck.Workspace, tmp_path: Path) -> None:
    for name in ("refused_heatmap",):
        for form in ("png", "svg", "csv"):
            for number in range(2):
                ck.charts.save(sample, name, tmp_path / f"{number}.{form}")
            assert (tmp_path / f"0.{form}").read_bytes() == (tmp_path / f"1.{form}").read_bytes(), (name, form)


def test_every_format_is_written(sample: ck.Workspace, tmp_path: Path) -> None:
    begins = {"png": b"\x89PNG", "svg": b"<svg", "pdf": b"%PDF", "html": b"<!DOCTYPE html>", "csv": b"destination,"}
    for form, begin in begins.items():
        ck.charts.save(sample, "violations_over_time", tmp_path / f"chart.{form}")
        assert (tmp_path / f"chart.{form}").read_bytes().startswith(begin)


def test_what_nobody_judged_yet_is_drawn_within_the_memory_that_is_allowed(
    sample: ck.Workspace, sample_copy: Path, tmp_path: Path
) -> None:
    with ck.open(sample_copy, memory="384MB") as ws:
        for what in ("chart", "suite"):
            ws.apply(SAMPLE / "policy.yml", at="kotlin")
            ws.apply(SAMPLE / "policy.yml")
            if what == "chart":
                ck.charts.save(ws, "destinations_overview", tmp_path / "a.csv")
            else:
                assert "expect_" in suggest(ws)
    ck.charts.save(sample, "destinations_overview", tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_mistakes_are_said(sample: ck.Workspace, tmp_path: Path) -> None:
    with pytest.raises(ck.UsageError, match="there is no chart"):
        ck.charts.save(sample, "pie", tmp_path / "x.png")
    with pytest.raises(ck.UsageError, match="png, svg, pdf, html, csv"):
        ck.charts.save(sample, "consent_rate", tmp_path / "x.gif")
    with pytest.raises(ck.UsageError, match="people or events"):
        ck.charts.consent_rate(sample, by="pets")


@pytest.mark.parametrize("name", ["simulated_change", "person_timeline"])
def test_a_chart_that_needs_more_says_what_draws_it(sample: ck.Workspace, tmp_path: Path, name: str) -> None:
    with pytest.raises(ck.UsageError, match="--out FILE` draws it"):
        ck.charts.save(sample, name, tmp_path / "a.png")


def test_different_names_keep_different_labels() -> None:
    found = labels(HOSTILE, 20)
    assert len(set(found.values())) == len(HOSTILE)
    assert max(map(len, found.values())) <= 20


def test_phrases() -> None:
    from datetime import date

    assert percent(1, 100_000) == "under 0.1 %"
    assert percent(99_999, 100_000) == "over 99.9 %"
    assert percent(100, 100) == "100 %"
    assert percent(0, 0) == "no"
    assert span(date(2026, 3, 15), date(2026, 3, 18)) == "15 to 18 March"
    assert span(date(2026, 3, 31), date(2026, 4, 1), year=True) == "31 March to 1 April 2026"
    assert span(date(2025, 12, 31), date(2026, 1, 1)) == "31 December 2025 to 1 January 2026"
    assert visible("a\u202eb\x00") == "a\\u202eb\\u0000"
    assert drawable("caf\u00e9 \u6f22") == "caf\u00e9 \\u6f22"


def test_causes_of_the_sample(sample: ck.Workspace) -> None:
    found = {(each.code, each.destination or each.source): each for each in sample.causes()}
    stamp = found["V1", "ios"]
    assert (stamp.dimension, stamp.where, stamp.in_slice, stamp.elsewhere) == ("app version", "ios 5.2.1", 349, 0)
    assert (
        str(stamp)
        == "All 349 come from ios 5.2.1, first seen 12 March 2026: 349 of 349 events there, 0 of 909 elsewhere."
    )
    assert found["V8", "Mixpanel"].where == "9 March 2026"
    assert found["V5", "Braze"].where == "15 to 18 March 2026"
    pixel = found["V5", "Facebook Pixel"]
    assert (pixel.where, pixel.in_slice, pixel.of_slice, pixel.elsewhere) == (
        "Order Completed of source server",
        7,
        49,
        0,
    )
    assert ("V7", "Amplitude (Actions)") not in found
    assert not [key for key in found if key[0] in ("V18", "V19", "V20")]


def test_no_cause_where_a_fault_is_spread_evenly(ws: ck.Workspace, tmp_path: Path) -> None:
    lines = []
    for number in range(400):
        consent = {} if number % 7 == 0 else {"consent": {"categoryPreferences": {"A": True}}}
        context = {
            "app": {"version": f"1.{number % 3}"},
            "library": {"name": "lib", "version": str(number % 2)},
            **consent,
        }
        at = f"2026-03-{number % 28 + 1:02d}T10:00:00Z"
        lines.append(
            {
                "messageId": str(number),
                "type": "track",
                "event": f"E{number % 5}",
                "anonymousId": str(number % 50),
                "timestamp": at,
                "context": context,
            }
        )
    (tmp_path / "events.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    ws.load_events(tmp_path / "events.ndjson")
    ws.apply(
        ck.Policy.parse(
            {
                "version": 1,
                "platform": "segment",
                "categories": [{"id": "A", "destinations": ["X"]}],
                "sources": [{"name": "web", "stamps_consent": True}],
            }
        )
    )
    ws.judge()
    assert ws.rows("SELECT events FROM finding WHERE code = 'V1'") == [(58,)]
    assert ws.causes() == []
    assert repr(ws.causes()) == "No cause was found."


def test_no_cause_where_the_slice_hardly_ever_fails(ws: ck.Workspace, tmp_path: Path) -> None:
    lines = []
    for number in range(1000):
        bad = number % 100 == 0
        consent = {} if bad else {"consent": {"categoryPreferences": {"A": True}}}
        name = "Common" if number % 5 < 2 else f"Rare {number % 5}"
        at = f"2026-03-{number % 28 + 1:02d}T10:00:00Z"
        context = {"app": {"version": "1"}, **consent}
        lines.append({"messageId": str(number), "type": "track", "event": name, "timestamp": at, "context": context})
    (tmp_path / "events.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    ws.load_events(tmp_path / "events.ndjson")
    said = {"version": 1, "platform": "segment", "categories": [{"id": "A", "destinations": ["X"]}]}
    ws.apply(ck.Policy.parse({**said, "sources": [{"name": "web", "stamps_consent": True}]}))
    ws.judge()
    assert ws.rows("SELECT events FROM finding WHERE code = 'V1'") == [(10,)]
    assert ws.causes() == []
