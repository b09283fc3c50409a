"""The bytes of input files as Arrow batches of numbered lines, read ahead in threads.

Lines are cut with numpy, never one by one, and nothing is dropped here: bytes that are not UTF-8 and lines of any
content reach the database, which judges them.
"""

from __future__ import annotations

import codecs
import os
import queue
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from consentkit.sources.blocks import CHUNK, HEAD, blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa

    from consentkit.sources.files import InputFile

AHEAD = 4
ROOM = 1 << 26
LONGEST_LINE = 1 << 28
_SMALL = 1 << 16
_TOGETHER = 1 << 20
_BOM = b"\xef\xbb\xbf"


def line_schema() -> pa.Schema:
    """Return the schema of :func:`line_batches`."""
    import pyarrow as pa

    return pa.schema([("file_id", pa.int32()), ("line", pa.int64()), ("text", pa.string()), ("raw", pa.binary())])


def no_rows(schema: pa.Schema) -> pa.Table:
    """Return a table without rows; Arrow's own ``empty_table`` imports pandas, which takes longer than a small load."""
    import pyarrow as pa

    return pa.Table.from_batches([], schema=schema)


def line_batches(
    files: Sequence[InputFile], progress: Callable[[int], None], room: int = ROOM
) -> Iterator[pa.RecordBatch]:
    """Yield the lines of files as batches of (file_id, line, text, raw); fills ``lines`` and ``problem``.

    ``text`` holds a line that is valid UTF-8, else ``raw`` holds its bytes. A line keeps
    its number in the file, counted from 1. ``progress`` is told how many bytes of input were read.
    Files come in their order, but as many are unpacked at a time as there are processors; with less ``room`` than
    usual, in bytes, fewer, and what is unpacked waits in fewer pieces.
    """
    stopped = threading.Event()
    ahead = min(AHEAD, max(1, AHEAD * room // ROOM))
    waiting = [_Reading(each, stopped, ahead) for each in _together(files)]
    abreast = min(os.cpu_count() or 1, max(1, 8 * room // ROOM))
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
    """One file, or many small ones, that a thread reads ahead, at most some pieces before they are taken.

    A single small one is read when its turn comes: a thread costs more than that.
    """

    def __init__(self, files: Sequence[InputFile], stopped: threading.Event, ahead: int) -> None:
        self._files, self._stopped = files, stopped
        self._pieces: queue.Queue[_Piece | BaseException | None] = queue.Queue(ahead)
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None and sum(file.bytes for file in self._files) > _SMALL:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()

    def pieces(self) -> Iterator[_Piece]:
        """Yield what the thread reads; what stopped it is raised here."""
        if self._thread is None:
            yield from _cut_files(self._files)
            return
        while (piece := self._pieces.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            yield piece

    def _work(self) -> None:
        try:
            for piece in _cut_files(self._files):
                self._put(piece)
            self._put(None)
        except BaseException as error:  # noqa: BLE001 - it is raised again where the lines are taken
            self._put(error)

    def _put(self, piece: _Piece | BaseException | None) -> None:
        while not self._stopped.is_set():
            with suppress(queue.Full):
                self._pieces.put(piece, timeout=0.2)
                return


def _together(files: Sequence[InputFile]) -> list[list[InputFile]]:
    """Put small files that follow one another together, so that a thread reads them as it reads a large one."""
    found: list[list[InputFile]] = []
    room = 0
    for file in files:
        if file.bytes >= min(room, _SMALL):
            found.append([])
            room = _TOGETHER if file.bytes < _SMALL else 0
        found[-1].append(file)
        room -= min(room, file.bytes)
    return found


def _cut_files(files: Sequence[InputFile]) -> Iterator[_Piece]:
    """Cut files into lines; those of small files, of which each has few for the database, in common batches."""
    if len(files) == 1:
        yield from _cut_file(files[0])
        return
    batches: list[pa.RecordBatch] = []
    size = read = 0
    for file in files:
        for piece in _cut_file(file):
            read += piece.read
            if piece.batch is not None:
                batches.append(piece.batch)
                size += piece.batch.nbytes
            if size > CHUNK:
                yield _Piece(_joined(batches), read)
                batches, size, read = [], 0, 0
    yield _Piece(_joined(batches) if batches else None, read)


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]


def _cut_file(file: InputFile) -> Iterator[_Piece]:
    import numpy as np
    import pyarrow as pa

    carry: list[bytes] = []
    read = 0
    marks = _Marks()

    def tell(count: int) -> None:
        nonlocal read
        read += count

    for memory, size in blocks(file, tell):
        octets = np.frombuffer(memory, dtype=np.uint8)
        block = octets[HEAD : HEAD + size]
        ends = marks.ends(block)
        if not len(ends):
            carry = _carried(carry, block.tobytes())
            continue
        head, end = b"".join(carry), int(ends[-1]) + 1
        if len(head) > HEAD:
            data = pa.py_buffer(head + block[:end].tobytes())
        else:
            octets[HEAD - len(head) : HEAD] = np.frombuffer(head, dtype=np.uint8)
            data = memory.slice(HEAD - len(head), len(head) + end)
        yield _Piece(_cut(file, data, ends + len(head)), read)
        carry, read = [block[end:].tobytes()] if end < size else [], 0
    if carry:
        last = b"".join([*carry, b"\n"])
        yield _Piece(_cut(file, pa.py_buffer(last), np.array([len(last) - 1])), read)
    else:
        yield _Piece(None, read)
    if not file.lines and file.problem is None:
        file.problem = "empty"


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


def _cut(file: InputFile, data: pa.Buffer, ends: Any) -> pa.RecordBatch:
    import numpy as np
    import pyarrow as pa

    octets = np.frombuffer(data, dtype=np.uint8)
    offsets = np.zeros(len(ends) + 1, dtype=np.int32)
    offsets[1:] = ends
    offsets[1:] += 1
    # Windows ends lines with two characters, and files that are put one behind the other have marks at their joints
    if (octets[ends - 1] == ord("\r")).any() or (octets[offsets[:-1]] == _BOM[0]).any():
        plain = data.to_pybytes().removeprefix(_BOM).replace(b"\r\n", b"\n").replace(b"\n" + _BOM, b"\n")
        if len(plain) < len(data):
            return _cut(file, pa.py_buffer(plain), _Marks().ends(np.frombuffer(plain, dtype=np.uint8)))
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
    # not pa.array, which imports pandas
    numbers = pa.py_buffer(np.arange(first, first + len(ends), dtype=np.int64))
    ids = pa.py_buffer(np.full(len(ends), file.file_id, dtype=np.int32))
    columns = [
        pa.Array.from_buffers(pa.int32(), len(ends), [None, ids]),
        pa.Array.from_buffers(pa.int64(), len(ends), [None, numbers]),
        text,
        raw,
    ]
    return pa.RecordBatch.from_arrays(columns, schema=line_schema())


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
