"""Which files an input means, and what is known of each before it is read."""

from __future__ import annotations

import glob
import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from consentkit.errors import SourceError
from consentkit.paths import paths_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EVENT_SUFFIXES = (".ndjson", ".jsonl", ".json", ".ndjson.gz", ".jsonl.gz", ".json.gz", ".gz")
_PACKED = (".zst", ".bz2", ".xz", ".zip")  # not read, but a file that is left out silently looks like no data
_UNPACKED = 8  # what gzip makes of events, about


@dataclass
class InputFile:
    """One input file and what reading it showed.

    ``path`` is its name as text, in which bytes that are no UTF-8 are escaped, and ``place`` what the system opens.
    ``problem`` is None or one of ``empty``, ``truncated_gzip``, ``damaged_gzip``, ``other_compression``,
    ``permission_denied``, ``unreadable``, ``changed_while_read``; a file with a problem keeps every line that came
    before it.
    """

    path: str
    bytes: int = 0
    sha256: str = ""
    file_id: int = 0
    lines: int = 0
    problem: str | None = None
    place: Path = field(init=False)

    def __post_init__(self) -> None:
        self.place = Path(self.path)
        self.path = os.fsencode(self.path).decode("utf-8", "backslashreplace")

    def named_in_utf8(self) -> str:
        """Return the path for who takes text only. Raises :class:`SourceError` where its bytes are no UTF-8."""
        if self.path.encode() != os.fsencode(self.place):
            raise SourceError(f"{self.path}: the name of a Parquet file must be UTF-8; rename it")
        return self.path


def problem_of(error: OSError) -> str:
    """Return the problem of a file that the system refuses to read."""
    return "permission_denied" if isinstance(error, PermissionError) else "unreadable"


def find_files(inputs: str | Path | Sequence[str | Path], suffixes: tuple[str, ...]) -> list[InputFile]:
    """Return the files that paths, globs and folders name, each once, sorted within each input.

    In a folder, all files below it whose name ends in one of ``suffixes`` are taken, packed in whatever way and behind
    links too; hidden ones are not.
    Raises :class:`SourceError` where an input names nothing, :class:`UsageError` where one is no path.
    """
    return [_stat(path) for path in _paths(inputs, suffixes)]


def named_paths(inputs: Sequence[str], suffixes: tuple[str, ...]) -> list[str]:
    """Return the names of the files :func:`find_files` returns, without opening one."""
    return [InputFile(path).path for path in _paths(inputs, suffixes)]


def _paths(inputs: str | Path | Sequence[str | Path], suffixes: tuple[str, ...]) -> list[str]:
    told = "write what Python holds to a file first, or ask consentkit.decide about events"
    wanted = paths_in(inputs, "files are named", told)
    if not wanted:
        raise SourceError("no input was named; give a file, a folder or a pattern")
    found: dict[str, None] = {}
    for item in wanted:
        for path in _expand(str(item), suffixes):
            found.setdefault(str(path))
    return list(found)


def _expand(item: str, suffixes: tuple[str, ...]) -> list[Path]:
    path = Path(item)
    if path.is_dir():
        below = sorted(file for file in _walk(path) if not _hidden(file, path) and _readable(file))
        files = [file for file in below if _bare(file.name).endswith(suffixes)]
        if not files:
            raise SourceError(f"{item}: the folder holds no file that ends in {', '.join(suffixes)}")
        return files
    if path.is_file():
        return [path]
    if path.exists():
        raise SourceError(
            f"{item}: it is a pipe or a device, which gives its content only once; write that to a file first"
        )
    matches = [Path(match) for match in sorted(glob.glob(item, recursive=True))]  # noqa: PTH207 - absolute patterns too
    files = [match for match in matches if match.is_file()]
    if not files:
        raise SourceError(f"{item}: no such file, and no file matches it as a pattern")
    return files


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder; a folder that goes away meanwhile is none, one that cannot be read is told."""

    def refuse(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            raise SourceError(f"{error.filename}: the folder cannot be read: {error.strerror}")

    root, followed = folder.resolve(), set[Path]()

    def leads_on(place: Path) -> bool:
        """Say whether a folder is to be walked: a link only where it leads out of here, and there once."""
        if not place.is_symlink():
            return True
        real = place.resolve()
        if real.is_relative_to(root) or root.is_relative_to(real) or real in followed:
            return False
        followed.add(real)
        return True

    for place, folders, names in os.walk(folder, onerror=refuse, followlinks=True):
        folders[:] = [name for name in sorted(folders) if leads_on(Path(place, name))]
        yield from (Path(place, name) for name in names)


def _readable(file: Path) -> bool:
    """Say whether it is a file, or should be one: a link to nothing is told, as a file that is gone."""
    return file.is_file() or (file.is_symlink() and not file.exists())


def _bare(name: str) -> str:
    """Return a file's name in small letters, without what says that it is packed in a way that is not read."""
    plain = name.lower()
    return next((plain.removesuffix(each) for each in _PACKED if plain.endswith(each)), plain)


def _hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def _stat(path: str) -> InputFile:
    file = InputFile(path)
    try:
        with Path(path).open("rb") as stream:
            file.sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            file.bytes = stream.tell()
    except OSError as error:
        file.problem = problem_of(error)
    return file


def in_groups(files: list[InputFile], most: int) -> list[list[InputFile]]:
    """Cut a list of files into groups that are loaded as one transaction each: what an interruption costs at most.

    ``most`` is how many bytes, unpacked, the files of a group hold together; a larger file is a group of its own.
    """
    groups: list[list[InputFile]] = []
    size = 0
    for file in files:
        if not groups or size + unpacked(file) > most:
            groups.append([])
            size = 0
        groups[-1].append(file)
        size += unpacked(file)
    return groups


def unpacked(file: InputFile) -> int:
    """Return how many bytes a file holds, about, once it is unpacked."""
    return file.bytes * _UNPACKED if file.path.lower().endswith(".gz") else file.bytes
