"""What our expectations ask of the database: sums over slices, small whatever the number of events.

A slice is a row of a view with the columns ``code``, ``checked`` (what there is to check), ``unclear`` (what of it the
rules cannot judge), ``failing``, ``possible``, ``sample_event_id`` and ``sample_delivery_id``; every other column says
where (source, version, destination, day). Where a slice has ``hours``, it fails only beyond as many as are allowed.
"""

from __future__ import annotations

import gc
import os
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Pause the garbage collector: what is being imported is no garbage, and looking for it costs a second of five."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read by Great Expectations when it is imported
with warnings.catch_warnings(), _no_collecting():
    warnings.simplefilter("ignore", DeprecationWarning)
    from great_expectations.core.metric_domain_types import MetricDomainTypes
    from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
    from great_expectations.expectations.metrics.metric_provider import metric_value
    from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

SLICES = "consentkit.slices"
DAYS = "consentkit.days"
MOST_SLICES = 10
MOST_SAMPLES = 10
_MEASURES = ("code", "hours", "checked", "unclear", "failing", "possible", "sample_event_id", "sample_delivery_id")


class SliceMetric(TableMetricProvider):
    """Sums per group, the worst slices of the groups, and a few ids to look at."""

    metric_name = SLICES
    value_keys = ("codes", "per", "beyond")

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(
        cls,
        execution_engine: Any,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],  # noqa: ARG002
        runtime_configuration: dict[str, Any],  # noqa: ARG002
    ) -> dict[str, Any]:
        source = _batch(execution_engine, metric_domain_kwargs)
        names = list(execution_engine.execute_query(sa.select(sa.text("*")).select_from(source).limit(0)).keys())
        if metric_value_kwargs["beyond"] is not None:
            source = _late_only(source, names, metric_value_kwargs["beyond"])
        chosen = _column("code").in_(metric_value_kwargs["codes"].split(","))
        per = metric_value_kwargs["per"]
        apart = (*_MEASURES, "day") if per == "detail" else (*_MEASURES, "day", "detail")
        where = [name for name in names if name not in apart]
        found: dict[str, Any] = {"groups": _groups(execution_engine, source, chosen, per)}
        if any(group["failing"] for group in found["groups"]):
            found["slices"] = _slices(execution_engine, source, chosen, where, names)
            found["samples"] = _samples(execution_engine, source, chosen)
        return found


class DayMetric(TableMetricProvider):
    """The days with events, per source."""

    metric_name = DAYS
    value_keys = ()

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(
        cls,
        execution_engine: Any,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],  # noqa: ARG002
        metrics: dict[str, Any],  # noqa: ARG002
        runtime_configuration: dict[str, Any],  # noqa: ARG002
    ) -> list[dict[str, Any]]:
        source, day = _column("source"), _column("day")
        query = sa.select(source, day).select_from(_batch(execution_engine, metric_domain_kwargs))
        query = query.where(day.is_not(None)).distinct().order_by(source, day)
        return _dicts(execution_engine.execute_query(query))


def _batch(engine: Any, domain: dict[str, Any]) -> Any:
    selectable, _, _ = engine.get_compute_domain(domain, domain_type=MetricDomainTypes.TABLE)
    return selectable


def _late_only(source: Any, names: list[str], beyond: int) -> Any:
    """Let slices of no more hours than allowed fail in nothing."""
    late = _column("hours") > beyond
    columns = [
        sa.case((late, _column(name)), else_=0).label(name) if name in ("failing", "possible") else _column(name)
        for name in names
    ]
    return sa.select(*columns).select_from(source).subquery("late")


def _column(name: str) -> Any:
    return sa.column(name)


def _total(name: str) -> Any:
    return sa.func.sum(_column(name))


def _groups(engine: Any, source: Any, chosen: Any, per: str) -> list[dict[str, Any]]:
    sums = [_total(name).label(name) for name in ("checked", "unclear", "failing", "possible")]
    group = _column(per)
    query = sa.select(group.label("name"), *sums).select_from(source).where(chosen).group_by(group)
    groups = [_plain(row) for row in _dicts(engine.execute_query(query))]
    return sorted(groups, key=lambda row: (row["name"] is None, str(row["name"])))


def _slices(engine: Any, source: Any, chosen: Any, where: list[str], names: list[str]) -> list[dict[str, Any]]:
    """Return failing slices over all days, the most failing first, each with what was checked at that place."""
    places = [_column(name) for name in where]
    details = [_column("detail")] if "detail" in names and "detail" not in where else []
    failing = _column("failing") > 0
    days: list[Any] = []
    if "day" in names:
        on = sa.case((failing, _column("day")))
        days = [sa.func.min(on).label("first_day"), sa.func.max(on).label("last_day")]
    counts = [
        sa.func.sum(_total("checked") - _total("unclear")).over(partition_by=places).label("checked"),
        _total("failing").label("failing"),
        _total("possible").label("possible"),
    ]
    summed = sa.select(*places, *details, *days, *counts).select_from(source).where(chosen)
    summed = summed.group_by(*places, *details)
    worst = summed.subquery("summed")
    order = [sa.desc(worst.c.failing), *(worst.c[name] for name in where)]
    query = sa.select(worst).where(worst.c.failing > 0).order_by(*order)
    return [_plain(row) for row in _dicts(engine.execute_query(query.limit(200)))]


def _samples(engine: Any, source: Any, chosen: Any) -> list[str]:
    event, delivery = _column("sample_event_id"), _column("sample_delivery_id")
    query = sa.select(event, delivery).select_from(source).where(chosen, _column("failing") > 0)
    query = query.where(sa.or_(event.is_not(None), delivery.is_not(None)))
    query = query.order_by(sa.desc(_column("failing")), event, delivery).limit(MOST_SAMPLES)
    rows = engine.execute_query(query).fetchall()
    return [f"event {one}" if one is not None else f"delivery {other}" for one, other in rows]


def _dicts(result: Any) -> list[dict[str, Any]]:
    names = list(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Make a row JSON: days as ISO text, sums (which DuckDB gives as large integers) as integers."""
    return {
        name: value.isoformat()
        if hasattr(value, "isoformat")
        else int(value or 0)
        if name in ("checked", "unclear", "failing", "possible")
        else value
        for name, value in row.items()
    }
