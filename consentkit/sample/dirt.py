"""The dirt real exports have: which events get it, and what it does to their lines.

Stamp dirt changes an event's consent object before anything is decided. Line dirt changes or adds a line of
text afterwards. Both fall (exact repeats apart) on website events of people who granted everything and on
which no fault is planted, so that dirt never blurs the counts of the faults.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from consentkit.sample import catalog as c
from consentkit.sample.shop import DAY_MS, Events

if TYPE_CHECKING:
    from collections.abc import Callable

    from consentkit.sample.people import Flags

STAMP_DIRT = {
    "empty_consent": c.EMPTY,
    "empty_category_preferences": c.EMPTY_PREFERENCES,
    "non_boolean_preference": c.NOT_BOOLEAN,
    "singular_key": c.SINGULAR_KEY,
}
MISSING_ID = "missing_message_id"
REPEATED = "exact_duplicate"
CONFLICTING = "conflicting_payload"


def _other_zone(line: str) -> str:
    """The same instant, written with an offset of two hours."""

    def shift(found: re.Match[str]) -> str:
        local = datetime.fromisoformat(found[1]) + timedelta(hours=2)
        return f'"timestamp":"{local.isoformat(timespec="milliseconds")}+02:00"'

    return re.sub(r'"timestamp":"([^"]+)Z"', shift, line)


def _add_property(text: str) -> Callable[[str], str]:
    """A copy of the line with one more property in front."""
    return lambda line: line.replace('"properties":{', f'"properties":{{{text},', 1)


CHANGED_LINE: dict[str, Callable[[str], str]] = {
    MISSING_ID: lambda line: re.sub(r'"messageId":"[^"]+",', "", line),
    "capital_type": lambda line: line.replace('"type":"track"', '"type":"Track"'),
    "timestamp_with_offset": _other_zone,
    "timestamp_without_zone": lambda line: re.sub(r'("timestamp":"[^"]+)Z"', r'\1"', line),
}
REJECTED_LINE: dict[str, Callable[[str], str]] = {
    "blank_line": lambda _: "",
    "truncated_json": lambda line: line[: len(line) * 2 // 3],
    "invalid_utf8": _add_property('"note":"caf\udce9"'),
    "not_an_object": lambda line: f"[{line}]",
}
LOADED_LINE: dict[str, Callable[[str], str]] = {
    REPEATED: lambda line: line,
    CONFLICTING: _add_property('"quantity_changed":true'),
}
# What is planted, and one in how many events gets it (at least one of each).
ONE_IN = {
    **dict.fromkeys(STAMP_DIRT, 4_000),
    **dict.fromkeys(CHANGED_LINE, 5_000),
    **dict.fromkeys(REJECTED_LINE, 10_000),
    CONFLICTING: 5_000,
    REPEATED: 500,
}
BOM_DAY, CRLF_DAY = 1, 4


class Dirt:
    """Hands out dirt as events pass by. ``planted`` counts each kind so far."""

    def __init__(self, events: int) -> None:
        self.planted = dict.fromkeys(ONE_IN, 0)
        self._passed = 0
        self._due: dict[str, list[int]] = {}
        for turn, (kind, one_in) in enumerate(ONE_IN.items()):
            count = max(1, events // one_in)
            gap = events * 8 // 10 // count
            # Latest first: the next one is popped off the end.
            self._due[kind] = [gap * i + gap * (turn + 1) // 20 for i in reversed(range(count))]

    def choose(self, events: Events) -> dict[str, list[int]]:
        """Positions in this block that get each kind of dirt; what finds none waits for the next."""
        named = np.flatnonzero(_clean(events))
        every = np.arange(len(events))
        used: set[int] = set()
        chosen: dict[str, list[int]] = {}
        for kind, due in self._due.items():
            places = every if kind == REPEATED else named
            while due and due[-1] < self._passed + len(events):
                start = int(np.searchsorted(places, max(0, due[-1] - self._passed)))
                # The next free place; else any earlier one; else wait for the next block.
                place = next((int(p) for p in (*places[start:][:99], *places[:99]) if int(p) not in used), None)
                if place is None:
                    break
                due.pop()
                used.add(place)
                chosen.setdefault(kind, []).append(place)
        self._passed += len(events)
        for kind, found in chosen.items():
            self.planted[kind] += len(found)
        return chosen


def _clean(events: Events) -> Flags:
    """Website events on which no fault can be planted and nothing is refused."""
    browsing = (events.kind == c.VIEW) | (events.kind == c.ADD)
    plain = (events.source == c.WEB) & (events.stamp == c.EVERYTHING) & (events.integrations == 0)
    clean: Flags = browsing & plain & (events.at // DAY_MS != c.OVERBLOCK_DAY)
    return clean


def spoil_stamps(events: Events, chosen: dict[str, list[int]]) -> None:
    """Give the chosen events their odd consent objects."""
    for kind, stamp in STAMP_DIRT.items():
        events.stamp[chosen.get(kind, [])] = stamp


def spoil_lines(lines: list[str], chosen: dict[str, list[int]]) -> list[tuple[int, str]]:
    """Change the lines of the chosen events in place.

    Returns the lines to add: the position of the event each one follows, and its text.
    """
    extra = {**REJECTED_LINE, **LOADED_LINE}
    added: list[tuple[int, str]] = []
    for kind, places in chosen.items():
        for place in places:
            if kind in CHANGED_LINE:
                lines[place] = CHANGED_LINE[kind](lines[place])
            elif kind in extra:
                added.append((place, extra[kind](lines[place])))
    return added
