"""How a database is opened: what its file is, how much memory it may take, and where work spills to."""

from __future__ import annotations

import glob
import os
import re
import shutil
import tempfile
from pathlib import Path

from consentkit.errors import SourceError, UsageError

MEMORY = ":memory:"
# What is added to the name of a database for a folder of what is spilled to disk.
_SPILL = ".spill-"
# What stands in every file of DuckDB, and where.
_MARK, _AT = b"DUCK", 8
# A quarter of what DuckDB takes: the many small tables of a small database then need a third of the room.
_BLOCK = 1 << 16
# What Python, its libraries, the lines being read and DuckDB's own records take beside what DuckDB counts.
_OWN = 550 << 20
# DuckDB gives memory back to the system sooner, and writes what it loads sooner, than it does where there is enough.
_SPARING = {
    "allocator_flush_threshold": "16MiB",
    "allocator_bulk_deallocation_flush_threshold": "16MiB",
    "write_buffer_row_group_count": "1",
}
# Every thread takes memory of its own: with less than this there is enough for one only.
_FOR_MANY = 10**9
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_PROCESS = re.compile(r"PID \d+")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?", re.IGNORECASE)


class Opening:
    """What is decided before a database is opened.

    ``path`` is what DuckDB is given, ``config`` its settings, ``spill`` a new folder that only this user can read,
    ``read_only`` true where the file or its folder cannot be written, ``limit`` what DuckDB may take of a limited
    memory. ``slice_bytes`` and ``group_bytes`` are those of the engine. Raises :class:`SourceError` where the file is
    no database or none can be made there.
    """

    def __init__(self, database: str | os.PathLike[str], memory: str | None, threads: int | None) -> None:
        if not isinstance(database, (str, os.PathLike)) or database == "":
            given = "an empty text" if database == "" else type(database).__name__
            raise UsageError(f"a database is named by a path, not by {given}; {MEMORY} keeps everything in memory")
        if threads is not None and (not isinstance(threads, int) or threads < 1):
            raise UsageError(f"threads {threads!r} is no number of threads; give 1 or more")
        self._name = database = os.fspath(database)
        file = Path(database)
        self.read_only = False
        if database != MEMORY and file.exists():
            _refuse_other(database, file)
            self.read_only = not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK))
        # of a whole path no beginning is taken for the name of another system, such as sqlite:
        self.path = MEMORY if database == MEMORY else self._as_text(file.absolute())
        self.slice_bytes, self.group_bytes, self.limit = 1 << 26, 1 << 29, ""
        self.config: dict[str, str | bool | int | float | list[str]] = {
            "autoload_known_extensions": "false",
            "autoinstall_known_extensions": "false",
            "python_enable_replacements": "false",
            "default_block_size": str(_BLOCK),
        }
        if memory is not None:
            allowed = _bytes(memory)
            self.slice_bytes = min(self.slice_bytes, allowed // 32)
            self.group_bytes = min(self.group_bytes, allowed // 2)
            self.config |= _SPARING
            self.limit = f"{max(allowed - _OWN, allowed * 2 // 5) >> 20}MiB"
            self.config |= {"memory_limit": self.limit, "allowed_configs": ["memory_limit"]}
            threads = threads or (1 if allowed < _FOR_MANY else None)
        if threads:
            self.config["threads"] = str(threads)
        self.spill = self._spill_folder(file)
        self.config["temp_directory"] = self._as_text(self.spill)

    def clear_left(self) -> None:
        """Remove what processes that were killed left beside a file that nobody else has open: it may be personal."""
        if self.read_only:  # others may read it too
            return
        for left in self.spill.parent.glob(f"{glob.escape(Path(self._name).name)}{_SPILL}*"):
            if left != self.spill:
                shutil.rmtree(left, ignore_errors=True)

    def _as_text(self, place: Path) -> str:
        """Return a path as DuckDB takes it: UTF-8, whatever else the system reads names as."""
        try:
            return os.fsencode(place).decode("utf-8")
        except UnicodeDecodeError:
            shown = os.fsencode(self._name).decode("utf-8", "backslashreplace")
            raise SourceError(f"{shown}: cannot be opened: the name of a database must be UTF-8") from None

    def _spill_folder(self, file: Path) -> Path:
        if self.path == MEMORY or self.read_only:
            return Path(tempfile.mkdtemp(prefix="consentkit-"))
        try:
            return Path(tempfile.mkdtemp(prefix=file.name + _SPILL, dir=file.parent))
        except OSError as error:
            told = f"{self._name}: cannot be opened: its folder cannot be written: {error.strerror}"
            raise SourceError(told) from None


def open_elsewhere(error: Exception) -> str | None:
    """Say who has a file open that DuckDB could not open, where that is its reason."""
    if type(error).__name__ == "ConnectionException":
        return "this process has it open already; close that workspace first"
    if "Could not set lock" not in str(error):
        return None
    process = _PROCESS.search(str(error))
    who = f"another process ({process[0]})" if process else "another process"
    return f"{who} has it open; wait until it has ended, or ask a copy of the file"


def _refuse_other(database: str, file: Path) -> None:
    """Refuse a file that is not DuckDB's: one of CSV or JSON it opens like a database, and keeps nothing of it."""
    try:
        start = b""
        if file.is_file():
            with file.open("rb") as stream:
                start = stream.read(_AT + len(_MARK))
    except OSError as error:
        raise SourceError(f"{database}: cannot be opened: {error.strerror}") from None
    if start[_AT:] != _MARK:
        told = "it is no DuckDB file; name one that `consentkit load` made, or a new one"
        raise SourceError(f"{database}: cannot be opened: {told}")


def _bytes(size: str) -> int:
    """Read a size such as ``512MB``. Raises :class:`UsageError` where it is none or too small to work in."""
    said = _SIZE.fullmatch(size.strip()) if isinstance(size, str) else None
    count = int(float(said[1]) * _UNITS.get(said[2].lower(), 0)) if said else 0
    if count < 256 * 10**6:
        raise UsageError(f"memory {size!r} is no size of at least 256MB; give one such as 512MB or 2GB")
    return count
