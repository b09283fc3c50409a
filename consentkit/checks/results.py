"""What came of a check: one outcome per expectation, the verdict, the exit code, the documented JSON.

Four statuses, never two: ``passed``, ``failed``, ``error`` (could not be checked: it raised, or had nothing to check
where the suite does not allow for that) and ``nothing`` (nothing to check, as the suite allows). An error makes the
exit code 2.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from consentkit.checks.suites import SEVERITIES
from consentkit.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from consentkit.checks.suites import Suite
    from consentkit.workspace import Workspace

SCHEMA_VERSION = 1
STATUSES = ("error", "failed", "nothing", "passed")
WORDS = {"passed": "passed", "failed": "failed", "error": "could not check", "nothing": "nothing to check"}


@dataclass(frozen=True)
class Outcome:
    """What came of one expectation. ``checked`` and ``failing`` are counts of ``unit``, where it counts any."""

    id: str
    suite: str
    type: str
    severity: str
    owner: str
    description: str
    view: str
    file: str
    line: int
    may_be_empty: bool
    status: str
    message: str
    unit: str = "rows"
    checked: int | None = None
    failing: int | None = None
    possible: int = 0
    undecidable: int = 0
    tolerance: float | None = None
    per: str | None = None
    groups: tuple[Mapping[str, Any], ...] = ()
    slices: tuple[Mapping[str, Any], ...] = ()
    slice_count: int = 0
    samples: tuple[str, ...] = ()
    rows_sql: str | None = None
    tolerated: bool = False
    known: bool = False
    workspace: Workspace | None = field(default=None, repr=False, compare=False)
    find_rows: Callable[[], pd.DataFrame] | None = field(default=None, repr=False, compare=False)

    @property
    def rate(self) -> float | None:
        """The share that fails of what was checked."""
        if self.checked is None or self.failing is None:
            return None
        return self.failing / self.checked if self.checked else float(bool(self.failing))

    @property
    def worst_rate(self) -> float | None:
        """The largest failing share among the groups that fail, else the share of all."""
        rates = [group["failing"] / group["checked"] if group["checked"] else 1.0 for group in self.broken_groups]
        return max(rates, default=self.rate)

    @property
    def broken_groups(self) -> tuple[Mapping[str, Any], ...]:
        """The groups that miss their threshold."""
        return tuple(group for group in self.groups if not group["ok"])

    @property
    def unchecked(self) -> bool:
        """Whether this could not be checked although it should have been."""
        return self.status == "error"

    def rows(self) -> pd.DataFrame:
        """Return the rows that fail: ids and places as loaded, no row where none does. Raises where nobody can tell."""
        if self.find_rows is not None:
            return self.find_rows()
        if self.checked and self.failing == 0:
            import pandas as pd

            return pd.DataFrame()
        if self.rows_sql is None:
            told = f"{self.id} has no query for its rows; ask its view: SELECT * FROM {self.view}"
            raise UsageError(told)
        if self.workspace is None:
            raise UsageError("this result was read from a file; its rows are in the database")
        return self.workspace.sql(self.rows_sql)


@dataclass(frozen=True, repr=False)
class CheckResult:
    """What came of all suites. Index it by an expectation's id, or its type where that is enough.

    ``great_expectations`` holds Great Expectations' own results, one of each checkpoint, for what builds on them.
    """

    suites: tuple[Suite, ...]
    outcomes: tuple[Outcome, ...]
    fail_on: str = "warning"
    max_rate: float | None = None
    baseline: str | None = None
    new_only: bool = False
    coverage: Mapping[str, Any] = field(default_factory=dict)
    great_expectations: tuple[Any, ...] = field(default=(), repr=False, compare=False)

    def __repr__(self) -> str:
        return f"<CheckResult: {self.verdict}>"

    def __getitem__(self, name: str) -> Outcome:
        found = [each for each in self.outcomes if name in (each.id, each.id.partition(".")[2], each.type)]
        exact = [each for each in found if each.id == name]
        if len(exact or found) != 1:
            ids = ", ".join(each.id for each in found or self.outcomes)
            raise KeyError(f"{name!r} is {'no expectation' if not found else 'not one expectation'}; there are {ids}")
        return (exact or found)[0]

    def __iter__(self) -> Any:
        return iter(self.outcomes)

    def __len__(self) -> int:
        return len(self.outcomes)

    @property
    def ok(self) -> bool:
        """Whether everything was checked and nothing at or above ``fail_on`` failed."""
        return self.exit_code == 0

    @property
    def findings(self) -> tuple[Outcome, ...]:
        """The expectations that failed, the worst first."""
        return tuple(each for each in self.sorted() if each.status == "failed")

    @property
    def errors(self) -> tuple[Outcome, ...]:
        """The expectations that could not be checked although they should have been."""
        return tuple(each for each in self.sorted() if each.unchecked)

    @property
    def exit_code(self) -> int:
        """Return 2 where something could not be checked, 1 for failures that count, else 0."""
        if self.errors or not self.outcomes:
            return 2
        return int(any(self.counts_as_failure(each) for each in self.outcomes))

    @property
    def counts(self) -> dict[str, int]:
        """How many expectations have each status."""
        counted = Counter(each.status for each in self.outcomes)
        return {status: counted[status] for status in STATUSES}

    def counts_as_failure(self, outcome: Outcome) -> bool:
        """Whether an outcome makes the exit code 1: failed, severe enough, not tolerated, not an old one."""
        return outcome.status == "failed" and not self._excuse(outcome)

    def remark(self, outcome: Outcome) -> str:
        """Say of a failure why it does not count, or that the baseline knows it: the same words in every output."""
        if outcome.status != "failed":
            return ""
        excuse = self._excuse(outcome)
        return f"does not count: {excuse}" if excuse else "in the baseline" if outcome.known else ""

    def _excuse(self, failed: Outcome) -> str:
        if failed.known and self.new_only:
            return "in the baseline"
        if failed.tolerated:
            return "tolerated by --max-rate"
        severe = SEVERITIES.index(failed.severity) <= SEVERITIES.index(self.fail_on)
        return "" if severe else f"less severe than --fail-on {self.fail_on}"

    def sorted(self) -> tuple[Outcome, ...]:
        """Return all outcomes, the worst first: what could not be checked, failures by severity, the rest."""

        def place(each: Outcome) -> tuple[int, int, float, str]:
            return STATUSES.index(each.status), SEVERITIES.index(each.severity), -(each.rate or 0.0), each.id

        return tuple(sorted(self.outcomes, key=place))

    @property
    def verdict(self) -> str:
        """Say in a sentence what came of it."""
        counts, total = self.counts, len(self.outcomes)
        errors, failed, passed = len(self.errors), counts["failed"], counts["passed"]
        empty = f", {counts['nothing']} had nothing to check" if counts["nothing"] else ""
        if errors:
            return f"Could not check {errors} of {total} expectations; {failed} failed, {passed} passed{empty}."
        if not counts["failed"]:
            return f"All {counts['passed']} expectations that had something to check passed{empty}."
        counting = sum(self.counts_as_failure(each) for each in self.outcomes)
        apart = "" if counting == counts["failed"] else f", {counting} of them count as a failure here"
        return f"{counts['failed']} of {total} expectations failed{apart}; {counts['passed']} passed{empty}."

    def as_dict(self) -> dict[str, Any]:
        """Return the documented JSON shape, described by result.schema.json."""
        return {
            "schema_version": SCHEMA_VERSION,
            "verdict": self.verdict,
            "ok": self.ok,
            "exit_code": self.exit_code,
            "fail_on": self.fail_on,
            "max_rate": self.max_rate,
            "baseline": self.baseline,
            "new_only": self.new_only,
            "counts": self.counts,
            "coverage": dict(self.coverage),
            "suites": [
                {"name": each.name, "title": each.title, "description": each.description, "file": each.file}
                for each in self.suites
            ],
            "expectations": [_as_dict(each, counts=self.counts_as_failure(each)) for each in self.sorted()],
        }

    def as_json(self) -> str:
        """Return :meth:`as_dict` as JSON text."""
        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False)

    def _repr_html_(self) -> str:
        from consentkit.checks.page import fragment

        return fragment(self)


def _as_dict(outcome: Outcome, *, counts: bool) -> dict[str, Any]:
    names = (
        "id", "suite", "type", "severity", "owner", "description", "file", "line", "view", "status", "message", "unit",
        "checked", "failing", "possible", "undecidable", "rate", "tolerance", "may_be_empty", "tolerated", "known",
        "per", "slice_count", "rows_sql",
    )  # fmt: skip
    plain = {name: getattr(outcome, name) for name in names}
    listed = {name: [dict(each) for each in getattr(outcome, name)] for name in ("groups", "slices")}
    if outcome.rows_sql and outcome.workspace:
        plain["rows_sql"] = outcome.workspace.names.masked(outcome.rows_sql)
    return {**plain, "counts_as_failure": counts, **listed, "samples": list(outcome.samples)}
