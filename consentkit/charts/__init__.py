"""One function for each picture, from a workspace to an Altair chart; everything is counted in DuckDB first.

``theme`` holds how charts look and ``export`` writes them; the other modules hold the charts.
Every chart takes ``width``, the pixels it may take; all carry a title that states what was found.
"""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 - a field of the tuple below
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import consentkit.late_parser  # noqa: F401

# isort: split
from altair.utils.schemapi import debug_mode

from consentkit.charts.completeness import completeness_calendar, completeness_rows, completeness_why
from consentkit.charts.consent import consent_rate, consent_rate_rows, consent_rate_why
from consentkit.charts.coverage import (
    coverage_by_version,
    coverage_rows,
    coverage_why,
    release_before_after,
    release_rows,
    release_why,
)
from consentkit.charts.destinations import destinations_overview, destinations_rows, destinations_why
from consentkit.charts.export import save as _save
from consentkit.charts.flow import decision_flow, decision_flow_rows, decision_flow_why
from consentkit.charts.grounds import no_policy
from consentkit.charts.history import (
    consent_changes,
    consent_changes_rows,
    consent_changes_why,
    withdrawal_delay,
    withdrawal_delay_rows,
    withdrawal_delay_why,
)
from consentkit.charts.person import person_rows, person_timeline
from consentkit.charts.refused import refused_heatmap, refused_rows, refused_why
from consentkit.charts.simulated import simulated_change, simulated_rows
from consentkit.charts.violations import violations_over_time, violations_rows, violations_why
from consentkit.errors import UsageError
from consentkit.paths import place_of
from consentkit.shown import Remembering, Table

if TYPE_CHECKING:
    from pathlib import Path

    from consentkit.causes import Reading
    from consentkit.policy import Policy
    from consentkit.workspace import Workspace

__all__ = [
    "completeness_calendar",
    "consent_changes",
    "consent_rate",
    "coverage_by_version",
    "decision_flow",
    "destinations_overview",
    "person_timeline",
    "refused_heatmap",
    "release_before_after",
    "rows",
    "save",
    "save_person",
    "save_simulated",
    "simulated_change",
    "violations_over_time",
    "withdrawal_delay",
]


class _Picture(NamedTuple):
    """A chart, the rows it is drawn from, and what says why nothing could be checked that it would show."""

    draw: Callable[..., Any]
    rows: Callable[..., Table]
    why: Callable[..., str | None]


CHARTS: dict[str, _Picture] = {
    "violations_over_time": _Picture(violations_over_time, violations_rows, violations_why),
    "refused_heatmap": _Picture(refused_heatmap, refused_rows, refused_why),
    "destinations_overview": _Picture(destinations_overview, destinations_rows, destinations_why),
    "decision_flow": _Picture(decision_flow, decision_flow_rows, decision_flow_why),
    "coverage_by_version": _Picture(coverage_by_version, coverage_rows, coverage_why),
    "release_before_after": _Picture(release_before_after, release_rows, release_why),
    "consent_rate": _Picture(consent_rate, consent_rate_rows, consent_rate_why),
    "consent_changes": _Picture(consent_changes, consent_changes_rows, consent_changes_why),
    "withdrawal_delay": _Picture(withdrawal_delay, withdrawal_delay_rows, withdrawal_delay_why),
    "completeness_calendar": _Picture(completeness_calendar, completeness_rows, completeness_why),
}

_ELSEWHERE = {
    "simulated_change": "`consentkit simulate --policy NEW --out FILE`",
    "person_timeline": "`consentkit person ID --out FILE`",
}


def rows(workspace: Workspace, name: str) -> Table:
    """Return the rows that the chart of this name is drawn from."""
    return _named(name).rows(workspace)


def every(workspace: Reading, width: int = 640) -> dict[str, Any]:
    """Return every chart by its name, held against Altair's schema by their tests, not by every reader again."""
    with debug_mode(False):
        return {name: picture.draw(workspace, width=width) for name, picture in CHARTS.items()}


def save(workspace: Workspace, name: str, path: str | Path, *, width: int = 640) -> str | None:
    """Write the chart of this name to a file: PNG, SVG, PDF, HTML or its rows as CSV, by the file's ending.

    What a policy is applied to is judged first, which takes less memory than to ask all that a chart rests on at once.
    The same database gives the same bytes as PNG, SVG and CSV. Returns why nothing could be checked that it would
    show, which a picture says too, or None. Raises :class:`UsageError` where there is no such chart or format.
    """
    picture = _named(name)
    if no_policy(workspace) is None:
        workspace.judge()
    seen = Remembering(workspace)
    _save(lambda at: picture.draw(seen, width=at), width, place_of(path), lambda: picture.rows(seen))
    return picture.why(seen)


def save_simulated(workspace: Workspace, policy: Policy | str | Path, path: str | Path, *, width: int = 640) -> None:
    """Write the chart of what ``policy`` would change, or its rows, as :func:`save` does."""
    draw = partial(simulated_change, workspace, policy)
    _save(lambda at: draw(width=at), width, place_of(path), lambda: simulated_rows(workspace, policy))


def save_person(workspace: Workspace, who: str, path: str | Path, *, width: int = 640) -> None:
    """Write the timeline of one person or device, or its rows, as :func:`save` does; the id stands in it as loaded."""
    draw = partial(person_timeline, workspace, who)
    _save(lambda at: draw(width=at), width, place_of(path), lambda: person_rows(workspace, who))


def no_such_chart(name: str) -> str:
    """Say that there is no chart of this name, and which there are; some need more than a database."""
    if name in _ELSEWHERE:
        return f"{name} needs more than a database: {_ELSEWHERE[name]} draws it"
    return f"there is no chart {name!r}; there are {', '.join(CHARTS)}"


def _named(name: str) -> _Picture:
    if name not in CHARTS:
        raise UsageError(no_such_chart(name))
    return CHARTS[name]
