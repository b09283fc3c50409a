"""Suites: YAML files, loaded strictly into Great Expectations' own objects.

Great Expectations drops an expectation it does not recognise without a word, and passes a suite with nothing
left. Here every mistake is told at once with file, line, what was found and what is allowed; and what was
loaded is counted against the file.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consentkit.checks.documents import read_document
from consentkit.errors import Mistake, SuiteError
from consentkit.paths import paths_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from os import PathLike

    from consentkit.policy.reading import Document, KeyPath

SEVERITIES = ("critical", "warning", "info")
SUFFIXES = (".yml", ".yaml", ".json")
_SUITE_KEYS = ("name", "title", "description", "owner", "may_be_empty", "expectations")
_KEYS = ("type", "name", "severity", "description", "owner", "view", "may_be_empty", "kwargs")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}\Z")
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_OURS = ("id", "meta", "notes", "result_format", "catch_exceptions", "rendered_content", "windows", "batch_id")
_NOT_KWARGS = (*_OURS, "severity", "description")


@dataclass(frozen=True)
class Entry:
    """One expectation of a suite as its file writes it, and Great Expectations' object made of it."""

    id: str
    type: str
    severity: str
    description: str
    owner: str
    view: str
    may_be_empty: bool
    kwargs: dict[str, Any]
    file: str
    line: int
    expectation: Any = field(repr=False, compare=False)


@dataclass(frozen=True)
class Suite:
    """One suite file."""

    name: str
    title: str
    description: str
    owner: str
    file: str
    entries: tuple[Entry, ...]


def load_suites(paths: str | Path | Iterable[str | Path]) -> list[Suite]:
    """Load suite files, or the ``.yml``, ``.yaml`` and ``.json`` files of folders.

    Raises :class:`SuiteError` with every mistake of every file, also where a path names no suite.
    """
    files, mistakes = _files(paths_in(paths, "suites are named", "write a suite to a file first"))
    suites: list[Suite] = []
    for path in files:
        document = read_document(path, _shown(path))
        if document.mistakes:
            mistakes += document.mistakes
            continue
        builder = _Builder(document)
        suite = builder.suite()
        mistakes += builder.mistakes
        if suite is None:
            continue
        twin = next((each for each in suites if each.name == suite.name), None)
        if twin is not None:
            mistakes.append(document.mistake(("name",), f"{suite.name!r} is also the name of the suite in {twin.file}"))
        suites.append(suite)
    if mistakes:
        raise SuiteError(mistakes)
    return suites


def _files(given: Sequence[str | PathLike[str]]) -> tuple[list[Path], list[Mistake]]:
    files: dict[Path, None] = {}
    mistakes = []
    for each in map(Path, given):
        if each.is_dir():
            found = sorted(path for path in each.iterdir() if path.suffix in SUFFIXES and path.is_file())
            files.update(dict.fromkeys(found))
            if not found:
                mistakes.append(Mistake(str(each), None, "", "the folder holds no suite (.yml, .yaml or .json)"))
        elif each.is_file():
            files[each] = None
        else:
            mistakes.append(Mistake(str(each), None, "", "there is no such file or folder"))
    if not given:
        mistakes.append(Mistake("<suites>", None, "", "no suite is given"))
    return list(files), mistakes


