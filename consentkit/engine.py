"""The only module that talks to DuckDB: connect, lock down, run named steps, quote names.

Every statement is run as a named step, so that a failure leaves here as
:class:`~consentkit.errors.EngineError` with the step and its SQL, and without any value from the data.
"""

from __future__ import annotations

import re
import shutil
import weakref
from contextlib import contextmanager, suppress
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import duckdb

from consentkit.errors import EngineError, SourceError, UsageError
from consentkit.interrupts import breakable, is_interrupt
from consentkit.opening import Opening, open_elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa


class Tracer(Protocol):
    """Receives every statement before it runs: the step's name and its SQL."""

    def __call__(self, step: str, sql: str) -> None:
        """Take note of one statement."""


def quoted(name: str, mark: str = '"', *, escaped: bool = False) -> str:
    """Quote one identifier for SQL; the only place where a name becomes SQL text.

    ``mark`` is what the database quotes names with. Inside a name it is doubled, or ``escaped`` by a backslash,
    as BigQuery asks.
    """
    if "\x00" in name:
        raise EngineError("quote a name", "a name holds a NUL character", "")
    if escaped:
        for letter, code in (("\\", "\\\\"), (mark, "\\" + mark), ("\n", "\\n"), ("\r", "\\r")):
            name = name.replace(letter, code)
        return mark + name + mark
    return mark + name.replace(mark, mark + mark) + mark


def literal(text: str) -> str:
    """Quote one text of the user's configuration as a SQL string; data is never quoted, it is a parameter."""
    return "'" + text.replace("'", "''") + "'"


@cache
def sql_text(name: str) -> str:
    """Return the text of ``consentkit/sql/<name>.sql``."""
    return resources.files("consentkit.sql").joinpath(f"{name}.sql").read_text(encoding="utf-8")


@cache
def sql_names() -> tuple[str, ...]:
    """Return the names of all SQL files, in the order of their numbers."""
    files = resources.files("consentkit.sql").iterdir()
    return tuple(sorted(item.name.removesuffix(".sql") for item in files if item.name.endswith(".sql")))


