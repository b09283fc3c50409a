"""Break one thing at a time: exactly the expectations that are about it fail, with the number that was planted."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from checks_support import NO, POLICY, YES, expectation, fill, suite

from consentkit.checks.catalogue import OWN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import consentkit as ck

    Planted = dict[str, tuple[int, int]]

STAMPED = "expect_events_to_carry_consent_object"
WELL_FORMED = "expect_stamps_to_be_well_formed"
REFUSED = "expect_no_delivery_without_consent"
ALLOWANCE = "expect_delivery_counts_to_be_within_what_rules_allow"
KEPT = "expect_withdrawals_to_be_honoured"
ANNOUNCED = "expect_consent_changes_to_have_a_preference_event"
AGREES = "expect_stamps_to_agree_with_history"
CHANGED = "Segment Consent Preference Updated"
PART = {"Ads": False, "Analytics": True}
BLOCKED = {"status": "filtered", "reason": "FILTERED_BY_END_USER_CONSENT"}


class World:
    """Three days of two visitors, one of whom refuses Ads: nine events, twelve delivery records, no fault."""

    def __init__(self) -> None:
        self.rules: dict[str, Any] = deepcopy(POLICY)
        self.events: list[dict[str, Any] | str] = [
            {"id": "yes", "event": CHANGED, "preferences": YES, "at": "2026-03-01T08:00:00Z"},
            {"id": "no", "event": CHANGED, "preferences": PART, "at": "2026-03-01T08:00:00Z", "anonymousId": "other"},
        ]
        self.log: list[dict[str, Any]] = []
        for day in (1, 2, 3):
            at = f"2026-03-0{day}T12:00:00Z"
            self.events.append({"id": f"m{day}", "preferences": YES, "at": at})
            self.events.append({"id": f"n{day}", "preferences": PART, "at": at, "anonymousId": "other"})
            self.log += [{"message_id": f"m{day}", "destination": name, "at": at} for name in ("Pixel", "Mix")]
            self.log += [{"message_id": f"n{day}", "destination": "Mix", "at": at}]
            self.log += [{"message_id": f"n{day}", "destination": "Pixel", "at": at, **BLOCKED}]
        self.events.append({"id": "x", "preferences": YES, "at": "2026-03-03T12:00:00Z", "anonymousId": "third"})

    def x(self, **changes: Any) -> World:
        """Change the last event, which nothing else hangs on."""
        last = self.events[-1]
        assert isinstance(last, dict)
        if not {"preferences", "consent"}.isdisjoint(changes):
            del last["preferences"]
        last.update({name: value for name, value in changes.items() if value is not None})
        return self

    def sent(self, message: str, destination: str = "Pixel", day: int = 3, **changes: Any) -> World:
        """Add a delivery record."""
        at = f"2026-03-0{day}T12:00:00Z"
        self.log.append({"message_id": message, "destination": destination, "at": at, **changes})
        return self

    def also(self, **destination: Any) -> World:
        """Add a destination to the policy that no category is mapped to."""
        self.rules["destinations"] = [destination]
        return self

    def stamped_elsewhere(self) -> World:
        """Let the policy know the stamp of another tool, where silence is no consent."""
        stamp = {"path": "context.privacy", "values": {"Y": "granted", "N": "refused"}, "categories": {"ads": "Ads"}}
        self.rules |= {"regime": "opt-in", "stamps": [stamp]}
        return self

    def without(self, *messages: str) -> World:
        """Take events out, with their deliveries."""
        self.events = [each for each in self.events if not (isinstance(each, dict) and each["id"] in messages)]
        self.log = [each for each in self.log if each["message_id"] not in messages]
        return self


def _two(world: World, *, first: dict[str, Any], then: dict[str, Any]) -> World:
    """Put two events of a device nobody asked in the place of the last one."""
    world.x(preferences=first, at="2026-03-01T12:00:00Z")
    world.events.append({"id": "y", "preferences": then, "at": "2026-03-03T12:00:00Z", "anonymousId": "third"})
    return world


def _stale(world: World) -> World:
    """One more visitor refuses Ads; the one event after that still says yes."""
    refusal = {"id": "z", "event": CHANGED, "preferences": PART, "at": "2026-03-03T08:00:00Z", "anonymousId": "third"}
    world.events.insert(0, refusal)
    return world


FAULTS: dict[str, tuple[Callable[[World], object], Planted]] = {
    "nothing": (lambda w: None, {}),
    "no consent object": (lambda w: w.x(consent=None), {STAMPED: (1, 9)}),
    "empty object": (lambda w: w.x(consent={}), {WELL_FORMED: (1, 9)}),
    "old key": (lambda w: w.x(consent={"categoryPreference": YES}), {WELL_FORMED: (1, 9)}),
    "unknown category": (lambda w: w.x(preferences={**YES, "C9": True}), {"expect_only_known_categories": (1, 19)}),
    "left-out category": (lambda w: w.x(preferences={"Ads": True}), {"expect_all_categories_to_be_stamped": (1, 18)}),
    "undated": (lambda w: w.x(omit=["timestamp"]), {"expect_events_to_be_dated": (1, 9)}),
    "unknown source": (lambda w: w.x(writeKey="who"), {"expect_events_to_have_a_known_source": (1, 9)}),
    "refused and sent": (lambda w: w.sent("n1", day=1), {REFUSED: (1, 10), KEPT: (1, 1)}),
    "refused elsewhere and sent": (
        lambda w: w.stamped_elsewhere().x(consent=None, context={"privacy": {"ads": "N"}}).sent("x"),
        {STAMPED: (1, 9), "expect_deliveries_to_carry_consent_object": (1, 10), REFUSED: (1, 10)},
    ),
    "refused and loaded": (
        lambda w: w.x(preferences=NO, _metadata={"bundled": ["Pixel"]}),
        {"expect_nothing_loaded_on_pages_without_consent": (1, 1)},
    ),
    "switched off and sent": (
        lambda w: w.x(integrations={"Pixel": False}).sent("x"),
        {"expect_no_delivery_against_integrations": (1, 10), ALLOWANCE: (1, 10)},
    ),
    "granted and held back": (lambda w: w.sent("x", "Pixel", 3, **BLOCKED), {"expect_no_overblocking": (1, 4)}),
    "not connected": (
        lambda w: w.also(name="Off", enabled=False).sent("x", "Off"),
        {"expect_deliveries_only_to_connected_destinations": (1, 10), ALLOWANCE: (1, 10)},
    ),
    "sent three times": (lambda w: w.sent("m2", day=2).sent("m2", day=2), {ALLOWANCE: (2, 11)}),
    "unknown destination": (lambda w: w.sent("x", "New"), {"expect_destinations_to_be_known": (1, 13)}),
    "unmapped destination": (lambda w: w.also(name="Free"), {"expect_destinations_to_be_mapped": (1, 3)}),
    "refuser to unmapped": (
        lambda w: w.also(name="Free").x(preferences=NO).sent("x", "Free"),
        {
            "expect_destinations_to_be_mapped": (1, 3),
            "expect_no_delivery_of_refusers_to_unmapped_destinations": (1, 1),
        },
    ),
    "day without events": (lambda w: w.without("m2", "n2"), {"expect_no_day_without_events": (1, 3)}),
    "change of nobody": (
        lambda w: w.x(event=CHANGED, omit=["anonymousId"]),
        {"expect_preference_events_to_name_a_person": (1, 3)},
    ),
    "change without preferences": (
        lambda w: w.x(event=CHANGED, consent=None),
        {"expect_preference_events_to_carry_consent_object": (1, 3), STAMPED: (1, 9)},
    ),
    "change under its old name": (
        lambda w: w.x(event="Segment Consent Preference"),
        {"expect_preference_events_to_be_named_as_today": (1, 3)},
    ),
    "change without its event": (lambda w: _two(w, first=YES, then=PART), {ANNOUNCED: (1, 1)}),
    "stamp against history": (_stale, {AGREES: (1, 7)}),
    "unreadable line": (lambda w: w.events.append("{"), {"expect_every_line_to_be_accounted_for": (1, 22)}),
    "delivery of no event": (lambda w: w.sent("gone"), {"expect_deliveries_to_match_events": (1, 13)}),
    "sent without consent object": (
        lambda w: w.x(consent=None).sent("x"),
        {STAMPED: (1, 9), "expect_deliveries_to_carry_consent_object": (1, 10)},
    ),
    "nobody can judge": (
        lambda w: w.x(preferences={"Ads": "true", "Analytics": True}).sent("x"),
        {WELL_FORMED: (1, 9), "expect_deliveries_to_be_decidable": (1, 10)},
    ),
    "unknown status": (lambda w: w.sent("x", status="who knows"), {"expect_delivery_statuses_to_be_known": (1, 13)}),
}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suite of all our expectations, without any tolerance."""
    every = (expectation(written, may_be_empty=True) for written in OWN)
    return suite(tmp_path_factory.mktemp("strict"), *every)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fails_its_own_expectation(ws: ck.Workspace, strict: Path, tmp_path: Path, fault: str) -> None:
    plant, planted = FAULTS[fault]
    world = World()
    plant(world)
    fill(ws, tmp_path, world.events, world.log, world.rules)
    result = ws.check(strict)
    assert not result.errors
    assert {each.type: (each.failing, each.checked) for each in result.findings} == planted
    for each in result.findings:
        if each.type not in (ALLOWANCE, "expect_no_day_without_events"):  # their rows are days
            assert len(each.rows()) == each.failing


