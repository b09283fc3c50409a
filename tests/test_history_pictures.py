"""Pictures of consent over time: what their titles state, and the record of one person as a timeline."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from history_support import START, choice, load
from report_support import HOSTILE
from support import event, ndjson, policy
from typer.testing import CliRunner

import consentkit as ck
from consentkit.charts.export import svg
from consentkit.cli import app

if TYPE_CHECKING:
    from pathlib import Path

MAPPED = {"categories": [{"id": "A", "destinations": ["X"]}, {"id": "B", "destinations": ["Y"]}]}


def title(chart: Any) -> str:
    return " ".join(chart.to_dict()["title"]["text"])


@pytest.fixture
def changing(ws: ck.Workspace, tmp_path: Path) -> ck.Workspace:
    """One person who grants, withdraws and grants again, on two devices, with a delivery an hour."""
    ws.apply(policy(MAPPED))
    lines = [
        choice(1, 2, {"A": True}, userId="u", anonymousId="d1"),
        choice(2, 5, {"A": False, "B": True}, userId="u", anonymousId="d1"),
        choice(3, 8, {"A": True, "B": True}, userId="u", anonymousId="d2"),
    ]
    hours = range(1, 11)
    lines += [
        event({"id": f"e{hour}", "userId": "u", "at": (START + timedelta(hours=hour, minutes=30)).isoformat() + "Z"})
        for hour in hours
    ]
    load(ws, tmp_path, lines)
    log = [{"message_id": f"e{hour}", "destination": to, "status": "delivered"} for hour in hours for to in ("X", "Y")]
    (tmp_path / "log.ndjson").write_bytes(ndjson(log))
    ws.load_deliveries(tmp_path / "log.ndjson")
    return ws


def test_changes_are_counted_by_what_they_change(changing: ck.Workspace) -> None:
    rows = [row for row in ck.charts.rows(changing, "consent_changes") if row["category"] is None]
    assert {row["change"]: (row["choices"], row["people"]) for row in rows} == {
        "first granted": (2, 1),
        "withdrawn": (1, 1),
        "granted later": (1, 1),
    }
    assert title(ck.charts.consent_changes(changing)) == "1 choice withdrew consent, most often of A; 1 gave it later"


def test_the_delay_is_that_of_the_last_delivery_after_the_refusal(changing: ck.Workspace) -> None:
    rows = ck.charts.rows(changing, "withdrawal_delay")
    assert [(row["destination"], row["within"], row["refusals"], row["longest"]) for row in rows] == [
        ("X", "1 day", 1, 2.5 * 3600)
    ]
    assert title(ck.charts.withdrawal_delay(changing)).endswith("up to 2.5 hours later at X")


def test_a_persons_timeline_shows_states_and_what_lacked_consent(changing: ck.Workspace, tmp_path: Path) -> None:
    chart = ck.charts.person_timeline(changing, "u").to_dict()
    assert " ".join(chart["title"]["text"]) == "Person u: 3 choices; 6 of 18 deliveries since lacked consent"
    for form in ("svg", "csv"):
        ck.charts.save_person(changing, "u", tmp_path / f"person.{form}")
    assert (tmp_path / "person.svg").read_text().startswith("<svg")
    with (tmp_path / "person.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    choices = [(row["at"][11:13], row["name"], row["state"]) for row in rows if row["what"] == "choice"]
    assert choices == [("02", "A", "granted"), ("05", "A", "refused"), ("05", "B", "granted"), ("08", "A", "granted")]
    told = {
        (row["name"], row["state"]): sum(
            each["name"] == row["name"] and each["state"] == row["state"] for each in rows if each["what"] == "delivery"
        )
        for row in rows
        if row["what"] == "delivery"
    }
    assert told == {
        ("X", "allowed"): 6,
        ("X", "refused"): 3,
        ("Y", "never collected"): 3,
        ("Y", "allowed"): 6,
    }


def test_who_never_chose_has_a_picture_that_says_so(ws: ck.Workspace, tmp_path: Path) -> None:
    ws.apply(policy(MAPPED))
    load(ws, tmp_path, [event({"id": "m1", "userId": "silent"})])
    chart = ck.charts.person_timeline(ws, "silent").to_dict()
    assert chart["title"]["subtitle"] == ["1 event, 1 March 2026"]
    assert "never collected" in chart["description"]
    with pytest.raises(ck.UsageError, match="no event that is loaded"):
        ck.charts.person_timeline(ws, "nobody")


@pytest.mark.parametrize("who", HOSTILE)
def test_hostile_ids_and_names_are_drawn_as_text(ws: ck.Workspace, tmp_path: Path, who: str) -> None:
    load(ws, tmp_path, [choice(1, 1, dict.fromkeys(HOSTILE, True), userId=who), event({"id": "e", "userId": who})])
    ws.apply(policy(MAPPED))
    drawn = svg(ck.charts.person_timeline(ws, who))
    assert "<script" not in drawn
    assert "<img" not in drawn
    assert "\u202e" not in drawn


def test_the_sample_in_pictures(sample: ck.Workspace) -> None:
    told = title(ck.charts.withdrawal_delay(sample))
    assert told == "After 39 of 325 refusals something was still delivered, up to 16.6 days later at Braze"
    tested, ignored = sample.rows("SELECT sum(tested), sum(ignored) FROM withdrawal_test")[0]
    assert (ignored, tested) == (39, 325)
    assert title(ck.charts.consent_changes(sample)).startswith("22 choices withdrew consent, most often of Advertising")


def test_the_person_command_draws(changing: ck.Workspace, tmp_path: Path) -> None:
    db = tmp_path / "audit.duckdb"
    (tmp_path / "policy.yml").write_text(json.dumps({"version": 1, "platform": "segment", **MAPPED}))
    args = ["person", "u", str(tmp_path / "events-0.ndjson"), "--policy", str(tmp_path / "policy.yml"), "--db", str(db)]
    result = CliRunner().invoke(app, [*args, "--out", str(tmp_path / "u.png")])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "u.png").read_bytes().startswith(b"\x89PNG")
    result = CliRunner().invoke(app, ["person", "u", "--db", str(db), "--out", str(tmp_path / "u.gif")])
    assert isinstance(result.exception, ck.UsageError)
    assert "png, svg, pdf, html, csv" in str(result.exception)
    with pytest.raises(ck.UsageError, match="is a file; name a folder"):
        ck.charts.save_person(changing, "u", tmp_path / "u.png" / "below-a-file.svg")
