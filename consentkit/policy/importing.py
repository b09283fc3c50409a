"""Policies from what a platform or a spreadsheet already says: Segment settings, RudderStack sources, CSV.

What the file does not say is left unsaid: kinds of destinations, regime, stamping. Shapes: RULES.md 3 and 4.
"""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consentkit.errors import SourceError, UsageError
from consentkit.policy.model import Policy

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMS = ("segment", "rudderstack", "csv")
_SEGMENT_ITSELF = "Segment.io"
_CATEGORY = ("category", "category_id")
_DESTINATION = ("destination", "destination_name")
_BETWEEN = re.compile(r"[;|\n]")  # between several categories in one cell; a comma may be part of a name
Row = dict[str, Any]


def import_policy(
    path: str | Path, *, form: str | None = None, source: str = "default", enforcement: str | None = None
) -> tuple[Policy, list[str]]:
    """Read a policy from a platform's file; return it with what the file leaves open, in sentences.

    ``form`` is segment (a project's settings), rudderstack (a source's configuration) or csv (category,
    destination); not given, the file says it. ``source`` names the source of Segment settings, ``enforcement``
    where consent is enforced for it. Raises :class:`SourceError` where the file has none of these shapes,
    :class:`PolicyError` where what it says is no valid policy.
    """
    if form is not None and form not in FORMS:
        raise UsageError(f"{form!r} is not a form that is imported; they are {', '.join(FORMS)}")
    text = _text(path)
    data = _json(text, str(path)) if form != "csv" else None
    found = form or _form(data)
    if found == "segment" and isinstance(data, dict):
        mapping, notes = _segment(data, source, enforcement, str(path))
    elif found == "rudderstack" and isinstance(data, dict):
        mapping, notes = _rudderstack(data, enforcement, str(path))
    elif found == "csv":
        mapping, notes = _spreadsheet(text, str(path))
    else:
        shapes = "Segment settings have an object `integrations`, a RudderStack source a list `destinations`"
        raise SourceError(f"{path}: it is not JSON of {found or 'a platform that is known'}: {shapes}")
    return Policy.parse(mapping, file=str(path)), notes


def as_file(policy: Policy, origin: str, notes: list[str]) -> str:
    """Write an imported policy as YAML, headed by where it comes from and what is left open."""
    said = [f"imported from {Path(origin).name}", *(f"not said there: {note}" for note in notes)]
    lines = [f"# {' '.join(each.split())}\n" for each in said]  # a name may hold the end of a line
    return "".join(lines) + policy.as_yaml()


def _text(path: str | Path) -> str:
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: it cannot be read: {error.strerror}") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SourceError(f"{path}:{line}: this is not UTF-8 text; save the file as UTF-8") from None


def _json(text: str, path: str) -> object:
    """Read JSON; what does not begin like JSON is None, for it may be a spreadsheet."""
    try:
        data: object = json.loads(text)
    except RecursionError:
        raise SourceError(f"{path}: this is nested too deeply") from None
    except json.JSONDecodeError as error:
        if text.lstrip()[:1] in ("{", "["):
            raise SourceError(f"{path}:{error.lineno}: this begins like JSON and is none; is it whole?") from None
        return None
    return data


def _form(data: object) -> str | None:
    if not isinstance(data, dict):
        return "csv" if data is None else None
    if isinstance(data.get("source"), dict) or isinstance(data.get("destinations"), list):
        return "rudderstack"
    return "segment" if isinstance(data.get("integrations"), dict) else None


def _segment(data: Row, source: str, enforcement: str | None, path: str) -> tuple[Row, list[str]]:
    integrations = data.get("integrations")
    if not isinstance(integrations, dict):
        raise SourceError(f"{path}: Segment's settings have an object `integrations`; this file has none")
    settings = _object(data, "consentSettings", path)
    listed = _list(settings, "allCategories", path)
    mapped: dict[str, list[str]] = {each: [] for each in listed}
    names = [name for name in integrations if name != _SEGMENT_ITSELF]
    for name in names:
        of_one = f"{path}: integrations.{name}"
        own = _object(integrations[name], "consentSettings", of_one) if isinstance(integrations[name], dict) else {}
        for category in _list(own, "categories", of_one):
            mapped.setdefault(category, []).append(name)
    told: Row = {"consent_enabled": bool(settings)}
    if "allCategories" in settings:
        told["all_categories"] = listed
    if "hasUnmappedDestinations" in settings:
        told["has_unmapped_destinations"] = settings["hasUnmappedDestinations"]
    one: Row = {"name": source, "settings": told}
    notes = ["the kinds of the destinations, and destinations that only the cloud sends to"]
    if enforcement:
        one["enforcement"] = enforcement
    else:
        notes.append("where consent is enforced (enforcement: cloud is assumed)")
    lonely = [category for category, names_of in mapped.items() if not names_of]
    if lonely:
        notes.append(f"the destinations of {', '.join(lonely)}, which only the cloud sends to")
    mapping = {
        "version": 1,
        "platform": "segment",
        "categories": [{"id": category, "destinations": names_of} for category, names_of in mapped.items()],
        "destinations": [{"name": name} for name in names],
        "sources": [one],
    }
    return mapping, notes


