"""What happened to each event at each destination: the cloud's rules, then the planted faults.

The rules are written here once more, in a few lookups, and share nothing with the rest of consentkit: the
sample can only check the tool if it does not ask the tool.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from consentkit.sample import catalog as c
from consentkit.sample.shop import DAY_MS, Events

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from consentkit.sample.people import Flags, Ints

NOTHING, DELIVERED, NO_CONSENT, SWITCHED_OFF, FAILED, REJECTED = range(6)
STATUS_NAMES = ("", "delivered", "filtered_by_consent", "filtered_by_integrations", "failed", "rejected")
_ROW_ENDS = {
    DELIVERED: '"status":"delivered"',
    NO_CONSENT: '"status":"filtered","reason":"FILTERED_BY_END_USER_CONSENT"',
    SWITCHED_OFF: '"status":"filtered","reason":"FILTERED_BY_INTEGRATIONS_OBJECT"',
    FAILED: '"status":"failed"',
    REJECTED: '"status":"rejected","reason":"INVALID_SETTINGS"',
}
_WIDTH = len(c.DESTINATIONS) + 1  # one more for the destination nobody declared
_KEPT_TEMPLATES = 20_000

# One in so many of the deliveries that a fault could touch is touched, counted in time order.
LEAK_EVERY = 8
SWITCH_EVERY = 5
LEGACY_EVERY = 10


@dataclass(frozen=True)
class Routed:
    """Per event (row) and destination (column): what happened, and what was planted.

    ``refused`` is True where consent certainly blocks; ``switched_off`` where only the integrations object
    does; ``status`` has one more column for the undeclared destination.
    """

    status: NDArray[np.uint8]
    refused: Flags
    leaked: Flags  # per event
    switch_ignored: Flags  # per event
    overblocked: Flags  # per event

    @property
    def delivered(self) -> Flags:
        """Where an event arrived."""
        arrived: Flags = self.status == DELIVERED
        return arrived


def _refusals() -> Flags:
    """Stamp by destination: True where consent certainly blocks; exempt or unclear is False."""
    table = np.zeros((c.SINGULAR_KEY + 1, len(c.DESTINATIONS)), np.bool_)
    for column, destination in enumerate(c.DESTINATIONS):
        if destination.kind != "aws-s3":
            for mask in range(c.EVERYTHING + 1):
                table[mask, column] = mask & destination.needs != destination.needs
            table[c.EMPTY_PREFERENCES, column] = destination.needs > 0
    return table


class Router:
    """Decides deliveries block by block; keeps the counters that make the planted shares exact."""

    def __init__(self, rng: Generator) -> None:
        self._rng = rng
        self._refusals = _refusals()
        names = [d.name for d in c.DESTINATIONS]
        self._off = np.array([[name in off for name in names] for _, _, off in c.INTEGRATIONS])
        self._connected = np.array([[source in d.sources for d in c.DESTINATIONS] for source in range(len(c.SOURCES))])
        self._actions = np.array([d.kind == "actions" for d in c.DESTINATIONS])
        self._seen: dict[str, int] = {}
        self._templates: dict[int, tuple[str, int]] = {}

    def route(self, events: Events, unnamed: Ints) -> Routed:
        """Decide every delivery of `events`; those at `unnamed` have no message id and get no record."""
        preference = events.kind == c.PREFERENCE
        refused = self._refusals[events.stamp]
        # Preference events go to Actions destinations whatever they say. For other kinds the documents do not
        # decide: the log shows them filtered, and no fault is counted on them.
        stopped = refused & ~(preference[:, None] & self._actions)
        off = self._off[events.integrations]
        what = np.where(stopped, NO_CONSENT, np.where(off, SWITCHED_OFF, DELIVERED))
        status = np.zeros((len(events), _WIDTH), np.uint8)
        status[:, :-1] = np.where(self._connected[events.source], what, NOTHING)
        self._break_some(status)
        planted = self._plant(events, status, stopped)
        status[unnamed] = NOTHING
        return Routed(status, stopped & ~preference[:, None], *planted)

    def _break_some(self, status: NDArray[np.uint8]) -> None:
        """Let a few deliveries fail for reasons of their own."""
        luck = self._rng.integers(0, 1000, status.shape, dtype=np.uint16)
        status[(status == DELIVERED) & (luck < 3)] = FAILED
        status[(status == DELIVERED) & (luck == 3)] = REJECTED

    def _every(self, name: str, which: Flags, step: int) -> Flags:
        """Every `step`-th of the events marked in `which`, the first one included, across blocks."""
        seen = self._seen.get(name, 0)
        places = np.flatnonzero(which)
        chosen = np.zeros(len(which), np.bool_)
        chosen[places[(seen + np.arange(len(places))) % step == 0]] = True
        self._seen[name] = seen + len(places)
        return chosen

    def _plant(self, events: Events, status: NDArray[np.uint8], stopped: Flags) -> tuple[Flags, Flags, Flags]:
        """Write the planted faults into `status`; returns leaked, switch ignored and overblocked events."""
        pixel, amplitude = c.COLUMN["Facebook Pixel"], c.COLUMN["Amplitude (Actions)"]
        braze, mixpanel = c.COLUMN["Braze"], c.COLUMN["Mixpanel"]
        leaked = self._every("leak", (events.kind == c.ORDER) & stopped[:, pixel], LEAK_EVERY)
        status[leaked, pixel] = DELIVERED
        late = events.withdrawal_ignored & stopped[:, braze] & (status[:, braze] == NO_CONSENT)
        status[late, braze] = DELIVERED
        off = (events.integrations == c.AMPLITUDE_OFF) & (status[:, amplitude] == SWITCHED_OFF)
        switched = self._every("switch", off, SWITCH_EVERY)
        status[switched, amplitude] = DELIVERED
        granted = (events.stamp <= c.EVERYTHING) & (events.stamp & c.ANALYTICS > 0)
        overblocked = (status[:, mixpanel] == DELIVERED) & granted & (events.at // DAY_MS == c.OVERBLOCK_DAY)
        status[overblocked, mixpanel] = NO_CONSENT
        status[self._every("legacy", events.source == c.SERVER, LEGACY_EVERY), c.LEGACY] = DELIVERED
        return leaked, switched, overblocked

    def render(self, status: NDArray[np.uint8], message_ids: list[str], seconds: list[str]) -> tuple[str, int]:
        """The delivery log of a block: its text (whole lines) and how many lines it has."""
        keys = status.astype(np.int64) @ (6 ** np.arange(_WIDTH, dtype=np.int64))
        unique, first, place = np.unique(keys, return_index=True, return_inverse=True)
        if len(self._templates) > _KEPT_TEMPLATES:
            self._templates.clear()
        known = [self._template(key, status[row]) for key, row in zip(unique.tolist(), first, strict=True)]
        texts = [text for text, _ in known]
        rows = [
            texts[i].replace("\0", message).replace("\1", at)
            for i, message, at in zip(place.tolist(), message_ids, seconds, strict=True)
        ]
        counts = np.array([lines for _, lines in known], np.int64)
        return "".join(rows), int(counts[place].sum())

    def _template(self, key: int, status: NDArray[np.uint8]) -> tuple[str, int]:
        """Log lines of one pattern of outcomes, with marks where the message id and the time go."""
        if key not in self._templates:
            rows = [_log_row(column, int(what)) for column, what in enumerate(status) if what]
            self._templates[key] = ("".join(rows), len(rows))
        return self._templates[key]


def _log_row(column: int, what: int) -> str:
    """One delivery record; its milliseconds are the destination's own, so that rows of an event differ."""
    destination = c.DESTINATIONS[column] if column < c.LEGACY else None
    name = destination.log_name if destination else c.UNKNOWN_DESTINATION
    mode = "warehouse" if destination and destination.kind in ("warehouse", "aws-s3") else "cloud"
    at = f'"at":"\1.{(137 * column + 61) % 1000:03d}Z"'
    return f'{{"message_id":"\0","destination":"{name}",{_ROW_ENDS[what]},"mode":"{mode}",{at}}}\n'
