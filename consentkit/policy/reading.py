"""Policy files to plain data: text stays text, every key knows its line, every mistake is collected.

YAML's own guesses (``no`` is false, ``0123`` is 83) are never made: every scalar stays the text that was
written, and nothing in a file can construct an object.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from consentkit.errors import Mistake, PolicyError
from consentkit.paths import paths_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from yaml import MarkedYAMLError

KeyPath = tuple[str | int, ...]
PathLike = str | os.PathLike[str]

_MOST_BYTES = 5_000_000
_MOST_NODES = 500_000
_DEEPEST = 20
_PLAIN_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map")} | {"!"}
_SENTENCES = (
    ("expected a single document", "two documents in one file; write each version to a file of its own"),
    ("found character '\\t'", "a tab is used for indentation; use spaces"),
    ("that cannot start any token", "a character that must stand in quotes"),
    ("mapping values are not allowed", "a ':' where none can stand; put text that holds ': ' in quotes"),
    ("while scanning a quoted scalar", "a quote is opened and not closed"),
    ("while parsing a flow", "a bracket is opened and not closed, or a comma is missing"),
    ("could not find expected ':'", "a key without ':' after it"),
    ("expected <block end>", "the indentation does not line up, or text after a quote must be quoted too"),
    ("while scanning an alias", "a * begins a reference (*name); put text that begins with * in quotes"),
    ("found undefined alias", "a reference (*name) to an anchor (&name) that is not defined above"),
    ("found duplicate anchor", "the same anchor (&name) is defined twice"),
)


@dataclass(frozen=True)
class Document:
    """One policy file or mapping: its plain data, the line of every key, the mistakes met on the way."""

    file: str
    data: Any = None
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()

    def mistake(self, path: KeyPath, message: str) -> Mistake:
        """Place a message at a key path, on the line of the key or else of the nearest key around it."""
        near = (path[:length] for length in range(len(path), -1, -1))
        line = next((self.lines[each] for each in near if each in self.lines), None)
        return Mistake(self.file, line, _printable(path_text(path)), _printable(message))


def _printable(text: str) -> str:
    """Escape what cannot be written as UTF-8, such as half a character."""
    return text.encode("utf-8", "backslashreplace").decode()


def path_text(path: KeyPath) -> str:
    """Write a key path such as ``categories[2].destinations[0]``."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return text.removeprefix(".")


def files_of(path: PathLike | Sequence[PathLike]) -> list[Path]:
    """List the policy files a path stands for: itself, or the ``.yml`` and ``.yaml`` files of a folder.

    Takes a path or several. Raises :class:`PolicyError` when there is none.
    """
    paths = paths_in(path, "a policy is named", "Policy.parse reads a mapping shaped like the file")
    if not paths:
        raise PolicyError([Mistake("<policy>", None, "", "no policy file is given")])
    files: list[Path] = []
    mistakes = []
    for each in map(Path, paths):
        if not each.is_dir():
            files.append(each)
            continue
        try:
            entries = sorted(each.iterdir())
        except OSError as error:
            mistakes.append(Mistake(str(each), None, "", f"the folder cannot be read: {error.strerror}"))
            continue
        shown = [entry for entry in entries if not entry.name.startswith(".") and entry.is_file()]
        found = [entry for entry in shown if entry.suffix in (".yml", ".yaml")]
        files.extend(found)
        if not found:
            mistakes.append(Mistake(str(each), None, "", "the folder holds no .yml or .yaml file"))
    if mistakes:
        raise PolicyError(mistakes)
    return files


def read(path: Path) -> Document:
    """Read one YAML file; whatever is wrong with it is in ``mistakes`` of the document, nothing is raised."""
    file = str(path)
    try:
        with path.open("rb") as held:
            raw = held.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return _unusable(file, None, "there is no such file")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        return _unusable(file, None, f"the file cannot be read: {reason}")
    if len(raw) > _MOST_BYTES:
        return _unusable(file, None, f"the file is over {_MOST_BYTES // 1_000_000} MB, which no policy is; is it data?")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return _unusable(file, line, "this is not UTF-8 text; save the file as UTF-8")
    return read_text(text, file)


