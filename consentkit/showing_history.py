"""How results about consent over time show themselves in a notebook: the withdrawal test, and one person's record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentkit.phrases import count, delay
from consentkit.showing import bar, frame, printed, table, text

if TYPE_CHECKING:
    from datetime import datetime

    from consentkit.history import Subject, Withdrawals

_SHOWN = 40
_IGNORED = "#d55e00"
_SAYS = {"true": "granted", "false": "refused", "conflict": "in conflict"}


def withdrawals_html(found: Withdrawals) -> str:
    """Return the withdrawal test as HTML: how many refusals were ignored at each destination, and for how long."""
    heads = ("Destination", "Refusals ignored, of those tested", "People", "Events", "Half within", "At most")
    rows = [
        [
            text(row["destination"]),
            bar(row["ignored"], row["tested"], _IGNORED),
            f"{row['people']:,}",
            f"{row['events']:,}",
            _lasted(row["delay_p50"]),
            _lasted(row["delay_max"]),
        ]
        for row in found.destinations[:_SHOWN]
    ]
    more = len(found.destinations) - _SHOWN
    tables = table(heads, rows) if rows else ""
    return frame(found.verdict, "", tables, f"and {more:,} more" if more > 0 else "")


def withdrawals_text(found: Withdrawals) -> str:
    """Return the withdrawal test as the command line prints it."""
    from consentkit.console_history import print_withdrawals

    return printed(lambda console: print_withdrawals(console, found))


def subject_html(found: Subject) -> str:
    """Return one record as HTML: every change of consent; the id stands in it as it was loaded."""
    told = f"{found.kind.capitalize()} {found.id}: {count(found.events, 'event')}, "
    told += (
        f"{count(len(found.changes), 'change')} of consent, {count(len(found.deliveries), 'delivery', 'deliveries')}"
    )
    rows = [
        [_moment(row["valid_from"]), text(row["category_id"]), text(_SAYS.get(row["value"], "not known"))]
        for row in found.changes[:_SHOWN]
    ]
    more = len(found.changes) - _SHOWN
    tables = table(("Since", "Category", "Consent"), rows) if rows else ""
    return frame(f"{told}.", "", tables, f"and {more:,} more" if more > 0 else "")


def subject_text(found: Subject) -> str:
    """Return one record as the command line prints it."""
    from consentkit.console_history import print_person

    return printed(lambda console: print_person(console, [found]))


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "undated"


def _lasted(seconds: float | None) -> str:
    return "" if seconds is None else delay(seconds)
