"""Reads CSV and Parquet files as Arrow batches with numbered rows."""

from __future__ import annotations

import codecs
import csv
import io
from typing import TYPE_CHECKING, Any

from consentkit.errors import SourceError
from consentkit.sources.blocks import CHUNK, chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa

    from consentkit.sources.files import InputFile

_LONGEST_HEADER = 1 << 20


class CsvTable:
    """One CSV file: its column names, and its rows as batches; rows that do not fit are set aside.

    Comma, semicolon, tab or bar, whichever the header holds most of. Bytes that are not UTF-8 are replaced by
    the replacement character, so that the rest of the row still counts. ``bad`` fills with (row, text).
    """

    def __init__(self, file: InputFile, progress: Callable[[int], None]) -> None:
        self.bad: list[tuple[int, bytes]] = []
        self._file = file
        self._stream = _Utf8Stream(chunks(file, progress))
        header = self._stream.first_line()
        self._delimiter = max(",;\t|", key=header.count)
        self.columns = _names(file.path, header, self._delimiter)
        doubled = {name for name in self.columns if name and self.columns.count(name) > 1}
        if doubled:
            raise SourceError(f"{file.path}: the header names a column twice: {', '.join(sorted(doubled))}")

    def batches(self, wanted: list[str]) -> pa.RecordBatchReader:
        """Return the rows, with the wanted columns as text, and (file_id, line); the header is line 1."""
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        def set_aside(row: Any) -> str:
            self.bad.append((row.number or 0, row.text.encode("utf-8", "replace")))
            return "skip"

        schema = pa.schema([(name, pa.string()) for name in wanted])
        try:
            rows = arrow_csv.open_csv(
                pa.PythonFile(self._stream, mode="r"),
                read_options=arrow_csv.ReadOptions(
                    block_size=CHUNK, use_threads=False, column_names=self.columns, skip_rows=1
                ),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=self._delimiter, newlines_in_values=True, invalid_row_handler=set_aside
                ),
                convert_options=arrow_csv.ConvertOptions(
                    include_columns=wanted,
                    column_types=dict.fromkeys(wanted, pa.string()),
                    # as Snowflake, PostgreSQL and MySQL write NULL; an empty cell stays an empty text
                    null_values=["\\N"],
                    strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid:  # a header and nothing else
            rows = iter(())
        return _numbered(self._file, rows, schema, 2, self.bad)


def _names(path: str, header: str, delimiter: str) -> list[str]:
    """Cut a header into names, without blanks around them. Raises :class:`SourceError` where it is no header."""
    if "\0" in header:
        raise SourceError(f"{path}: its first line is no text in UTF-8, perhaps in UTF-16; write the file as UTF-8")
    lines = csv.reader([header, ""], delimiter=delimiter)
    try:
        names = next(lines, [])
    except csv.Error:
        raise SourceError(f"{path}: its first line is no header: a name in it is longer than any column's") from None
    if lines.line_num > 1:
        raise SourceError(f"{path}: a name in its header is quoted and does not end in the first line; rename it")
    return [name.strip() for name in names]


class ParquetTable:
    """One Parquet file: its column names, and its rows as batches."""

    def __init__(self, file: InputFile) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        self._file = file
        place = file.named_in_utf8()
        try:
            self._opened = parquet.ParquetFile(place)
        except (OSError, pa.ArrowException):
            raise SourceError(f"{file.path}: it cannot be read as Parquet; the file is damaged or cut off") from None
        self.columns = list(self._opened.schema_arrow.names)
        self.nested = {each.name for each in self._opened.schema_arrow if pa.types.is_nested(each.type)}
        self.damage: SourceError | None = None

    def batches(self, wanted: list[str]) -> pa.RecordBatchReader:
        """Return the rows, with the wanted columns, and (file_id, line), counted from 1."""
        import pyarrow as pa

        schema = pa.schema([self._opened.schema_arrow.field(name) for name in wanted])
        return _numbered(self._file, self._rows(wanted), schema, 1)

    def _rows(self, wanted: list[str]) -> Iterator[pa.RecordBatch]:
        """Yield batches; what fails on the way is kept in ``damage``, since DuckDB would hide what it was."""
        import pyarrow as pa

        try:
            yield from self._opened.iter_batches(columns=wanted)
        except (OSError, pa.ArrowException):
            self.damage = SourceError(f"{self._file.path}: the Parquet file is damaged inside; none of it is loaded")
            raise


def _numbered(
    file: InputFile, rows: Any, schema: pa.Schema, first: int, bad: Sequence[tuple[int, bytes]] = ()
) -> pa.RecordBatchReader:
    """Add file_id and line to the rows; the numbers of rows set aside are passed over."""
    import numpy as np
    import pyarrow as pa

    full = pa.schema([("file_id", pa.int32()), ("line", pa.int64()), *schema])

    def generate() -> Iterator[pa.RecordBatch]:
        start = first
        for batch in rows:
            passed_over = np.array([number for number, _ in bad if number >= start], dtype=np.int64)
            numbers = np.arange(start, start + batch.num_rows + len(passed_over), dtype=np.int64)
            numbers = np.setdiff1d(numbers, passed_over, assume_unique=True)[: batch.num_rows]
            start = int(numbers[-1]) + 1 if batch.num_rows else start
            file.lines += batch.num_rows
            ids = pa.array(np.full(batch.num_rows, file.file_id, dtype=np.int32))
            columns = [batch.column(name) for name in schema.names]
            yield pa.RecordBatch.from_arrays([ids, pa.array(numbers), *columns], schema=full)

    return pa.RecordBatchReader.from_batches(full, generate())


class _Utf8Stream(io.RawIOBase):
    """Chunks of bytes as a readable file whose content is valid UTF-8 without a byte-order mark."""

    def __init__(self, source: Iterator[bytes]) -> None:
        super().__init__()
        self._source = source
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._rest = b""
        self._held = ""

    def first_line(self) -> str:
        """Return the first line without taking it."""
        while b"\n" not in self._rest and len(self._rest) < _LONGEST_HEADER and self._more():
            pass
        return self._rest.split(b"\n", 1)[0].decode("utf-8", "replace")

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes."""
        while (size < 0 or len(self._rest) < size) and self._more():
            pass
        size = len(self._rest) if size < 0 else size
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def _more(self) -> bool:
        chunk = next(self._source, None)
        text = self._held + self._decoder.decode(chunk or b"", final=chunk is None)
        self._held = "\r" if chunk is not None and text.endswith("\r") else ""
        text = text.removesuffix(self._held).replace("\r\n", "\n").replace("\r", "\n")
        self._rest += text.encode("utf-8", "replace")
        return chunk is not None
