"""Our own expectations about what happens over time: gaps, what people chose before, and how soon a refusal is kept."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any, ClassVar

from consentkit.checks.metrics import DAYS
from consentkit.checks.slices import SliceExpectation

# isort: split
from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.validator.metric_configuration import MetricConfiguration


class ExpectStampsToAgreeWithHistory(SliceExpectation):
    """No stamp contradicts what the device, or possibly its person elsewhere, chose last."""

    view = "history_slice"
    reads = ("contradiction",)
    per = "source"
    unit = ("stamped event after a choice", "stamped events after a choice")
    says = "contradict what was chosen"
    rows_query = (
        "SELECT r.* EXCLUDE (code), string_agg(r.code, ', ' ORDER BY r.code) AS codes FROM finding_row AS r"
        " WHERE r.code IN ('V11', 'V12') GROUP BY ALL"
    )


class ExpectConsentChangesToHaveAPreferenceEvent(SliceExpectation):
    """Where the stamps of a device change there is the preference event that tells of it."""

    view = "history_slice"
    reads = ("unannounced",)
    per = "source"
    unit = ("change of consent", "changes of consent")
    says = "have no preference event"
    rows_query = "SELECT * FROM finding_row WHERE code = 'V13'"


class ExpectWithdrawalsToBeHonoured(SliceExpectation):
    """From ``within_hours`` after a refusal on, nothing collected after it is delivered to a destination it closes."""

    within_hours: int = pydantic.Field(0, ge=0)

    view = "withdrawal_slice"
    reads = ("withdrawal",)
    per = "destination"
    unit = ("refusal", "refusals")
    says = "were not kept in time"
    rows_query = (
        "SELECT d.name AS destination, w.* EXCLUDE (destination_id) FROM withdrawal AS w CROSS JOIN newest_version AS n"
        " INNER JOIN destination AS d ON d.version_id = n.version_id AND d.destination_id = w.destination_id"
        " WHERE w.last_at - w.refused_at > INTERVAL (within_hours) HOUR"
    )
    success_keys: ClassVar[tuple[str, ...]] = (*SliceExpectation.success_keys, "within_hours")

    def _asked(self) -> dict[str, Any]:
        return {**super()._asked(), "beyond": self.within_hours}

    @classmethod
    def rows_sql(cls, kwargs: dict[str, Any]) -> str:
        """Name the hours in the query."""
        return cls.rows_query.replace("within_hours", str(int(kwargs.get("within_hours", 0))))


class ExpectNoDayWithoutEvents(SliceExpectation):
    """From a source's first day to the last day of all, there is no day without an event of it.

    Up to ``longest_gap`` days in a row are allowed, for a source that rests at the weekend.
    """

    longest_gap: int = pydantic.Field(0, ge=0)

    view = "event_tally"
    reads = ()
    per = "source"
    unit = ("day", "days")
    says = "have no event"
    rows_query = "SELECT source, day, sum(events) AS events FROM event_tally GROUP BY source, day ORDER BY source, day"
    success_keys: ClassVar[tuple[str, ...]] = (*SliceExpectation.success_keys, "longest_gap")

    def get_validation_dependencies(self, execution_engine: Any = None, runtime_configuration: Any = None) -> Any:
        """Ask for one metric: the days with events."""
        needed = BatchExpectation.get_validation_dependencies(self, execution_engine, runtime_configuration)
        domain = self._get_domain_kwargs()
        wanted = MetricConfiguration(metric_name=DAYS, metric_domain_kwargs=domain, metric_value_kwargs={})
        needed.set_metric_configuration(DAYS, wanted)
        return needed

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: Any = None,  # noqa: ARG002
        execution_engine: Any = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        days: dict[str, list[date]] = {}
        for row in metrics[DAYS]:
            days.setdefault(row["source"], []).append(row["day"])
        last = max((max(each) for each in days.values()), default=date.min)
        groups, slices = [], []
        for source, seen in sorted(days.items()):
            gaps = [gap for gap in _gaps(seen, last) if gap[2] > self.longest_gap]
            missing = sum(gap[2] for gap in gaps)
            whole = (last - min(seen)).days + 1
            groups.append({"name": source, "checked": whole, "unclear": 0, "failing": missing, "possible": 0})
            for first, end, length in gaps:
                place = {"source": source, "first_day": first.isoformat(), "last_day": end.isoformat()}
                slices.append({**place, "checked": whole, "failing": length, "possible": 0})
        return self._judge(groups, sorted(slices, key=lambda row: -row["failing"]), [])


def _gaps(seen: list[date], last: date) -> list[tuple[date, date, int]]:
    """List the stretches of days that are missing: first day, last day, how many."""
    ordered = [*sorted(seen), last + timedelta(days=1)]
    found = []
    for before, after in pairwise(ordered):
        length = (after - before).days - 1
        if length > 0:
            found.append((before + timedelta(days=1), after - timedelta(days=1), length))
    return found
