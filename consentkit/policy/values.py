"""Text to values: what a policy file may write for a boolean, a moment, a duration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, TypeAdapter, ValidationError, WithJsonSchema

_BOOLEANS = {
    spelling: flag
    for flag, words in ((True, ("true", "yes", "on")), (False, ("false", "no", "off")))
    for word in words
    for spelling in (word, word.capitalize(), word.upper())
}
_TOO_LONG = timedelta(days=1001)
MEANINGS = ("granted", "refused", "unset")
_DURATION = re.compile(
    r"(?:([0-9]+)d)?\s*(?:([0-9]+)h)?\s*(?:([0-9]+)m)?\s*(?:([0-9]+)(?:\.([0-9]{1,6}))?s)?", re.ASCII
)
_SPACE_BEFORE_OFFSET = re.compile(r"(?<=[0-9])\s+(?=[+-][0-9]|Z$)")


def shown(value: object) -> str:
    """Describe a value found in a policy in a few words, for a message."""
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:57] + "...")
    if isinstance(value, Mapping):
        return "keys and values"
    if isinstance(value, list | tuple | set | frozenset):
        return "a list" if value else "an empty list"
    return repr(value) if len(repr(value)) <= 60 else f"a {type(value).__name__}"


def to_bool(value: object) -> bool:
    """Read a boolean in one of YAML's spellings; raises ValueError for anything else."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in _BOOLEANS:
        return _BOOLEANS[value]
    raise ValueError(f"found {shown(value)}; allowed: true or false")


def to_version(value: object) -> int:
    """Read the version of the file format; raises ValueError for one this release does not know."""
    if value == "1" or (value == 1 and type(value) is int):
        return 1
    raise ValueError(f"found {shown(value)}; allowed: 1, the only version of the policy format so far")


def to_moment(value: object) -> datetime:
    """Read a date, or a time with or without offset, as naive UTC; raises ValueError otherwise."""
    moment = value
    try:
        if isinstance(moment, date) and not isinstance(moment, datetime):
            moment = datetime(moment.year, moment.month, moment.day)
        if isinstance(moment, str):
            moment = datetime.fromisoformat(_SPACE_BEFORE_OFFSET.sub("", moment.strip()))
        if isinstance(moment, datetime):
            moment = moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
            if 1900 <= moment.year <= 2999:  # a year that is none in use is a slip of the pen
                return moment
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"found {shown(value)}; allowed: a date such as 2026-01-31 or a time such as 2026-01-31T08:00:00Z")


def to_duration(value: object) -> timedelta:
    """Read ``10m``, ``1h30m``, ISO 8601 or a timedelta; raises ValueError otherwise.

    A bare number is refused: nobody can tell seconds from minutes.
    """
    found = value
    if isinstance(value, str):
        value = _duration_of(value.strip())
    if isinstance(value, timedelta) and timedelta(0) <= value < _TOO_LONG:
        return value
    raise ValueError(f"found {shown(found)}; allowed: a duration of 0 to 1000d, with units: 45s, 10m, 1h30m, 2d")


def _duration_of(text: str) -> timedelta | None:
    match = _DURATION.fullmatch(text)
    try:
        if match and text:
            days, hours, minutes, seconds, fraction = (part or "0" for part in match.groups())
            whole = timedelta(days=int(days), hours=int(hours), minutes=int(minutes), seconds=int(seconds))
            return whole + timedelta(microseconds=int(fraction.ljust(6, "0")))
        if text == "0":
            return timedelta(0)
        if text[:1] in ("P", "+", "-") or ":" in text:
            return TypeAdapter(timedelta).validate_python(text)
    except (ValidationError, OverflowError, ValueError):
        return None
    return None


def to_meanings(value: object) -> dict[str, str]:
    """Read what each value of another tool's stamp means; raises ValueError for a meaning there is not."""
    meanings = to_names(value)
    for word, says in meanings.items():
        if says not in MEANINGS:
            raise ValueError(f"found {shown(says)} for {shown(word)}; allowed: {', '.join(MEANINGS)}")
    return meanings


def to_names(value: object) -> dict[str, str]:
    """Read a mapping of texts to texts; raises ValueError for anything else."""
    if not isinstance(value, Mapping):
        raise ValueError(f"found {shown(value)}; allowed: keys and values")
    for key, name in value.items():
        if not isinstance(key, str) or not isinstance(name, str) or not name:
            raise ValueError(f"found {shown(name)} for {shown(key)}; allowed: text; put it in quotes")
    return dict(value)


def moment_text(moment: datetime) -> str:
    """Write a naive UTC moment so that :func:`to_moment` reads the same one back."""
    if moment == datetime(moment.year, moment.month, moment.day):
        return moment.date().isoformat()
    return moment.isoformat() + "Z"


def duration_text(duration: timedelta) -> str:
    """Write a duration so that :func:`to_duration` reads the same one back, such as ``1h30m``."""
    minutes, seconds = divmod(duration.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{duration.microseconds:06d}".rstrip("0") if duration.microseconds else ""
    parts = [
        f"{duration.days}d" * bool(duration.days),
        f"{hours}h" * bool(hours),
        f"{minutes}m" * bool(minutes),
    ]
    parts.append(f"{seconds}{fraction}s" * bool(seconds or fraction))
    return "".join(parts) or "0s"


_MOMENT_SCHEMA: dict[str, Any] = {
    "anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]
}
_DURATION_SCHEMA: dict[str, Any] = {"type": "string", "examples": ["10m", "1h30m", "45s", "2d", "PT10M"]}

_NAMES_SCHEMA: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "string"}}
_MEANINGS_SCHEMA: dict[str, Any] = {"type": "object", "additionalProperties": {"enum": list(MEANINGS)}}

Text = Annotated[str, Field(min_length=1)]
Names = Annotated[Mapping[str, str], BeforeValidator(to_names), WithJsonSchema(_NAMES_SCHEMA)]
Meanings = Annotated[Mapping[str, str], BeforeValidator(to_meanings), WithJsonSchema(_MEANINGS_SCHEMA)]
Flag = Annotated[bool, BeforeValidator(to_bool)]
Moment = Annotated[
    datetime,
    BeforeValidator(to_moment),
    PlainSerializer(moment_text, return_type=str, when_used="json"),
    WithJsonSchema(_MOMENT_SCHEMA),
]
Duration = Annotated[
    timedelta,
    BeforeValidator(to_duration),
    PlainSerializer(duration_text, return_type=str, when_used="json"),
    WithJsonSchema(_DURATION_SCHEMA),
]
