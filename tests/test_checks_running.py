"""Running suites: the right expectation fails with the right numbers, and what broke is never a pass."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING, Any

import pytest
from checks_support import YES, expectation, fill, statuses, suite
from support import ROOT

import consentkit as ck
from consentkit.checks.suggest import suggest
from consentkit.console import verdict

if TYPE_CHECKING:
    from pathlib import Path

    from consentkit.checks.results import CheckResult

SUITES = ROOT / "expectations"
IN_SET = "expect_column_values_to_be_in_set"
MATCH = "expect_column_values_to_match_regex"
STAMPED = "expect_events_to_carry_consent_object"
CHANGED = "Segment Consent Preference Updated"
REFUSED = "expect_no_delivery_without_consent"
PLANTED = {
    "events.expect_events_to_carry_consent_object": (349, 4001),
    "consent_stamps.expect_stamps_to_be_well_formed": (4, 3652),
    "deliveries.expect_no_delivery_without_consent": (64, 15402),
    "deliveries.expect_no_delivery_against_integrations": (6, 24159),
    "deliveries.expect_no_overblocking": (56, 7843),
    "deliveries.expect_delivery_counts_to_be_within_what_rules_allow": (59, 24160),
    "deliveries.expect_withdrawals_to_be_honoured": (36, 325),
    "consent_stamps.expect_stamps_to_agree_with_history": (13, 1387),
    "preference_events.expect_consent_changes_to_have_a_preference_event": (1, 44),
    "policy.expect_destinations_to_be_known": (17, 32234),
    "policy.expect_destinations_to_be_mapped": (2, 12),
    "policy.expect_no_delivery_of_refusers_to_unmapped_destinations": (807, 2874),
    "completeness.expect_deliveries_to_carry_consent_object": (1735, 24160),
}


@pytest.fixture(scope="module")
def checked(sample: ck.Workspace) -> CheckResult:
    return sample.check(SUITES)


def test_the_planted_faults_of_the_sample_fail_and_nothing_else(checked: CheckResult) -> None:
    assert {each.id: (each.failing, each.checked) for each in checked.findings} == PLANTED
    assert checked.counts == {"error": 0, "failed": 13, "nothing": 1, "passed": 19}
    assert (checked.ok, checked.exit_code) == (False, 1)


def test_what_was_held_against_consent_is_as_many_as_in_the_report(sample: ck.Workspace, checked: CheckResult) -> None:
    held, unmapped = sample.rows(
        "SELECT sum(deliveries) FILTER (kind = 'held'), sum(deliveries) FILTER (standing = 'needs none')"
        " FROM standing_count"
    )[0]
    assert checked[REFUSED].checked == held
    assert checked["expect_no_delivery_of_refusers_to_unmapped_destinations"].checked == unmapped
    told = "64 of 15,402 deliveries held against consent (0.42 %) went out although consent was refused"
    assert checked[REFUSED].message == f"{told}: Braze 57, Facebook Pixel 7; the rules cannot judge 18 more"


def test_the_numbers_are_those_of_the_findings(sample: ck.Workspace, checked: CheckResult) -> None:
    codes = {
        "V1": "events",
        "V5": "deliveries",
        "V7": "deliveries",
        "V8": "deliveries",
        "V18": "deliveries",
        "V20": "deliveries",
    }
    types = (
        STAMPED,
        REFUSED,
        "expect_no_delivery_against_integrations",
        "expect_no_overblocking",
        "expect_no_delivery_of_refusers_to_unmapped_destinations",
        "expect_destinations_to_be_known",
    )
    for (code, counted), written in zip(codes.items(), types, strict=True):
        rows = sample.rows(f"SELECT sum({counted}) FROM finding WHERE code = '{code}'")
        assert checked[written].failing == int(rows[0][0]), code


def test_failing_rows_are_one_call_away_and_as_many_as_said(checked: CheckResult) -> None:
    for each in checked.findings:
        frame = each.rows()
        if each.type == "expect_delivery_counts_to_be_within_what_rules_allow":
            assert int(frame["failing"].sum()) == each.failing
        else:
            assert len(frame) == each.failing, each.id


def test_what_is_shown_are_places_and_never_people(sample: ck.Workspace, checked: CheckResult) -> None:
    worst = checked[STAMPED]
    assert [dict(each) for each in worst.slices] == [
        {
            "source": "ios",
            "library": "analytics-swift",
            "library_version": "1.9.1",
            "app_version": "5.2.1",
            "detail": None,
            "first_day": "2026-03-12",
            "last_day": "2026-03-26",
            "checked": 349,
            "failing": 349,
            "possible": 0,
        }
    ]
    assert len(worst.samples) == 10
    number = int(worst.samples[0].removeprefix("event "))
    assert len(sample.rows("SELECT 1 FROM event WHERE event_id = ?", [number])) == 1
    text = checked.as_json()
    for user, anonymous, message in sample.rows("SELECT user_id, anonymous_id, message_id FROM event LIMIT 500"):
        for one in (user, anonymous, message):
            assert one is None or one not in text


def test_the_audited_database_is_left_as_it_was(sample: ck.Workspace, checked: CheckResult) -> None:
    assert checked
    assert sample.rows("SELECT count(*) FROM duckdb_databases() WHERE NOT internal") == [(1,)]
    assert sample.rows("SELECT 1 FROM duckdb_tables() WHERE table_name LIKE '%slice%'") == []


@pytest.fixture
def small(ws: ck.Workspace, tmp_path: Path) -> ck.Workspace:
    """Three stamped events of web, one of them without; two deliveries."""
    events: list[dict[str, Any]] = [{"id": "m1", "preferences": YES}, {"id": "m2", "preferences": YES}, {"id": "m3"}]
    fill(ws, tmp_path, events, [{"message_id": "m1"}, {"message_id": "m2"}])
    return ws


def test_thresholds_are_held_per_source(small: ck.Workspace, tmp_path: Path) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "failed"),
        ({"mostly": 0.7}, "failed"),
        ({"mostly": 0.66}, "passed"),
        ({"thresholds": {"web": 0.6}}, "passed"),
        ({"thresholds": {"app": 0.6}}, "failed"),
        ({"except_for": ["web"]}, "error"),
    ]
    entries = [expectation(STAMPED, name=f"n{number}", kwargs=kwargs) for number, (kwargs, _) in enumerate(cases)]
    result = small.check(suite(tmp_path, *entries))
    assert [result[f"n{number}"].status for number in range(len(cases))] == [status for _, status in cases]


def test_a_name_that_is_not_there_is_an_error(small: ck.Workspace, tmp_path: Path) -> None:
    for kwargs in ({"thresholds": {"wbe": 0.1}}, {"only": ["wbe"]}, {"except_for": ["wbe"]}):
        one = small.check(suite(tmp_path, expectation(STAMPED, kwargs=kwargs)))[STAMPED]
        assert (one.status, one.unchecked) == ("error", True)
        assert "names the source 'wbe', which is not there; did you mean 'web'?" in one.message


def test_error_failure_nothing_and_pass_are_four_things(small: ck.Workspace, tmp_path: Path) -> None:
    result = small.check(
        suite(
            tmp_path,
            expectation("expect_events_to_be_dated"),
            expectation(STAMPED),
            expectation("expect_preference_events_to_name_a_person", may_be_empty=True),
            expectation("expect_column_values_to_not_be_null", view="event", kwargs={"column": "no_such_column"}),
            expectation("expect_column_to_exist", view="no_such_view", kwargs={"column": "x"}),
        )
    )
    assert statuses(result) == {
        "expect_events_to_be_dated": "passed",
        STAMPED: "failed",
        "expect_preference_events_to_name_a_person": "nothing",
        "expect_column_values_to_not_be_null": "error",
        "expect_column_to_exist": "error",
    }
    assert result.exit_code == 2
    assert "no view or table named no_such_view" in result["expect_column_to_exist"].message
    assert "no_such_column" in result["expect_column_values_to_not_be_null"].message


def test_nothing_to_check_is_no_pass_unless_the_suite_allows_it(small: ck.Workspace, tmp_path: Path) -> None:
    written = "expect_preference_events_to_name_a_person"
    assert small.check(suite(tmp_path, expectation(written))).exit_code == 2
    allowed = small.check(suite(tmp_path, expectation(written, may_be_empty=True)))
    assert (allowed.exit_code, allowed[written].status) == (0, "nothing")
    for empty in (
        expectation("expect_column_values_to_not_be_null", view="rejected_line", kwargs={"column": "code"}),
        expectation(
            "expect_column_values_to_be_in_set", view="event", kwargs={"column": "country", "value_set": ["x"]}
        ),
    ):
        result = small.check(suite(tmp_path, empty))
        assert (result.exit_code, result.outcomes[0].status) == (2, "error"), empty


def test_an_empty_database_passes_nothing(ws: ck.Workspace, tmp_path: Path) -> None:
    fill(ws, tmp_path, [])
    result = ws.check(SUITES)
    assert result.exit_code == 2
    passed = {each.id for each in result.outcomes if each.status == "passed"}
    assert passed <= {"policy.expect_destinations_to_be_mapped"}, "this one is about the policy alone"


def test_deliveries_nobody_can_judge_are_no_pass(ws: ck.Workspace, tmp_path: Path) -> None:
    fill(ws, tmp_path, [{"id": "m1", "preferences": {"Ads": "true"}}], [{"message_id": "m1"}])
    one = ws.check(suite(tmp_path, expectation(REFUSED)))[REFUSED]
    assert one.status == "error"
    assert "the rules cannot judge any" in one.message


def test_an_expectation_whose_code_breaks_is_an_error(
    small: ck.Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consentkit.checks import expectations

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("the code of the expectation")

    monkeypatch.setattr(expectations.ExpectEventsToBeDated, "_judge", broken)
    result = small.check(suite(tmp_path, expectation("expect_events_to_be_dated"), expectation(STAMPED)))
    assert statuses(result) == {"expect_events_to_be_dated": "error", STAMPED: "failed"}
    assert result.exit_code == 2


def test_great_expectations_breaking_altogether_is_an_error(
    small: ck.Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from great_expectations import Checkpoint

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("it fell over")

    monkeypatch.setattr(Checkpoint, "run", broken)
    result = small.check(suite(tmp_path, expectation(STAMPED)))
    assert (result.exit_code, result[STAMPED].status) == (2, "error")
    assert result[STAMPED].message == "RuntimeError: it fell over"


def test_results_that_are_missing_are_errors(
    small: ck.Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consentkit.checks.session import Session

    monkeypatch.setattr(Session, "run", lambda *_: {})
    result = small.check(suite(tmp_path, expectation(STAMPED)))
    assert (result.exit_code, result[STAMPED].status) == (2, "error")


def test_core_expectations_run_on_tables_and_views(small: ck.Workspace, tmp_path: Path) -> None:
    result = small.check(
        suite(
            tmp_path,
            expectation("expect_table_row_count_to_equal", view="event", kwargs={"value": 3}),
            expectation(
                "expect_column_values_to_be_in_set", view="finding", kwargs={"column": "code", "value_set": ["X5"]}
            ),
            expectation(
                "expect_column_values_to_match_regex", view="event", kwargs={"column": "message_id", "regex": "^m"}
            ),
            expectation("expect_column_max_to_be_between", view="delivery", kwargs={"column": "line", "max_value": 1}),
            expectation(
                "unexpected_rows_expectation",
                view="event",
                kwargs={"unexpected_rows_query": "SELECT event_id, user_id FROM {batch} WHERE message_id = 'm1'"},
            ),
        )
    )
    assert statuses(result) == {
        "expect_table_row_count_to_equal": "passed",
        "expect_column_values_to_be_in_set": "failed",
        "expect_column_values_to_match_regex": "passed",
        "expect_column_max_to_be_between": "failed",
        "unexpected_rows_expectation": "failed",
    }
    rows = result["unexpected_rows_expectation"]
    assert (rows.failing, rows.checked, len(rows.rows())) == (1, 3, 1)
    in_set = result["expect_column_values_to_be_in_set"]
    count = small.rows("SELECT count(*) FROM finding WHERE code <> 'X5'")[0][0]
    assert in_set.failing == count
    assert len(in_set.rows()) == count


def test_a_query_may_read_other_views_too(small: ck.Workspace, tmp_path: Path) -> None:
    query = "SELECT event_id FROM {batch} WHERE event_id IN (SELECT d.event_id FROM delivery AS d)"
    entry = expectation("unexpected_rows_expectation", view="event", kwargs={"unexpected_rows_query": query})
    assert small.check(suite(tmp_path, entry))["unexpected_rows_expectation"].failing == 2


def test_a_check_without_a_policy_is_refused(ws: ck.Workspace, tmp_path: Path) -> None:
    with pytest.raises(ck.UsageError, match="no policy is applied"):
        ws.check(suite(tmp_path, expectation(STAMPED)))
    counted = suite(tmp_path, expectation("expect_table_row_count_to_equal", view="event", kwargs={"value": 0}))
    assert ws.check(counted).ok


def test_rules_of_the_call_are_checked(small: ck.Workspace, tmp_path: Path) -> None:
    path = suite(tmp_path, expectation(STAMPED, "warning"))
    assert small.check(path, fail_on="critical").ok
    assert not small.check(path, fail_on="warning").ok
    assert small.check(path, max_rate=0.34).ok
    assert not small.check(path, max_rate=0.33).ok
    for wrong in ({"fail_on": "urgent"}, {"max_rate": 5}):
        with pytest.raises(ck.UsageError):
            small.check(path, **wrong)


def test_a_result_is_asked_by_name(checked: CheckResult) -> None:
    assert checked["events.there_are_events"] is checked["there_are_events"]
    with pytest.raises(KeyError, match="no expectation"):
        checked["expect_nothing"]
    assert len(list(checked)) == len(checked) == 33


def test_no_connection_is_attempted(
    sample: ck.Workspace, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    tried: list[object] = []

    def refuse(*args: object, **_: object) -> None:
        tried.append(args)
        raise OSError("no network in this test")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    result = sample.check(SUITES)
    assert result.counts["error"] == 0
    assert tried == []
    printed = capfd.readouterr()
    assert printed.out == printed.err == "", "a library prints nothing"


def test_a_database_file_with_an_odd_name(tmp_path: Path) -> None:
    with ck.open(tmp_path / 'odd "name" 1.duckdb') as ws:
        fill(ws, tmp_path, [{"id": "m1"}])
        assert ws.check(suite(tmp_path, expectation(STAMPED)))[STAMPED].failing == 1
    with ck.open(tmp_path / 'odd "name" 1.duckdb') as ws:
        assert ws.check(suite(tmp_path, expectation(STAMPED)))[STAMPED].failing == 1


def test_an_interrupt_leaves_nothing_behind(
    small: ck.Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consentkit.checks.session import Session

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    path = suite(tmp_path, expectation(STAMPED))
    with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(Session, "run", stop)
        small.check(path)
    assert small.rows("SELECT database_name FROM duckdb_databases() WHERE NOT internal") == [("memory",)]
    assert small.check(path)[STAMPED].status == "failed"


def test_rows_of_a_core_expectation_are_one_call_away(small: ck.Workspace, tmp_path: Path) -> None:
    expected = {
        "not_null": (expectation("expect_column_values_to_not_be_null", view="event", kwargs={"column": "user_id"}), 3),
        "in_set": (
            expectation(IN_SET, view="event", kwargs={"column": "message_id", "value_set": ["m1"], "mostly": 0.1}),
            2,
        ),
        "regex": (expectation(MATCH, view="event", kwargs={"column": "message_id", "regex": "[12]"}), 1),
        "unique": (
            expectation("expect_column_values_to_be_unique", view="event", kwargs={"column": "anonymous_id"}),
            3,
        ),
        "pair": (
            expectation(
                "expect_column_pair_values_to_be_equal",
                view="delivery",
                kwargs={"column_A": "line", "column_B": "file_id"},
            ),
            1,
        ),
    }
    result = small.check(suite(tmp_path, *({**entry, "name": name} for name, (entry, _) in expected.items())))
    for name, (entry, count) in expected.items():
        frame = result[name].rows()
        assert (len(frame), result[name].failing) == (count, count), name
        assert list(frame.columns) == small.cells(f"SELECT * FROM {entry['view']} LIMIT 0")[0]
    assert result["in_set"].status == "passed", "what is tolerated can be looked at too"
    assert small.rows("SELECT database_name FROM duckdb_databases() WHERE NOT internal") == [("memory",)]


def test_what_passes_has_no_row_to_show(checked: CheckResult) -> None:
    passed = [each for each in checked if each.status == "passed" and each.failing == 0 and each.checked]
    assert "expect_deliveries_only_to_connected_destinations" in {each.type for each in passed}
    assert [len(each.rows()) for each in passed] == [0] * len(passed)


def test_an_expectation_without_rows_says_so(small: ck.Workspace, tmp_path: Path) -> None:
    entry = expectation("expect_column_max_to_be_between", view="event", kwargs={"column": "line", "max_value": 1})
    with pytest.raises(ck.UsageError, match="ask its view: SELECT \\* FROM event"):
        small.check(suite(tmp_path, entry)).outcomes[0].rows()


def test_great_expectations_results_and_actions_are_there(small: ck.Workspace, tmp_path: Path) -> None:
    from great_expectations.checkpoint.actions import ValidationAction

    told: list[bool | None] = []

    class Tell(ValidationAction):  # type: ignore[misc,unused-ignore]
        type: str = "tell"

        def run(self, checkpoint_result: Any, action_context: Any = None) -> dict[str, Any]:
            told.append(checkpoint_result.success)
            return {}

    result = small.check(suite(tmp_path, expectation(STAMPED)), actions=[Tell(name="tell")])
    assert told == [False]
    (own,) = result.great_expectations
    (validation,) = own.run_results.values()
    assert validation.statistics["unsuccessful_expectations"] == 1
    assert validation.results[0].result["unexpected_count"] == 1


def test_an_action_that_breaks_is_no_pass(small: ck.Workspace, tmp_path: Path) -> None:
    from great_expectations.checkpoint.actions import ValidationAction

    class Break(ValidationAction):  # type: ignore[misc,unused-ignore]
        type: str = "break"

        def run(self, checkpoint_result: Any, action_context: Any = None) -> dict[str, Any]:
            raise OSError("nobody to tell")

    result = small.check(suite(tmp_path, expectation("expect_events_to_be_dated")), actions=[Break(name="b")])
    assert (result.exit_code, result.counts["error"]) == (2, 1)


def test_data_docs_are_written_on_request_only_and_name_nobody(small: ck.Workspace, tmp_path: Path) -> None:
    path = suite(
        tmp_path,
        expectation(STAMPED),
        expectation(MATCH, view="event", kwargs={"column": "anonymous_id", "regex": "^x"}),
    )
    small.check(path, data_docs=tmp_path / "docs")
    pages = list((tmp_path / "docs").rglob("*.html"))
    assert (tmp_path / "docs" / "index.html") in pages
    assert len(pages) > 2
    assert not [page for page in pages if "visitor" in page.read_text(encoding="utf-8")]


def test_what_rudderstack_delivers_although_denied_is_a_refusal_everywhere(ws: ck.Workspace, tmp_path: Path) -> None:
    policy = {
        "platform": "rudderstack",
        "categories": [{"id": "A"}],
        "destinations": [{"name": "X", "consent": [{"provider": "custom", "categories": ["A"]}]}],
    }
    denied = {"consentManagement": {"provider": "custom", "deniedConsentIds": ["A"]}}
    allowed = {"consentManagement": {"provider": "custom", "allowedConsentIds": ["A"]}}
    events = [{"id": "denied", "context": denied}, {"id": "allowed", "context": allowed}]
    log = [{"message_id": each["id"], "destination": "X", "at": "2026-03-01T10:00:00Z"} for each in events]
    fill(ws, tmp_path, events, log, policy)
    outcome = ws.check(suite(tmp_path, expectation(REFUSED)))[REFUSED]
    assert (outcome.status, outcome.failing, outcome.checked) == ("failed", 1, 2)
    summary = ws.summary()
    assert [row["delivered_although_refused"] for row in summary.destinations] == [1]
    told = [sentence for sentence, _ in verdict(summary)]
    assert [each.partition(":")[0] for each in told] == ["Delivered by RudderStack although denied"]
    assert "observed: X 1 of 2 fail" in suggest(ws)