def _shown(path: Path) -> str:
    """Write a path as a reviewer knows it: from the folder the command runs in, where it lies below it."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


class _Builder:
    """Builds one suite and collects what is wrong with it."""

    def __init__(self, document: Document) -> None:
        from consentkit.checks.catalogue import Catalogue

        self._document = document
        self._catalogue = Catalogue()
        self.mistakes: list[Mistake] = []

    def suite(self) -> Suite | None:
        data = self._document.data
        if not isinstance(data, dict):
            self._wrong((), "a suite is a mapping with name, owner, description and expectations")
            return None
        self._keys(data, _SUITE_KEYS, ())
        name = self._text(data, "name", ())
        if name and not _NAME.match(name):
            self._wrong(("name",), f"{name!r} may hold letters, digits, - and _ only, at most 80 of them")
        owner = self._text(data, "owner", (), optional=True)
        description = self._text(data, "description", ())
        title = self._text(data, "title", (), optional=True) or name
        empty = self._flag(data, "may_be_empty", (), default=False)
        listed = data.get("expectations")
        if not isinstance(listed, list) or not listed:
            self._wrong(("expectations",), "a suite needs a list of at least one expectation")
            return None
        defaults = {"suite": name, "owner": owner, "may_be_empty": empty}
        entries = [self._entry(item, ("expectations", place), defaults) for place, item in enumerate(listed)]
        self._twins(entries)
        kept = [entry for entry in entries if entry is not None]
        if not self.mistakes and len(kept) != len(listed):
            self._wrong(("expectations",), f"only {len(kept)} of {len(listed)} expectations could be loaded")
        return Suite(name, title, description, owner, self._document.file, tuple(kept))

    def _entry(self, item: Any, path: KeyPath, defaults: dict[str, Any]) -> Entry | None:
        if not isinstance(item, dict):
            self._wrong(path, "an expectation is a mapping with type, severity and description")
            return None
        before = len(self.mistakes)
        self._keys(item, _KEYS, path)
        written = self._text(item, "type", path)
        severity = self._text(item, "severity", path)
        if severity and severity not in SEVERITIES:
            self._wrong((*path, "severity"), f"{severity!r} is not a severity{suggestion(severity, SEVERITIES)}")
        name = self._text(item, "name", path, optional=True)
        if name and not _NAME.match(name):
            self._wrong((*path, "name"), f"{name!r} may hold letters, digits, - and _ only, at most 80 of them")
        description = self._text(item, "description", path)
        owner = self._text(item, "owner", path, optional=True) or defaults["owner"]
        if not owner:
            self._wrong((*path, "owner"), "nobody owns this: write owner here or for the whole suite")
        may_be_empty = self._flag(item, "may_be_empty", path, default=defaults["may_be_empty"])
        kwargs = item.get("kwargs", {})
        if not isinstance(kwargs, dict):
            self._wrong((*path, "kwargs"), "kwargs is a mapping of the expectation's own settings")
            return None
        known = self._type(written, path)
        view = self._view(item, written, path)
        if not known:
            return None
        identity = f"{defaults['suite']}.{name or written}"
        line = self._document.lines.get((*path, "type"), self._document.lines.get(path, 1))
        told = {"description": description, "severity": severity, "meta": {"consentkit": {"id": identity}}}
        made = self._kwargs(written, kwargs, path, told if len(self.mistakes) == before else {})
        if len(self.mistakes) > before:
            return None
        facts = (identity, written, severity, description, owner, view, may_be_empty, kwargs)
        return None if made is None else Entry(*facts, self._document.file, line, made)

    def _kwargs(self, written: str, kwargs: dict[str, Any], path: KeyPath, told: dict[str, Any]) -> Any:
        """Check the settings of an expectation and make it; None where something is wrong."""
        allowed = [name for name in self._catalogue.settings(written) if name not in _NOT_KWARGS]
        sound = {}
        for name, value in kwargs.items():
            place = (*path, "kwargs", name)
            if name not in allowed:
                self._wrong(place, f"{written} has no setting {name!r}{suggestion(name, allowed)}")
            elif isinstance(value, dict) and any(key.startswith("$") for key in value):
                self._wrong(place, "suite parameters ($PARAMETER) are not supported; write the value")
            else:
                sound[name] = value
        made, faults = self._catalogue.make(written, sound, told, whole=len(sound) == len(kwargs))
        for setting, message in faults:
            self._wrong((*path, "kwargs", *setting), message)
        return made

    def _type(self, written: str, path: KeyPath) -> bool:
        if not written:
            return False
        names = self._catalogue.names()
        if written in names:
            return True
        known = f"{written!r} is no expectation that is known{suggestion(written, names, listed=False)}"
        self._wrong((*path, "type"), f"{known}; one of your own must be imported before the suite is loaded")
        return False

    def _view(self, item: dict[str, Any], written: str, path: KeyPath) -> str:
        own = self._catalogue.own_view(written)
        if own is not None:
            if "view" in item:
                self._wrong((*path, "view"), f"{written} always reads the view {own}; leave view out")
            return own
        return self._text(item, "view", path) if written in self._catalogue.names() else ""

    def _twins(self, entries: Sequence[Entry | None]) -> None:
        seen: dict[str, int] = {}
        for place, entry in enumerate(entries):
            if entry is None:
                continue
            if entry.id in seen:
                where = f"line {seen[entry.id]}"
                self._wrong(("expectations", place), f"{entry.id} is already at {where}; give one of them a name")
            seen.setdefault(entry.id, entry.line)

    def _keys(self, data: dict[str, Any], allowed: Sequence[str], path: KeyPath) -> None:
        for key in data:
            if key not in allowed:
                self._wrong((*path, key), f"there is no key {key!r} here{suggestion(key, allowed)}")

    def _text(self, data: dict[str, Any], key: str, path: KeyPath, *, optional: bool = False) -> str:
        value = data.get(key)
        if value is None and (optional or key in data):
            if key in data:
                self._wrong((*path, key), "this is empty")
            return ""
        if value is None:
            self._wrong((*path, key), "this key is missing")
            return ""
        if not isinstance(value, str) or not value.strip():
            self._wrong((*path, key), f"this must be text, not {_kind(value)}")
            return ""
        if _UNSEEN.search(value):
            self._wrong((*path, key), "this holds a control character, or one that turns the direction of text")
            return ""
        return " ".join(value.split())

    def _flag(self, data: dict[str, Any], key: str, path: KeyPath, *, default: bool) -> bool:
        value = data.get(key, default)
        if not isinstance(value, bool):
            self._wrong((*path, key), f"this must be true or false, not {_kind(value)}")
            return default
        return value

    def _wrong(self, path: KeyPath, message: str) -> None:
        self.mistakes.append(self._document.mistake(path, message))


def _kind(value: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a mapping", str: "text"}
    return "nothing" if value is None or value == "" else names.get(type(value), "this")


def suggestion(word: str, known: Iterable[str], *, listed: bool = True) -> str:
    """Say what a word that is not known may mean or, where it is like none, which are known if they may be listed."""
    options = list(known)
    near = difflib.get_close_matches(word, options, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; there are {', '.join(options)}" if listed and options else ""
