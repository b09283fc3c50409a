"""What is particular to each kind of database reached by ADBC: its driver, its catalogue, how names are written.

Sources: the drivers' own pages, arrow.apache.org/adbc, Snowflake, BigQuery, PostgreSQL and Connection Profiles;
for INFORMATION_SCHEMA and the quoting of names the databases' own references.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from consentkit.engine import quoted
from consentkit.errors import UsageError
from consentkit.sources.warehouse_databases import timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    Column = tuple[str | None, str, str, str | None]  # schema, table, column, type

PROFILE = "profile"
_CATALOGUE = """
    SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns
    ORDER BY table_schema, table_name, ordinal_position
"""


def _listed(con: Any, path: str, *, schemas: bool = False) -> Iterator[Column]:
    """Ask information_schema of the database connected to; with ``schemas`` the second part of a path is the one."""
    wanted = path.partition("/")[2].lower() if schemas else ""
    with con.cursor() as cursor:
        cursor.execute(_CATALOGUE)
        for row in cursor.fetchall():
            if not wanted or row[0].lower() in wanted.split(","):
                yield tuple(row)


def _datasets(con: Any, path: str) -> Iterator[Column]:
    """Ask each dataset of BigQuery: those a path names, else the one connected to, else all of the project."""
    project = con.adbc_current_catalog
    datasets = [each for each in path.split(",") if each]
    if not datasets and _asked(con, "adbc_current_db_schema"):
        datasets = [con.adbc_current_db_schema]
    if not datasets:
        there = con.adbc_get_objects(depth="db_schemas", catalog_filter=project).read_all().to_pylist()
        datasets = [each["db_schema_name"] for row in there for each in row["catalog_db_schemas"] or []]
    for dataset in datasets:
        where = f"{_backticked(project)}.{_backticked(dataset)}.INFORMATION_SCHEMA.COLUMNS"
        with con.cursor() as cursor:
            cursor.execute(_CATALOGUE.replace("information_schema.columns", where))
            yield from map(tuple, cursor.fetchall())


def _objects(con: Any, path: str) -> Iterator[Column]:  # noqa: ARG001
    """Ask the driver itself, which every ADBC driver must answer, for the catalogue connected to."""
    catalog = _asked(con, "adbc_current_catalog")
    for row in con.adbc_get_objects(depth="columns", catalog_filter=catalog).read_all().to_pylist():
        for schema in row["catalog_db_schemas"] or []:
            for table in schema["db_schema_tables"] or []:
                for column in table["table_columns"] or []:
                    kind = column["xdbc_type_name"]
                    yield schema["db_schema_name"] or None, table["table_name"], column["column_name"], kind


def _asked(con: Any, what: str) -> str | None:
    try:
        return getattr(con, what) or None
    except Exception:  # noqa: BLE001 - a driver that does not know says so in an exception of its own
        return None


def _timed(con: Any, schema: str | None, table: str, column: str) -> str:
    """Return ``timestamp`` where the driver gives a column as a time: its type's name may be anything."""
    import pyarrow as pa

    found = con.adbc_get_table_schema(table, db_schema_filter=schema)
    return "timestamp" if pa.types.is_timestamp(found.field(column).type) else ""


def _bigquery_moment(moment: datetime, kind: str) -> str:
    text = moment.isoformat(" ")
    return f"DATETIME '{text}'" if kind.upper() == "DATETIME" else f"TIMESTAMP '{text}+00:00'"


_backticked = partial(quoted, mark="`", escaped=True)


@dataclass(frozen=True)
class Dialect:
    """How one kind of database is asked."""

    # what is said first: times are compared in UTC, and nothing may be written where that can be forbidden
    begin: tuple[str, ...] = ()
    catalogue: Callable[[Any, str], Iterator[Column]] = _listed
    quote: Callable[[str], str] = quoted
    # what other values than times and booleans become; None where the driver's own types can be read
    text: str | None = None
    # whether names written without quotes became capitals, as Segment's are in Snowflake
    folds: bool = False
    longest_name: int | None = None
    # whether a project stands before the schema
    project: bool = False
    moment: Callable[[datetime, str], str] = timestamp
    # for unknown engines: is this a time? Its zone is unknown too, so a window is asked for with a day to spare
    timed: Callable[[Any, str | None, str, str], str] | None = None

    def address(self, schema: str | None, table: str, con: Any) -> str:
        """Return a table's full name as SQL."""
        parts = [con.adbc_current_catalog] if self.project else []
        return ".".join(self.quote(each) for each in [*parts, *([schema] if schema else []), table])


