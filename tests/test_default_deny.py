"""Nothing ends in "else allow": every reason says what it says, and what is not known is never delivered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import sqlglot
from sqlglot import exp
from support import SQL, event, ndjson, policy, read_yaml, records
from test_golden import CASES

import consentkit as ck

if TYPE_CHECKING:
    from pathlib import Path

VIEWS = sorted(SQL.glob("[0-9][0-9]_*.sql"))
VERDICTS = {"deliver", "allow"}


def reasons(ws: ck.Workspace) -> dict[str, str]:
    """What every reason says."""
    return dict(ws.rows("SELECT reason, says FROM decision_reason"))


def words(ws: ck.Workspace) -> set[str]:
    """Every word a rule view writes as a reason."""
    said: set[str] = set()
    for path in VIEWS:
        if path.name[:2] not in ("30", "31", "32", "33", "34", "35", "36", "40", "92"):
            continue
        for case in sqlglot.parse_one(path.read_text(encoding="utf-8"), read="duckdb").find_all(exp.Case):
            ends = [branch.args["true"] for branch in case.args["ifs"]] + [case.args.get("default")]
            said |= {end.this for end in ends if isinstance(end, exp.Literal) and end.is_string}
        said |= set(re.findall(r"coalesce\([\w.]+, '(\w+)'\)", path.read_text(encoding="utf-8"), re.IGNORECASE))
    return said - {"deliver", "block", "indeterminate", "allow", "deny", "unclear", ""}


def test_every_reason_says_allow_deny_or_unclear(ws: ck.Workspace) -> None:
    rows = ws.rows("SELECT reason, says, meaning, source FROM decision_reason")
    assert {says for _, says, _, _ in rows} == {"allow", "deny", "unclear"}
    assert len({reason for reason, *_ in rows}) == len(rows)
    assert all(meaning and source for _, _, meaning, source in rows)


def test_every_reason_the_views_write_is_in_the_table(ws: ck.Workspace) -> None:
    assert words(ws) - reasons(ws).keys() == set()


def test_no_reason_is_idle(ws: ck.Workspace) -> None:
    assert reasons(ws).keys() - words(ws) == set()


@pytest.mark.parametrize("path", VIEWS, ids=lambda path: path.stem)
def test_no_final_else_allows(ws: ck.Workspace, path: Path) -> None:
    says = reasons(ws)
    for case in sqlglot.parse_one(path.read_text(encoding="utf-8"), read="duckdb").find_all(exp.Case):
        default = case.args.get("default")
        if isinstance(default, exp.Literal) and default.is_string and path.name[:2] in ("30", "35", "40", "41"):
            said = says.get(default.this, default.this)
            # Without integrations, or a setting that holds, there is nothing that could say no.
            if (path.name[:2], default.this) not in (("35", "unmapped"), ("35", "not_denied")):
                assert said not in VERDICTS, f"{path.name}: ELSE '{default.this}'"


@pytest.mark.parametrize("forget", ["granted", "unsaid", "everything"])
def test_an_unknown_reason_is_never_delivered(ws: ck.Workspace, tmp_path: Path, forget: str) -> None:
    ws.apply(policy({"categories": [{"id": "A", "destinations": ["X"]}]}))
    (tmp_path / "e.ndjson").write_bytes(ndjson([event({"id": "m1", "preferences": {"A": True}})]))
    ws.load_events(tmp_path / "e.ndjson")
    query = "SELECT outcome FROM decision"
    assert records(ws, query) == [{"outcome": "deliver"}]
    where = "TRUE" if forget == "everything" else f"reason = '{forget}'"
    kept = ws.rows("SELECT * FROM decision_reason")
    try:
        ws._engine.run("forget", f"DELETE FROM decision_reason WHERE {where}")
        assert records(ws, query) == [{"outcome": "indeterminate"}]
    finally:
        ws._engine.run("forget all", "DELETE FROM decision_reason")
        ws._engine.insert("remember", "decision_reason", ("reason", "says", "meaning", "source"), kept)


def test_every_reason_is_reached_by_a_golden_case(ws: ck.Workspace) -> None:
    columns = ("reason", "consent_reason", "integrations_reason", "documented_reason")
    reached = {
        row[column] for path in CASES for row in read_yaml(path)["expect"] for column in columns if column in row
    }
    assert reasons(ws).keys() - reached == set()


def test_a_verdict_names_the_contradiction_it_rests_on() -> None:
    said = {"version": 1, "platform": "segment", "categories": [{"id": "A", "destinations": ["X"]}]}
    events = [
        {"messageId": "1", "context": {"consent": {}}, "integrations": {"X": True}},
        {"messageId": "2", "context": {}, "integrations": {"Y": True}},
        {"messageId": "3", "context": {"consent": {"categoryPreferences": {"A": "true"}}}},
    ]
    found = ck.decide(events, said)
    assert list(found["outcome"]) == ["indeterminate"] * 3
    assert [rule.rpartition("9, ")[2] for rule in found["rule"]] == ["row 1", "row 3", "row 13"]
