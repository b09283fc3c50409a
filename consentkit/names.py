"""How names look in other places than the event: one rule per function."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Za-z0-9]+")
_HUMP = re.compile(r"([a-z][0-9]*)(?=[A-Z])")


def warehouse_column_part(name: str) -> str:
    """Spell one part of a payload path the way Segment spells it in a warehouse column.

    Takes a property, event or category name and returns its lower-case column part: ``DataSharing``,
    ``dataSharing`` and ``data-sharing`` all become ``data_sharing``, ``C0001`` becomes ``c0001``. Only ASCII
    letters and digits stay, everything else separates words, and a capital starts a word when the last
    letter before it is a small one. A name without any letter or digit gives the empty text.

    Source: RULES.md 2.7; derived from the 32 published pairs that the tests compare with.
    """
    return "_".join(_HUMP.sub(r"\1_", word).lower() for word in _WORD.findall(name))
