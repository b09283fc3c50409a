"""Mistakes that need more than one key to see: duplicates, collisions, names nobody declared.

The checks read plain data, before any model exists, so that they speak in the same breath as the mistakes
of form. What has the wrong shape is skipped here: pydantic reports it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

from consentkit.names import warehouse_column_part
from consentkit.policy.content import DEFAULT_SOURCE
from consentkit.policy.parts import ENFORCEMENT_OF, Kind
from consentkit.policy.reading import path_text
from consentkit.policy.values import shown, to_bool
from consentkit.policy.wording import did_you_mean, squashed

if TYPE_CHECKING:
    from consentkit.policy.reading import KeyPath

Complaint = tuple["KeyPath", str]
Item = tuple["KeyPath", Mapping[str, Any]]


@dataclass(frozen=True)
class Raw:
    """The parts of a policy that have a usable shape, as plain data with their key paths."""

    data: Mapping[str, Any]
    platform: str | None
    categories: list[Item]
    destinations: list[Item]
    sources: list[Item]


def complaints(data: object) -> list[Complaint]:
    """List the (key path, sentence) of every mistake of meaning in the plain data of a policy."""
    if not isinstance(data, Mapping):
        return []
    platform = data.get("platform")
    raw = Raw(
        data,
        platform if isinstance(platform, str) and platform in ENFORCEMENT_OF else None,
        list(_items((), data, "categories")),
        list(_items((), data, "destinations")),
        list(_items((), data, "sources")),
    )
    return [complaint for check in _CHECKS for complaint in check(raw)]


def _items(path: KeyPath, data: Mapping[str, Any], key: str) -> Iterator[Item]:
    values = data.get(key)
    for index, value in enumerate(values if isinstance(values, list | tuple) else ()):
        plain = value.model_dump() if isinstance(value, BaseModel) else value
        if isinstance(plain, Mapping):
            yield (*path, key, index), plain


def _texts(item: Item, key: str) -> Iterator[tuple[KeyPath, str]]:
    path, data = item
    values = data.get(key)
    for index, value in enumerate(values if isinstance(values, list | tuple) else ()):
        if isinstance(value, str) and value:
            yield (*path, key, index), value


def _named(items: Iterable[Item], key: str) -> Iterator[tuple[KeyPath, str]]:
    for path, data in items:
        value = data.get(key)
        if isinstance(value, str) and value:
            yield (*path, key), value


def _repeated(named: Iterable[tuple[KeyPath, str]], what: str) -> Iterator[Complaint]:
    first: dict[str, KeyPath] = {}
    for path, text in named:
        if text in first:
            yield path, f"the {what} {text!r} is already used by {path_text(first[text])}"
        first.setdefault(text, path)


def _categories_given(raw: Raw) -> Iterator[Complaint]:
    value = raw.data.get("categories")
    if raw.platform == "segment" and (value is None or value == ""):
        verb = "the value is empty" if "categories" in raw.data else "the key is missing"
        yield ("categories",), f"{verb}: platform segment needs its consent categories (write [] for none)"


def _category_ids(raw: Raw) -> Iterator[Complaint]:
    """Segment's limits on category ids (RULES.md 2.1, V21)."""
    for path, text in _named(raw.categories, "id") if raw.platform == "segment" else ():
        if text[0].isdigit():
            yield path, f"found {shown(text)}; a category id cannot begin with a digit"
        if len(text) > 34:
            yield path, f"found {len(text)} characters; a category id has at most 34"
        if text != text.strip():
            yield path, f"found {shown(text)}; a category id has no white space around it"


def _names_once(raw: Raw) -> Iterator[Complaint]:
    yield from _repeated(_named(raw.categories, "id"), "category id")
    yield from _repeated(_named(raw.destinations, "name"), "destination name")
    yield from _repeated(_named(raw.sources, "name"), "source name")


def _collisions(raw: Raw) -> Iterator[Complaint]:
    """Ids that differ only by case or separators, or share a warehouse column (RULES.md 2.7)."""
    by_spelling: dict[str, tuple[KeyPath, str]] = {}
    by_column: dict[str, tuple[KeyPath, str]] = {}
    for path, text in _named(raw.categories, "id"):
        column = warehouse_column_part(text)
        _, same_column = by_column.setdefault(column, (path, text))
        first, same_spelling = by_spelling.setdefault(squashed(text), (path, text))
        if raw.platform != "rudderstack" and same_column != text:
            first = by_column[column][0]
            yield (
                path,
                f"{text!r} and {same_column!r} ({path_text(first)}) share the warehouse column {column!r}",
            )
        elif same_spelling != text:
            yield (
                path,
                f"{text!r} and {same_spelling!r} ({path_text(first)}) differ only by case or separators",
            )


