"""Where warehouse tables stand: files, a DuckDB or SQLite database, PostgreSQL by ADBC.

Each place lists its tables and their columns and streams the wanted columns as Arrow batches. It is read through a
connection of its own that can only read; names become SQL in :func:`~consentkit.engine.quoted` and nowhere else.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote, urlsplit

from consentkit.engine import quoted
from consentkit.errors import ConsentkitError, SourceError, UsageError
from consentkit.sources.files import InputFile, find_files
from consentkit.sources.tabular import CsvTable
from consentkit.sources.warehouse_rows import TableName, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import pyarrow as pa

ROWS = 65_536
_FILES = (".parquet", ".csv", ".csv.gz", ".tsv", ".tsv.gz")
# scheme -> (module of the driver, extra of this package that installs it)
DRIVERS = {
    "postgresql": ("adbc_driver_postgresql.dbapi", "postgres"),
    "postgres": ("adbc_driver_postgresql.dbapi", "postgres"),
    "redshift": ("adbc_driver_postgresql.dbapi", "postgres"),
}
_SYSTEM = ("information_schema", "pg_catalog", "pg_toast", "pg_internal")


class Place(Protocol):
    """A place that holds tables; ``longest_name`` is where it cuts the names of columns, if it does."""

    label: str
    longest_name: int | None

    def tables(self) -> list[TableName]:
        """List its tables and views, in the order of their names."""

    def columns(self, table: TableName) -> dict[str, str]:
        """Return a table's columns with their types, in order."""

    def input_of(self, table: TableName, window: Window) -> InputFile:
        """Return what the ledger says of a table before it is read."""

    def batches(self, table: TableName, wanted: list[str], arrival: str, window: Window) -> Iterator[pa.RecordBatch]:
        """Stream the wanted columns of the rows that arrived in the window."""

    def is_csv(self, table: TableName) -> bool:
        """Whether it is text in which an empty cell is NULL."""

    def set_aside(self, table: TableName) -> list[tuple[int, bytes]]:
        """Return the rows that could not be cut into columns, after reading."""

    def close(self) -> None:
        """Let go of it."""


def open_place(where: str | Path | Sequence[str | Path]) -> Place:
    """Open the place that a path, pattern, list of them or URL names. Raises :class:`SourceError` where it is none."""
    if isinstance(where, str) and re.match(r"[a-zA-Z][a-zA-Z0-9+.]+://", where):
        return AdbcPlace(where)
    if isinstance(where, (str, Path)) and Path(where).is_file():
        with Path(where).open("rb") as stream:
            start = stream.read(16)
        if start == b"SQLite format 3\x00":
            return SqlitePlace(Path(where))
        if start[8:12] == b"DUCK":
            return DuckdbPlace(Path(where))
    return FilePlace(where)


class FilePlace:
    """Parquet and CSV files, one to a table: ``web/tracks.parquet`` and ``web.tracks.parquet`` are web.tracks."""

    longest_name = None

    def __init__(self, where: str | Path | Sequence[str | Path]) -> None:
        wanted = [where] if isinstance(where, (str, Path)) else list(where)
        self.label = str(wanted[0]) if len(wanted) == 1 else f"{len(wanted)} inputs"
        self._csv: dict[TableName, CsvTable] = {}
        self._file: dict[TableName, InputFile] = {}
        for item in wanted:
            root = Path(item)
            for file in find_files(item, _FILES):
                path = Path(file.path)
                if not path.name.lower().endswith(_FILES):
                    raise SourceError(f"{path}: a warehouse table is read from Parquet, CSV, DuckDB or SQLite files")
                table = _table_of(path.relative_to(root) if root.is_dir() else path)
                if table in self._file:
                    both = f"{self._file[table].path} and {path}"
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
        with _said(self._file[table].path):
            found = self._dataset(table)
            kept = _parquet_window(found.schema.field(arrival), window)
            yield from found.to_batches(columns=wanted, filter=kept, batch_size=ROWS)

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

        with _said(self._file[table].path):
            return dataset.dataset(self._file[table].path, format="parquet")