POSTGRES = Dialect(
    begin=("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY", "SET LOCAL TIME ZONE 'UTC'"),
    text="VARCHAR",
    longest_name=63,
)
REDSHIFT = Dialect(begin=("SET timezone TO 'UTC'",), text="VARCHAR", longest_name=127)
SNOWFLAKE = Dialect(begin=("ALTER SESSION SET TIMEZONE = 'UTC'",), catalogue=partial(_listed, schemas=True), folds=True)
BIGQUERY = Dialect(catalogue=_datasets, quote=_backticked, project=True, moment=_bigquery_moment)
_OTHER = Dialect(catalogue=_objects, timed=_timed)
_VENDORS = {"postgresql": POSTGRES, "redshift": REDSHIFT, "snowflake": SNOWFLAKE, "bigquery": BIGQUERY}
_BACKTICKS = ("mysql", "mariadb", "databricks", "spark", "hive", "clickhouse", "doris", "starrocks")


def dialect_of(con: Any) -> Dialect:
    """Choose by what a driver says of itself; who is unknown is asked in standard SQL."""
    info = con.adbc_get_info()
    said = f"{info.get('vendor_name', '')} {info.get('driver_name', '')}".lower()
    for vendor, dialect in _VENDORS.items():
        if vendor in said:
            return dialect
    if any(vendor in said for vendor in _BACKTICKS):
        return Dialect(catalogue=_objects, timed=_timed, quote=partial(quoted, mark="`"))
    return _OTHER


def _postgres(label: str, url: str) -> dict[str, Any]:  # noqa: ARG001
    return {"uri": "postgresql" + url[url.index("://") :]}


def _snowflake(label: str, url: str) -> dict[str, Any]:
    """Turn ``snowflake://user:password@account/database/schema?warehouse=W&role=R`` into the driver's options."""
    parts = urlsplit(url)
    database, _, schema = parts.path.strip("/").partition("/")
    if not (parts.hostname and database):
        raise UsageError(f"{label}: write it as snowflake://user@account/database?warehouse=NAME")
    options = {
        "adbc.snowflake.sql.account": parts.netloc.rpartition("@")[2],
        "adbc.snowflake.sql.db": unquote(database),
        # the driver tells Snowflake of its use and tries a dead address for minutes, unless it is told not to
        "adbc.snowflake.sql.client_option.disable_telemetry": "true",
        "adbc.snowflake.sql.client_option.login_timeout": "30s",
    }
    if schema and "," not in schema:
        options["adbc.snowflake.sql.schema"] = unquote(schema)
    options |= {
        name: unquote(value) for name, value in (("username", parts.username), ("password", parts.password)) if value
    }
    short = {"warehouse": "adbc.snowflake.sql.warehouse", "role": "adbc.snowflake.sql.role"}
    return {"db_kwargs": options | _options(label, url, short), "autocommit": True}


def _bigquery(label: str, url: str) -> dict[str, Any]:
    """Turn ``bigquery://project/dataset?location=EU`` into the driver's options."""
    parts = urlsplit(url)
    if not parts.netloc:
        raise UsageError(f"{label}: write it as bigquery://project/dataset")
    options = {"adbc.bigquery.sql.project_id": unquote(parts.netloc)}
    short = {"location": "adbc.bigquery.sql.location"}
    return {"db_kwargs": options | _options(label, url, short), "autocommit": True}


def _options(label: str, url: str, short: dict[str, str]) -> dict[str, str]:
    found = {}
    for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True):
        if name not in short and not name.startswith("adbc."):
            raise UsageError(f"{label}: {name} is no option; there are {', '.join(short)} and the driver's own, adbc.…")
        found[short.get(name, name)] = value
    return found


def _profile(label: str, url: str) -> dict[str, Any]:
    name = url.partition("://")[2]
    if not name:
        raise UsageError(f"{label}: write it as profile://NAME, NAME.toml being a connection profile of ADBC")
    return {"profile": name, "autocommit": True}


class Driver(NamedTuple):
    """What connects to the URLs of one scheme; without a dialect the driver is asked who it is."""

    module: str
    extra: str  # of this package: it installs the module
    arguments: Callable[[str, str], dict[str, Any]]
    dialect: Dialect | None


_POSTGRES = ("adbc_driver_postgresql.dbapi", "postgres", _postgres)
DRIVERS = {
    "postgresql": Driver(*_POSTGRES, POSTGRES),
    "postgres": Driver(*_POSTGRES, POSTGRES),
    "redshift": Driver(*_POSTGRES, REDSHIFT),
    "snowflake": Driver("adbc_driver_snowflake.dbapi", "snowflake", _snowflake, SNOWFLAKE),
    "bigquery": Driver("adbc_driver_bigquery.dbapi", "bigquery", _bigquery, BIGQUERY),
    PROFILE: Driver("adbc_driver_manager.dbapi", "adbc", _profile, None),
}
