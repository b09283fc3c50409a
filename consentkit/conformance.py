"""Runs the conformance suite: routing decisions as plain data, compared one by one.

A file of cases holds named policies, and per case an event and the outcome expected for each destination.
The format is described in tests/conformance/README.md; anyone can run the same cases against another system.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consentkit.deciding import load_listed
from consentkit.engine import sql_text
from consentkit.errors import SourceError
from consentkit.policy import Policy
from consentkit.workspace import open as open_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Comparison:
    """One decision of one case, or one category of a reading: what was expected, what came out, and the rule.

    ``verdict`` is ``expect`` or ``documented`` for a decision, ``dialect`` or ``reads`` for a reading.
    """

    case: str
    about: str
    destination: str
    verdict: str
    expected: str
    decided: str | None
    reason: str | None
    rule: str
    strength: str

    @property
    def agrees(self) -> bool:
        """Say whether the decision is the expected one."""
        return self.expected == self.decided


def run_cases(folder: str | Path) -> list[Comparison]:
    """Decide every case of every YAML file in a folder and compare. Raises :class:`SourceError` for other files."""
    files = sorted(Path(folder).glob("*.yml"))
    if not files:
        raise SourceError(f"{folder}: holds no file of conformance cases (*.yml)")
    return [comparison for file in files for comparison in _run_file(file)]


def _run_file(file: Path) -> Iterator[Comparison]:
    import yaml

    try:
        said = yaml.safe_load(file.read_text(encoding="utf-8"))
        groups: dict[tuple[str, str | None], list[dict[str, Any]]] = {}
        for case in said["cases"]:
            groups.setdefault((case["policy"], case.get("source")), []).append(case)
        for (name, source), cases in groups.items():
            yield from _run_group(Policy.parse(said["policies"][name], file=f"{file}: {name}"), source, cases)
        readings: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for case in said.get("readings", ()):
            readings.setdefault(tuple(case.get("known", ())), []).append(case)
        for known, cases in readings.items():
            yield from _run_readings(known, cases)
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise SourceError(f"{file}: is not a file of conformance cases: {type(error).__name__} {error}") from None


def _run_readings(known: tuple[str, ...], cases: list[dict[str, Any]]) -> Iterator[Comparison]:
    """Read stamps of other tools, where the tool's own platform looks for them, and compare category by category."""
    policy = Policy.parse({"version": 1, "platform": "rudderstack", "categories": [{"id": each} for each in known]})
    places = ["consentManagement" if case["dialect"] == "rudderstack" else "consent" for case in cases]
    events = [{"type": "track", "context": {place: case["payload"]}} for place, case in zip(places, cases, strict=True)]
    with open_workspace() as workspace:
        workspace.apply(policy)
        load_listed(workspace, events, None)
        found = workspace.rows(sql_text("ask_readings"))
    for line, case in enumerate(cases, start=1):
        said = {category: says for at, _, category, says in found if at == line}
        dialect = ", ".join(sorted({name for at, name, _, _ in found if at == line and name})) or None
        compared = [("the tool", "dialect", case["dialect"], dialect)]
        compared += [(name, "reads", expected, said.get(name, "unset")) for name, expected in case["reads"].items()]
        for what, verdict, expected, came in compared:
            reason = f"read as {dialect}"
            about, rule, strength = (case.get(key, "") for key in ("about", "rule", "strength"))
            yield Comparison(case["id"], about, what, verdict, expected, came, reason, rule, strength)


def _run_group(policy: Policy, source: str | None, cases: list[dict[str, Any]]) -> Iterator[Comparison]:
    with open_workspace() as workspace:
        workspace.apply(policy)
        load_listed(workspace, [case["event"] for case in cases], source)
        decided = {(line, name): rest for line, name, *rest in workspace.rows(sql_text("ask_verdicts"))}
    for line, case in enumerate(cases, start=1):
        for place, verdict in ((0, "expect"), (1, "documented")):
            for destination, expected in case.get(verdict, {}).items():
                outcome = decided.get((line, destination), (None, None, None))
                yield Comparison(
                    case["id"],
                    case.get("about", ""),
                    destination,
                    verdict,
                    expected,
                    outcome[place],
                    outcome[2],
                    case.get("rule", ""),
                    case.get("strength", ""),
                )