def _rudderstack(data: Row, enforcement: str | None, path: str) -> tuple[Row, list[str]]:
    said = data.get("source")
    source = said if isinstance(said, dict) else data
    items = source.get("destinations")
    if not isinstance(items, list):
        raise SourceError(f"{path}: a RudderStack source has a list `destinations`; this file has none")
    name = str(source.get("name") or "default")
    one: Row = {"name": name}
    if source.get("writeKey"):
        one["write_keys"] = [source["writeKey"]]
    if enforcement:
        one["enforcement"] = enforcement
    shown = [_display(item) for item in items if isinstance(item, dict)]
    names = [str(item.get("name")) for item in items if isinstance(item, dict)]
    destinations = []
    for item in items:
        if not isinstance(item, dict) or not item.get("name"):
            raise SourceError(f"{path}: one of `destinations` has no name")
        each: Row = {"name": item["name"], "connected": [name]}
        display = _display(item)
        if display and shown.count(display) == 1 and display not in names:
            each["aliases"] = [display]
        if item.get("enabled") is False:
            each["enabled"] = False
        consent = list(_settings(item.get("config"), name))
        if consent:
            each["consent"] = consent
        destinations.append(each)
    notes = ["the kinds of the destinations"]
    shared = sorted({each for each in shown if each and shown.count(each) > 1})
    if shared:
        notes.append(f"which destination events mean by {', '.join(shared)}: several are of that type")
    if not any("consent" in each for each in destinations):
        notes.append("any consent setting: no destination is configured with a category")
    return {"version": 1, "platform": "rudderstack", "destinations": destinations, "sources": [one]}, notes


def _display(item: Row) -> str | None:
    definition = item.get("destinationDefinition")
    return definition.get("displayName") if isinstance(definition, dict) else None


def _settings(config: object, source: str) -> Iterator[Row]:
    """Give the consent settings of one destination: generic ones per provider, then the two legacy ones."""
    if not isinstance(config, dict):
        return
    generic = config.get("consentManagement")
    for one in generic if isinstance(generic, list) else []:
        if not isinstance(one, dict):
            continue
        ids = _ids(one.get("consents"), "consent")
        if ids:
            setting: Row = {"provider": one.get("provider"), "categories": ids, "source": source}
            if one.get("resolutionStrategy"):
                setting["strategy"] = one["resolutionStrategy"]
            yield setting
    for key, inner, provider in (
        ("oneTrustCookieCategories", "oneTrustCookieCategory", "oneTrust"),
        ("ketchConsentPurposes", "purpose", "ketch"),
    ):
        ids = _ids(config.get(key), inner)
        if ids:
            yield {"provider": provider, "categories": ids, "legacy": True}


def _ids(items: object, key: str) -> list[Any]:
    listed = items if isinstance(items, list) else []
    ids = [item.get(key) if isinstance(item, dict) else item for item in listed]
    return list({json.dumps(each): each for each in ids if each}.values())  # what is no text the policy refuses


def _object(data: Row, key: str, path: str) -> Row:
    said = data.get(key)
    if said is not None and not isinstance(said, dict):
        raise SourceError(f"{path}: `{key}` is no object")
    return said or {}


def _list(data: Row, key: str, path: str) -> list[str]:
    """Return a list of category ids. What is none is refused: taken for empty, it would need no consent."""
    said = data.get(key)
    if said is not None and not (isinstance(said, list) and all(isinstance(each, str) for each in said)):
        raise SourceError(f"{path}: `{key}` is no list of category ids")
    return list(dict.fromkeys(said or ()))


def _spreadsheet(text: str, path: str) -> tuple[Row, list[str]]:
    header = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=header.count))
    try:
        rows = list(reader)
    except csv.Error as error:
        raise SourceError(f"{path}:{reader.line_num}: this is not CSV: {error}") from None
    columns = {name.strip().lower(): name for name in reader.fieldnames or [] if name}
    category = next((columns[name] for name in _CATEGORY if name in columns), None)
    destination = next((columns[name] for name in _DESTINATION if name in columns), None)
    if category is None or destination is None:
        raise SourceError(f"{path}: the first line must name the columns category and destination")
    mapped: dict[str, list[str]] = {}
    unmapped: list[str] = []
    notes = ["kinds, sources and enforcement"]
    for row in rows:
        cell, other = (row[category] or "").strip(), (row[destination] or "").strip()
        several = [each.strip() for each in _BETWEEN.split(cell) if each.strip()]
        for one in several:
            names = mapped.setdefault(one, [])
            if other and other not in names:
                names.append(other)
        if other and not several:
            unmapped.append(other)
        if len(several) > 1 or "," in cell:
            read = "several categories, all of them needed" if len(several) > 1 else "one category"
            notes.append(f"whether {' '.join(cell.split())!r} is one category or several; it was read as {read}")
    if not mapped and not unmapped:
        raise SourceError(f"{path}: no line below the first names a category or a destination")
    known = dict.fromkeys([name for names in mapped.values() for name in names] + unmapped)
    mapping = {
        "version": 1,
        "platform": "segment",
        "categories": [{"id": one, "destinations": names} for one, names in mapped.items()],
        "destinations": [{"name": name} for name in known],
    }
    return mapping, list(dict.fromkeys(notes))
