"""What readers get: JSON, JUnit, SARIF, GitHub, the page, the notebook, the baseline. Nothing is mixed up or runs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import yaml
from checks_support import NO, POLICY, YES, expectation, fill, suite

import consentkit as ck
from consentkit.checks.baseline import baseline_text, mark_known, read_baseline
from consentkit.checks.github import annotation_lines, step_summary
from consentkit.checks.junit import junit
from consentkit.checks.page import fragment, page
from consentkit.checks.running import tolerate
from consentkit.checks.sarif import sarif

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consentkit.checks.results import CheckResult

HOSTILE = "<script>alert(1)</script>"
MARKED = "=cmd|'x'!A1 \u202egnp.exe\u200f ::error file=x::y | **b** `c` ]]> \x00\x1b[31m"
STAMPED = "expect_events_to_carry_consent_object"


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CheckResult]:
    """One of each status, with names that mean harm."""
    folder = tmp_path_factory.mktemp("hostile")
    rules = {**POLICY, "destinations": [{"name": "Pixel"}], "sources": [{"name": "web", "stamps_consent": True}]}
    with ck.open() as ws:
        events = [
            {"id": "m1", "preferences": NO, "context": {"library": {"name": HOSTILE, "version": MARKED}}},
            {"id": "m2", "preferences": {**YES, MARKED: True}},
            {"id": "m3", "context": {"app": {"version": HOSTILE}}},
        ]
        log = [
            {"message_id": "m1"},
            {"message_id": "m2", "destination": HOSTILE},
            {"message_id": "m2", "destination": MARKED},
        ]
        fill(ws, folder, events, log, rules)
        path = suite(
            folder,
            expectation(STAMPED),
            expectation("expect_no_delivery_without_consent"),
            expectation("expect_destinations_to_be_known", "warning"),
            expectation("expect_only_known_categories", "info"),
            expectation("expect_events_to_be_dated", description=f"Dated. {HOSTILE} & 'more'"),
            expectation("expect_preference_events_to_name_a_person", may_be_empty=True),
            expectation("expect_preference_events_to_carry_consent_object"),
            expectation("expect_column_to_exist", view="nowhere", kwargs={"column": "x"}),
        )
        yield ws.check(path)


def test_the_statuses_are_those_meant(result: CheckResult) -> None:
    assert result.counts == {"error": 2, "failed": 4, "nothing": 1, "passed": 1}
    assert result.exit_code == 2
    told = "Could not check 2 of 8 expectations; 4 failed, 1 passed, 1 had nothing to check."
    assert result.verdict == told, "the parts add up to the whole"
    assert len(result.errors) == result.counts["error"]
    emptied = result["expect_preference_events_to_carry_consent_object"]
    assert "nothing to check" in emptied.message
    assert "may_be_empty" in emptied.message


def test_json_is_of_the_published_shape(result: CheckResult) -> None:
    schema = json.loads(resources.files("consentkit.checks").joinpath("result.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    told = json.loads(result.as_json())
    jsonschema.validate(told, schema)
    assert told["schema_version"] == schema["properties"]["schema_version"]["const"] == 1
    assert [each["status"] for each in told["expectations"]] == ["error"] * 2 + ["failed"] * 4 + [
        "nothing",
        "passed",
    ]
    assert "\u202e" not in json.dumps([each["slices"] for each in told["expectations"]], ensure_ascii=False)


def test_junit_keeps_the_four_apart(result: CheckResult) -> None:
    root = ET.fromstring(junit(result))
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "8",
        "failures": "3",
        "errors": "2",
        "skipped": "2",
    }
    found = {case.get("name"): [child.tag for child in case] for case in root.iter("testcase")}
    assert found == {
        STAMPED: ["failure"],
        "expect_no_delivery_without_consent": ["failure"],
        "expect_destinations_to_be_known": ["failure"],
        "expect_only_known_categories": ["skipped", "system-out"],
        "expect_events_to_be_dated": ["system-out"],
        "expect_preference_events_to_name_a_person": ["skipped"],
        "expect_preference_events_to_carry_consent_object": ["error"],
        "expect_column_to_exist": ["error"],
    }
    kinds = [error.get("type") for error in root.iter("error")]
    assert kinds == ["could-not-check", "could-not-check"]
    assert {case.get("line") for case in root.iter("testcase")} != {"1"}


def test_what_does_not_count_is_no_failure_in_any_output_and_says_why(result: CheckResult) -> None:
    known = {each.id: {str(group["name"]): 1.0 for group in each.broken_groups} for each in result.findings}
    failed = [each for each in result.outcomes if each.status in ("failed", "passed")]
    only = replace(result, outcomes=tuple(failed))
    old = f"here.{STAMPED}"
    excused = {
        "in the baseline": mark_known(only, known, "b"),
        "tolerated by --max-rate": tolerate(only, 1.0),
        "less severe than --fail-on critical": replace(only, outcomes=tuple(failed[2:]), fail_on="critical"),
    }
    for reason, each in excused.items():
        assert each.exit_code == 0
        told = f"does not count: {reason}"
        root = ET.fromstring(junit(each))
        assert (root.get("failures"), root.get("skipped")) == ("0", str(len(each.findings))), reason
        messages = [str(one.get("message")) for one in root.iter("skipped")]
        assert len(messages) == len(each.findings)
        assert all(message.startswith(f"failed, {told}: ") for message in messages)
        for text in (annotation_lines(each), step_summary(each), page(each), fragment(each)):
            assert text.replace("&#45;", "-").count(reason) >= len(each.findings), reason
        assert all(line.startswith("::notice ") for line in annotation_lines(each).splitlines())
        assert {one["level"] for one in json.loads(sarif(each))["runs"][0]["results"]} == {"note"}
    suppressed = json.loads(sarif(excused["in the baseline"]))["runs"][0]["results"]
    assert all(one["suppressions"][0]["justification"].endswith("in the baseline") for one in suppressed)
    counting = mark_known(only, known, "b", new_only=False)
    assert counting[old].known
    assert ET.fromstring(junit(counting)).get("failures") == "3", "known, and counts all the same"
    assert not any("suppressions" in one for one in json.loads(sarif(counting))["runs"][0]["results"][:3])


def test_junit_holds_no_character_that_xml_forbids(result: CheckResult) -> None:
    bad = replace(result.outcomes[0], message="a\x00b\x1b\ud800 ]]> <x>")
    text = junit(replace(result, outcomes=(bad, *result.outcomes[1:])))
    ET.fromstring(text.encode())


def test_sarif_has_the_structure_that_the_standard_asks_for(result: CheckResult) -> None:
    told = json.loads(sarif(result))
    assert (told["version"], len(told["runs"])) == ("2.1.0", 1)
    run = told["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules)) == 8
    assert [each["level"] for each in run["results"]] == ["error", "error", "warning", "note"]
    for each in run["results"]:
        assert rules[each["ruleIndex"]] == each["ruleId"]
        assert each["message"]["text"]
        place = each["locations"][0]["physicalLocation"]
        assert place["region"]["startLine"] >= 1
        uri = place["artifactLocation"]["uri"]
        assert re.fullmatch(r"file:///[\w/.%~-]+", uri), "the suite lies outside of the folder the command runs in"
        assert Path(unquote(urlsplit(uri).path)).is_file()
    invocation = run["invocations"][0]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    kinds = [(each["descriptor"]["id"], each["level"]) for each in invocation["toolExecutionNotifications"]]
    assert kinds == [("could-not-check", "error"), ("could-not-check", "error"), ("nothing-to-check", "note")]


def test_sarif_names_a_suite_below_the_folder_by_its_path_from_there(result: CheckResult) -> None:
    below = replace(result.findings[0], file="suites/my own.yml")
    told = json.loads(sarif(replace(result, outcomes=(below,))))
    place = told["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "suites/my%20own.yml"


def test_github_annotations_point_at_the_line_and_stay_one_line_each(result: CheckResult) -> None:
    lines = annotation_lines(result).splitlines()
    assert len(lines) == 7
    pattern = re.compile(r"::(error|warning|notice) file=([^,:]+),line=(\d+),title=[^:,]+::.+")
    matched = [pattern.fullmatch(line) for line in lines]
    assert all(matched)
    written = {each.id: each for each in result.outcomes}
    for match, each in zip(matched, [each for each in result.sorted() if each.status != "passed"], strict=True):
        assert match is not None
        assert int(match.group(3)) == written[each.id].line
        path = written[each.id].file
        with open(path, encoding="utf-8") as file:  # noqa: PTH123
            assert each.type in file.read().splitlines()[each.line - 1]
    assert [match.group(1) for match in matched if match] == ["error"] * 4 + ["warning", "notice", "notice"]


def test_the_step_summary_takes_names_as_they_stand(result: CheckResult) -> None:
    text = step_summary(result)
    assert "<script" not in text
    assert "Could not check 2 of 8 expectations" in text
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith("| |"):
            assert line.count(" | ") == 5, line
    assert "**b**" not in text
    assert "`c`" not in text


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.places: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.places += [(name, value or "") for name, value in attrs]


@pytest.mark.parametrize("write", [page, fragment])
def test_html_asks_the_network_for_nothing_and_runs_nothing(result: CheckResult, write: Any) -> None:
    text = write(result)
    assert "http://" not in text
    assert "https://" not in text
    assert "url(" not in text
    assert "@import" not in text
    read = _Page()
    read.feed(text)
    assert not {"script", "link", "iframe", "img", "object", "embed", "base", "form", "a"} & set(read.tags) - {"a"}
    assert not [name for name, _ in read.places if name.startswith("on") or name in ("src", "srcset", "action")]
    assert all(value.startswith("#") for name, value in read.places if name == "href")
    for sign in ("\u202e", "\u200f", "\x00", "\x1b"):
        assert sign not in text, repr(sign)


def test_data_docs_run_nothing_that_a_name_says(ws: ck.Workspace, tmp_path: Path) -> None:
    marked = "<img src=x onerror=alert(1)>"
    fill(
        ws,
        tmp_path,
        [{"id": "m", "context": {"app": {"version": marked}}}],
        [{"message_id": "m", "destination": marked}],
    )
    ws.check(suite(tmp_path, expectation("expect_destinations_to_be_known")), data_docs=tmp_path / "docs")
    told = "".join(page.read_text(encoding="utf-8") for page in (tmp_path / "docs").rglob("*.html"))
    assert "&lt;img src=x" in told
    assert marked not in told


def test_the_page_says_what_the_table_says(result: CheckResult) -> None:
    text = page(result)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    for each in result.outcomes:
        assert each.id in text
    assert text.count('<section class="one"') == 7
    assert result._repr_html_() == fragment(result)
    assert "<th>" not in text, "a screen reader is told what a header is of"
    assert "of at most three groups of each" in text, "a chart that leaves out says so"
    assert "table-layout:auto" in fragment(result), "JupyterLab would make all columns of a table equally wide"


def test_a_baseline_knows_what_failed_and_tells_what_is_new(result: CheckResult, tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(baseline_text(result))
    known = read_baseline(path)
    assert set(known) == {each.id for each in result.findings}
    again = mark_known(result, known, "b")
    assert all(each.known for each in again.findings)
    assert not any(again.counts_as_failure(each) for each in again.outcomes)
    assert again.exit_code == 2, "an error is never known"
    assert any(mark_known(result, known, "b", new_only=False).counts_as_failure(each) for each in result.outcomes)


def test_what_grew_or_is_elsewhere_is_new(result: CheckResult) -> None:
    known = {each.id: {"web": 0.1} for each in result.findings}
    assert not mark_known(result, known, "b")[STAMPED].known
    known[f"here.{STAMPED}"] = {"web": 0.34}
    assert mark_known(result, known, "b")[STAMPED].known
    known[f"here.{STAMPED}"] = {"app": 1.0}
    assert not mark_known(result, known, "b")[STAMPED].known


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"baseline_version": 2, "known": {}}', '{"baseline_version": 1, "known": {"a": {"b": "1"}}}'],
)
def test_a_file_that_is_no_baseline_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(text)
    with pytest.raises(ck.UsageError):
        read_baseline(path)


def test_a_proposal_loads_whatever_the_names_are(tmp_path: Path) -> None:
    from consentkit.checks.suggest import suggest
    from consentkit.checks.suites import load_suites

    odd = 'a "b"\\ \U0001f600 \u2028: #{} no'
    rules = {
        "categories": [{"id": "Ads", "destinations": [odd]}],
        "sources": [{"name": odd, "stamps_consent": True, "write_keys": ["w"]}],
    }
    with ck.open() as ws:
        fill(
            ws,
            tmp_path,
            [{"id": "m1", "preferences": YES}, {"id": "m2"}],
            [{"message_id": "m1", "destination": odd}],
            rules,
        )
        text = suggest(ws)
        path = tmp_path / "proposal.yml"
        path.write_text(text, encoding="utf-8")
        entries = {entry.type: entry for entry in load_suites(path)[0].entries}
        assert entries[STAMPED].kwargs == {"mostly": 1.0, "thresholds": {odd: 0.5}}
        assert entries["expect_no_delivery_without_consent"].kwargs == {"mostly": 1.0}
        assert odd in entries["expect_column_values_to_be_in_set"].kwargs["value_set"]
        assert ws.check(path).exit_code == 0, "what is proposed holds today"
    assert yaml.safe_load(text)["name"] == "suggested"


def test_a_proposal_never_allows_a_leak(tmp_path: Path) -> None:
    from consentkit.checks.suggest import suggest

    with ck.open() as ws:
        fill(ws, tmp_path, [{"id": "m1", "preferences": NO}], [{"message_id": "m1"}])
        (tmp_path / "proposal.yml").write_text(suggest(ws), encoding="utf-8")
        result = ws.check(tmp_path / "proposal.yml")
    assert [each.type for each in result.findings] == ["expect_no_delivery_without_consent"]


def test_a_proposal_needs_data(ws: ck.Workspace, tmp_path: Path) -> None:
    from consentkit.checks.suggest import suggest

    with pytest.raises(ck.UsageError, match="no policy"):
        suggest(ws)
    fill(ws, tmp_path, [])
    with pytest.raises(ck.UsageError, match="no event"):
        suggest(ws)
