"""The public conformance suite is sound data: whoever runs it can trust its form.

Whether consentkit agrees with the suite is another test's business; here nothing is decided.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from consentkit.policy import Policy

FOLDER = Path(__file__).parent / "conformance"
POINTS = {
    "segment-cloud": ("segment", "cloud"),
    "analytics-js": ("segment", "analytics.js"),
    "kotlin": ("segment", "kotlin"),
    "swift": ("segment", "swift"),
    "react-native": ("segment", "react-native"),
    "rudder-server": ("rudderstack", "rudder-server"),
    "rudder-js": ("rudderstack", "rudder-js"),
    "dialects": ("segment", "cloud"),
}
ON_DEVICE = {"analytics-js", "kotlin", "swift", "react-native"}
OUTCOMES = {"deliver", "block", "indeterminate"}
STRENGTHS = {"stated", "stated-elsewhere", "code", "inferred"}
DIALECTS = {
    "segment",
    "onetrust",
    "rudderstack",
    "google-consent-mode",
    "mparticle",
    "snowplow",
    "consent-manager",
}
# The contradictions of §9 that bear on a single decision. 14 is about warehouse columns, which cannot tell
# the raw states apart, 12 about what a page had loaded before a withdrawal, and 17 about comparing a stamp with a
# person's state over time: no raw event shows them.
ON_DECISIONS = set(range(1, 18)) - {12, 14, 17}

DECISION_KEYS = {
    "id",
    "about",
    "policy",
    "source",
    "event",
    "expect",
    "documented",
    "contradiction",
    "rule",
    "strength",
}
READING_KEYS = {"id", "about", "dialect", "payload", "known", "reads", "rule", "strength"}


class Strict(yaml.SafeLoader):
    """Refuses a key given twice, which YAML would silently drop."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key) for key, _ in node.value]
        repeated = [key for key, times in Counter(keys).items() if times > 1]
        assert not repeated, f"{repeated} given twice{node.start_mark}"
        return super().construct_mapping(node, deep)


@cache
def suite(point: str) -> Any:
    text = (FOLDER / f"{point}.yml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=Strict)


def decisions(point: str) -> list[dict[str, Any]]:
    return list(suite(point)["cases"])


def readings(point: str) -> list[dict[str, Any]]:
    return list(suite(point).get("readings", ()))


def everything() -> list[dict[str, Any]]:
    return [case for point in POINTS for case in decisions(point) + readings(point)]


@cache
def policy(point: str, name: str) -> Policy:
    return Policy.parse(suite(point)["policies"][name], f"{point}.yml, {name}")


def test_there_is_one_file_per_point() -> None:
    assert {path.stem for path in FOLDER.glob("*.yml")} == set(POINTS)


@pytest.mark.parametrize("point", POINTS)
def test_file_says_what_it_is(point: str) -> None:
    data = suite(point)
    assert set(data) - {"readings"} == {"point", "about", "policies", "cases"}
    assert ("readings" in data) == (point == "dialects")
    assert data["point"] == point
    assert data["about"].endswith(".")


@pytest.mark.parametrize("point", POINTS)
def test_policies_are_valid_belong_to_the_point_and_are_used(point: str) -> None:
    used = {case["policy"] for case in decisions(point)}
    assert set(suite(point)["policies"]) == used
    for name in used:
        parsed = policy(point, name)
        enforcements = {row.enforcement for row in parsed.source_rows()}
        assert (parsed.platform, enforcements) == (POINTS[point][0], {POINTS[point][1]}), name


@pytest.mark.parametrize("point", POINTS)
def test_decisions_are_well_formed(point: str) -> None:
    for case in decisions(point):
        where = case["id"]
        assert set(case) <= DECISION_KEYS, where
        assert set(case) >= {"id", "about", "policy", "event", "expect", "rule", "strength"}, where
        assert case["about"].endswith("."), where
        assert case["rule"].startswith("§"), where
        assert case["strength"] in STRENGTHS, where
        assert isinstance(case["event"], dict), where
        assert json.loads(json.dumps(case["event"])) == case["event"], f"{where}: the event is not JSON"

        parsed = policy(point, case["policy"])
        known = {row.destination for row in parsed.destination_rows()}
        known |= {"Segment.io"} if point in ON_DEVICE else set()
        assert case["expect"], where
        assert set(case["expect"]) <= known, where
        assert set(case["expect"].values()) <= OUTCOMES, where

        documented = case.get("documented", {})
        assert set(documented) <= set(case["expect"]), where
        for name, outcome in documented.items():
            assert outcome in OUTCOMES - {case["expect"][name]}, f"{where}: {name} is documented no differently"

        sources = [row.source for row in parsed.source_rows()]
        assert case.get("source", sources[0]) in sources, where
        assert len(sources) == 1 or "source" in case, f"{where}: which source?"

        number = case.get("contradiction")
        assert number is None or number in range(1, 18), where
        assert number is None or f"§9 no. {number}" in case["rule"], where


def test_readings_are_well_formed() -> None:
    for case in readings("dialects"):
        where = case["id"]
        assert set(case) <= READING_KEYS, where
        assert set(case) >= READING_KEYS - {"known"}, where
        assert case["about"].endswith("."), where
        assert case["rule"].startswith("§"), where
        assert case["strength"] in STRENGTHS, where
        assert case["dialect"] in DIALECTS, where
        assert json.loads(json.dumps(case["payload"])) == case["payload"], where
        assert case["reads"], where
        assert set(case["reads"].values()) <= {"granted", "refused", "unset"}, where
    assert {case["dialect"] for case in readings("dialects")} == DIALECTS


def test_ids_are_unique_and_speaking() -> None:
    ids = [case["id"] for case in everything()]
    assert [each for each, times in Counter(ids).items() if times > 1] == []
    assert [each for each in ids if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", each)] == []


def test_no_situation_is_expected_to_end_in_two_ways() -> None:
    for point in POINTS:
        told: dict[str, tuple[str, str]] = {}
        for case in decisions(point):
            event = json.dumps(case["event"], sort_keys=True)
            for name, outcome in case["expect"].items():
                situation = json.dumps([case["policy"], case.get("source"), event, name])
                first = told.setdefault(situation, (outcome, case["id"]))
                assert first[0] == outcome, f"{case['id']} and {first[1]} disagree about {name}"


def test_every_contradiction_that_bears_on_a_decision_is_cited() -> None:
    cited = {case.get("contradiction") for case in everything()} - {None}
    assert cited == ON_DECISIONS


def test_every_outcome_and_every_strength_occurs() -> None:
    outcomes = {outcome for point in POINTS for case in decisions(point) for outcome in case["expect"].values()}
    assert outcomes == OUTCOMES
    assert {case["strength"] for case in everything()} == STRENGTHS


def test_the_readme_counts_truly() -> None:
    """The table of the README: point, cases, single decisions, readings."""
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    pattern = r"^\| `?([a-z-]+)`? \| (\d+) \| (\d+) \| (\d+) \|$"
    table = {name: tuple(map(int, numbers)) for name, *numbers in re.findall(pattern, readme, re.MULTILINE)}
    counts = {
        point: (
            len(decisions(point) + readings(point)),
            sum(len(case["expect"]) for case in decisions(point)),
            sum(len(case["reads"]) for case in readings(point)),
        )
        for point in POINTS
    }
    cases, single, read = map(sum, zip(*counts.values(), strict=True))
    counts["total"] = (cases, single, read)
    assert table == counts
    assert single >= 150