def _table_of(path: Path) -> TableName:
    """Take schema and table from ``schema/table.parquet`` or ``schema.table.parquet``."""
    name = path.name
    for suffix in sorted(_FILES, key=len, reverse=True):
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
        with _said(self.label):
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
        with _said(self.label):
            return [TableName(*row) for row in self._con.execute(query).fetchall() if row[0] not in _SYSTEM]

    def columns(self, table: TableName) -> dict[str, str]:
        """Return a table's columns with their types."""
        query = """
            SELECT column_name, data_type FROM information_schema.columns
            WHERE table_catalog = current_database() AND table_schema = ? AND table_name = ? ORDER BY ordinal_position
        """
        with _said(self.label):
            return dict(self._con.execute(query, [table.schema, table.name]).fetchall())

    def batches(self, table: TableName, wanted: list[str], arrival: str, window: Window) -> Iterator[pa.RecordBatch]:
        """Stream the rows of a query."""
        query = self._select(table, wanted, arrival, self.columns(table)[arrival], window)
        with _said(f"{self.label}#{table.label}"):
            yield from self._con.sql(query).to_arrow_reader(ROWS)

    def close(self) -> None:
        """Close the file."""
        self._con.close()


class SqlitePlace(_SqlPlace):
    """A SQLite file of the user, opened for reading. It has no schemas: a table named ``web.tracks`` stands for one."""

    def __init__(self, path: Path) -> None:
        import sqlite3

        self.label = str(path)
        with _said(self.label):
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
        with _said(self.label):
            names = [row[0] for row in self._con.execute(f"{query} ORDER BY name")]
        found = []
        for name in names:
            schema, dot, table = name.partition(".")
            found.append(TableName(schema, table) if dot and schema and table else TableName(None, name))
        return found

    def columns(self, table: TableName) -> dict[str, str]:
        """Return a table's columns with their declared types."""
        with _said(self.label):
            return dict(self._con.execute("SELECT name, type FROM pragma_table_info(?)", [table.label]).fetchall())

    def batches(self, table: TableName, wanted: list[str], arrival: str, window: Window) -> Iterator[pa.RecordBatch]:
        """Stream the rows of a query; a SQLite column may hold values of any type, so all become text."""
        import pyarrow as pa

        query = self._select(table, wanted, arrival, "", window)
        schema = pa.schema([(name, pa.string()) for name in wanted])
        with _said(f"{self.label}#{table.label}"):
            cursor = self._con.execute(query)
            while rows := cursor.fetchmany(ROWS):
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
        with _said(f"{self.label}#{table.label}" if table else self.label, self._hide):
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


@contextmanager
def _said(label: str, hide: Callable[[str], str] = str) -> Iterator[None]:
    """Turn whatever a driver raises into one sentence that names the place, without values."""
    try:
        yield
    except (ConsentkitError, GeneratorExit, KeyboardInterrupt):
        raise
    except Exception as error:  # noqa: BLE001 - every driver has exceptions of its own
        told = hide((str(error).strip() or type(error).__name__).split("\n", 1)[0])
        told = re.sub(r"'[^']*'", "…", told)
        raise SourceError(f"{label}: it cannot be read: {told}") from None


def chosen_tables(place: Place, wanted: Iterable[str] | None) -> tuple[list[TableName], list[tuple[TableName, str]]]:
    """Return the tables to load, tracks before the tables of its events, and those left out with the reason.

    ``wanted`` names tables as ``schema.table``, or ``table`` where only one schema has it; None takes every table
    that holds events. Raises :class:`UsageError` where a name fits no table or several.
    """
    from consentkit.sources.warehouse_rows import why_no_events

    there = place.tables()
    left_out: list[tuple[TableName, str]] = []
    if wanted is None:
        names = {table.label for table in there}
        found = []
        for table in there:
            why = why_no_events(table, place.columns(table))
            if why is None and table.label.endswith("_view") and table.label.removesuffix("_view") in names:
                why = "it is a view of a table that is loaded"
            found += [] if why else [table]
            left_out += [(table, why)] if why else []
        if not found:
            raise SourceError(f"{place.label}: it holds no table with events, among {len(there)}")
    else:
        found = [_meant(place, there, name) for name in dict.fromkeys(wanted)]
    return sorted(found, key=lambda each: (each.schema or "", each.name.lower() != "tracks", each.name)), left_out


def _meant(place: Place, there: list[TableName], name: str) -> TableName:
    exact = [table for table in there if table.label == name]
    found = exact or [table for table in there if table.name == name]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(table.label for table in (found or there)[:20])
    if found:
        raise UsageError(f"{place.label}: {name!r} is a table of several schemas; name one of {listed}")
    raise UsageError(f"{place.label}: there is no table {name!r}; there are {listed or 'none'}")


def moment_of(text: str | None, option: str) -> datetime | None:
    """Read a date or a time as naive UTC. Raises :class:`UsageError` where it is neither."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text}: write it as 2026-03-01 or 2026-03-01T12:00:00Z") from None
    return moment.replace(tzinfo=None) - (moment.utcoffset() or timedelta(0))
