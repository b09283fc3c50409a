"""The expectations that are known, ours and Great Expectations', and how one is made strictly."""

from __future__ import annotations

import re
from typing import Any

from consentkit.checks import expectations, expectations_over_time  # noqa: F401 - makes our own classes known
from consentkit.checks.slices import SliceExpectation

# isort: split
from great_expectations.compatibility import pydantic
from great_expectations.expectations import registry

OWN: dict[str, type[SliceExpectation]] = {each.expectation_type: each for each in SliceExpectation.__subclasses__()}
_HOLE = re.compile(r"\{batch\}")
_NAMED = re.compile(r"\{batch\}\s+AS\b", re.IGNORECASE)

# What pydantic calls a fault, and what this is in a suite's words.
_MISSING = "value_error.missing"
_KINDS = {
    "type_error.str": "text",
    "type_error.float": "a number",
    "type_error.integer": "a whole number",
    "type_error.bool": "true or false",
    "type_error.list": "a list",
    "type_error.set": "a list",
    "type_error.dict": "a mapping",
    "value_error.date": "a date",
    "value_error.datetime": "a date",
}
_LIMITS = {
    "value_error.number.not_le": "at most",
    "value_error.number.not_ge": "at least",
    "value_error.number.not_lt": "below",
    "value_error.number.not_gt": "above",
}


class Catalogue:
    """What may stand behind ``type`` in a suite: whatever is registered with Great Expectations now."""

    def __init__(self) -> None:
        self._names = tuple(sorted(registry.list_registered_expectation_implementations()))

    def names(self) -> tuple[str, ...]:
        """List the types of all expectations that are known."""
        return self._names

    def own_view(self, written: str) -> str | None:
        """Return the view that one of our expectations reads; None for any other."""
        return OWN[written].view if written in OWN else None

    def settings(self, written: str) -> list[str]:
        """List the settings of an expectation."""
        return list(_class(written).__fields__)

    def make(
        self, written: str, kwargs: dict[str, Any], told: dict[str, Any], *, whole: bool = True
    ) -> tuple[Any, list[tuple[Any, str]]]:
        """Make an expectation, or say for each setting what is wrong with it; not ``whole`` where some are left out."""
        faults = list(_unlike(_class(written), kwargs))
        query = kwargs.get("unexpected_rows_query")
        if isinstance(query, str) and not _HOLE.search(query):
            faults.append((("unexpected_rows_query",), "the query must read {batch}, which stands for the view"))
        elif isinstance(query, str) and _NAMED.search(query):
            faults.append((("unexpected_rows_query",), "{batch} takes no AS: Great Expectations names it itself"))
        wrong = {place[0] for place, _ in faults}
        rest = {name: value for name, value in kwargs.items() if name not in wrong}
        try:
            made = _class(written)(**rest, **told)
        except pydantic.ValidationError as error:
            more = _faults(error, rest, whole=whole and not wrong)
            return None, faults + [fault for fault in more if fault[0][:1] not in {(name,) for name in wrong}]
        return (None if faults else made), faults


def _class(written: str) -> Any:
    return registry.get_expectation_impl(written)


def _unlike(model: Any, kwargs: dict[str, Any]) -> Any:
    """Find values that pydantic would bend into a number: text in quotes, true and false."""
    for name, value in kwargs.items():
        wanted = model.__fields__[name].outer_type_
        number = isinstance(wanted, type) and issubclass(wanted, int | float) and wanted is not bool
        if (number or name == "mostly") and isinstance(value, bool | str):
            yield (name,), f"this must be a number, not {value!r}"
        elif number and issubclass(wanted, int) and isinstance(value, float):
            yield (name,), f"this must be a whole number, not {value!r}"
        elif wanted == dict[str, float] and isinstance(value, dict):
            for key, share in value.items():
                if isinstance(share, bool) or not isinstance(share, int | float):
                    yield (name, key), f"this must be a number, not {share!r}"


def _faults(error: Any, kwargs: dict[str, Any], *, whole: bool) -> list[tuple[Any, str]]:
    """Say once for each setting what is wrong with it; one value is tried against several types."""
    found: dict[Any, list[Any]] = {}
    for each in error.errors():
        found.setdefault(tuple(part for part in each["loc"] if part != "__root__"), []).append(each)
    if not whole or len(found) > 1:  # how settings go together is told once each by itself is right
        found.pop((), None)
    return [(place, _fault(tried, kwargs, place)) for place, tried in found.items()]


def _fault(tried: list[Any], kwargs: dict[str, Any], place: Any) -> str:
    if tried[0]["type"] == _MISSING:
        return "this key is missing"
    value: Any = kwargs
    for part in place:
        value = value[part]
    if value is None:
        return "this is empty"
    given = "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else repr(value)
    kinds = list(dict.fromkeys(_KINDS[each["type"]] for each in tried if each["type"] in _KINDS))
    other = [each for each in tried if each["type"] not in _KINDS and each["type"] != "type_error"]
    if other:
        return "; ".join(dict.fromkeys(_limit(each, given) for each in other))
    wanted = [kind for kind in kinds if kind != "a mapping"] or kinds  # that may stand for a parameter, which we refuse
    return f"this must be {' or '.join(wanted)}, not {given}"


def _limit(each: Any, given: str) -> str:
    told = each.get("ctx", {})
    if each["type"] in _LIMITS:
        return f"this must be {_LIMITS[each['type']]} {told['limit_value']:g}, not {given}"
    if "permitted" in told:
        return f"this must be {' or '.join(map(repr, told['permitted']))}, not {given}"
    return str(each["msg"])
