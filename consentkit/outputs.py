"""Lets a command end as it would have, whatever becomes of where it prints to.

Who reads the output may stop early, as ``head`` does, and a disk may be full. Python and the libraries that print would
then end the process with 1, which here means findings, before the files are written.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Bytes(io.FileIO):
    """Writes until that fails, and drops what comes then; ``problem`` says why, empty where the reader has gone."""

    problem: str | None = None

    def write(self, data: Any, /) -> int:
        if self.problem is None:
            try:
                return super().write(data)
            except BrokenPipeError:
                self.problem = ""
            except OSError as error:
                self.problem = error.strerror or str(error)
        return len(data)


class _Output(io.TextIOWrapper):
    """A stream over such bytes that prints as another one does; what its encoding lacks is escaped."""

    def __init__(self, like: TextIO) -> None:
        self.bytes = _Bytes(like.fileno(), "wb", closefd=False)
        lines = bool(like.line_buffering)
        super().__init__(io.BufferedWriter(self.bytes), like.encoding, "backslashreplace", line_buffering=lines)


def is_lost(stream: TextIO) -> bool:
    """Tell whether nobody gets what is still written to a stream: then what only writes may end."""
    return isinstance(stream, _Output) and stream.bytes.problem is not None


@contextmanager
def outliving_readers() -> Iterator[None]:
    """Let a block that ends the process print to its end; the exit code is 2 where a disk did not take all of it."""
    kept = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = map(_standing, kept)
    problem = None
    try:
        yield
    finally:
        sys.stdout.flush()
        if isinstance(sys.stdout, _Output) and (problem := sys.stdout.bytes.problem):
            sys.stderr.write(f"consentkit: stdout cannot be written: {problem}\n")
        sys.stderr.flush()
        sys.stdout, sys.stderr = kept
        if problem:
            raise SystemExit(2)


def _standing(stream: TextIO | None) -> TextIO:
    """Return a stream that takes whatever is printed."""
    if stream is None:  # it was closed before the process began
        return Path(os.devnull).open("w", encoding="utf-8")
    stream.flush()
    try:
        return _Output(stream)
    except (OSError, io.UnsupportedOperation):  # no file of the system: a notebook or a test reads it
        return stream
