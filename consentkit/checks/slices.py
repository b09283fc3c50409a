"""The base of our own expectations: a subclass of Great Expectations' classes that reads slices.

Each expectation reads one slice view (see :mod:`consentkit.checks.metrics`), sums what was checked and what fails per
source or destination, and holds each of these groups against its threshold. Where there is nothing to check it
raises, so that Great Expectations itself records an error: nothing checked is never a pass.
"""

from __future__ import annotations

from typing import Any, ClassVar

from consentkit.checks.metrics import MOST_SLICES, SLICES  # first: it turns analytics off

# isort: split
from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.validator.metric_configuration import MetricConfiguration

NOTHING = "nothing to check: "


class NothingToCheckError(Exception):
    """There is nothing that this expectation could be held against."""

    def __init__(self, why: str) -> None:
        super().__init__(NOTHING + why)


class SliceExpectation(BatchExpectation):
    """Base of our expectations: of what was checked, per group, at least ``mostly`` must hold.

    ``thresholds`` gives single groups another share than ``mostly``; ``only`` and ``except_for`` choose groups;
    ``certain_only`` leaves out what the data cannot prove.
    """

    mostly: float = pydantic.Field(1.0, ge=0, le=1)
    thresholds: dict[str, float] = pydantic.Field(default_factory=dict)
    only: list[str] = pydantic.Field(default_factory=list)
    except_for: list[str] = pydantic.Field(default_factory=list)
    certain_only: bool = False

    view: ClassVar[str]
    reads: ClassVar[tuple[str, ...]]
    per: ClassVar[str]
    unit: ClassVar[tuple[str, str]]
    says: ClassVar[str]
    rows_query: ClassVar[str]
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "thresholds", "only", "except_for", "certain_only")
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id",)

    @pydantic.validator("thresholds")
    def _shares(cls, value: dict[str, float]) -> dict[str, float]:
        for name, share in value.items():
            if not 0 <= share <= 1:
                raise ValueError(f"the threshold of {name!r} is {share}; it must be between 0 and 1")
        return value

    @classmethod
    def is_abstract(cls) -> bool:
        """Keep this base, which reads nothing, out of the registry of expectations."""
        return not hasattr(cls, "reads")

    def get_validation_dependencies(self, execution_engine: Any = None, runtime_configuration: Any = None) -> Any:
        """Ask for one metric: the sums of the view."""
        needed = super().get_validation_dependencies(execution_engine, runtime_configuration)
        wanted = MetricConfiguration(
            metric_name=SLICES,
            metric_domain_kwargs=self._get_domain_kwargs(),
            metric_value_kwargs=self._asked(),
        )
        needed.set_metric_configuration(SLICES, wanted)
        return needed

    def _asked(self) -> dict[str, Any]:
        """Say what is summed: which checks of the view, per what, and beyond how many hours it fails."""
        return {"codes": ",".join(self.reads), "per": self.per, "beyond": None}

    @classmethod
    def rows_sql(cls, kwargs: dict[str, Any]) -> str:  # noqa: ARG003
        """Return the query for the rows behind a failure, given the settings of the suite."""
        return cls.rows_query

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: Any = None,  # noqa: ARG002
        execution_engine: Any = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        found = metrics[SLICES]
        return self._judge(found["groups"], found.get("slices", []), found.get("samples", []))

    def _judge(self, groups: list[dict[str, Any]], slices: list[dict[str, Any]], samples: list[str]) -> dict[str, Any]:
        chosen = [self._judged(group) for group in groups if self._wanted(group["name"])]
        checked, unclear, failing, possible = (
            sum(group[name] for group in chosen) for name in ("checked", "unclear", "failing", "possible")
        )
        if not failing and not checked:
            raise NothingToCheckError(self._why_nothing(unclear))
        broken = {group["name"] for group in chosen if not group["ok"]}
        times = max(len(self.reads), 1)
        shown = [
            {**row, "checked": max(row["checked"] // times, row["failing"])}
            for row in slices
            if row.get(self.per) in broken
        ]
        return {
            "success": not broken,
            "result": {
                "observed_value": failing / checked if checked else 1.0,
                "element_count": checked,
                "unexpected_count": failing,
                "unexpected_percent": 100 * failing / checked if checked else 100.0,
                "partial_unexpected_list": shown[:MOST_SLICES],
                "details": {
                    "groups": [group for group in chosen if group["checked"] or group["unclear"]],
                    "undecidable": unclear,
                    "possible": possible,
                    "slices": len(shown),
                    "samples": samples if broken else [],
                },
            },
        }

    def _judged(self, group: dict[str, Any]) -> dict[str, Any]:
        times = max(len(self.reads), 1)  # the view counts what there is once for every check
        failing = group["failing"] - (group["possible"] if self.certain_only else 0)
        # What the rules cannot judge was not checked. Where it may fail all the same, it is counted once: as failing.
        checked = max((group["checked"] - group["unclear"]) // times, failing)
        unclear = group["checked"] // times - checked
        possible = 0 if self.certain_only else group["possible"]
        share = self.thresholds.get(group["name"] or "", self.mostly)
        ok = failing <= (1 - share) * checked + 1e-9
        counts = {"checked": checked, "unclear": unclear, "failing": failing, "possible": possible}
        return {"name": group["name"], **counts, "mostly": share, "ok": ok}

    def _wanted(self, name: str | None) -> bool:
        return (not self.only or name in self.only) and name not in self.except_for

    def _why_nothing(self, unclear: int) -> str:
        if unclear:
            return f"the rules cannot judge any of the {unclear:,} {self.unit[1]} there are"
        among = f" of {', '.join(self.only)}" if self.only else ""
        return f"there are no {self.unit[1]}{among} that this is about"
