"""How numbers, shares and dates are said in titles and sentences: the same words everywhere."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
# Only letters that the fonts inside vl-convert can draw: Latin, Greek, Cyrillic and a little punctuation.
_DRAWABLE = ((0x20, 0x7E), (0xA0, 0x17F), (0x391, 0x3CE), (0x400, 0x45F), (0x2013, 0x2014), (0x2018, 0x201D))
_ELLIPSIS = "..."
# The least room for the beginning of a name and its end.
_BOTH_ENDS = 9
# What findings that are not about events count: one, and several.
UNITS = {
    "V22": ("category", "categories"),
    "X1": ("line", "lines"),
    "X2": ("file", "files"),
    "X12": ("file", "files"),
    "X21": ("cell", "cells"),
    "X27": ("day", "days"),
    "X29": ("record", "records"),
    "X30": ("cell", "cells"),
    "X40": ("destination", "destinations"),
    "X41": ("day", "days"),
    "X42": ("day", "days"),
}

# Findings of delivery records that need not be deliveries, and what their number is out of.
RECORDS = {
    "V8": ("record of what was held back for consent", "records of what was held back for consent"),
    "V10": ("record of what was held back", "records of what was held back"),
    **dict.fromkeys(("V20", "X3", "X4", "X11"), ("delivery record", "delivery records")),
}


def count(number: int, one: str, many: str | None = None) -> str:
    """Say a number of things: ``1 event``, ``1,200 events``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def percent(part: int, whole: int) -> str:
    """Say a share; it says 0 % and 100 % only where that is exact."""
    if not whole:
        return "no"
    rate = 100 * part / whole
    digits = 0 if 10 <= rate <= 90 else 1
    text = f"{rate:.{digits}f}"
    if part and float(text) == 0:
        return "under 0.1 %"
    if part != whole and float(text) == 100:
        return "over 99.9 %"
    return f"{text.removesuffix('.0')} %"


def day(moment: date, *, year: bool = False) -> str:
    """Say a day: ``12 March``, and its year where asked."""
    return f"{moment.day} {_MONTHS[moment.month - 1]}" + (f" {moment.year}" if year else "")


def span(first: date | None, last: date | None, *, year: bool = False) -> str:
    """Say from when to when: ``12 March``, ``15 to 18 March``, ``12 March to 3 April``; empty where undated."""
    if first is None or last is None:
        return ""
    tail = day(last, year=year or first.year != last.year)
    if (first.year, first.month, first.day) == (last.year, last.month, last.day):
        return tail
    if first.year != last.year:
        return f"{day(first, year=True)} to {tail}"
    return f"{first.day if first.month == last.month else day(first)} to {tail}"


def delay(seconds: float, *, short: bool = False) -> str:
    """Say a length of time in the largest unit that keeps it above two: ``2.1 days``, or ``2.1 d``."""
    for unit, letter, size in (("days", "d", 86_400), ("hours", "h", 3_600), ("minutes", "min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {letter if short else unit}"
    return f"{seconds:.0f} {'s' if short else 'seconds'}"


def listing(words: Sequence[str]) -> str:
    """Join words: ``a``, ``a and b``, ``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def visible(text: str, longest: int = 200) -> str:
    """Return a name from data with control, format and direction characters written out, cut where too long."""
    kept = "".join(_spelt(each) if unicodedata.category(each)[0] == "C" else each for each in text[: longest + 1])
    return kept if len(kept) <= longest else kept[: longest - len(_ELLIPSIS)] + _ELLIPSIS


def drawable(text: str, longest: int = 34) -> str:
    """Return a name as a chart can draw it: what the fonts lack is written out as its code."""
    kept = "".join(each if _can_draw(each) else _spelt(each) for each in text[: longest + 1])
    return kept if len(kept) <= longest else kept[: longest - len(_ELLIPSIS)] + _ELLIPSIS


def labels(names: Iterable[str], longest: int = 34) -> dict[str, str]:
    """Return a label for each name; different names keep different labels, however they are cut."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    known = list(dict.fromkeys(names))
    alike = Counter(drawable(name, longest) for name in known)
    for name in known:
        label, number = drawable(name, longest) or "(empty)", 1
        if alike[label] > 1 and longest >= _BOTH_ENDS:  # cut to the same beginning: the end tells them apart
            half = (longest - len(_ELLIPSIS)) // 2
            label = f"{drawable(name[:half], half)}{_ELLIPSIS}{drawable(name[-half:], half)}"
        while label in taken:
            number += 1
            label = f"{drawable(name, longest - 5)} ({number})"
        taken.add(label)
        found[name] = label
    return found


def _can_draw(letter: str) -> bool:
    code = ord(letter)
    return any(low <= code <= high for low, high in _DRAWABLE) and unicodedata.category(letter)[0] not in "CM"


def _spelt(letter: str) -> str:
    code = ord(letter)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
