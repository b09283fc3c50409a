"""Warehouse tables in a DuckDB or SQLite file, and what all databases have in common.

Each is read through a connection of its own that can only read; names become SQL in
:func:`~consentkit.engine.quoted` and nowhere else.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from consentkit.engine import quoted
from consentkit.sources.files import InputFile
from consentkit.sources.warehouse_rows import BATCH_ROWS, TableName, said

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

    from consentkit.sources.warehouse_rows import Window

SYSTEM = ("information_schema", "pg_catalog", "pg_toast", "pg_internal")

_SQLITE_DAY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"


class SqlPlace:
    """What databases have in common: the window and the columns as one SELECT."""

    label: str
    longest_name: int | None = None

    def is_csv(self, table: TableName) -> bool:  # noqa: ARG002
        """Whether it is text in which an empty cell is NULL: a database knows NULL."""
        return False

    def input_of(self, table: TableName, window: Window) -> InputFile:
        """Return a name for the ledger; a table can grow, so its content is not known before it is read."""
        path = f"{self.label}#{table.label}"
        known = hashlib.sha256(f"{path} {window} {datetime.now()}".encode()).hexdigest()
        return InputFile(path, 0, known)

    def set_aside(self, table: TableName) -> list[tuple[int, bytes]]:  # noqa: ARG002
        """Return nothing: a database has no broken rows."""
        return []

    def _select(self, table: TableName, wanted: list[str], arrival: str, kind: str, window: Window) -> str:
        """Write the query; the window goes with it where the column is a time, else it is applied after reading."""
        cells = ", ".join(map(quoted, wanted))
        return f"SELECT {cells} FROM {self._named(table)}{self._where(quoted(arrival), kind, window)}"

    def _where(self, column: str, kind: str, window: Window) -> str:
        """Write the window as a condition; rows without an arrival are inside."""
        if "timestamp" not in kind.lower() and "datetime" not in kind.lower():
            return ""
        edges = ((window.since, ">="), (window.until, "<"))
        tests = [f"{column} {sign} {self._moment(moment, kind)}" for moment, sign in edges if moment is not None]
        return f" WHERE ({' AND '.join(tests)}) OR {column} IS NULL" if tests else ""

    def _named(self, table: TableName) -> str:
        return quoted(table.name) if table.schema is None else f"{quoted(table.schema)}.{quoted(table.name)}"

    def _moment(self, moment: datetime, kind: str) -> str:
        return timestamp(moment, kind)


class DuckdbPlace(SqlPlace):
    """A DuckDB file of the user, opened for reading, without any access beyond it."""

    def __init__(self, path: Path) -> None:
        import duckdb

        self.label = str(path)
        config: dict[str, str | bool | int | float | list[str]] = {
            "autoload_known_extensions": "false",
            "autoinstall_known_extensions": "false",
            "python_enable_replacements": "false",
        }
        with said(self.label):
            self._con = duckdb.connect(str(path), read_only=True, config=config)
            self._con.execute("SET TimeZone = 'UTC'")
            self._con.execute("SET enable_external_access = false")
            self._con.execute("SET lock_configuration = true")

    def tables(self) -> list[TableName]:
        """List tables and views of the file."""
        query = """
            SELECT table_schema, table_name FROM information_schema.tables
            WHERE table_catalog = current_database() ORDER BY table_schema, table_name
        """
        with said(self.label):
            return [TableName(*row) for row in self._con.execute(query).fetchall() if row[0] not in SYSTEM]

    def columns(self, table: TableName) -> dict[str, str]:
        """Return a table's columns with their types."""
        query = """
            SELECT column_name, data_type FROM information_schema.columns
            WHERE table_catalog = current_database() AND table_schema = ? AND table_name = ? ORDER BY ordinal_position
        """
        with said(self.label):
            return dict(self._con.execute(query, [table.schema, table.name]).fetchall())

    def batches(self, table: TableName, wanted: list[str], arrival: str, window: Window) -> Iterator[pa.RecordBatch]:
        """Stream the rows of a query."""
        query = self._select(table, wanted, arrival, self.columns(table)[arrival], window)
        with said(f"{self.label}#{table.label}"):
            yield from self._con.sql(query).to_arrow_reader(BATCH_ROWS)

    def close(self) -> None:
        """Close the file."""
        self._con.close()


class SqlitePlace(SqlPlace):
    """A SQLite file of the user, opened for reading. It has no schemas: a table named ``web.tracks`` stands for one."""

    def __init__(self, path: Path) -> None:
        import sqlite3

        self.label = str(path)
        with said(self.label):
            # the engine reads the stream in a thread of its own, one at a time
            self._con = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
            self._con.text_factory = lambda data: data.decode("utf-8", "replace")
            self._con.execute("PRAGMA trusted_schema = OFF")
            self._con.execute("PRAGMA query_only = ON")

    def tables(self) -> list[TableName]:
        """List tables and views of the file."""
        query = (
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite@_%' ESCAPE '@'"
        )
        with said(self.label):
            names = [row[0] for row in self._con.execute(f"{query} ORDER BY name")]
        return [name_of(name) for name in names]

    def columns(self, table: TableName) -> dict[str, str]:
        """Return a table's columns with their declared types."""
        with said(self.label):
            return dict(self._con.execute("SELECT name, type FROM pragma_table_info(?)", [table.label]).fetchall())

    def batches(self, table: TableName, wanted: list[str], arrival: str, window: Window) -> Iterator[pa.RecordBatch]:
        """Stream the rows of a query; a SQLite column may hold values of any type, so all become text."""
        import pyarrow as pa

        query = self._select(table, wanted, arrival, "", window)
        schema = pa.schema([(name, pa.string()) for name in wanted])
        with said(f"{self.label}#{table.label}"):
            cursor = self._con.execute(query)
            while rows := cursor.fetchmany(BATCH_ROWS):
                columns = [
                    pa.array([_plain(cell) for cell in column], pa.string()) for column in zip(*rows, strict=True)
                ]
                yield pa.RecordBatch.from_arrays(columns, schema=schema)

    def close(self) -> None:
        """Close the file."""
        self._con.close()

    def _named(self, table: TableName) -> str:
        return quoted(table.label)

    def _where(self, column: str, kind: str, window: Window) -> str:  # noqa: ARG002
        """Write the window by the day that a text begins with, an offset's hours to spare; other forms are read."""
        edges = ((window.since, ">=", -14), (window.until, "<=", 14))
        tests = [
            f"substr({column}, 1, 10) {sign} '{(moment + timedelta(hours=spare)).date().isoformat()}'"
            for moment, sign, spare in edges
            if moment is not None
        ]
        no_day = f"{column} IS NULL OR {column} NOT GLOB '{_SQLITE_DAY}*'"
        return f" WHERE ({' AND '.join(tests)}) OR {no_day}" if tests else ""


def timestamp(moment: datetime, kind: str) -> str:  # noqa: ARG001
    """Write a moment as most databases take it, whatever the kind of the column it is compared with."""
    return f"TIMESTAMP '{moment.isoformat(' ')}'"


def name_of(name: str) -> TableName:
    """Read a name where there are no schemas: ``web.tracks`` stands for one."""
    schema, dot, table = name.partition(".")
    return TableName(schema, table) if dot and schema and table else TableName(None, name)


def _plain(cell: object) -> str | None:
    if cell is None:
        return None
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)
