"""Why a chart cannot be shown, or how much of what it shows nobody could judge: in the words of the report."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from consentkit.charts.theme import Chart, Row, period
from consentkit.engine import sql_text
from consentkit.phrases import count
from consentkit.report_words import no_log_given
from consentkit.shown import Remembering, Shown, shown
from consentkit.unjudged import could_not_check, why_unchecked, why_unread

if TYPE_CHECKING:
    from collections.abc import Callable

    from consentkit.workspace import Workspace

_Draw = TypeVar("_Draw", bound="Callable[..., Chart]")


def asking_once(draw: _Draw) -> _Draw:
    """Let a chart ask each question once, however many of its parts rest on the answer: one may take seconds."""

    @wraps(draw)
    def drawn(workspace: Workspace | Shown, *args: Any, **kwargs: Any) -> Chart:
        return draw(workspace if isinstance(workspace, Shown) else Remembering(workspace), *args, **kwargs)

    return cast("_Draw", drawn)


def no_policy(workspace: Workspace) -> str | None:
    """Say that no policy is applied, where none is."""
    there = shown(workspace).as_loaded("SELECT 1 FROM policy_version LIMIT 1")[1]
    return None if there else could_not_check("no policy is applied")


def no_events(workspace: Workspace) -> str | None:
    """Say why there is no event, where there is none."""
    why = why_unread(period(workspace)["events"], _account(workspace))
    return could_not_check(why) if why else None


def unchecked(workspace: Workspace) -> str | None:
    """Say why nothing could be checked, as the report does; None where something was."""
    if lacking := no_policy(workspace) or no_events(workspace):
        return lacking
    why = why_unchecked(coverage(workspace), _account(workspace))
    return could_not_check(why) if why else None


def no_log(workspace: Workspace) -> str | None:
    """Say that no delivery log was given, where none was."""
    kinds = {row["kind"] for row in _account(workspace) if row["loaded"]}
    return None if "deliveries" in kinds else no_log_given(counted="counts" in kinds)


def coverage(workspace: Workspace) -> Row:
    """Return how much there was to check, and how much of it could be."""
    return _rows(workspace, "SELECT c.* FROM coverage AS c")[0]


def unjudged(workspace: Workspace) -> str:
    """Say how many deliveries could not be judged; empty where all could."""
    found = coverage(workspace)
    deliveries = count(found["deliveries"], "delivery", "deliveries")
    return (
        f"{found['deliveries_unjudged']:,} of {deliveries} could not be judged" if found["deliveries_unjudged"] else ""
    )


def _account(workspace: Workspace) -> list[Row]:
    return _rows(workspace, sql_text("ask_completeness"))


def _rows(workspace: Workspace, query: str) -> list[Row]:
    names, rows = shown(workspace).as_loaded(query)
    return [dict(zip(names, row, strict=True)) for row in rows]
