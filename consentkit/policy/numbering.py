"""Which destinations of several versions are the same one, whatever each version calls it."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consentkit.policy.content import Content


def destination_numbers(versions: Sequence[Content]) -> list[dict[str, int]]:
    """Give every destination a number, the same in all versions, and return for each version that of each name.

    One that goes by its name in two versions is one destination, and so is one that was renamed: in one version it
    answers to the name the other gives it. Two that one version tells apart stay two.
    """
    fresh = count(1)
    by_name: dict[str, int] = {}
    answers: dict[str, int] = {}
    numbered: list[dict[str, int]] = []
    for version in reversed(versions):
        names: dict[str, list[str]] = {row.destination: [] for row in version.destination_rows()}
        for row in version.alias_rows():
            names[row.destination].append(row.alias)
        here = {name: by_name[name] for name in names if name in by_name}
        for name, aliases in names.items():
            if name not in here:
                met = (answers[each] for each in (name, *aliases) if each in answers)
                here[name] = next((number for number in met if number not in here.values()), 0) or next(fresh)
        for name, number in here.items():
            by_name.setdefault(name, number)
            for each in names[name]:
                answers.setdefault(each, number)
        numbered.insert(0, here)
    return numbered


def names_elsewhere(versions: Sequence[Content], numbers: Sequence[dict[str, int]]) -> list[list[tuple[str, str]]]:
    """Return for each version its destinations beside the names that others give them, unless it knows these itself."""
    everywhere = {(number, name) for here in numbers for name, number in here.items()}
    found = []
    for version, here in zip(versions, numbers, strict=True):
        known = {row.alias for row in version.alias_rows()}
        called = {number: name for name, number in here.items()}
        found.append(sorted((called[n], name) for n, name in everywhere if n in called and name not in known))
    return found
