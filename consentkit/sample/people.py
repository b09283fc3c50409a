"""Who visits the shop: fixed traits, consent choices and the visits that must happen.

Only integers, comparisons and uniform draws are used (no logarithms, no normal draws), so that the same seed
gives the same shop on every processor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from consentkit.sample import catalog as c
from consentkit.sample.text import uuids

if TYPE_CHECKING:
    from numpy.random import Generator

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

FAR = 1 << 60
NEVER, ALWAYS, LATER = 0, 1, 2
MAX_PEOPLE = 100_000
HAS_PREFERENCE, HAS_IDENTIFY = 1, 2


@dataclass
class People:
    """Everyone who visits: fixed traits, plus the moments that become known as days are played."""

    first_day: Ints
    ios: Flags
    country: Ints
    device: Ints
    update_lag: Ints
    clock_skew: Ints
    member: Ints
    identify_day: Ints
    identify_ms: Ints
    preferences: Ints  # three rows: at first, after one change, after two
    change_day: Ints  # two rows
    change_ms: Ints  # two rows; FAR until the change has happened
    anonymous: list[str]
    user: list[str]


@dataclass(frozen=True)
class Schedule:
    """Visits that must happen (first choices, changes, sign-ups), ordered by day."""

    person: Ints
    day: Ints
    flags: Ints


def make_people(rng: Generator, count: int, days: int) -> People:
    """Draw everyone who will visit.

    `count` people over `days` days; six in ten are customers from before the first day. People are ordered
    by their first day, which the daily draw relies on.
    """
    old = count * 6 // 10
    first_day = np.zeros(count, np.int64)
    first_day[old:] = np.sort(rng.integers(1, days - 2, count - old))
    ios = rng.random(count) < 0.35
    country = rng.integers(0, len(c.COUNTRIES), count)
    luck = rng.random(count)
    member = np.where(luck < 0.40, np.where(first_day == 0, ALWAYS, LATER), np.where(luck < 0.58, LATER, NEVER))
    preferences, change_day = _choices(rng, first_day, country, days)
    people = People(
        first_day=first_day,
        ios=ios,
        country=country,
        device=rng.integers(0, c.DEVICES, count),
        update_lag=_update_lags(rng, count),
        clock_skew=np.where(rng.random(count) < 0.04, rng.integers(-180_000, 180_000, count), 0),
        member=member.astype(np.int64),
        identify_day=np.where(member == LATER, np.maximum(first_day, rng.integers(0, days, count)), FAR),
        identify_ms=np.where(member == ALWAYS, -1, FAR).astype(np.int64),
        preferences=preferences,
        change_day=change_day,
        change_ms=np.full((2, count), FAR, np.int64),
        anonymous=uuids(rng, count),
        user=[f"u_{100_000 + 37 * i}" for i in range(count)],
    )
    _plant_withdrawals(people)
    people.anonymous = [a.upper() if i else a for a, i in zip(people.anonymous, ios.tolist(), strict=True)]
    return people


def _update_lags(rng: Generator, count: int) -> Ints:
    """Days until each person takes a new app version: most are quick, one in ten never does."""
    luck = rng.random(count)
    return np.where(rng.random(count) < 0.1, 1000, luck * luck * 8).astype(np.int64)


def _answers(rng: Generator, opt_in: Flags) -> Ints:
    """What people click in the banner, as category bits."""
    count = len(opt_in)
    wish = [rng.random(count) < share for share in (0.30, 0.60, 0.80, 0.25)]
    custom = sum((w.astype(np.int64) << bit for bit, w in enumerate(wish)), np.zeros(count, np.int64))
    luck = rng.random(count)
    accept, refuse = np.where(opt_in, 0.45, 0.80), np.where(opt_in, 0.27, 0.08)
    return np.where(luck < accept, c.EVERYTHING, np.where(luck < accept + refuse, 0, custom))


def _choices(rng: Generator, first_day: Ints, country: Ints, days: int) -> tuple[Ints, Ints]:
    """First preference and up to two changes per person, with the days they fall on.

    Returns three rows of category bits and two rows of days (FAR = does not happen). Newcomers start with
    nothing granted where consent is opt-in and with everything where it is opt-out, then may answer.
    """
    count = len(first_day)
    opt_in = np.array([row[3] for row in c.COUNTRIES])[country]
    answer = _answers(rng, opt_in)
    newcomer = first_day > 0
    before = np.where(newcomer, np.where(opt_in, 0, c.EVERYTHING), answer)
    luck = rng.random(count)
    other = np.where(luck < 0.5, 0, np.where(luck < 0.8, c.EVERYTHING, _answers(rng, opt_in)))
    asked = newcomer & (opt_in | (rng.random(count) < 0.25))
    changes = ~newcomer & (rng.random(count) < 0.12)
    first = np.where(newcomer, answer, np.where(other == before, before ^ c.EVERYTHING, other))
    day1 = np.where(asked, first_day, np.where(changes, rng.integers(0, days, count), FAR))
    again = (rng.random(count) < 0.10) & (day1 < FAR)
    day2 = np.where(again, np.minimum(day1, days) + 1 + rng.integers(0, days, count), FAR)
    second = np.where(first == 0, c.EVERYTHING, first & (first - 1))
    return np.stack([before, first, second]), np.stack([day1, np.where(day2 < days, day2, FAR)])


def _plant_withdrawals(people: People) -> None:
    """Make some customers of the website withdraw `Functional` on the three days Braze does not listen."""
    count = len(people.first_day)
    able = np.flatnonzero((people.first_day == 0) & ~people.ios & (people.change_day[0] == FAR))
    chosen = able[:: max(1, len(able) // max(4, count // 60))]
    people.preferences[0, chosen] |= c.FUNCTIONAL
    people.preferences[1, chosen] = people.preferences[0, chosen] & ~c.FUNCTIONAL
    people.preferences[1, chosen[::2]] = 0
    people.change_day[0, chosen] = c.WITHDRAWAL_DAYS[0] + np.arange(len(chosen)) % len(c.WITHDRAWAL_DAYS)


def make_schedule(people: People, days: int) -> Schedule:
    """The visits that must happen: every change of preference, the visit after it, every sign-up."""
    parts: list[tuple[Ints, Ints, int]] = []
    for day in people.change_day:
        who = np.flatnonzero(day < days)
        back = who[day[who] + 1 < days]
        parts += [(who, day[who], HAS_PREFERENCE), (back, day[back] + 1, 0)]
    who = np.flatnonzero(people.identify_day < days)
    parts.append((who, people.identify_day[who], HAS_IDENTIFY))
    person = np.concatenate([p for p, _, _ in parts])
    day = np.concatenate([d for _, d, _ in parts])
    flags = np.concatenate([np.full(len(p), flag, np.int64) for p, _, flag in parts])
    order = np.argsort(day, kind="stable")
    return Schedule(person[order], day[order], flags[order])
