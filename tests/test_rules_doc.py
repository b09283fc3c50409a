"""RULES.md says in words what the views hold: nothing is missing there, and what is cited there exists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from support import ROOT, SQL

import consentkit as ck

if TYPE_CHECKING:
    from pathlib import Path

DOC = (SQL / "RULES.md").read_text(encoding="utf-8")
VIEWS = sorted(path.stem for path in SQL.glob("[0-9][0-9]_*.sql"))
TABLES = set(re.findall(r"CREATE TABLE (\w+)", (SQL / "tables.sql").read_text(encoding="utf-8")))
TEXTS = sorted([*SQL.glob("*.sql"), *(ROOT / "consentkit").rglob("*.py")])
CITED = re.compile(r"RULES\.md (\d+(?:\.\d+)?(?:(?:,| and| to)? \d+(?:\.\d+)?)*)")
LABEL = re.compile(r"(?:A|V|X|R)\d+[A-Z]?|(?:row|rows|step|steps) \d+(?: and \d+)?|device mode|[a-z_]+")


def section(number: str) -> str | None:
    """Return the text of a section of RULES.md, with its subsections, or None where there is none."""
    found = re.search(rf"^(#+) {re.escape(number)}\.? .*$", DOC, re.M)
    if found is None:
        return None
    end = re.search(rf"^#{{1,{len(found[1])}}} ", DOC[found.end() :], re.M)
    return DOC[found.start() : found.end() + end.start() if end else None]


def labels(text: str) -> list[str]:
    """Split ``steps 3 and 4`` into the labels that stand in RULES.md."""
    word, _, numbers = text.partition(" ")
    if word in ("rows", "steps"):
        return [f"{word[:-1]} {number}" for number in numbers.split(" and ")]
    return [text]


def unresolved(rule: str) -> list[str]:
    """List the parts of a citation such as ``RULES 1, A5; 9, row 13`` that RULES.md does not have."""
    missing = []
    for part in rule.removeprefix("RULES ").split("; "):
        number, *named = part.split(", ")
        text = section(number)
        if text is None:
            missing.append(number)
            continue
        for label in (each for name in named for each in labels(name)):
            assert LABEL.fullmatch(label), label
            if not re.search(rf"^\| `?{re.escape(label)}`? \|", text, re.M):
                missing.append(f"{number}, {label}")
    return missing


@pytest.fixture(scope="module")
def vocabulary() -> dict[str, dict[str, tuple[str, ...]]]:
    with ck.open() as workspace:
        codes = workspace.rows("SELECT code, severity, source FROM finding_code")
        reasons = workspace.rows("SELECT reason, says, source FROM decision_reason")
    return {
        "finding_code": {row[0]: row[1:] for row in codes},
        "decision_reason": {row[0]: row[1:] for row in reasons},
    }


def reads(view: str) -> set[str]:
    """Name the tables and views that a view reads."""
    text = re.sub(r"--.*", "", (SQL / f"{view}.sql").read_text(encoding="utf-8"))
    known = TABLES | {name.partition("_")[2] for name in VIEWS}
    own = set(re.findall(r"(?:WITH RECURSIVE|WITH|\),)\s*(\w+) AS \(", text))
    return {name for name in re.findall(r"\b(?:FROM|JOIN)\s+(\w+)", text) if name in known - own}


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_told_with_what_it_reads(view: str) -> None:
    row = re.search(rf"^\| `{view}` \| ([^|]+) \| ([^|]+) \|$", DOC, re.M)
    assert row is not None, "it is missing in the table of views in RULES.md"
    assert set(row[2].split(", ")) - {"nothing"} == reads(view)


def test_every_view_that_is_told_exists() -> None:
    told = set(re.findall(r"`(\d\d_\w+)(?:\.sql)?`", DOC))
    assert told - set(VIEWS) == set()


def test_every_finding_is_told(vocabulary: dict[str, dict[str, tuple[str, ...]]]) -> None:
    told = dict(re.findall(r"^\| ([VXR]\d+[A-Z]?) \| (critical|warning|info) \|", section("10") or "", re.M))
    assert told == {code: severity for code, (severity, _) in vocabulary["finding_code"].items()}


def test_every_reason_is_told(vocabulary: dict[str, dict[str, tuple[str, ...]]]) -> None:
    told = {
        reason: (says, f"RULES {rule}")
        for reason, says, rule in re.findall(r"^\| `(\w+)` \| (allow|deny|unclear) \| ([^|]+) \|$", DOC, re.M)
    }
    assert told == vocabulary["decision_reason"]


@pytest.mark.parametrize("table", ["finding_code", "decision_reason"])
def test_rules_of_the_vocabulary_resolve(table: str, vocabulary: dict[str, dict[str, tuple[str, ...]]]) -> None:
    rules = {name: row[-1] for name, row in vocabulary[table].items()}
    assert {name: rule for name, rule in rules.items() if not rule.startswith("RULES ")} == {}
    assert {name: missing for name, rule in rules.items() if (missing := unresolved(rule))} == {}


def test_findings_cite_their_own_line(vocabulary: dict[str, dict[str, tuple[str, ...]]]) -> None:
    cited = {code: source for code, (_, source) in vocabulary["finding_code"].items()}
    assert [code for code, source in cited.items() if not re.match(rf"RULES 10, {code}(?:;|$)", source)] == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_sections_cited_in_comments_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    numbers = {number for found in CITED.findall(text) for number in re.findall(r"\d+(?:\.\d+)?", found)}
    if "RULES.md" in text:
        numbers |= set(re.findall(r"\bsections? (\d+(?:\.\d+)?)", text))
    assert [number for number in sorted(numbers) if section(number) is None] == []
    assert "semantics" not in text.lower()


def test_every_section_of_the_rules_is_there() -> None:
    numbers = [*(str(n) for n in range(1, 12)), *(f"2.{n}" for n in range(1, 8))]
    assert [number for number in numbers if section(number) is None] == []
