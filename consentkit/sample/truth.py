"""What was planted, counted exactly while it is written.

How each number is meant:

- *loaded* lines are JSON objects after exact repeats collapsed; *duplicate* lines are the exact repeats
  (same file, same bytes); *rejected* lines are blank, broken JSON, not UTF-8, or JSON but no object.
  Loaded, rejected and duplicate lines add up to all event lines. A second payload under the same
  message id is loaded.
- *events* of a fault are loaded lines; *people* are its distinct persons: the userId where the event
  has one, else its anonymousId. *first* and *last* are the earliest and latest ``timestamp`` of those
  events.
- *deliveries* are rows of the delivery log. For V5 they are ``delivered`` although consent certainly
  blocks: the stamp has preferences, a category the destination needs is not true in it, the destination
  is not exempt, and the event is not a preference event. For V7 they are ``delivered`` although the
  event's integrations object says false and consent does not block; for V8 filtered by consent although
  every needed category is true. For V1, V2 and V3 they are the delivered rows of those events at
  destinations that need a category and are not exempt: what went out without being judged. For V18 they
  are delivered rows at an unmapped destination whose stamp has categories and none is true. For V19
  they are delivered rows at the exempt destination whose stamp does not grant what the destination is
  mapped to (empty preferences grant nothing). For V20 they are all rows of that destination.
- V18, V19 and V20 include preference events; *preference_events* says how many of the fault's events
  are such, for tools that leave them out.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from consentkit.sample import catalog as c
from consentkit.sample.deliveries import DELIVERED, REJECTED, STATUS_NAMES, Routed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from consentkit.sample.people import Flags
    from consentkit.sample.shop import Events
    from consentkit.sample.text import Clock


@dataclass(frozen=True)
class Fault:
    """One planted fault: the finding it should give, where, and exactly how much of it there is."""

    id: str
    code: str
    description: str
    destination: str | None
    deliveries: int
    events: int
    people: int
    preference_events: int
    first: str | None
    last: str | None


@dataclass(frozen=True)
class SampleTruth:
    """Everything known about one written sample; the module's docstring defines the numbers."""

    seed: int
    events: int
    days: int
    start: str
    files: dict[str, int]
    """Lines per file, by path inside the sample."""
    event_lines: int
    loaded_lines: int
    duplicate_lines: int
    rejected_lines: int
    rejected_by_kind: dict[str, int]
    dirt: dict[str, int]
    """How often each kind of dirt was planted, rejected or not."""
    odd_files: dict[str, str]
    """Files that start with a byte order mark or end their lines with CRLF."""
    delivery_lines: int
    events_by_source: dict[str, int]
    unstamped_by_source: dict[str, int]
    """Loaded events without a consent object."""
    events_by_app_version: dict[str, int]
    unstamped_by_app_version: dict[str, int]
    preference_events: int
    deliveries: dict[str, dict[str, int]]
    """Rows of the delivery log by destination (name in the policy) and what happened."""
    v5_by_destination: dict[str, int]
    """Delivered although consent certainly blocks, for every destination; 0 where nothing was planted."""
    faults: tuple[Fault, ...]

    def fault(self, name: str) -> Fault:
        """The fault with this id."""
        return next(fault for fault in self.faults if fault.id == name)

    def to_json(self) -> str:
        """The text of ``truth.json``."""
        return json.dumps(asdict(self), indent=1) + "\n"


@dataclass
class _Tally:
    """Running numbers of one fault."""

    people: Flags
    deliveries: int = 0
    events: int = 0
    preference_events: int = 0
    first: int | None = None
    last: int | None = None

    def add(self, events: Events, which: Flags, deliveries: int) -> None:
        """Count the events marked in `which`, and this many deliveries of theirs."""
        if not which.any():
            return
        at = events.at[which]
        self.deliveries += deliveries
        self.events += len(at)
        self.preference_events += int((events.kind[which] == c.PREFERENCE).sum())
        self.people[events.person[which] * 2 + events.known[which]] = True
        low, high = int(at.min()), int(at.max())
        self.first = low if self.first is None else min(self.first, low)
        self.last = high if self.last is None else max(self.last, high)