class Engine:
    """One locked-down DuckDB connection: no network, no extensions, no files but its own.

    ``database`` is a file or ``:memory:``; ``memory`` a limit such as ``"1GB"`` meant for the whole process, beyond
    which work spills to a folder beside the file, which is removed on close, or by who opens it next; ``threads`` a
    number of threads. A file that cannot be written is ``read_only``: what would be kept in it lives as long as the
    connection, and work spills to the system's folder for such. ``slice_bytes`` says how much a reader of input may
    hand over at a time, ``group_bytes`` how much of it one transaction may load.
    """

    def __init__(
        self,
        database: str | Path = ":memory:",
        *,
        memory: str | None = None,
        threads: int | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self._tracer = tracer
        how = Opening(database, memory, threads)
        self.read_only, self.slice_bytes, self.group_bytes = how.read_only, how.slice_bytes, how.group_bytes
        self._database, self._limit = database, how.limit
        # also where nobody closes: a notebook that ends
        self._clear = weakref.finalize(self, shutil.rmtree, how.spill, ignore_errors=True)
        try:
            con = duckdb.connect(how.path, read_only=how.read_only, config=how.config)
        except duckdb.Error as error:
            self._clear()
            reason = open_elsewhere(error) or reason_of(error)
            message = f"{database}: cannot be opened as a DuckDB file: {reason}"
            raise SourceError(message) from None
        self._con: duckdb.DuckDBPyConnection = breakable(con)
        how.clear_left()
        self._con.execute("SET TimeZone = 'UTC'")
        with suppress(duckdb.InvalidInputException):  # a notebook without ipywidgets has no bar to turn off
            self._con.execute("SET enable_progress_bar = false")
        self._con.execute("SET enable_external_access = false")
        self._con.execute("SET lock_configuration = true")

    def close(self) -> None:
        """Close the connection and remove what was spilled to disk."""
        self._con.close()
        self._clear()

    def give_back(self) -> None:
        """Give the system what DuckDB holds of what it read, where a limit was set: for work that asks nothing."""
        if self._limit:
            with suppress(EngineError):  # what a reader of a stream still holds stays where it is
                self.run("give memory back", f"SET memory_limit = '{_LEAST}'")
            self.run("take memory again", f"SET memory_limit = '{self._limit}'")

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection itself, for a library that brings its own SQL (Great Expectations) and nobody else."""
        return self._con

    def run(self, step: str, sql: str, params: Sequence[object] = ()) -> None:
        """Run one step for its effect; ``sql`` may hold several statements when it takes no parameters."""
        with self._running(step, sql):
            self._start(sql, params).fetchall()

    def rows(self, step: str, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one query and return its rows; for small results only."""
        with self._running(step, sql):
            return self._start(sql, params).fetchall()

    def cells(self, step: str, sql: str, params: Sequence[object] = ()) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run one query and return its column names and its rows; for small results only."""
        with self._running(step, sql):
            result = self._start(sql, params)
            names = [column[0] for column in result.description or ()]
            return names, result.fetchall()

    def value(self, step: str, sql: str, params: Sequence[object] = ()) -> Any:
        """Run one query and return the first column of its first row, or None where there is no row."""
        rows = self.rows(step, sql, params)
        return rows[0][0] if rows else None

    def frame(self, step: str, sql: str, params: Sequence[object] = ()) -> pd.DataFrame:
        """Run one query and return a pandas DataFrame."""
        with self._running(step, sql):
            return self._start(sql, params).df()

    def batches(self, step: str, sql: str, size: int = 65_536) -> pa.RecordBatchReader:
        """Run one query and return its rows as a stream of Arrow batches; read it before the next step."""
        with self._running(step, sql):
            _refuse_query(sql, ())
            return _given(self._con.sql(sql)).to_arrow_reader(size)

    def insert(self, step: str, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Append rows that Python holds (a policy, a ledger: never events) to a table."""
        if rows:
            names, cells = ", ".join(quoted(column) for column in columns), ", ".join("unnest(?)" for _ in columns)
            values = [list(column) for column in zip(*rows, strict=True)]
            self.run(step, f"INSERT INTO {quoted(table)} ({names}) SELECT {cells}", values)

    @contextmanager
    def stream(self, name: str, reader: object) -> Iterator[None]:
        """Make Arrow data, or what gives a stream of it, readable under ``name`` for the length of a block."""
        self._con.register(name, reader)
        try:
            yield
        finally:
            with suppress(duckdb.TransactionException):  # a failed transaction takes the name with it
                self._con.unregister(name)

    @contextmanager
    def standing_for(self, table: str, some: str) -> Iterator[None]:
        """Let the rows of the temporary table ``some`` stand for those of a table in all that is read in a block.

        A view looks up its tables when it is read, temporary ones first. ``some`` is gone afterwards.
        """
        name = quoted(table)
        self.run(f"some of {table}", f"ALTER TABLE temp.main.{quoted(some)} RENAME TO {name}")
        yield
        self.run(f"all of {table}", f"DROP TABLE temp.main.{name}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run a block as one transaction: all of it or nothing, also when it is interrupted."""
        try:
            with self._telling("begin", _BEGIN):
                self._con.execute(_BEGIN)
            yield
            with self._telling("keep what was done", _COMMIT):
                self._con.execute(_COMMIT)
        except BaseException:
            self._undo()
            raise

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Run a block as one transaction and undo all of it at the end, tables it made included."""
        try:
            with self._telling("begin", _BEGIN):
                self._con.execute(_BEGIN)
            yield
        finally:
            self._undo()

    def _undo(self) -> None:
        # there is none where it was interrupted as it began or ended
        with suppress(duckdb.TransactionException, duckdb.ConnectionException):
            self._con.execute("ROLLBACK")

    def _start(self, sql: str, params: Sequence[object]) -> duckdb.DuckDBPyConnection:
        _refuse_query(sql, params)
        return _given(self._con.execute(sql, list(params)) if params else self._con.execute(sql))

    @contextmanager
    def _running(self, step: str, sql: str) -> Iterator[None]:
        """Tell the tracer of a step, and run it."""
        if self._tracer is not None:
            self._tracer(step, sql)
        with self._telling(step, sql):
            yield

    @contextmanager
    def _telling(self, step: str, sql: str) -> Iterator[None]:
        """Turn what DuckDB raises into errors of ours; the user's interrupt stays one."""
        try:
            yield
        except (duckdb.Error, RuntimeError) as error:
            if is_interrupt(error):
                raise KeyboardInterrupt from None
            if isinstance(error, RuntimeError):
                raise
            if _COUNT.search(str(error)):
                raise UsageError("the query has more or fewer ? than values are given for it") from None
            if misuse := _MISUSE.get(type(error).__name__):
                raise UsageError(misuse) from None
            if self.read_only and "read-only mode" in str(error):
                told = "can only be read, and this would change it; copy it to a folder that can be written"
                raise UsageError(f"{self._database}: {told}") from None
            raise EngineError(step, reason_of(error), sql) from None


_Result = TypeVar("_Result")
_BEGIN, _COMMIT = "BEGIN TRANSACTION", "COMMIT"
# DuckDB cannot be held to nothing: this is about the least it takes while nothing is asked.
_LEAST = "32MiB"

_VALUES = re.compile(r"'[^']*'")
_WITHOUT_VALUES = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ParserException,
    duckdb.IOException,
    duckdb.OutOfMemoryException,
    duckdb.PermissionException,
    duckdb.TransactionException,
)


# What a caller does wrong rather than a query, by what DuckDB raises then.
_MISUSE = {
    "ConnectionException": "this workspace is closed; open its database again with consentkit.open",
    "ResourceInUseException": "the rows of an earlier query are not read to their end; read or delete them first",
}
_COUNT = re.compile(r"not provided for the following parameters|Parameter ?(argument/|/argument )count mismatch")


def _refuse_query(sql: object, params: object) -> None:
    """Raise :class:`UsageError` for what is no query, and for values that are no list of them."""
    if not isinstance(sql, str):
        raise UsageError(f"a query is SQL as text, not {type(sql).__name__}")
    if not isinstance(params, (list, tuple)):
        raise UsageError(f"the values of a query are a list, one for each ? in it, not {type(params).__name__}")


def _given(result: _Result | None) -> _Result:
    """Return what a query gave. Raises :class:`UsageError` where there was none in the text."""
    if result is None:
        raise UsageError("the query is empty: there is no statement in it")
    return result


def reason_of(error: duckdb.Error) -> str:
    """Keep DuckDB's kind of error and its first line, without anything that may be a value."""
    text = str(error).split("\n", 1)[0]
    if isinstance(error, _WITHOUT_VALUES):
        return _VALUES.sub("…", text).strip()
    return f"{text.split(':', 1)[0]} (what it says may hold values from the data and is left out)"
