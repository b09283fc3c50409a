"""DuckDB for SQLAlchemy, as much of it as Great Expectations needs: PostgreSQL's dialect with DuckDB's catalog.

Great Expectations gives a connection back before it reads the result, and SQLAlchemy rolls back what is given
back; DuckDB then throws the pending result away. So nothing here is ever rolled back: every statement stands
alone, and a result stays readable until its cursor runs the next one. The URL is
``duckdb+consentkit:///file.duckdb?read_only=true``; a pool's ``creator`` may return :class:`Connection` over a
connection that is already open.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import duckdb
from sqlalchemy import types as kinds
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql import base as postgres

from consentkit.interrupts import is_interrupt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import URL

URL_SCHEME = "duckdb+consentkit"
_ERRORS = (
    "Error",
    "DatabaseError",
    "OperationalError",
    "ProgrammingError",
    "IntegrityError",
    "InternalError",
    "DataError",
    "NotSupportedError",
    "InterfaceError",
)
_KINDS: dict[str, type[kinds.TypeEngine[Any]]] = {
    "VARCHAR": kinds.VARCHAR,
    "UUID": kinds.VARCHAR,
    "BLOB": kinds.LargeBinary,
    "BOOLEAN": kinds.BOOLEAN,
    "TINYINT": kinds.SMALLINT,
    "SMALLINT": kinds.SMALLINT,
    "INTEGER": kinds.INTEGER,
    "BIGINT": kinds.BIGINT,
    "HUGEINT": kinds.NUMERIC,
    "UTINYINT": kinds.SMALLINT,
    "USMALLINT": kinds.INTEGER,
    "UINTEGER": kinds.BIGINT,
    "UBIGINT": kinds.NUMERIC,
    "DECIMAL": kinds.NUMERIC,
    "FLOAT": kinds.FLOAT,
    "DOUBLE": kinds.FLOAT,
    "DATE": kinds.DATE,
    "TIME": kinds.TIME,
    "TIMESTAMP": kinds.TIMESTAMP,
    "TIMESTAMP WITH TIME ZONE": kinds.TIMESTAMP,
    "JSON": kinds.JSON,
}


class Cursor:
    """One statement and its result, unbuffered: rows stay in DuckDB until they are asked for."""

    arraysize = 1
    rowcount = -1

    def __init__(self, inner: duckdb.DuckDBPyConnection) -> None:
        self._inner = inner

    @property
    def description(self) -> Any:
        """Name and type of every column of the result, as DB-API wants them."""
        return self._inner.description

    def execute(self, statement: str, parameters: Sequence[object] | None = None) -> None:
        """Run one statement; a result that was not read to its end is let go."""
        try:
            if parameters:
                self._inner.execute(statement, list(parameters))
            else:
                self._inner.execute(statement)
        except (duckdb.Error, RuntimeError) as error:
            if is_interrupt(error):  # Great Expectations would note any other and go on
                raise KeyboardInterrupt from None
            raise

    def executemany(self, statement: str, parameters: Sequence[Sequence[object]]) -> None:
        """Run one statement once for each list of parameters."""
        self._inner.executemany(statement, [list(each) for each in parameters])

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row, or None at the end."""
        return self._inner.fetchone()

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        """Return the next rows."""
        return self._inner.fetchmany(size or self.arraysize)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return all rows that are left."""
        return self._inner.fetchall()

    def close(self) -> None:
        """Do nothing: Great Expectations closes a cursor whose rows it still wants."""


class Connection:
    """A DuckDB connection without transactions: commit and rollback leave a pending result alone."""

    def __init__(self, inner: duckdb.DuckDBPyConnection) -> None:
        self._inner = inner

    def cursor(self) -> Cursor:
        """Return a cursor on this connection."""
        return Cursor(self._inner)

    def commit(self) -> None:
        """Do nothing: every statement has been committed by itself."""

    def rollback(self) -> None:
        """Do nothing: it would empty a result that is still to be read."""

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()


class Compiler(postgres.PGCompiler):
    """PostgreSQL's SQL; its regular-expression operators become DuckDB's function, as it means a partial match."""

    def visit_custom_op_binary(self, element: Any, operator: Any, **kw: Any) -> str:
        """Write ``a ~ b`` as ``regexp_matches(a, b)``."""
        if operator.opstring not in ("~", "!~"):
            return str(super().visit_custom_op_binary(element, operator, **kw))  # type: ignore[no-untyped-call]
        call = f"regexp_matches({self.process(element.left, **kw)}, {self.process(element.right, **kw)})"
        return call if operator.opstring == "~" else f"(NOT {call})"


class Dialect(postgres.PGDialect):
    """DuckDB through :class:`Connection`, with what it has in its own catalog functions."""

    name = "duckdb"
    driver = "consentkit"
    default_paramstyle = "qmark"
    statement_compiler = Compiler
    supports_statement_cache = True
    supports_sane_rowcount = False
    supports_server_side_cursors = False

    @classmethod
    def import_dbapi(cls) -> Any:
        """Return what SQLAlchemy wants to know of a DB-API module: its errors and its parameter style."""
        errors = {name: getattr(duckdb, name, duckdb.Error) for name in _ERRORS}
        return SimpleNamespace(paramstyle="qmark", **errors)

    def create_connect_args(self, url: URL) -> tuple[list[str], dict[str, bool]]:
        """Read the file and ``read_only`` from the URL."""
        return [url.database or ":memory:"], {"read_only": url.query.get("read_only") == "true"}

    def connect(self, *cargs: Any, **cparams: Any) -> Any:
        """Open a DuckDB connection."""
        return Connection(duckdb.connect(*cargs, **cparams))

    def initialize(self, connection: Any) -> None:  # noqa: ARG002
        """Say which PostgreSQL DuckDB is most like; ask the database nothing."""
        self.server_version_info = (15, 0)
        self.default_schema_name = "main"

    def on_connect(self) -> None:
        """Set up nothing on a new connection."""

    def get_isolation_level_values(self, dbapi_conn: Any) -> list[Any]:  # noqa: ARG002
        """List the one level there is."""
        return ["AUTOCOMMIT"]

    def get_default_isolation_level(self, dbapi_conn: Any) -> Any:  # noqa: ARG002
        """Return the one level there is."""
        return "AUTOCOMMIT"

    def do_ping(self, dbapi_connection: Any) -> bool:
        """Answer for DuckDB, which lives in this process."""
        return dbapi_connection is not None

    def has_table(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> bool:
        """Tell whether there is a table or view of that name."""
        return bool(self.get_columns(connection, table_name, schema, **kw))

    def get_columns(  # type: ignore[override]
        self, connection: Any, table_name: str, schema: str | None = None, **_: Any
    ) -> list[dict[str, Any]]:
        """Return the columns of a table or view of the current database."""
        rows = connection.exec_driver_sql(
            "SELECT c.column_name, c.data_type, c.is_nullable FROM duckdb_columns() AS c WHERE c.table_name = ?"
            " AND c.schema_name = coalesce(?, current_schema()) AND c.database_name = current_database()"
            " ORDER BY c.column_index",
            (table_name, schema),
        ).fetchall()
        return [{"name": n, "type": _kind(t), "nullable": bool(null), "default": None} for n, t, null in rows]

    def get_table_names(self, connection: Any, schema: str | None = None, **_: Any) -> list[str]:
        """Return the tables of the current database."""
        return _names(connection, "table", schema)

    def get_view_names(self, connection: Any, schema: str | None = None, **_: Any) -> list[str]:
        """Return the views of the current database."""
        return _names(connection, "view", schema)

    def get_schema_names(self, connection: Any, **_: Any) -> list[str]:
        """Return the schemas of the current database."""
        query = "SELECT s.schema_name FROM duckdb_schemas() AS s WHERE s.database_name = current_database() ORDER BY 1"
        return [row[0] for row in connection.exec_driver_sql(query).fetchall()]

    def get_pk_constraint(self, *_: Any, **__: Any) -> Any:
        """Return none: DuckDB has PostgreSQL's catalog only in part, and no view has a key."""
        return {"constrained_columns": [], "name": None}

    def get_foreign_keys(self, *_: Any, **__: Any) -> Any:
        """Return none."""
        return []

    def get_indexes(self, *_: Any, **__: Any) -> Any:
        """Return none."""
        return []


def _kind(written: str) -> kinds.TypeEngine[Any]:
    """Return the SQLAlchemy type for a DuckDB type; what it has no word for (MAP, STRUCT, lists) is a null type."""
    plain = written.split("(", 1)[0].strip()
    return kinds.NullType() if written.endswith("]") else _KINDS.get(plain, kinds.NullType)()


def _names(connection: Any, what: str, schema: str | None) -> list[str]:
    query = (
        f"SELECT x.{what}_name FROM duckdb_{what}s() AS x WHERE NOT x.internal"
        " AND x.schema_name = coalesce(?, current_schema()) AND x.database_name = current_database() ORDER BY 1"
    )
    return [row[0] for row in connection.exec_driver_sql(query, (schema,)).fetchall()]


registry.register("duckdb.consentkit", __name__, "Dialect")
