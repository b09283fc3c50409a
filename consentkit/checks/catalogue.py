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

    def make(self, written: str, kwargs: dict[str, Any], told: dict[str, Any]) -> tuple[Any, list[tuple[Any, str]]]:
        """Make an expectation, or say for each setting what is wrong with it."""
        faults = list(_unlike(_class(written), kwargs))
        query = kwargs.get("unexpected_rows_query")
        if isinstance(query, str) and not _HOLE.search(query):
            faults.append((("unexpected_rows_query",), "the query must read {batch}, which stands for the view"))
        elif isinstance(query, str) and _NAMED.search(query):
            faults.append((("unexpected_rows_query",), "{batch} takes no AS: Great Expectations names it itself"))
        if faults:
            return None, faults
        try:
            return _class(written)(**kwargs, **told), []
        except pydantic.ValidationError as error:
            return None, _faults(error)


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


def _faults(error: Any) -> list[tuple[Any, str]]:
    """Say once for each setting what is wrong with it; one value is tried against several types."""
    found: dict[Any, list[str]] = {}
    for each in error.errors():
        place = tuple(part for part in each["loc"] if part != "__root__")
        found.setdefault(place, []).append(str(each["msg"]))
    return [(place, "; or ".join(dict.fromkeys(messages))) for place, messages in found.items()]
