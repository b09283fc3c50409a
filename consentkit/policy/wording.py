"""Plain words for what pydantic found, and "did you mean"."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

from consentkit.policy.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from consentkit.policy.reading import KeyPath

_SEPARATORS = re.compile(r"(?<![0-9])[\W_]+|[\W_]+(?![0-9])")


def squashed(name: str) -> str:
    """Strip case and separators from a name, to compare; a separator between two digits counts."""
    return _SEPARATORS.sub("", name).casefold() or name


class Names:
    """Known names, to find the one that somebody who wrote another name probably meant."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._known: set[str] = set()
        self._squashed: dict[str, str] = {}
        self._by_digits: dict[tuple[str, ...], dict[str, str]] = {}
        for name in names:
            self.add(name)

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def add(self, name: str) -> None:
        """Make a name known; of names that are spelt alike the first one is suggested."""
        self._known.add(name)
        self._squashed.setdefault(squashed(name), name)
        self._by_digits.setdefault(_digits(name), {}).setdefault(name.casefold(), name)

    def near(self, name: str) -> str | None:
        """Find a known name that nearly equals an unknown one, or None; a known name is nobody's misspelling.

        First a name that differs only by case or separators, then a close spelling with the same digits:
        ``GA4`` is not a misspelt ``GA3``.
        """
        if name in self._known:
            return None
        if same := self._squashed.get(squashed(name)):
            return same
        candidates = self._by_digits.get(_digits(name), {})
        match = get_close_matches(name.casefold(), candidates, n=1, cutoff=0.85)
        return candidates[match[0]] if match else None


def _digits(name: str) -> tuple[str, ...]:
    return tuple(re.findall("[0-9]+", name))


def did_you_mean(found: object, allowed: Iterable[str]) -> str:
    """Write ``; did you mean 'x'?`` when something allowed is spelt much like it, else nothing."""
    if not isinstance(found, str):
        return ""
    by_key = {squashed(each): each for each in allowed}
    match = get_close_matches(squashed(found), by_key, n=1, cutoff=0.6)
    return f"; did you mean {by_key[match[0]]!r}?" if match else ""


def reworded(error: ValidationError, model: type[BaseModel]) -> list[tuple[KeyPath, str]]:
    """Turn pydantic's errors on ``model`` into (key path, plain sentence) pairs."""
    return [(each["loc"], _sentence(each, model)) for each in error.errors(include_url=False)]


def _sentence(error: ErrorDetails, model: type[BaseModel]) -> str:
    """Say what was found and what is allowed, in words of the policy file."""
    path, found, kind = error["loc"], error["input"], error["type"]
    if kind == "extra_forbidden":
        keys = list(_model_at(model, path[:-1]).model_fields)
        return f"unknown key{did_you_mean(path[-1], keys) or ';'} allowed: {', '.join(keys)}"
    if kind == "missing":
        choices = ", ".join(_choices(path, model))
        about = _model_at(model, path[:-1]).model_fields[str(path[-1])].description
        return f"the key is missing: {about}" + (f" Allowed: {choices}." if choices else "")
    if kind == "invalid_key":
        return f"found the key {path[-1]!r}; a key must be text"
    if kind == "value_error" and found not in (None, ""):
        return str(error["ctx"]["error"])
    seen = "the value is empty" if found is None or found == "" else f"found {shown(found)}"
    return f"{seen}; allowed: {_allowed(kind, found, path, model)}"


def _allowed(kind: str, found: object, path: KeyPath, model: type[BaseModel]) -> str:
    if kind == "literal_error":
        choices = _choices(path, model)
        return ", ".join(choices) + did_you_mean(found, choices)
    if kind == "tuple_type":
        return (
            f"a list, such as [{found}]"
            if isinstance(found, str)
            else "a list, each item on a line that begins with '- '"
        )
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return "keys and values with " + ", ".join(_model_at(model, path).model_fields)
    plain = {
        "string_type": "text; put it in quotes where a tool takes it for something else",
        "string_too_short": "text of at least one character",
        "string_unicode": "whole characters, not half of one",
        "too_short": "a list of at least one",
    }
    about = next((key for key in reversed(path) if isinstance(key, str)), "")
    return plain.get(kind) or str(_model_at(model, path[: path.index(about)]).model_fields[about].description)


def _choices(path: KeyPath, model: type[BaseModel]) -> list[str]:
    field = _model_at(model, path[:-1]).model_fields[str(path[-1])]
    return [each for each in _leaves(field.annotation) if isinstance(each, str)]


def _model_at(model: type[BaseModel], path: KeyPath) -> type[BaseModel]:
    for key in path:
        if isinstance(key, str):
            leaves = _leaves(model.model_fields[key].annotation)
            model = next(each for each in leaves if isinstance(each, type) and issubclass(each, BaseModel))
    return model


def _leaves(annotation: Any) -> list[Any]:
    """List what a type is made of: the strings of a Literal, the model in a tuple of models."""
    inner = get_args(annotation)
    return [leaf for each in inner for leaf in _leaves(each)] if inner else [annotation]
