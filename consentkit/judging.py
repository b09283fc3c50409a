"""Keeps in the database what everything found rests on, from the first question until something is loaded or applied.

What is kept stands in the place of the views it comes of: a question, a suite and another program find the same rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentkit.errors import UsageError

if TYPE_CHECKING:
    from consentkit.engine import Engine

# In the order they rest on one another; the first tells whether the others still hold. One by one, because all at once
# needs twice the memory, and because DuckDB takes longer to plan the whole than to run it.
KEPT = (
    "judged_input",
    "verdict",
    "decision",
    "preference_event",
    "preference_subject",
    "preference_period",
    "stamp_change",
    "stamp_against_device",
    "stamp_against_person",
    "unannounced_change",
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


# What several parts of a report read, and nothing else: kept while it is written.
READ_OFTEN = ("event_tally", "finding_tally", "event_way", "event_routes")


def judge(engine: Engine) -> None:
    """Work the views of ``KEPT`` out and keep their rows, unless what is kept still holds.

    Raises :class:`UsageError` without a policy.
    """
    if not engine.value("look for a policy", "SELECT count(*) FROM policy_version"):
        raise UsageError("no policy is applied to this database; name one with --policy")
    if not engine.has_changed(KEPT[0]):
        return
    with engine.change():
        for view in KEPT:
            engine.keep(view)
