"""The bytes of input files as Arrow batches of numbered lines, read ahead in threads.

Lines are cut with numpy, never one by one, and nothing is dropped here: bytes that are not UTF-8, lines
of any content and what precedes the damage in a broken gzip all reach the database, which judges them.
"""

from __future__ import annotations

import codecs
import os
import queue
import threading
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa

    from consentkit.sources.files import InputFile

CHUNK = 1 << 22
AHEAD = 4
LONGEST_LINE = 1 << 28
_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
_OTHER_COMPRESSIONS = {b"PK\x03\x04": "zip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}


def line_schema() -> pa.Schema:
    """Return the schema of :func:`line_batches`."""
    import pyarrow as pa

    return pa.schema([("file_id", pa.int32()), ("line", pa.int64()), ("text", pa.string()), ("raw", pa.binary())])


def line_batches(files: Sequence[InputFile], progress: Callable[[int], None]) -> Iterator[pa.RecordBatch]:
    """Yield the lines of files as batches of (file_id, line, text, raw); fills ``lines`` and ``problem``.

    ``text`` holds a line that is valid UTF-8, else ``raw`` holds its bytes. A line keeps
    its number in the file, counted from 1. ``progress`` is told how many bytes of input were read.
    Files come in their order, but as many are unpacked at a time as there are processors.
    """
    stopped = threading.Event()
    waiting = [_Reading(file, stopped) for file in files]
    abreast = min(os.cpu_count() or 1, 8)
    try:
        for place, reading in enumerate(waiting):
            for following in waiting[place : place + abreast]:
                following.start()
            for piece in reading.pieces():
                progress(piece.read)
                if piece.batch is not None:
                    yield piece.batch
    finally:
        stopped.set()


class _Piece(NamedTuple):
    """What one step of reading gave: lines, or none yet, and how many bytes of the file it took."""

    batch: pa.RecordBatch | None
    read: int


class _Reading:
    """One file that a thread reads ahead, at most :data:`AHEAD` pieces before they are taken."""

    def __init__(self, file: InputFile, stopped: threading.Event) -> None:
        self._file, self._stopped = file, stopped
        self._pieces: queue.Queue[_Piece | BaseException | None] = queue.Queue(AHEAD)
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()

    def pieces(self) -> Iterator[_Piece]:
        """Yield what the thread reads; what stopped it is raised here."""
        while (piece := self._pieces.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            yield piece

    def _work(self) -> None:
        try:
            for piece in _cut_file(self._file):
                self._put(piece)
            self._put(None)
        except BaseException as error:  # noqa: BLE001 - it is raised again where the lines are taken
            self._put(error)

    def _put(self, piece: _Piece | BaseException | None) -> None:
        while not self._stopped.is_set():
            with suppress(queue.Full):
                self._pieces.put(piece, timeout=0.2)
                return


def _cut_file(file: InputFile) -> Iterator[_Piece]:
    carry: list[bytes] = []
    read = 0
    marks = _Marks()

    def tell(count: int) -> None:
        nonlocal read
        read += count

    for chunk in chunks(file, tell):
        end = chunk.rfind(b"\n") + 1
        if not end:
            carry = _carried(carry, chunk)
            continue
        yield _Piece(_cut(file, _joined([*carry, memoryview(chunk)[:end]]), marks), read)
        carry, read = [chunk[end:]] if end < len(chunk) else [], 0
    yield _Piece(_cut(file, _joined([*carry, b"\n"]), marks) if carry else None, read)
    if not file.lines and file.problem is None:
        file.problem, file.detail = "empty", "the file holds no line"


class _Marks:
    """Where lines end; its memory is used again from chunk to chunk, because fresh pages cost more than the search."""

    def __init__(self) -> None:
        self._seen: Any = None

    def ends(self, octets: Any) -> Any:
        import numpy as np

        if self._seen is None or len(self._seen) < len(octets):
            self._seen = np.empty(len(octets), dtype=bool)
        seen = self._seen[: len(octets)]
        np.equal(octets, ord("\n"), out=seen)
        return np.flatnonzero(seen)


def _carried(carry: list[bytes], chunk: bytes) -> list[bytes]:
    """Keep an unfinished line, up to a length beyond which only its beginning is kept (and rejected)."""
    if sum(map(len, carry)) + len(chunk) > LONGEST_LINE:
        return [b"".join(carry)[:LONGEST_LINE]]
    return [*carry, chunk]


def _joined(pieces: Sequence[bytes | memoryview]) -> pa.Buffer:
    """Put pieces together in Arrow's memory, which goes back to the system when the lines are done with."""
    import numpy as np
    import pyarrow as pa

    buffer = pa.allocate_buffer(sum(map(len, pieces)))
    octets, start = np.frombuffer(buffer, dtype=np.uint8), 0
    for piece in pieces:
        octets[start : start + len(piece)] = np.frombuffer(piece, dtype=np.uint8)
        start += len(piece)
    return buffer


def _cut(file: InputFile, data: pa.Buffer, marks: _Marks) -> pa.RecordBatch:
    import numpy as np
    import pyarrow as pa

    octets = np.frombuffer(data, dtype=np.uint8)
    ends = marks.ends(octets)
    offsets = np.zeros(len(ends) + 1, dtype=np.int32)
    offsets[1:] = ends
    offsets[1:] += 1
    # Windows ends lines with two characters, and files that are put one behind the other have marks at their joints
    if (octets[ends - 1] == ord("\r")).any() or (octets[offsets[:-1]] == _BOM[0]).any():
        plain = data.to_pybytes().removeprefix(_BOM).replace(b"\r\n", b"\n").replace(b"\n" + _BOM, b"\n")
        if len(plain) < len(data):
            return _cut(file, pa.py_buffer(plain), marks)
    buffers = [None, pa.py_buffer(offsets), data]
    text, raw = pa.Array.from_buffers(pa.string(), len(ends), buffers), pa.nulls(len(ends), pa.binary())
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        good = np.ones(len(ends), dtype=bool)
        good[_not_utf8(text, data, offsets)] = False
        bits = pa.py_buffer(np.packbits(good, bitorder="little").tobytes())
        text = pa.Array.from_buffers(pa.string(), len(ends), [bits, *buffers[1:]])
        bits = pa.py_buffer(np.packbits(~good, bitorder="little").tobytes())
        raw = pa.Array.from_buffers(pa.binary(), len(ends), [bits, *buffers[1:]])
    first = file.lines + 1
    file.lines += len(ends)
    numbers = pa.array(np.arange(first, first + len(ends), dtype=np.int64))
    ids = pa.array(np.full(len(ends), file.file_id, dtype=np.int32))
    return pa.RecordBatch.from_arrays([ids, numbers, text, raw], schema=line_schema())


def _not_utf8(text: pa.Array, data: pa.Buffer, offsets: Any) -> list[int]:
    """Return which lines of a chunk hold bytes that are not UTF-8; costs one step per such line."""
    import pyarrow as pa

    bad, view = [], memoryview(data)
    for first in range(0, len(text), 256):
        try:
            text.slice(first, 256).validate(full=True)
        except pa.ArrowInvalid:
            start, end = int(offsets[first]), int(offsets[min(first + 256, len(text))])
            while start < end:
                try:
                    codecs.utf_8_decode(view[start:end], "strict", True)
                    break
                except UnicodeDecodeError as error:
                    line = int(offsets.searchsorted(start + error.start, side="right")) - 1
                    bad.append(line)
                    start = int(offsets[line + 1])
    return bad


def chunks(file: InputFile, progress: Callable[[int], None]) -> Iterator[bytes]:
    """Yield a file's decompressed bytes; on damage, what came before it."""
    if file.problem:
        return
    try:
        with Path(file.path).open("rb") as stream:
            start = stream.read(6)
            stream.seek(0)
            other = next((name for magic, name in _OTHER_COMPRESSIONS.items() if start.startswith(magic)), None)
            if other:
                file.problem, file.detail = "other_compression", f"{other} is not read; unpack it or use gzip"
                progress(file.bytes)
            elif start.startswith(_GZIP):
                yield from _gunzip(file, stream, progress)
            else:
                while chunk := stream.read(CHUNK):
                    progress(len(chunk))
                    yield chunk
    except OSError as error:
        file.problem, file.detail = "unreadable", error.strerror or "cannot be read"


def _gunzip(file: InputFile, stream: Any, progress: Callable[[int], None]) -> Iterator[bytes]:
    """Decompress with Arrow, three times the speed of zlib; near damage fall back to zlib, which gives all."""
    import pyarrow as pa

    given, told = 0, 0
    try:
        with pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), "gzip") as unpacked:
            while chunk := unpacked.read(CHUNK):
                given += len(chunk)
                progress(stream.tell() - told)
                told = stream.tell()
                yield chunk
    except OSError:
        with Path(file.path).open("rb") as again:
            yield from _salvage(file, again, given)
    progress(file.bytes - told)


def _salvage(file: InputFile, stream: Any, skip: int) -> Iterator[bytes]:
    """Yield what can be decompressed after ``skip`` bytes, to the last byte, and say what stopped it."""
    file.problem, file.detail = "truncated_gzip", "the gzip data ends before its end mark"
    unpacker = zlib.decompressobj(31)
    while data := stream.read(1 << 16):
        while data:
            before = unpacker.copy()
            try:
                chunk = unpacker.decompress(data)
            except zlib.error:
                file.problem, file.detail = "damaged_gzip", "the gzip data is damaged from here on"
                if rest := _to_the_damage(before, data)[skip:]:
                    yield rest
                return
            if len(chunk) > skip:
                yield chunk[skip:]
            skip = max(0, skip - len(chunk))
            data = unpacker.unused_data
            if data:
                unpacker = zlib.decompressobj(31)


def _to_the_damage(unpacker: Any, data: bytes) -> bytes:
    """Decompress byte by byte, because a failing call gives nothing of what it had done."""
    chunks = []
    with suppress(zlib.error):
        for place in range(len(data)):
            chunks.append(unpacker.decompress(data[place : place + 1]))
    return b"".join(chunks)
