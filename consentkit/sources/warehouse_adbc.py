"""Warehouse tables by ADBC: PostgreSQL, Redshift, Snowflake, BigQuery, and whatever a connection profile names.

A driver is imported when a place of its kind is opened. Names become SQL in :func:`~consentkit.engine.quoted`.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from consentkit.errors import UsageError
from consentkit.sources.warehouse_databases import SYSTEM, SqlPlace, name_of
from consentkit.sources.warehouse_dialects import DRIVERS, PROFILE, dialect_of
from consentkit.sources.warehouse_rows import TableName, Window, said

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    import pyarrow as pa

    from consentkit.sources.warehouse_dialects import Dialect

_SECRET = re.compile("pass|secret|token|credential|key|uri", re.IGNORECASE)
_DAY = timedelta(days=1)


class AdbcPlace(SqlPlace):
    """A database reached by ADBC, as a URL names it; only SELECT is sent, and only its catalogue is asked besides."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        scheme = parts.scheme.lower()
        port = _port(parts)
        self.label = f"{scheme}://{parts.hostname or ''}{f':{port}' if port else ''}{parts.path}"
        driver = DRIVERS.get(scheme)
        if driver is None:
            known = ", ".join(each for each in DRIVERS if each != PROFILE)
            raise UsageError(f"{self.label}: no driver for {scheme}; there are {known}, and {PROFILE} for any other")
        try:
            module: Any = import_module(driver.module)
        except ImportError:
            package = driver.module.partition(".")[0].replace("_", "-")
            hint = f"install it with `pip install 'consentkit[{driver.extra}]'`"
            raise UsageError(f"{self.label}: the driver {package} is not installed; {hint}") from None
        arguments = driver.arguments(self.label, url)
        self._secrets = _secrets(parts.password, arguments.get("db_kwargs", {}))
        self._kinds: dict[TableName, dict[str, str]] = {}
        self._real: dict[TableName, tuple[str | None, str]] = {}
        self._theirs: dict[TableName, dict[str, str]] = {}
        with self._failing():
            self._con = module.connect(**arguments)
        try:
            with self._failing():
                self._dialect: Dialect = driver.dialect or dialect_of(self._con)
                self.longest_name = self._dialect.longest_name
                self._begin(parts.path.strip("/"))
        except BaseException:
            self.close()
            raise

    def tables(self) -> list[TableName]:
        """List tables and views the user may see."""
        return list(self._kinds)

    def columns(self, table: TableName) -> dict[str, str]:
        """Return a table's columns with their types."""
        return self._kinds[table]

    def batches(self, table: TableName, wanted: list[str], arrival: str, window: Window) -> Iterator[pa.RecordBatch]:
        """Stream the rows of a query."""
        with self._failing(table), self._con.cursor() as cursor:
            cursor.execute(self._query(table, wanted, arrival, window))
            for batch in cursor.fetch_record_batch():
                yield batch.rename_columns(wanted) if batch.schema.names != wanted else batch

    def close(self) -> None:
        """Close the connection."""
        with self._failing():
            self._con.close()

    def _begin(self, path: str) -> None:
        """Say what comes first, and read the catalogue: (schema, table, column, type) of every column."""
        with self._con.cursor() as cursor:
            for statement in self._dialect.begin:
                cursor.execute(statement)
        found: dict[tuple[str | None, str], dict[str, str]] = {}
        for schema, name, column, kind in self._dialect.catalogue(self._con, path):
            if (schema or "").lower() not in SYSTEM:
                found.setdefault((schema, name), {})[column] = kind or ""
        schemas = self._shown({schema for schema, _ in found if schema})
        names = self._shown({name for _, name in found})
        for (schema, name), kinds in found.items():
            table = TableName(schemas[schema], names[name]) if schema else name_of(name)
            shown = self._shown(kinds)
            self._real[table] = (schema, name)
            self._theirs[table] = {ours: theirs for theirs, ours in shown.items()}
            self._kinds[table] = {shown[column]: kind for column, kind in kinds.items()}

    def _shown(self, names: Any) -> dict[str, str]:
        """Return names as they are shown: in small letters where the database made capitals of them."""
        there = set(names)
        folds = self._dialect.folds
        return {
            each: each.lower() if folds and each.isupper() and each.lower() not in there else each for each in there
        }

    def _query(self, table: TableName, wanted: list[str], arrival: str, window: Window) -> str:
        kinds, theirs, real = self._kinds[table], self._theirs[table], self._real[table]
        kind = kinds[arrival]
        if self._dialect.timed is not None and any(window):
            kind = self._dialect.timed(self._con, *real, theirs[arrival])
            window = Window(window.since and window.since - _DAY, window.until and window.until + _DAY)
        cells = ", ".join(self._cell(theirs[name], name, kinds[name]) for name in wanted)
        column = self._dialect.quote(theirs[arrival])
        return f"SELECT {cells} FROM {self._dialect.address(*real, self._con)}{self._where(column, kind, window)}"

    def _cell(self, theirs: str, ours: str, kind: str) -> str:
        quote, text = self._dialect.quote, self._dialect.text
        plain = "timestamp" in kind.lower() or "bool" in kind.lower()
        cell = quote(theirs) if text is None or plain else f"CAST({quote(theirs)} AS {text})"
        return cell if cell == quote(ours) else f"{cell} AS {quote(ours)}"

    def _moment(self, moment: datetime, kind: str) -> str:
        return self._dialect.moment(moment, kind)

    @contextmanager
    def _failing(self, table: TableName | None = None) -> Iterator[None]:
        with said(f"{self.label}#{table.label}" if table else self.label, self._hide):
            yield

    def _hide(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text


def _secrets(password: str | None, options: dict[str, str]) -> list[str]:
    """Return what no message may show, the longest first."""
    found = {password or "", unquote(password or "")}
    found |= {value for name, value in options.items() if _SECRET.search(name)}
    return sorted(found - {""}, key=len, reverse=True)


def _port(parts: Any) -> int | None:
    try:
        port: int | None = parts.port
    except ValueError:
        return None
    return port
