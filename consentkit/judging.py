"""Keeps in the database what everything found rests on, from the first question until something is loaded or applied.

What is kept stands in the place of the views it comes of: a question, a suite and another program find the same rows.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from consentkit.engine import sql_text
from consentkit.errors import NO_POLICY, UsageError
from consentkit.kept import changing, forget_aside, has_changed, is_aside, keep, keep_more, let_go

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from consentkit.engine import Engine

# In the order they rest on one another; the first tells whether the others still hold. One by one, because all at once
# needs twice the memory, and because DuckDB takes longer to plan the whole than to run it.
KEPT = (
    "judged_input",
    "judged_link",
    "route_count",
    "verdict",
    "decision",
    "event_arrival",
    "preference_event",
    "preference_subject",
    "preference_period",
    "stamp_change",
    "stamp_against_device",
    "stamp_against_person",
    "unannounced_change",
    "situation_count",
    "standing_count",
    "delivery_fault",
    "finding_delivery",
    "finding_record",
    "finding_event",
    "finding_history",
    "finding_count",
    "event_unlogged",
    "finding_completeness",
    "finding_silence",
    "destination_count",
    "source_count",
    "coverage",
    "finding",
    "finding_total",
)

# The view whose rows stay aside when something is loaded, so that only records that are new or found another event are
# judged, and what tells which these are. The other views are counts, or are worked out in less time than it takes to
# tell what of them has changed.
_EXTENDED = "finding_delivery"
_ASIDE = ("judged_input", "judged_link", "delivery_fault", _EXTENDED)
# What several parts of a report read, and nothing else: kept while it is written.
READ_OFTEN = ("event_tally", "finding_tally", "event_way", "event_routes", "destination_refusal")


def loading(engine: Engine) -> AbstractContextManager[None]:
    """Run a block that loads something as one transaction; what was kept is let go of, or stays aside."""
    return changing(engine, _ASIDE)


@contextmanager
def asking(engine: Engine, views: Sequence[str]) -> Iterator[None]:
    """Work views out once for a block that only asks; nothing is left of it, and no memory held."""
    try:
        with engine.rehearsal():
            for view in views:
                keep(engine, view)
            yield
    finally:
        engine.give_back()


def judge(engine: Engine) -> None:
    """Work the views of ``KEPT`` out and keep their rows, unless what is kept still holds.

    Raises :class:`UsageError` without a policy.
    """
    if not engine.value("look for a policy", "SELECT count(*) FROM policy_version"):
        raise UsageError(NO_POLICY)
    if has_changed(engine, KEPT[0]):
        with engine.transaction():
            _work_out(engine)


def judge_within(engine: Engine) -> None:
    """Judge as :func:`judge` does, inside the caller's transaction."""
    if has_changed(engine, KEPT[0]):
        _work_out(engine)


def _work_out(engine: Engine) -> None:
    aside = not engine.read_only and is_aside(engine)
    if not aside and not engine.read_only:
        let_go(engine)
    for view in KEPT:
        if aside and view == _EXTENDED and engine.value("does it hold", sql_text("judge_1_holds")):
            engine.run("what has changed", sql_text("judge_2_changed"))
            keep_more(engine, view, "delivery", "changed_delivery", "delivery_id")
        else:
            keep(engine, view)
    if not engine.read_only:
        forget_aside(engine)