def read_text(text: str, file: str) -> Document:
    """Turn YAML text into a document, as :func:`read` does."""
    import yaml

    try:
        node = cast("_Node | None", yaml.compose(text, yaml.BaseLoader))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return _unusable(file, line, f"the control character U+{_code(error.character):04X} is not allowed")
    except yaml.MarkedYAMLError as error:
        return _not_yaml(file, error)
    except RecursionError:
        return _unusable(file, None, "this is nested too deeply")
    except (ValueError, OverflowError):
        return _unusable(file, None, "this is not valid YAML: an escape such as \\U names no character")
    if node is None or (node.id == "scalar" and node.value == ""):
        return _unusable(file, None, "the file is empty; a policy begins with version, platform, categories")
    walk = _Walk()
    data = walk.value(node, ())
    mistakes = [
        Mistake(file, line, _printable(path_text(where)), _printable(message))
        for line, where, message in walk.complaints
    ]
    return Document(file, data, walk.lines, tuple(mistakes))


def _code(character: int | str | bytes) -> int:
    return character if isinstance(character, int) else ord(character)


def _unusable(file: str, line: int | None, message: str) -> Document:
    return Document(file, mistakes=(Mistake(file, line, "", message),))


def _not_yaml(file: str, error: MarkedYAMLError) -> Document:
    """Say in plain words, and on the line where it began, why a text is not YAML."""
    story = f"{error.context or ''} {error.problem or ''}"
    why = next((words for sign, words in _SENTENCES if sign in story), "the text does not follow YAML's grammar")
    opened = re.search("quoted scalar|flow (sequence|mapping)", story) and error.context_mark
    mark = opened or error.problem_mark or error.context_mark
    return _unusable(file, mark.line + 1 if mark else None, f"this is not valid YAML: {why}")


class _Node(Protocol):
    """What is used of a YAML node."""

    id: str
    tag: str
    value: Any
    style: str | None
    start_mark: Any


class _Walk:
    """Turn YAML nodes into dicts, lists and text, remembering lines and complaints."""

    def __init__(self) -> None:
        self.lines: dict[KeyPath, int] = {}
        self.complaints: list[tuple[int, KeyPath, str]] = []
        self._left = _MOST_NODES

    def value(self, node: _Node, path: KeyPath, depth: int = 0) -> Any:
        """Give the plain data of a node; what cannot be used is complained about and becomes None."""
        self.lines.setdefault(path, _line(node))
        self._left -= 1
        if self._left <= 0 or depth > _DEEPEST:
            self._complain(node, path, "this is nested too deeply, refers to itself, or is too much")
            return None
        if node.tag not in _PLAIN_TAGS:
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            self._complain(node, path, f"found the tag {tag}; allowed: plain values without a tag")
            return None
        if node.id == "mapping":
            data = {}
            for key, (key_node, child) in self._pairs(node, path, depth).items():
                self.lines[(*path, key)] = _line(key_node)
                data[key] = self.value(child, (*path, key), depth + 1)
            return data
        if node.id == "sequence":
            return [self.value(child, (*path, index), depth + 1) for index, child in enumerate(node.value)]
        return _joined(node.value)

    def _pairs(self, node: _Node, path: KeyPath, depth: int) -> dict[str, tuple[_Node, _Node]]:
        """List the keys of a mapping, merge keys (``<<``) resolved: the mapping's own keys win."""
        own: dict[str, tuple[_Node, _Node]] = {}
        merged: dict[str, tuple[_Node, _Node]] = {}
        for key, child in node.value:
            key.value = _joined(key.value) if key.id == "scalar" else key.value
            if key.id != "scalar":
                self._complain(key, path, "a key must be plain text; put text that begins with { or [ in quotes")
            elif key.value == "<<" and key.style is None:
                for source in self._merged(child, path, depth):
                    merged = {**self._pairs(source, path, depth + 1), **merged}
            elif key.value in own:
                first = _line(own[key.value][0])
                self._complain(key, (*path, key.value), f"the key is given twice, first in line {first}")
            else:
                own[key.value] = (key, child)
        return {**merged, **own}

    def _merged(self, node: _Node, path: KeyPath, depth: int) -> Iterable[_Node]:
        sources = node.value if node.id == "sequence" else [node]
        self._left -= len(sources)
        if self._left <= 0 or depth > _DEEPEST:
            self._complain(node, path, "this is nested too deeply, refers to itself, or is too much")
            return []
        wrong = [each for each in sources if each.id != "mapping"]
        for each in wrong:
            self._complain(each, (*path, "<<"), "only keys and values can be merged, such as <<: *name")
        return [] if wrong else sources

    def _complain(self, node: _Node, path: KeyPath, message: str) -> None:
        complaint = (_line(node), path, message)
        if not any(line == complaint[0] and text == message for line, _, text in self.complaints):
            self.complaints.append(complaint)


def _joined(text: str) -> str:
    r"""Put characters together of their halves: JSON writes one beyond U+FFFF as two escapes, ``\ud83d\ude00``."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _line(node: _Node) -> int:
    return int(node.start_mark.line) + 1
