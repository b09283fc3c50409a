"""Line files that are the same bytes every time: gzip without name or clock, compressed beside the writer."""

from __future__ import annotations

import struct
import zlib
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor
    from pathlib import Path
    from types import TracebackType

# Method deflate, no flags, time 0, operating system unknown: nothing that differs between machines.
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_WAITING = 2


def _deflate(data: bytes, level: int) -> bytes:
    """One stretch of a deflate stream, ending on a byte boundary."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)


class LineFile:
    """One file of lines, plain or gzip. ``lines`` counts what was written; use as a context manager.

    `level` is the gzip level, 0 for a plain file; `end` the line ending; `start` text before the first line.
    Text may hold lone surrogates where the file must hold bytes that are not UTF-8. Compressing and writing
    happen in `pool`; at most a few blocks wait, so memory does not grow with the file.
    """

    def __init__(self, path: Path, pool: ThreadPoolExecutor, level: int, *, end: str = "\n", start: str = "") -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.lines = 0
        self._end = end
        self._start = start
        self._pool = pool
        self._level = level
        self._waiting: deque[Future[bytes]] = deque()
        self._writing: Future[int] | None = None
        self._check = self._size = 0
        self._file = path.open("wb")
        if level:
            self._file.write(_HEADER)

    def write(self, lines: list[str]) -> None:
        """Append lines, each with the file's line ending."""
        if lines:
            self.write_text(self._end.join([*lines, ""]), len(lines))

    def write_text(self, text: str, lines: int) -> None:
        """Append text that holds `lines` whole lines already."""
        data = (self._start + text).encode("utf-8", "surrogateescape")
        self._start = ""
        self.lines += lines
        if self._level:
            self._check = zlib.crc32(data, self._check)
            self._size += len(data)
            self._waiting.append(self._pool.submit(_deflate, data, self._level))
            self._drain(_WAITING)
        else:
            self._settle()
            self._writing = self._pool.submit(self._file.write, data)

    def _drain(self, leave: int) -> None:
        """Write finished blocks in order until at most `leave` wait."""
        while len(self._waiting) > leave:
            self._file.write(self._waiting.popleft().result())

    def _settle(self) -> None:
        """Wait for the block being written."""
        if self._writing:
            self._writing.result()

    def __enter__(self) -> LineFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file:
            self._settle()
            if kind is None and self._level:
                self._drain(0)
                self._file.write(zlib.compressobj(1, zlib.DEFLATED, -15).flush(zlib.Z_FINISH))
                self._file.write(struct.pack("<II", self._check, self._size & 0xFFFFFFFF))
