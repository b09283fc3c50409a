"""Suites are loaded strictly: whatever Great Expectations would drop without a word is refused with a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from checks_support import expectation, suite
from support import ROOT

from consentkit.checks.suites import load_suites
from consentkit.errors import SuiteError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

STAMPED = "expect_events_to_carry_consent_object"
ROWS = "unexpected_rows_expectation"
BETWEEN = "expect_column_values_to_be_between"
IN_SET = "expect_column_values_to_be_in_set"


def refused(path: Path) -> str:
    with pytest.raises(SuiteError) as error:
        load_suites(path)
    return str(error.value)


def test_our_own_suites_load_and_nothing_is_lost() -> None:
    suites = load_suites(ROOT / "expectations")
    assert [each.name for each in suites] == [
        "completeness",
        "consent_stamps",
        "deliveries",
        "events",
        "policy",
        "preference_events",
    ]
    for each in suites:
        written = yaml.safe_load((ROOT / "expectations" / f"{each.name}.yml").read_text())
        assert [entry.type for entry in each.entries] == [item["type"] for item in written["expectations"]]
        assert all(entry.owner and entry.description for entry in each.entries)


def test_every_own_expectation_is_in_a_suite_and_follows_the_convention() -> None:
    from consentkit.checks.catalogue import OWN

    used = {entry.type for each in load_suites(ROOT / "expectations") for entry in each.entries}
    assert OWN.keys() <= used
    assert all(written.startswith("expect_") and OWN[written].__doc__ for written in OWN)
    listed = (ROOT / "expectations" / "README.md").read_text()
    assert [written for written in OWN if f"`{written}`" not in listed] == []


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (expectation("expect_events_to_carry_consent_objet"), f"did you mean '{STAMPED}'?"),
        (expectation("expect_nothing_known_at_all_xyz"), "one of your own must be imported before"),
        (expectation(STAMPED, "urgent"), "'urgent' is not a severity; there are critical, warning, info"),
        (expectation(STAMPED, "critcal"), "did you mean 'critical'?"),
        (expectation(STAMPED, sevrity="info"), "there is no key 'sevrity' here; did you mean 'severity'?"),
        (expectation(STAMPED, kwargs={"mostyl": 0.9}), "has no setting 'mostyl'; did you mean 'mostly'?"),
        (expectation(STAMPED, kwargs={"mostly": 95}), "kwargs.mostly: this must be at most 1, not 95"),
        (expectation(STAMPED, kwargs={"mostly": "0.9"}), "this must be a number, not '0.9'"),
        (expectation(STAMPED, kwargs={"mostly": True}), "this must be a number, not True"),
        (expectation(STAMPED, kwargs={"thresholds": {"web": 95}}), "must be between 0 and 1"),
        (expectation(STAMPED, kwargs={"thresholds": {"web": "most"}}), "kwargs.thresholds.web: this must be a number"),
        (expectation(STAMPED, kwargs={"only": "web"}), "kwargs.only: this must be a list, not 'web'"),
        (
            expectation(STAMPED, kwargs={"mostly": {"$PARAMETER": "x"}}),
            "suite parameters ($PARAMETER) are not",
        ),
        (expectation(STAMPED, kwargs={"result_format": "BASIC"}), "has no setting 'result_format'"),
        (expectation(STAMPED, kwargs={"catch_exceptions": True}), "has no setting 'catch_exceptions'"),
        (expectation(STAMPED, view="event"), "always reads the view event_slice; leave view out"),
        (expectation(STAMPED, may_be_empty="yes"), "this must be true or false, not text"),
        (expectation(STAMPED, owner="us\u202e"), "one that turns the direction of text"),
        (expectation(STAMPED, name="a b"), "may hold letters, digits, - and _ only"),
        (expectation(IN_SET, kwargs={"column": "kind", "value_set": ["x"]}), "view: this key is missing"),
        (expectation(IN_SET, view="event", kwargs={"value_set": ["x"]}), "kwargs.column: this key is missing"),
        (expectation("slice_expectation"), "is no expectation that is known"),
        (
            expectation("unexpected_rows_expectation", view="event", kwargs={"unexpected_rows_query": "SELECT 1"}),
            "{batch}",
        ),
        (
            expectation(
                "unexpected_rows_expectation", view="e", kwargs={"unexpected_rows_query": "SELECT 1 FROM {batch} AS e"}
            ),
            "{batch} takes no AS",
        ),
        ({"type": STAMPED, "severity": "info"}, "description: this key is missing"),
        ({"severity": "info", "description": "x"}, "type: this key is missing"),
        ("a text", "an expectation is a mapping"),
    ],
)
def test_what_would_be_dropped_or_bent_is_refused(tmp_path: Path, entry: Any, told: str) -> None:
    path = suite(tmp_path, expectation("expect_events_to_be_dated"), entry)
    message = refused(path)
    assert told in message
    assert f"{path}:" in message, "the line is told"


def test_all_mistakes_of_all_files_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(
        "name: a\ndescription: d\nowner: us\ncolour: red\nexpectations:\n"
        f"  - type: {STAMPED}\n    severity: urgent\n    description: d\n"
        "  - type: expect_nothing\n    severity: info\n    description: d\n"
    )
    (tmp_path / "b.yml").write_text("name: b\ndescription: d\nexpectations: []\n")
    with pytest.raises(SuiteError) as error:
        load_suites(tmp_path)
    places = [(mistake.file.rsplit("/", 1)[-1], mistake.line, mistake.path) for mistake in error.value.mistakes]
    assert places == [
        ("a.yml", 4, "colour"),
        ("a.yml", 7, "expectations[0].severity"),
        ("a.yml", 9, "expectations[1].type"),
        ("b.yml", 3, "expectations"),
    ]


def test_all_mistakes_of_one_expectation_are_told_at_once(tmp_path: Path) -> None:
    kwargs = {"colour": "country", "value_set": "DE", "mostly": "110%"}
    path = suite(tmp_path, expectation(IN_SET, view="event", kwargs=kwargs))
    with pytest.raises(SuiteError) as error:
        load_suites(path)
    assert [(each.path.rpartition(".")[2], each.message) for each in error.value.mistakes] == [
        ("colour", f"{IN_SET} has no setting 'colour'; did you mean 'column'?"),
        ("mostly", "this must be a number, not '110%'"),
        ("column", "this key is missing"),
        ("value_set", "this must be a list, not 'DE'"),
    ]


@pytest.mark.parametrize(
    ("written", "kwargs", "told"),
    [
        (BETWEEN, {"column": ["a"], "min_value": [1]}, ["text, not a list", "a number, not a list"]),
        (BETWEEN, {"column": "a", "max_value": "soon"}, ["a number or a date, not 'soon'"]),
        (BETWEEN, {"column": "a"}, ["min_value and max_value cannot both be None"]),
        (
            "expect_column_values_to_match_regex_list",
            {"column": "a", "regex_list": ["x"], "match_on": "some"},
            ["this must be 'any' or 'all', not 'some'"],
        ),
        (STAMPED, {"thresholds": ["web"], "certain_only": "maybe"}, ["a mapping, not a list", "true or false, not 'm"]),
        (STAMPED, {"only": None}, ["this is empty"]),
        ("expect_withdrawals_to_be_honoured", {"within_hours": -1}, ["this must be at least 0, not -1"]),
    ],
)
def test_what_a_setting_must_be_is_told_in_the_words_of_a_suite(
    tmp_path: Path, written: str, kwargs: dict[str, Any], told: list[str]
) -> None:
    own = written.startswith(("expect_events", "expect_withdrawals"))
    message = refused(suite(tmp_path, expectation(written, kwargs=kwargs, **({} if own else {"view": "event"}))))
    for each in told:
        assert each in message
    assert "valid" not in message, "those are words of a library"


def test_a_type_of_ones_own_is_refused_until_it_is_imported(tmp_path: Path) -> None:
    path = suite(tmp_path, expectation("expect_this_of_mine", view="event"))
    assert "one of your own must be imported before the suite is loaded" in refused(path)
    from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation

    class ExpectThisOfMine(UnexpectedRowsExpectation):  # type: ignore[misc,unused-ignore]
        """An expectation of a user."""

        unexpected_rows_query: str = "SELECT event_id FROM {batch} WHERE type IS NULL"

    assert [entry.type for entry in load_suites(path)[0].entries] == ["expect_this_of_mine"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file is empty"),
        ("- a\n- b\n", "a suite is a mapping"),
        ("name: [", "this is not YAML"),
        ("name: a\nname: b\n", "the key 'name' is written twice"),
        ("name: &x a\ndescription: *x\n", "references"),
        ("name: !!python/object:os.system a\n", "is not allowed here"),
        ("name: a\ndescription: d\nowner: o\nexpectations: []\n", "a list of at least one expectation"),
        ("name: a\ndescription: d\nowner: o\n", "a list of at least one expectation"),
        ("[" * 2000, "this is not YAML"),
    ],
)
def test_a_file_that_is_no_suite_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "s.yml"
    path.write_text(text)
    message = refused(path)
    assert told in message or "nested too deep" in message


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.yml"
    path.write_bytes(b"name: \xff\n")
    assert "this is not UTF-8 text" in refused(path)


def test_no_suite_is_no_pass(tmp_path: Path) -> None:
    assert "the folder holds no suite" in refused(tmp_path)
    assert "there is no such file or folder" in refused(tmp_path / "nowhere.yml")
    with pytest.raises(UsageError, match="no suite is given"):
        load_suites([])


def test_the_same_expectation_twice_needs_names(tmp_path: Path) -> None:
    message = refused(suite(tmp_path, expectation(STAMPED), expectation(STAMPED)))
    assert "is already at line" in message
    both = suite(tmp_path, expectation(STAMPED, name="one"), expectation(STAMPED, name="two"))
    assert [entry.id for entry in load_suites(both)[0].entries] == ["here.one", "here.two"]


def test_two_suites_of_one_name_are_refused(tmp_path: Path) -> None:
    first = suite(tmp_path, expectation(STAMPED), name="a")
    (tmp_path / "b.yml").write_text(first.read_text())
    assert "is also the name of the suite in" in refused(tmp_path)


def test_words_stay_words(tmp_path: Path) -> None:
    """YAML turns no, on and 0123 into other things; a value set must hold what is written."""
    path = tmp_path / "s.yml"
    path.write_text(
        "name: a\ndescription: d\nowner: o\nexpectations:\n"
        f"  - type: {IN_SET}\n    view: event\n    severity: info\n    description: d\n"
        "    kwargs: {column: type, value_set: [no, on, 0123, 2026-01-01, 12, '13', 1.5, true]}\n"
    )
    kwargs = load_suites(path)[0].entries[0].kwargs
    assert kwargs["value_set"] == ["no", "on", "0123", "2026-01-01", 12, "13", 1.5, True]


def test_a_json_file_is_a_suite_too(tmp_path: Path) -> None:
    import json

    path = tmp_path / "s.json"
    whole = {"name": "j", "description": "d", "owner": "o", "expectations": [expectation(STAMPED)]}
    path.write_text(json.dumps(whole, indent=1))
    assert load_suites(path)[0].entries[0].id == f"j.{STAMPED}"