@dataclass
class Ledger:
    """Counts block by block. ``finish`` lists the faults; the arrays hold the totals."""

    people: int
    sources: NDArray[np.int64] = field(default_factory=lambda: np.zeros((2, len(c.SOURCES)), np.int64))
    versions: NDArray[np.int64] = field(default_factory=lambda: np.zeros((2, len(c.VERSIONS)), np.int64))
    statuses: NDArray[np.int64] = field(default_factory=lambda: np.zeros((c.LEGACY + 1, REJECTED + 1), np.int64))
    refused: NDArray[np.int64] = field(default_factory=lambda: np.zeros(c.LEGACY, np.int64))
    preference_events: int = 0

    def __post_init__(self) -> None:
        self._tallies = {name: _Tally(np.zeros(2 * self.people, np.bool_)) for name, *_ in c.FAULTS}

    def add(self, events: Events, routed: Routed) -> None:
        """Count one block of events (distinct ones; repeats are counted by the dirt) and their deliveries."""
        bare = events.stamp == c.ABSENT
        ios = events.source == c.IOS
        for row, which in enumerate((np.ones(len(events), np.bool_), bare)):
            self.sources[row] += np.bincount(events.source[which], minlength=len(c.SOURCES))
            self.versions[row] += np.bincount(events.version[which & ios], minlength=len(c.VERSIONS))
        for what in range(1, REJECTED + 1):
            self.statuses[:, what] += (routed.status == what).sum(axis=0)
        self.refused += (routed.delivered[:, : c.LEGACY] & routed.refused).sum(axis=0)
        self.preference_events += int((events.kind == c.PREFERENCE).sum())
        self._add_stamps(events, routed)
        self._add_deliveries(events, routed)

    def _add_stamps(self, events: Events, routed: Routed) -> None:
        """Faults of the consent object itself."""
        binding = [d.needs > 0 and d.kind != "aws-s3" for d in c.DESTINATIONS]
        unjudged = routed.delivered[:, : c.LEGACY][:, binding].sum(axis=1)
        for name, stamp in (
            ("ios-release-drops-stamp", c.ABSENT),
            ("empty-consent-object", c.EMPTY),
            ("empty-preferences", c.EMPTY_PREFERENCES),
            ("non-boolean-preference", c.NOT_BOOLEAN),
            ("singular-key", c.SINGULAR_KEY),
        ):
            which = events.stamp == stamp
            self._tallies[name].add(events, which, int(unjudged[which].sum()))

    def _add_deliveries(self, events: Events, routed: Routed) -> None:
        """Faults of deliveries: one delivery per event and fault."""
        arrived = {name: routed.delivered[:, column] for name, column in c.COLUMN.items()}
        wrong = routed.delivered[:, : c.LEGACY] & routed.refused
        nothing = events.stamp == 0
        unshared = (events.stamp <= c.EVERYTHING) & (events.stamp & c.DATA_SHARING == 0)
        unshared |= events.stamp == c.EMPTY_PREFERENCES
        for name, which in (
            ("pixel-leak", wrong[:, c.COLUMN["Facebook Pixel"]]),
            ("ignored-withdrawal", wrong[:, c.COLUMN["Braze"]]),
            ("integrations-ignored", routed.switch_ignored),
            ("overblocking-day", routed.overblocked),
            ("mapping-gap", nothing & arrived["TikTok Conversions"]),
            ("unmapped-webhooks", nothing & arrived["Webhooks"]),
            ("exempt-storage", unshared & arrived["AWS S3"]),
            ("unknown-destination", routed.status[:, c.LEGACY] == DELIVERED),
        ):
            self._tallies[name].add(events, which, int(which.sum()))

    def finish(self, clock: Clock) -> tuple[Fault, ...]:
        """The planted faults with their final numbers."""
        found = []
        for name, code, destination, description in c.FAULTS:
            tally = self._tallies[name]
            moments = [None, None]
            if tally.first is not None and tally.last is not None:
                moments = clock.iso(np.array([tally.first, tally.last]))  # type: ignore[assignment]
            counts = (tally.deliveries, tally.events, int(tally.people.sum()), tally.preference_events)
            found.append(Fault(name, code, description, destination, *counts, *moments))
        return tuple(found)

    def by_source(self, row: int) -> dict[str, int]:
        """Events (row 0) or unstamped events (row 1) per source."""
        return dict(zip(c.SOURCES, self.sources[row].tolist(), strict=True))

    def by_version(self, row: int) -> dict[str, int]:
        """Events (row 0) or unstamped events (row 1) per app version."""
        return dict(zip(c.VERSIONS, self.versions[row].tolist(), strict=True))

    def by_destination(self) -> dict[str, dict[str, int]]:
        """Rows of the delivery log per destination and outcome."""
        names = [*c.COLUMN, c.UNKNOWN_DESTINATION]
        return {
            name: dict(zip(STATUS_NAMES[1:], row[1:], strict=True))
            for name, row in zip(names, self.statuses.tolist(), strict=True)
        }


def fault_table(truth: SampleTruth) -> str:
    """The planted faults as a Markdown table with exact numbers."""
    rows = [
        "| fault | finding | destination | deliveries | events | people | what was done |",
        "|---|---|---|---:|---:|---:|---|",
    ]
    for fault in truth.faults:
        cells: list[Any] = [f"`{fault.id}`", fault.code, fault.destination or "", fault.deliveries]
        rows.append("| " + " | ".join(map(str, [*cells, fault.events, fault.people, fault.description])) + " |")
    return "\n".join(rows) + "\n"
