"""Warehouse tables as Parquet and CSV files, one to a table."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consentkit.errors import SourceError
from consentkit.paths import paths_in
from consentkit.sources.files import find_files
from consentkit.sources.tabular import CsvTable
from consentkit.sources.warehouse_rows import BATCH_ROWS, TableName, said

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from consentkit.sources.files import InputFile
    from consentkit.sources.warehouse_rows import Window

FILES = (".parquet", ".csv", ".csv.gz", ".tsv", ".tsv.gz")


class FilePlace:
    """Parquet and CSV files, one to a table: ``web/tracks.parquet`` and ``web.tracks.parquet`` are web.tracks."""

    longest_name: int | None = None

    def __init__(self, where: str | Path | Sequence[str | Path]) -> None:
        wanted = paths_in(where, "a warehouse is named", "a URL of a database will do too")
        if not wanted:
            raise SourceError("no warehouse was named; give files, a database or a URL")
        self.label = str(wanted[0]) if len(wanted) == 1 else f"{len(wanted)} inputs"
        self._csv: dict[TableName, CsvTable] = {}
        self._file: dict[TableName, InputFile] = {}
        for item in wanted:
            root = Path(item)
            for file in find_files(str(item), FILES):
                path = file.place
                if not path.name.lower().endswith(FILES):
                    raise SourceError(
                        f"{file.path}: a warehouse table is read from Parquet, CSV, DuckDB or SQLite files"
                    )
                table = _table_of(path.relative_to(root) if root.is_dir() else path)
                if table in self._file:
                    both = f"{self._file[table].path} and {file.path}"
                    raise SourceError(f"{both} are both the table {table.label}; load them one after the other")
                self._file[table] = file

    def tables(self) -> list[TableName]:
        """List the tables, one per file."""
        return sorted(self._file, key=lambda table: table.label)

    def columns(self, table: TableName) -> dict[str, str]:
        """Return the columns a file names."""
        if self.is_csv(table):
            return dict.fromkeys(CsvTable(self._file[table], lambda _: None).columns, "text")
        schema = self._dataset(table).schema
        doubled = {name for name in schema.names if schema.names.count(name) > 1}
        if doubled:
            raise SourceError(f"{self._file[table].path}: a column is named twice: {', '.join(sorted(doubled))}")
        return {item.name: str(item.type) for item in schema}

    def input_of(self, table: TableName, window: Window) -> InputFile:
        """Return the file; with a window it is another input than without."""
        file = self._file[table]
        if any(window):
            file.sha256 = hashlib.sha256(f"{file.sha256} {window}".encode()).hexdigest()
        return file

    def batches(self, table: TableName, wanted: list[str], arrival: str, window: Window) -> Iterator[pa.RecordBatch]:
        """Stream a file; Parquet leaves out row groups outside the window."""
        if self.is_csv(table):
            self._csv[table] = CsvTable(self._file[table], lambda _: None)
            yield from self._csv[table].batches(wanted)
            return
        with said(self._file[table].path):
            found = self._dataset(table)
            kept = _parquet_window(found.schema.field(arrival), window)
            yield from found.to_batches(columns=wanted, filter=kept, batch_size=BATCH_ROWS)

    def is_csv(self, table: TableName) -> bool:
        """Whether the file is CSV."""
        return not self._file[table].path.lower().endswith(".parquet")

    def set_aside(self, table: TableName) -> list[tuple[int, bytes]]:
        """Return the rows of a CSV file that do not fit its header."""
        return self._csv[table].bad if table in self._csv else []

    def close(self) -> None:
        """Let go of nothing: files are opened while they are read."""

    def _dataset(self, table: TableName) -> Any:
        from pyarrow import dataset

        with said(self._file[table].path):
            return dataset.dataset(self._file[table].named_in_utf8(), format="parquet")


def _table_of(path: Path) -> TableName:
    """Take schema and table from ``schema/table.parquet`` or ``schema.table.parquet``."""
    name = path.name
    for suffix in sorted(FILES, key=len, reverse=True):
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
            break
    schema, dot, table = name.partition(".")
    if dot and schema and table:
        return TableName(schema, table)
    return TableName(path.parent.name or None, name)


def _parquet_window(column: pa.Field, window: Window) -> Any:
    import pyarrow as pa
    from pyarrow import dataset

    if not any(window) or not pa.types.is_timestamp(column.type):
        return None
    field = dataset.field(column.name)
    kept = None
    for moment, later in ((window.since, True), (window.until, False)):
        if moment is not None:
            edge = pa.scalar(moment, pa.timestamp("us")).cast(pa.timestamp(column.type.unit, column.type.tz))
            test = field >= edge if later else field < edge
            kept = test if kept is None else kept & test
    return kept | field.is_null()
