"""Numbers that look alike are told apart: certain and possible, unanswered and exempt, read and unreadable."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest
from support import event, ndjson, policy

import consentkit as ck
from consentkit.phrases import labels
from consentkit.report_words import facts, unchecked

if TYPE_CHECKING:
    from pathlib import Path

RULES = {
    "categories": [{"id": "A", "destinations": ["X", "Store"]}],
    "destinations": [{"name": "X"}, {"name": "Store", "kind": "aws-s3"}],
    "sources": [{"name": "web", "stamps_consent": True}],
}


def fill(ws: ck.Workspace, folder: Path, events: list[dict[str, Any]], sent: list[dict[str, Any]]) -> None:
    (folder / "e.ndjson").write_bytes(ndjson([event(each) for each in events]))
    (folder / "d.ndjson").write_bytes(ndjson([{"destination": "X", "status": "delivered", **each} for each in sent]))
    ws.load_events(folder / "e.ndjson")
    ws.load_deliveries(folder / "d.ndjson")
    ws.apply(policy(RULES))


@pytest.fixture
def mixed(ws: ck.Workspace, tmp_path: Path) -> ck.Workspace:
    """One certain refusal, two events of one id of which one refused, one without and two of an unreadable object."""
    events: list[dict[str, Any]] = [
        {"id": "sure", "preferences": {"A": False}},
        {"id": "shared", "preferences": {"A": False}},
        {"id": "shared", "preferences": {"A": True}},
        {"id": "bare"},
        {"id": "null", "consent": None},
        {"id": "text", "consent": "x"},
    ]
    fill(ws, tmp_path, events, [{"message_id": name} for name in ("sure", "shared", "bare")])
    return ws


def test_a_possible_refusal_is_not_added_to_the_certain_ones(mixed: ck.Workspace) -> None:
    summary = mixed.summary()
    row = next(row for row in summary.destinations if row["destination"] == "X")
    assert (row["delivered_although_refused"], row["delivered_possibly_refused"]) == (1, 1)
    assert "Only possible, and counted apart from what is certain: 1 delivery against a refusal." in unchecked(summary)
    assert "possible: refused or denied" in " ".join(repr(summary).split())
    drawn = json.dumps(ck.charts.destinations_overview(mixed).to_dict(validate=False))
    assert '"Possible"' in drawn


def test_an_object_that_cannot_be_read_is_no_consent_object(mixed: ck.Workspace) -> None:
    told = {name: (value, of) for name, value, of in facts(mixed.summary())}
    assert told["With a consent object"] == ("50 %", "3 of 6 events; 2 more are unreadable")
    assert "3 of 6 events (50.0 %) with one; 2 with one that cannot be read" in " ".join(repr(mixed.summary()).split())


def test_numbers_of_missing_consent_say_what_each_counts(mixed: ck.Workspace) -> None:
    told = " ".join(unchecked(mixed.summary()))
    assert "V1E (1) counts those of events without a consent object" in told
    assert "R1 (1) counts those where the regime is opt-in" in told


def test_an_exempt_destination_is_told_as_such(
    ws: ck.Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consentkit.report._charts", lambda seen: [])
    fill(ws, tmp_path, [{"id": "m", "preferences": {"A": False}}], [{"message_id": "m", "destination": "Store"}])
    page = ws.report(tmp_path / "out").read_text(encoding="utf-8")
    assert page.count("<bdi>A</bdi>, but exempt") == 2, "among recipients and in the policy"
    assert "<bdi>A</bdi></td>" in page, "the other is not"


def test_people_nobody_can_count_are_not_told_as_none(
    ws: ck.Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consentkit.report._charts", lambda seen: [])
    log = [{"message_id": "m", "destination": "Store"}, {"message_id": "lost", "destination": "Other"}]
    fill(ws, tmp_path, [{"id": "m"}], log)
    page = ws.report(tmp_path / "out").read_text(encoding="utf-8")
    assert page.count('<td class="n">not known</td>') == 1
    with (tmp_path / "out" / "recipients.csv").open(encoding="utf-8", newline="") as file:
        assert {row["destination"]: row["people"] for row in csv.DictReader(file)} == {"Store": "1", "Other": ""}


def test_a_telephone_shows_every_column(mixed: ck.Workspace) -> None:
    drawn = {
        width: json.dumps(ck.charts.destinations_overview(mixed, width=width).to_dict(validate=False))
        for width in (640, 316)
    }
    for head in ("Delivered", "Refused", "Possible", "Unchecked"):
        assert all(f'"{head}"' in text for text in drawn.values()), head


def test_names_that_begin_alike_are_told_by_their_end() -> None:
    names = ["Google Ads Conversions", "Google Analytics 4 Web", "Facebook Pixel", "Google Ads"]
    assert list(labels(names, 10).values()) == ["Goo...ons", "Goo...Web", "Faceboo...", "Google Ads"]
