"""Which columns of a delivery log mean what: the names other logs use, a user's mapping, a destination's export.

README.md says under "Your own data" which columns a record has.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consentkit.engine import literal
from consentkit.errors import SourceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# The names other logs use for our columns, read without being asked; any other name needs a mapping.
COLUMNS: dict[str, tuple[str, ...]] = {
    "message_id": ("messageId", "message-id"),
    "event_file": (),
    "event_line": (),
    "destination": ("destination_name", "destinationName", "destination_slug"),
    "status": ("outcome",),
    "reason": ("discard_reason", "discardReason"),
    "mode": ("connection_mode",),
    "at": ("delivered_at", "timestamp"),
}
STATUSES = ("delivered", "filtered", "failed", "rejected", "pending")
_KEYS = {"columns", "constants", "status", "time_unit"}
# Epochs in a log's unit of time, as microseconds; without a unit a time is text.
_UNITS = {"seconds": 1_000_000, "milliseconds": 1_000, "microseconds": 1}
_HEADER = re.compile(r"[A-Za-z_$][\w .$-]{0,59}")  # what is not a header may be a person's data: it is not shown


class Columns:
    """Which of a log's columns mean which of ours, and what is the same for every record.

    ``mapping`` is theirs -> ours; ``constants`` is ours -> value, for logs that leave a column out because
    every record has the same; ``time_unit`` says what an epoch counts; ``words`` says which of their words for what
    became of an event mean which status of ours. A name with dots also means a field inside another. Raises
    :class:`UsageError` where a name of ours does not exist.
    """

    def __init__(
        self,
        mapping: Mapping[str, str] | None = None,
        constants: Mapping[str, str] | None = None,
        time_unit: str | None = None,
        words: Mapping[str, str] | None = None,
    ) -> None:
        if time_unit is not None and time_unit not in _UNITS:
            raise UsageError(f"time_unit {time_unit!r} is none of {', '.join(_UNITS)}")
        self.time_unit = time_unit
        self.words = dict(words or {})
        self.constants = dict(constants or {})
        self.theirs: dict[str, tuple[str, ...]] = {ours: (ours, *others) for ours, others in COLUMNS.items()}
        for ours in [*(mapping or {}).values(), *self.constants]:
            if ours not in COLUMNS:
                raise UsageError(f"{ours!r} is not a column of delivery records; they are {', '.join(COLUMNS)}")
        for ours in set((mapping or {}).values()):
            self.theirs[ours] = tuple(name for name, target in (mapping or {}).items() if target == ours)

    def reads_as(self, other: Columns) -> bool:
        """Say whether both read a log the same way."""
        return vars(self) == vars(other)

    def beside(self, path: Path) -> Columns:
        """Add the ``columns:`` and ``constants:`` of the sidecar file ``<path>.yml``, where there is one."""
        sidecar = Path(f"{path}.yml")
        return self.over(sidecar) if sidecar.is_file() else self

    def over(self, file: Path) -> Columns:
        """Add what a YAML file says; where both say something, what was said before holds."""
        import yaml

        try:
            said = yaml.safe_load(file.read_text(encoding="utf-8"))
            unknown = set(said) - _KEYS
            columns = dict(said.get("columns") or {})
            words, column = _words_of(said.get("status") or {})
            columns |= {column: "status"} if column else {}
            unit = self.time_unit or said.get("time_unit")
            constants = {**(said.get("constants") or {}), **self.constants}
            merged = Columns(columns, constants, unit, self.words or words)
        except (yaml.YAMLError, UnicodeDecodeError, AttributeError, TypeError, ValueError, OSError):
            message = "it must be YAML with `columns:` (theirs: ours) and, if wanted, `constants:` (ours: value)"
            raise SourceError(f"{file}: cannot be read as a mapping of columns; {message}") from None
        except UsageError as error:
            raise UsageError(f"{file}: {error}") from None
        if unknown:
            listed = f"{', '.join(sorted(map(str, unknown)))}; there are {', '.join(sorted(_KEYS))}"
            raise UsageError(f"{file}: a mapping has no {listed}")
        defaults = Columns()
        for ours, names in self.theirs.items():
            if names != defaults.theirs[ours]:
                merged.theirs[ours] = names
        return merged

    def of_export(self, name: str) -> Columns:
        """Add the mapping of a destination's export: a ready one by its name, or a YAML file of your own.

        Raises :class:`UsageError` where it is neither.
        """
        ready = {file.stem: file for file in sorted((Path(__file__).parent / "exports").glob("*.yml"))}
        file = ready.get(name) or Path(name)
        if not file.is_file():
            raise UsageError(f"{name}: no such mapping; name one of {', '.join(ready)}, or a YAML file")
        return self.over(file)

    def present_in(self, columns: list[str]) -> list[str]:
        """Return those of a file's columns that mean something here."""
        found = [name if name in columns else root_of(name) for names in self.theirs.values() for name in names]
        return list(dict.fromkeys(name for name in found if name in columns))

    def said(self, path: str, present: list[str] | None, column: Callable[[str], str]) -> dict[str, str]:
        """Return SQL for the text a record has for each column of ours; ``present`` lists the file's columns, if known.

        ``column`` turns a name of theirs into SQL; the first name under which something stands holds. Raises
        :class:`SourceError` where the file has no column for what a record must have.
        """
        said: dict[str, str] = {}
        lacking: list[str] = []
        for ours, names in self.theirs.items():
            there = [name for name in names if present is None or {name, root_of(name)} & set(present)]
            said[ours] = self.first_of(ours, [column(name) for name in there])
            if ours in ("destination", "status") and not there and ours not in self.constants:
                lacking.append(ours)
        naming = [*self.theirs["message_id"], *self.theirs["event_line"]]
        if present is not None and not {*naming, *map(root_of, naming)} & set(present):
            lacking.append("message_id")
        if lacking:
            self._refuse(path, lacking, present or [])
        return said

    def first_of(self, ours: str, found: list[str]) -> str:
        """Return SQL for the first of what was found for a column of ours, or for what is the same for every record."""
        if ours in self.constants:
            return literal(self.constants[ours])
        return (
            f"coalesce({', '.join(f'CAST({each} AS VARCHAR)' for each in found)})" if found else "CAST(NULL AS VARCHAR)"
        )

    def meant(self, ours: str, said: str) -> str:
        """Return SQL for what a text means in a column of ours: without blanks, as our status, as a time."""
        text = f"tidied({said})"
        if ours == "status" and self.words and ours not in self.constants:
            cases = " ".join(f"WHEN {literal(word)} THEN {literal(status)}" for word, status in self.words.items())
            return f"CASE {text} {cases} ELSE {text} END"
        if ours == "at" and self.time_unit and ours not in self.constants:
            micros = f"TRY_CAST({text} AS DOUBLE) * {_UNITS[self.time_unit]}"
            text = f"CAST(try(make_timestamp(TRY_CAST({micros} AS BIGINT))) AS VARCHAR)"
        return {"at": f"as_utc({text})", "event_line": f"as_line({text})"}.get(ours, text)

    @staticmethod
    def _refuse(path: str, lacking: list[str], present: list[str]) -> None:
        if all(_HEADER.fullmatch(name) for name in present):
            said = f"it has {', '.join(present[:30])}"
        else:
            said = "and its first line does not look like column names"
        hint = " ".join(f"--map theirs={ours}" for ours in lacking)
        fixed = next((ours for ours in lacking if ours != "message_id"), None)
        if fixed:
            hint += f", or --set {fixed}=VALUE if it is the same for every record"
        raise SourceError(f"{path}: no column gives the {', the '.join(lacking)}; {said}; name it with {hint}")


def root_of(name: str) -> str:
    """Return the field outside all others in a name with dots."""
    return name.partition(".")[0]


def text_inside(json: str, name: str) -> str:
    """Return SQL for a field inside another, ``json`` being SQL for the text of the outermost, or NULL."""
    inner = name.partition(".")[2].replace("~", "~0").replace("/", "~1").replace(".", "/")
    return f"CASE WHEN json_valid({json}) THEN json_extract_string({json}, {literal('/' + inner)}) END"


def _words_of(said: dict[str, Any]) -> tuple[dict[str, str], str | None]:
    """Read ``status:`` of a mapping: the column, and for each status of ours their words for it."""
    words: dict[str, str] = {}
    for ours, theirs in said.items():
        if ours == "column":
            continue
        if ours not in STATUSES:
            raise UsageError(f"{ours!r} is no status; they are {', '.join(STATUSES)}")
        for word in theirs if isinstance(theirs, list) else [theirs]:
            text = str(word).lower() if isinstance(word, bool) else str(word)  # YAML reads true as a boolean
            if words.setdefault(text, ours) != ours:
                raise UsageError(f"the word {text!r} is given two statuses: {words[text]} and {ours}")
    return words, said.get("column")