def _aliases(raw: Raw) -> Iterator[Complaint]:
    names = {text: path[1] for path, text in reversed(list(_named(raw.destinations, "name")))}
    claimed: dict[str, KeyPath] = {}
    for item in raw.destinations:
        for path, alias in _texts(item, "aliases"):
            owner = claimed.setdefault(alias, path)
            if alias in names and names[alias] != path[1] and item[1].get("name") != alias:
                yield path, f"the alias {alias!r} is the name of destinations[{names[alias]}]"
            elif owner[1] != path[1]:
                yield path, f"the alias {alias!r} is already claimed by {path_text(owner)}"


def _source_names(raw: Raw) -> Iterator[Complaint]:
    """Sources that destinations name must be declared; without a block there is only ``default``."""
    declared = list(dict.fromkeys(text for _, text in _named(raw.sources, "name")))
    if not raw.data.get("sources"):
        declared = [DEFAULT_SOURCE]
    used = [each for item in raw.destinations for each in _texts(item, "connected")]
    for path, data in raw.destinations:
        used.extend(_named(_items(path, data, "consent"), "source"))
    for path, text in used:
        if text not in declared:
            allowed = ", ".join(declared) or "none"
            yield path, f"no source is named {text!r}; declared: {allowed}{did_you_mean(text, declared)}"


def _write_keys(raw: Raw) -> Iterator[Complaint]:
    owner: dict[str, KeyPath] = {}
    for item in raw.sources:
        for path, key in _texts(item, "write_keys"):
            first = owner.setdefault(key, path)
            if first[1] != path[1]:
                yield path, f"the write key {key!r} already belongs to {path_text(first[:2])}"


def _enforced(raw: Raw) -> Iterator[Complaint]:
    for path, data in raw.destinations:
        try:
            enforced = to_bool(data.get("enforced") or False)
        except ValueError:
            continue
        kind = data.get("kind") or None
        if enforced and kind in (None, *get_args(Kind)) and kind != "engage":
            found = shown(kind)
            yield (*path, "enforced"), f"only kind engage can be enforced; the kind found is {found}"


def _enforcement(raw: Raw) -> Iterator[Complaint]:
    known = {point for points in ENFORCEMENT_OF.values() for point in points}
    for path, text in _named(raw.sources, "enforcement") if raw.platform else ():
        allowed = ENFORCEMENT_OF[raw.platform or ""]
        if text in known and text not in allowed:
            yield path, f"found {text!r}; allowed under platform {raw.platform}: {', '.join(allowed)}"


def _consent(raw: Raw) -> Iterator[Complaint]:
    """RudderStack's settings per provider (RULES.md 4)."""
    for path, data in raw.destinations:
        if raw.platform == "segment" and data.get("consent"):
            yield (*path, "consent"), "only platform rudderstack has consent settings; use categories instead"
        first: dict[tuple[str, str, bool], KeyPath] = {}
        for where, setting in _items(path, data, "consent"):
            try:
                legacy = to_bool(setting.get("legacy", False) or False)
            except ValueError:
                continue
            provider = setting.get("provider")
            if not isinstance(provider, str) or not provider:
                continue
            if legacy and provider not in ("oneTrust", "ketch"):
                yield (
                    (*where, "legacy"),
                    f"found provider {provider!r}; only oneTrust and ketch have legacy settings",
                )
            same = first.setdefault((provider, str(setting.get("source") or ""), legacy), where)
            if same != where:
                yield (
                    where,
                    f"provider {provider!r} is already configured in {path_text(same)} for the same source",
                )


def _stamps(raw: Raw) -> Iterator[Complaint]:
    """Where other tools write consent, and how it is read (RULES.md 11)."""
    items = list(_items((), raw.data, "stamps"))
    yield from _repeated(_named(items, "path"), "path")
    for path, data in items:
        place = data.get("path")
        if isinstance(place, str) and (not all(part.strip() for part in place.split(".")) or '"' in place):
            yield (
                (*path, "path"),
                f"found {shown(place)}; allowed: keys with dots between them, such as context.privacy",
            )
        elif place == "context.consentManagement":
            yield (*path, "path"), "context.consentManagement is RudderStack's own stamp and is always read"
        if data.get("dialect") and (data.get("values") or data.get("category")):
            yield (*path, "dialect"), "a dialect has its own words; give either dialect, or values"
        if not data.get("dialect") and not data.get("values"):
            yield path, "nothing says how it is read: give dialect, or values with granted, refused or unset for each"


_CHECKS = (
    _categories_given,
    _category_ids,
    _names_once,
    _collisions,
    _aliases,
    _source_names,
    _write_keys,
    _enforced,
    _enforcement,
    _consent,
    _stamps,
)
