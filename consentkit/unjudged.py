"""Why nothing could be checked: said once, for the summary, the report and every chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consentkit.phrases import count, span

if TYPE_CHECKING:
    from collections.abc import Sequence

Row = dict[str, Any]
# Deliveries of which nobody can tell whether they were allowed, and what there would have to be.
_UNJUDGED = {
    "deliveries_without_event": "is of an event that was read",
    "deliveries_without_policy": "is of a time in which a policy version was in force",
    "deliveries_to_unknown": "is to a destination the policy knows",
    "deliveries_undecidable": "can be judged by the rules",
}


def could_not_check(why: str) -> str:
    """Say that nothing could be checked, and why."""
    return f"Could not check: {why}."


def why_unchecked(coverage: Row, files: Sequence[Row]) -> str | None:
    """Return why nothing of a row of ``coverage`` could be checked, or None; ``files`` accounts for what was read."""
    logs = [row for row in files if row["kind"] == "deliveries"]
    if unread := why_unread(coverage["events"], files) or _unread_log(coverage, logs):
        return unread
    if coverage["events"] == coverage["events_without_policy"]:
        return "no policy version was in force at the time of any event"
    if coverage["deliveries"] and coverage["deliveries"] == coverage["deliveries_unjudged"]:
        unjudged = {column: coverage[column] for column in _UNJUDGED if coverage[column]}
        deliveries = count(coverage["deliveries"], "delivery", "deliveries")
        if len(unjudged) == 1:
            told = f"of {deliveries} in the log none {_UNJUDGED[next(iter(unjudged))]}"
            return told + (_periods(coverage, logs) if "deliveries_without_event" in unjudged else "")
        why = "; ".join(f"of {n:,} none {_UNJUDGED[column]}" for column, n in unjudged.items())
        return f"of {deliveries} in the log none could be judged: {why}"
    return None


def why_unread(events: int, files: Sequence[Row]) -> str | None:
    """Return why there is no event, or None where there is one."""
    return (
        None if events else f"no event could be read{_refused([row for row in files if row['kind'] != 'deliveries'])}"
    )


def _periods(coverage: Row, logs: list[Row]) -> str:
    """Tell a log of other days than the events from one that names events by other ids; nothing where it is undated."""
    dated = [row for row in logs if row["first_at"]]
    if not dated or not coverage["first_event"]:
        return ""
    first, last = min(row["first_at"] for row in dated), max(row["last_at"] for row in dated)
    log, events = span(first, last, year=True), span(coverage["first_event"], coverage["last_event"], year=True)
    told = f"both are of {log}" if log == events else f"the log is of {log}, the events of {events}"
    apart = last.date() < coverage["first_event"].date() or coverage["last_event"].date() < first.date()
    return f"; {told}: these are other days" if apart else f"; {told}: their message ids do not match"


def _unread_log(coverage: Row, logs: list[Row]) -> str | None:
    """Return why no record of the log says what became of an event, or None."""
    records = coverage["delivery_records"]
    if records and records == coverage["records_without_status"]:
        return f"of {count(records, 'record')} in the log none has a status that is known"
    if not logs or any(row["loaded"] for row in logs):
        return None
    if lines := sum(row["lines"] for row in logs):
        return f"not one of {lines:,} lines of the delivery log could be read"
    why = _refused(logs)
    return f"the delivery log could not be read{why}" if why else "the delivery log is empty"


def _refused(files: list[Row]) -> str:
    """Say why files could not be read; nothing of those that are only empty."""
    why = {row["problem"].replace("_", " ") for row in files if row["problem"] not in (None, "empty")}
    return f": {', '.join(sorted(why))}" if why else ""
