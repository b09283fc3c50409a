"""Warehouse tables in a DuckDB or SQLite file, or in PostgreSQL by ADBC.

Each is read through a connection of its own that can only read; names become SQL in
:func:`~consentkit.engine.quoted` and nowhere else.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from consentkit.engine import quoted
from consentkit.errors import UsageError
from consentkit.sources.files import InputFile
from consentkit.sources.warehouse_rows import BATCH_ROWS, TableName, said

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

    from consentkit.sources.warehouse_rows import Window

# scheme -> (module of the driver, extra of this package that installs it)
DRIVERS = {
    "postgresql": ("adbc_driver_postgresql.dbapi", "postgres"),
    "postgres": ("adbc_driver_postgresql.dbapi", "postgres"),
    "redshift": ("adbc_driver_postgresql.dbapi", "postgres"),
}
_SYSTEM = ("information_schema", "pg_catalog", "pg_toast", "pg_internal")


class _SqlPlace:
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
        where = []
        column = quoted(arrival)
        if "timestamp" in kind.lower() or "datetime" in kind.lower():
            for moment, sign in ((window.since, ">="), (window.until, "<")):
                if moment is not None:
                    where.append(f"{column} {sign} {self._moment(moment)}")
        tests = f" WHERE ({' AND '.join(where)}) OR {column} IS NULL" if where else ""
        return f"SELECT {', '.join(map(self._cell, wanted))} FROM {self._named(table)}{tests}"

    def _cell(self, name: str) -> str:
        return quoted(name)

    def _named(self, table: TableName) -> str:
        return quoted(table.name) if table.schema is None else f"{quoted(table.schema)}.{quoted(table.name)}"

    def _moment(self, moment: datetime) -> str:
        return f"TIMESTAMP '{moment.isoformat(' ')}'"


class DuckdbPlace(_SqlPlace):
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
            return [TableName(*row) for row in self._con.execute(query).fetchall() if row[0] not in _SYSTEM]

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


class SqlitePlace(_SqlPlace):
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
        found = []
        for name in names:
            schema, dot, table = name.partition(".")
            found.append(TableName(schema, table) if dot and schema and table else TableName(None, name))
        return found

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


def _plain(cell: object) -> str | None:
    if cell is None:
        return None
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)


class AdbcPlace(_SqlPlace):
    """A database reached by ADBC: PostgreSQL, and Redshift, which speaks its protocol."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        scheme = parts.scheme.lower()
        self.label = f"{scheme}://{parts.hostname or ''}{f':{_port(parts)}' if _port(parts) else ''}{parts.path}"
        if scheme not in DRIVERS:
            raise UsageError(f"{self.label}: no driver for {scheme}; there are drivers for {', '.join(DRIVERS)}")
        module, extra = DRIVERS[scheme]
        try:
            driver: Any = import_module(module)
        except ImportError:
            package = module.partition(".")[0].replace("_", "-")
            hint = f"install it with `pip install 'consentkit[{extra}]'`"
            raise UsageError(f"{self.label}: the driver {package} is not installed; {hint}") from None
        self._secrets = [each for each in (parts.password, unquote(parts.password or "")) if each]
        self._postgres = scheme in ("postgresql", "postgres")
        self.longest_name = 63 if self._postgres else None
        target = "postgresql" + url[len(scheme) :] if scheme == "redshift" else url
        with self._failing():
            self._con = driver.connect(target)
            with self._con.cursor() as cursor:
                if self._postgres:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    cursor.execute("SET LOCAL TIME ZONE 'UTC'")
        self._kinds: dict[TableName, dict[str, str]] = {}
        self._read_catalogue()

    def tables(self) -> list[TableName]:
        """List tables and views the user may see."""
        return list(self._kinds)

    def columns(self, table: TableName) -> dict[str, str]:
        """Return a table's columns with their types."""
        return self._kinds[table]

    def batches(self, table: TableName, wanted: list[str], arrival: str, window: Window) -> Iterator[pa.RecordBatch]:
        """Stream the rows of a query."""
        kinds = self._kinds[table]
        texts = {
            name for name in wanted if "timestamp" not in kinds[name].lower() and "bool" not in kinds[name].lower()
        }
        self._as_text = texts
        query = self._select(table, wanted, arrival, kinds[arrival], window)
        with self._failing(table), self._con.cursor() as cursor:
            cursor.execute(query)
            for batch in cursor.fetch_record_batch():
                yield batch.rename_columns(wanted) if batch.schema.names != wanted else batch

    def close(self) -> None:
        """Close the connection."""
        with self._failing():
            self._con.close()

    def _read_catalogue(self) -> None:
        query = """
            SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns
            ORDER BY table_schema, table_name, ordinal_position
        """
        with self._failing(), self._con.cursor() as cursor:
            cursor.execute(query)
            for schema, name, column, kind in cursor.fetchall():
                if schema.lower() not in _SYSTEM:
                    self._kinds.setdefault(TableName(schema, name), {})[column] = kind

    def _cell(self, name: str) -> str:
        return f"CAST({quoted(name)} AS VARCHAR) AS {quoted(name)}" if name in self._as_text else quoted(name)

    @contextmanager
    def _failing(self, table: TableName | None = None) -> Iterator[None]:
        with said(f"{self.label}#{table.label}" if table else self.label, self._hide):
            yield

    def _hide(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text


def _port(parts: Any) -> int | None:
    try:
        port: int | None = parts.port
    except ValueError:
        return None
    return port
