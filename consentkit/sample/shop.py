"""What people do: one day of the shop at a time, as numpy columns."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from consentkit.sample import catalog as c
from consentkit.sample.people import ALWAYS, HAS_IDENTIFY, HAS_PREFERENCE, Flags, Ints, People, Schedule

if TYPE_CHECKING:
    from numpy.random import Generator

DAY_MS = 86_400_000
WEEK = (10, 10, 10, 11, 13, 15, 14)
IGNORED_FOR_MS = 2 * DAY_MS
Three = tuple[Ints, Ints, Ints]


@dataclass(frozen=True)
class Events:
    """Events in time order, one array per column; ``at`` is milliseconds since the first day's midnight."""

    person: Ints
    kind: Ints
    source: Ints
    at: Ints
    session_start: Ints
    version: Ints
    known: Flags
    stamp: Ints
    integrations: Ints
    product: Ints
    withdrawal_ignored: Flags

    def __len__(self) -> int:
        """Count the events."""
        return len(self.person)

    def take(self, which: slice | Ints) -> Events:
        """The same columns for some of the events (a copy)."""
        return Events(*(np.array(getattr(self, field.name)[which]) for field in fields(self)))


def events_per_day(events: int, first_weekday: int, days: int) -> list[int]:
    """Split `events` over `days` days, more at weekends; whole numbers that add up exactly."""
    weights = [WEEK[(first_weekday + day) % 7] for day in range(days)]
    total, done, counts = sum(weights), 0, []
    for day in range(days):
        upto = events * sum(weights[: day + 1]) // total
        counts.append(upto - done)
        done = upto
    return counts


def play_day(rng: Generator, people: People, schedule: Schedule, day: int, count: int) -> Events:
    """Everything that happens on one day.

    Draws exactly `count` events and returns them in time order; notes in `people` when preferences changed
    and who identified. A change applies from the preference event on, that event included.
    """
    visitor, length, flags = _visits(rng, people, schedule, day, count)
    visit = np.repeat(np.arange(len(length)), length)[:count]
    first = (np.cumsum(length) - length)[visit]
    position = np.arange(count) - first
    walked = np.cumsum(rng.integers(4_000, 95_000, count))
    luck = rng.random(len(length)) + rng.random(len(length))
    start = (luck * 41_000_000).astype(np.int64)[visit] + day * DAY_MS
    at = start + walked - walked[first]
    person = visitor[visit]
    kind = _kinds(rng, people.member[person], length[visit], position, visit)
    version = _versions(people.update_lag[person], day)
    _record(people, (person, at, kind), (flags[visit], position, version), day)
    source = np.where(kind == c.ORDER, c.SERVER, np.where(people.ios[person], c.IOS, c.WEB))
    silent = (source == c.IOS) & (version == c.BROKEN_VERSION)
    stamp, ignored = _state(people, person, at)
    events = Events(
        person=person,
        kind=kind,
        source=source,
        at=at,
        session_start=start,
        version=version,
        known=at >= people.identify_ms[person],
        stamp=np.where(silent, c.ABSENT, stamp),
        integrations=_integrations(rng, source, kind),
        product=rng.integers(0, len(c.PRODUCTS), count),
        withdrawal_ignored=ignored & ~silent,
    )
    return events.take(np.argsort(at, kind="stable"))


def _record(people: People, events: Three, visit: Three, day: int) -> None:
    """Put scheduled events among the drawn ones and note their moments in `people`.

    `events` holds each event's person, moment and kind (changed in place); `visit` its flags, its position
    in the visit and the app version. The broken version's
    preference events do not reach the log (the platform rejects them unstamped), though the choice is made.
    """
    person, at, kind = events
    flags, position, version = visit
    signs_up = flags & HAS_IDENTIFY > 0
    kind[signs_up & (position == 2)] = c.SIGNUP
    identifies = signs_up & (position == 3)
    kind[identifies] = c.IDENTIFY
    people.identify_ms[person[identifies]] = at[identifies]
    asks = (flags & HAS_PREFERENCE > 0) & (position == 1)
    lost = people.ios[person] & (version == c.BROKEN_VERSION)
    kind[asks] = np.where(lost[asks], c.PAGE, c.PREFERENCE)
    second = (people.change_day[0][person[asks]] != day).astype(np.int64)
    people.change_ms[second, person[asks]] = at[asks]


def _visits(rng: Generator, people: People, schedule: Schedule, day: int, count: int) -> tuple[Ints, Ints, Ints]:
    """Who visits, for how many events, and what must happen: scheduled visits first, then chance."""
    low, high = np.searchsorted(schedule.day, [day, day + 1])
    due = schedule.person[low:high]
    extra = count // 3 + 10
    luck = rng.random(extra)
    present = int(np.searchsorted(people.first_day, day, side="right"))
    passing = (luck * luck * present).astype(np.int64)
    person = np.concatenate([due, passing])
    length = np.concatenate([5 + rng.integers(0, 4, len(due)), 1 + rng.integers(0, 9, extra)])
    flags = np.concatenate([schedule.flags[low:high], np.zeros(extra, np.int64)])
    return person, length, flags


def _kinds(rng: Generator, member: Ints, length: Ints, position: Ints, visit: Ints) -> Ints:
    """What each event is: browsing, with a basket, a checkout or a purchase at the end of some visits."""
    count = len(position)
    kind = np.where(rng.random(count) < 0.4, c.PAGE, c.VIEW)
    luck = rng.random(int(visit.max()) + 1)[visit]
    left = length - 1 - position
    goal = np.where((luck < 0.30) & (length > 3), 2, np.where(luck < 0.40, 1, np.where(luck < 0.60, 0, -9)))
    for step, what in ((0, c.ADD), (1, c.CHECKOUT), (2, c.ORDER)):
        kind[(goal >= step) & (left == goal - step)] = what
    kind[(position == 1) & (member == ALWAYS) & (rng.random(count) < 0.1)] = c.IDENTIFY
    kind[position == 0] = c.PAGE
    return kind.astype(np.int64)


def _versions(lag: Ints, day: int) -> Ints:
    """The app version each person has on a day."""
    version = np.zeros(len(lag), np.int64)
    for released, _ in c.RELEASES[1:]:
        version += day >= released + lag
    return version


def _state(people: People, person: Ints, at: Ints) -> tuple[Ints, Flags]:
    """Granted categories at each moment, and whether Braze still ignores a withdrawal then."""
    change1, change2 = people.change_ms[0][person], people.change_ms[1][person]
    before, first, second = (row[person] for row in people.preferences)
    latest = np.where(at >= change2, change2, np.where(at >= change1, change1, -1))
    previous = np.where(at >= change2, first, before)
    now = np.where(at >= change2, second, np.where(at >= change1, first, before))
    lost = (previous & c.FUNCTIONAL > 0) & (now & c.FUNCTIONAL == 0)
    begin, end = c.WITHDRAWAL_DAYS[0] * DAY_MS, (c.WITHDRAWAL_DAYS[-1] + 1) * DAY_MS
    return now, lost & (latest >= begin) & (latest < end) & (at < latest + IGNORED_FOR_MS)


def _integrations(rng: Generator, source: Ints, kind: Ints) -> Ints:
    """Which integrations object each event carries; only the website sets any."""
    upper: Any = np.cumsum([round(share * 1000) for share, _, _ in c.INTEGRATIONS])
    drawn = np.searchsorted(upper, rng.integers(0, 1000, len(source)), side="right")
    return np.where((source == c.WEB) & (kind != c.PREFERENCE), drawn, 0).astype(np.int64)
