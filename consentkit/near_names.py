"""Names in the data that the policy does not know, with the destinations they may mean: told, never matched."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consentkit.engine import sql_text
from consentkit.errors import SourceError
from consentkit.policy.wording import Names
from consentkit.policy.writing import yaml_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from consentkit.workspace import Workspace


@dataclass(frozen=True)
class UnknownName:
    """A name, where it stands, how often, and the destinations of the policy it may mean, each with the reason."""

    name: str
    place: str
    times: int
    candidates: tuple[tuple[str, str], ...]


def read_catalogue(path: str | Path) -> list[frozenset[str]]:
    """Read a catalogue of destinations: the names of each that belong together.

    JSON, a list of objects with ``name``, ``slug`` and ``previous_names``; or CSV with a column ``name`` and a
    column ``alias``. Raises :class:`SourceError` where it is neither.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        if text.lstrip().startswith("["):
            items: list[dict[str, Any]] = json.loads(text)
            groups = [{each["name"], each.get("slug"), *(each.get("previous_names") or [])} for each in items]
        else:
            rows = csv.DictReader(text.splitlines())
            groups = [{row["name"], row["alias"]} for row in rows]
    except OSError as error:
        raise SourceError(f"{path}: it cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, ValueError, KeyError, TypeError, AttributeError):
        shapes = "a JSON list of objects with name, slug and previous_names, or CSV with the columns name and alias"
        raise SourceError(f"{path}: a catalogue is {shapes}") from None
    return [frozenset(str(name) for name in group if name) for group in groups]


def unknown_names(workspace: Workspace, catalogue: Iterable[frozenset[str]] = ()) -> list[UnknownName]:
    """List every name in delivery logs, counts and integrations objects that the policy does not know, once."""
    owners = dict(workspace.rows(sql_text("ask_known_names")))
    alike: dict[str, list[str]] = {}
    for name in owners:
        alike.setdefault(_letters(name), []).append(name)
    groups, spelt = list(catalogue), Names(sorted(owners))
    found = []
    for name, place, times in workspace.rows(sql_text("ask_unknown_names")):
        candidates: dict[str, str] = {}
        for group in groups:
            if name in group:
                candidates |= {
                    owners[each]: "another name of it in the catalogue" for each in sorted(group) if each in owners
                }
        for known in alike.get(_letters(name), []):
            candidates.setdefault(owners[known], "differs only by case or separators")
        for known in sorted(owners):
            if _begins(_letters(known), _letters(name)):
                candidates.setdefault(owners[known], "one begins like the other")
        if near := spelt.near(name):
            candidates.setdefault(owners[near], "spelt almost alike")
        found.append(UnknownName(name, place, times, tuple(candidates.items())))
    return found


def alias_block(workspace: Workspace, names: Iterable[UnknownName]) -> str:
    """Write the aliases to paste into the policy, for names that may mean one destination only."""
    wanted: dict[str, list[str]] = {}
    for each in names:
        if len(each.candidates) == 1:
            wanted.setdefault(each.candidates[0][0], []).append(each.name)
    owners = workspace.rows(sql_text("ask_known_names"))
    blocks = []
    for destination, fresh in wanted.items():
        there = [name for name, owner in owners if owner == destination and name != destination]
        blocks.append({"name": destination, "aliases": list(dict.fromkeys([*there, *fresh]))})
    return yaml_text({"destinations": blocks}) if blocks else ""


def _letters(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _begins(one: str, other: str) -> bool:
    return min(len(one), len(other)) > 2 and (one.startswith(other) or other.startswith(one))
