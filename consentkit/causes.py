"""The slice of the data that explains a finding best: a release, an event, a day. Nothing where nothing does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from consentkit.engine import sql_text
from consentkit.phrases import day, percent, span, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    class Reading(Protocol):
        """Whatever runs a query and returns its rows, as a workspace does."""

        def rows(self, query: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
            """Run a query and return its rows."""


_MIGHT = {
    "V5": "events that refused",
    "V6": "events that refused",
    "V26": "events that denied it",
    "V10": "events that refused",
    "V7": "events that said no",
    "V8": "events that had consent",
}


@dataclass(frozen=True)
class Cause:
    """The slice that explains one finding: ``in_slice`` of ``of_slice`` failed in it, so many elsewhere.

    ``of_slice`` and ``of_elsewhere`` count what could have failed the same way: the events of the source, the
    events that refused, or the deliveries to the destination.
    """

    code: str
    source: str | None
    destination: str | None
    detail: str | None
    kind: str
    dimension: str
    first: str | None
    second: str
    in_slice: int
    of_slice: int
    elsewhere: int
    of_elsewhere: int
    lift: float
    first_day: date | None

    @property
    def where(self) -> str:
        """Name the slice: ``ios 5.2.1``, ``Order Completed of server``, ``9 March``."""
        second = visible(self.second, 80)
        if self.dimension == "day":
            return day(date.fromisoformat(self.second), year=True)
        if self.dimension == "days" and self.first:
            return span(date.fromisoformat(self.first), date.fromisoformat(self.second), year=True)
        if self.dimension == "event of a source":
            return f"{second} of source {visible(self.first or '', 80)}"
        if self.dimension in ("app version", "library version"):
            return f"{visible(self.first or '', 80)} {second}"
        return f"{self.dimension} {second}"

    @property
    def about(self) -> str:
        """Name the finding: its code and where it was found."""
        where = (self.destination, self.source, self.detail)
        return f"{self.code} {', '.join(visible(each, 60) for each in where if each is not None)}".rstrip()

    def says(self, finding: Mapping[str, Any]) -> bool:
        """Say whether this is the cause of a row of the view ``finding``."""
        keys = ("code", "source", "destination", "detail")
        return finding["certainty"] == "certain" and all(getattr(self, key) == finding[key] for key in keys)

    def __str__(self) -> str:
        failed = self.in_slice + self.elsewhere
        things = _MIGHT.get(self.code, "deliveries" if self.kind == "delivered" else "events")
        share = f"All {failed:,}" if not self.elsewhere else f"{percent(self.in_slice, failed)} of the {failed:,}"
        dated = self.dimension in ("day", "days")
        since = f", first seen {day(self.first_day, year=True)}" if self.first_day and not dated else ""
        there = f"{self.in_slice:,} of {self.of_slice:,} {things} {'then' if dated else 'there'}"
        rest = f"{self.elsewhere:,} of {self.of_elsewhere:,} {'on other days' if dated else 'elsewhere'}"
        return f"{share} {'fall on' if dated else 'come from'} {self.where}{since}: {there}, {rest}."


class Causes(list[Cause]):
    """The causes that were found, the one with the most behind it first; shows itself as a list of sentences."""

    def __repr__(self) -> str:
        return "\n".join(f"{each.about}: {each}" for each in self) or "No cause was found."

    def _repr_html_(self) -> str:
        from consentkit.showing import causes_html

        return causes_html(self)


def find_causes(workspace: Reading) -> Causes:
    """Return the cause of every certain finding that has one: at most one slice for each.

    The rule stands in ``consentkit/sql/ask_causes.sql``: at least five failures, four fifths of them in a slice
    that fails in one case of twenty or more, three times as often as the rest, is no more than half of the
    whole, and not by chance.
    """
    return Causes(Cause(*row) for row in workspace.rows(sql_text("ask_causes")))


def cause_of(finding: Mapping[str, Any], causes: Iterable[Cause]) -> Cause | None:
    """Return the cause of one row of the view ``finding``, or None."""
    return next((each for each in causes if each.says(finding)), None)
