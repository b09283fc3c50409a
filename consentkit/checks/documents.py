"""Suite files to plain data: every key knows its line, nothing is guessed, nothing can construct an object.

Only plain ``true`` and ``false``, decimal numbers and ``null`` are other than text; ``no``, ``0123`` and dates
stay as written. JSON files are read as the YAML they also are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from consentkit.errors import Mistake
from consentkit.policy.reading import Document, KeyPath

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST = 2_000_000
_DEEPEST = 20
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_DECIMAL = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?\Z")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map", "bool", "int", "float", "null", "timestamp")}


def read_document(path: Path, shown: str) -> Document:
    """Read one YAML or JSON file; whatever is wrong with it is in ``mistakes`` of the document."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        return _unusable(shown, None, f"the file cannot be read: {error.strerror}")
    if len(raw) > _LARGEST:
        return _unusable(shown, None, "the file is larger than two million bytes; a suite is a page of text")
    try:
        return _parsed(raw.decode("utf-8-sig"), shown)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return _unusable(shown, line, "this is not UTF-8 text; save the file as UTF-8")


def _parsed(text: str, shown: str) -> Document:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return _unusable(shown, mark.line + 1 if mark else None, f"this is not YAML: {error.problem or error.context}")
    except yaml.YAMLError:
        return _unusable(shown, None, "this is not YAML: it holds a character that cannot be printed")
    except RecursionError:
        return _unusable(shown, None, "brackets or indentation are nested too deep")
    if node is None:
        return _unusable(shown, None, "the file is empty")
    walk = _Walk(shown)
    data = walk.value(node, ())
    return Document(shown, data, walk.lines, tuple(walk.mistakes))


class _Walk:
    """Turns the nodes of one file into data, noting lines and mistakes on the way."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._seen: set[int] = set()
        self.lines: dict[KeyPath, int] = {}
        self.mistakes: list[Mistake] = []

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        if id(node) in self._seen:
            return self._refuse(line, "references (&name, *name) are not allowed here; write the value out")
        self._seen.add(id(node))
        if node.tag not in _TAGS:
            return self._refuse(line, f"the tag {node.tag.rsplit(':', 1)[-1]!r} is not allowed here")
        if len(path) > _DEEPEST:
            return self._refuse(line, "this is nested too deep")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, place)) for place, item in enumerate(node.value)]
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, item in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                self._refuse(line, "a key must be a word")
                continue
            name = str(key.value)
            if name in data:
                self._refuse(line, f"the key {name!r} is written twice")
                continue
            self.lines[(*path, name)] = line
            data[name] = self.value(item, (*path, name))
        return data

    def _refuse(self, line: int, message: str) -> None:
        self.mistakes.append(Mistake(self._file, line, "", message))


def _scalar(node: yaml.Node) -> Any:
    text = str(node.value)
    if node.style is not None:  # type: ignore[attr-defined]
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _WHOLE.match(text):
        return int(text)
    if _DECIMAL.match(text) and not (text.lstrip("+-")[:1] == "0" and text.lstrip("+-")[1:2].isdigit()):
        return float(text)
    return text


def _unusable(file: str, line: int | None, message: str) -> Document:
    return Document(file, None, {}, (Mistake(file, line, "", message),))