def test_every_expectation_of_ours_has_a_fault() -> None:
    planted = {written for _, expected in FAULTS.values() for written in expected}
    by_ledger = {"expect_no_line_to_be_lost", "expect_files_to_be_read_to_their_end"}
    assert planted | by_ledger == set(OWN)


def test_a_ledger_that_does_not_add_up_fails(ws: ck.Workspace, strict: Path, tmp_path: Path) -> None:
    world = World()
    fill(ws, tmp_path, world.events, world.log)
    ws._engine.run("lose a line", "UPDATE input_file SET loaded = loaded - 1 WHERE kind = 'events'")
    ws._engine.run("cut a file", "UPDATE input_file SET problem = 'truncated' WHERE kind = 'deliveries'")
    found = {each.type: (each.failing, each.checked) for each in ws.check(strict).findings}
    assert found == {"expect_no_line_to_be_lost": (1, 21), "expect_files_to_be_read_to_their_end": (1, 2)}


def test_a_withdrawal_has_as_many_hours_as_are_said(ws: ck.Workspace, tmp_path: Path) -> None:
    world = World()
    world.sent("n3")  # 52 hours after the refusal
    fill(ws, tmp_path, world.events, world.log)
    entries = [expectation(KEPT, name=f"n{hours}", kwargs={"within_hours": hours}) for hours in (0, 51, 52)]
    result = ws.check(suite(tmp_path, *entries))
    assert [result[f"n{hours}"].failing for hours in (0, 51, 52)] == [1, 1, 0]
    assert result["n51"].message == "1 of 1 refusal (100 %) were not kept in time: Pixel 1"
    assert [len(result[f"n{hours}"].rows()) for hours in (0, 51)] == [1, 1]
    assert [dict(each)["destination"] for each in result["n51"].slices] == ["Pixel"]
