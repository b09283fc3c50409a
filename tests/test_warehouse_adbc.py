"""Warehouses by ADBC: what is sent to each kind, by drivers that stand in for it, and real drivers where they can run.

Snowflake and BigQuery cannot run on a test machine. What is sent to them is parsed in their own dialect and run on
DuckDB, so that it is right by their grammar and gives the findings of every other store.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp
from support import PREFERENCE, SAMPLE, policy
from warehouse_support import Tables, as_postgres, as_sqlite, running_postgres, sample_tables

import consentkit as ck
from consentkit.engine import quoted
from consentkit.sources.warehouse_dialects import DRIVERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ONE = {"categories": [{"id": "A", "destinations": ["X"]}]}
URLS = {
    "snowflake": "snowflake://me:p%40ss-word@my-account/SHOP?warehouse=WH&role=AUDITOR",
    "bigquery": "bigquery://my-shop/web,ios,server?location=EU",
}
KINDS = {"string": "STRING", "bool": "BOOL", "int64": "INT64", "double": "FLOAT64"}


class StandIn:
    """A driver that runs what it is sent on DuckDB, and keeps it."""

    def __init__(self, vendor: str, tables: Tables) -> None:
        self.vendor, self.sent, self.options = vendor, list[str](), dict[str, Any]()
        self.capitals = vendor == "snowflake"
        self.adbc_current_catalog = "my-shop"
        self.adbc_current_db_schema = None
        self.con = duckdb.connect()
        self.con.execute("CREATE SCHEMA stood")
        rows = []
        for name, table in tables.items():
            schema, short = self.case(name).split(".", 1)
            renamed = table.rename_columns([self.case(column) for column in table.column_names])
            self.con.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
            self.con.register("incoming", renamed)
            self.con.execute(f"CREATE TABLE {quoted(schema)}.{quoted(short)} AS FROM incoming")
            time = "TIMESTAMP_TZ" if self.capitals else "TIMESTAMP"
            rows += [
                (schema, short, each.name, KINDS.get(str(each.type), time), place)
                for place, each in enumerate(renamed.schema)
            ]
        names = "table_schema, table_name, column_name, data_type, ordinal_position"
        self.con.execute("CREATE TABLE stood.columns (" + names.replace(",", " VARCHAR,") + " INTEGER)")
        if rows:
            self.con.executemany("INSERT INTO stood.columns VALUES (?, ?, ?, ?, ?)", rows)

    def case(self, name: str) -> str:
        return name.upper() if self.capitals else name

    def connect(self, **options: Any) -> StandIn:
        self.options = options
        return self

    @contextmanager
    def cursor(self) -> Iterator[StandIn]:
        yield self

    def execute(self, sql: str) -> None:
        self.sent.append(" ".join(sql.split()))
        [parsed] = sqlglot.parse(sql, dialect=self.vendor)
        if not isinstance(parsed, exp.Select):
            assert isinstance(parsed, exp.Alter | exp.Command), sql
            return
        [table] = parsed.find_all(exp.Table)
        if "INFORMATION_SCHEMA" in table.sql().upper():
            if self.vendor == "bigquery":
                parsed = parsed.where(f"table_schema = '{table.parts[1].name}'")
                [table] = parsed.find_all(exp.Table)
            table.replace(exp.to_table("stood.columns"))
        elif self.vendor == "bigquery":
            assert table.catalog == "my-shop"
            table.set("catalog", None)
        self.found = self.con.sql(parsed.sql("duckdb"))

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self.found.fetchall()

    def fetch_record_batch(self) -> pa.RecordBatchReader:
        return self.found.to_arrow_reader()

    def adbc_get_objects(self, depth: str, catalog_filter: str) -> pa.RecordBatchReader:
        names = [
            {"db_schema_name": each}
            for (each,) in self.con.execute("SELECT DISTINCT table_schema FROM stood.columns").fetchall()
        ]
        table = pa.table({"catalog_name": [catalog_filter], "catalog_db_schemas": [names]})
        return table.to_reader()

    def close(self) -> None:
        """Stay, to be asked what was sent."""


@pytest.fixture(scope="module")
def tables() -> Tables:
    return sample_tables()


@pytest.fixture(scope="module")
def flat(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, ...]]:
    with ck.open() as ws:
        ws.apply(SAMPLE / "policy.yml")
        ws.load_warehouse(as_sqlite(tables, tmp_path_factory.mktemp("flat") / "w.sqlite"))
        ws.load_deliveries(SAMPLE / "deliveries")
        return findings(ws)


def findings(ws: ck.Workspace) -> list[tuple[Any, ...]]:
    ws.judge()
    return ws.rows("SELECT * EXCLUDE (advice, rule) FROM finding ORDER BY ALL")


def stand_in(monkeypatch: pytest.MonkeyPatch, vendor: str, tables: Tables) -> StandIn:
    driver = StandIn(vendor, tables)
    module = ModuleType(f"adbc_driver_{vendor}.dbapi")
    module.connect = driver.connect  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, f"adbc_driver_{vendor}", ModuleType(f"adbc_driver_{vendor}"))
    monkeypatch.setitem(sys.modules, f"adbc_driver_{vendor}.dbapi", module)
    return driver


@pytest.mark.parametrize("vendor", URLS)
def test_what_is_sent_gives_the_findings_of_every_other_store(
    monkeypatch: pytest.MonkeyPatch, tables: Tables, flat: list[tuple[Any, ...]], vendor: str
) -> None:
    stand_in(monkeypatch, vendor, tables)
    with ck.open() as ws:
        ws.apply(SAMPLE / "policy.yml")
        assert ws.load_warehouse(URLS[vendor]) == []
        ws.load_deliveries(SAMPLE / "deliveries")
        assert findings(ws) == flat
        assert ws.rows("SELECT DISTINCT name FROM warehouse_table WHERE name = 'web.tracks'") == [("web.tracks",)]


def test_snowflake_is_asked_for_the_columns_and_the_window_only(
    monkeypatch: pytest.MonkeyPatch, ws: ck.Workspace, tables: Tables
) -> None:
    driver = stand_in(monkeypatch, "snowflake", {"server.tracks": tables["server.tracks"].slice(0, 50)})
    ws.apply(SAMPLE / "policy.yml")
    ws.load_warehouse(URLS["snowflake"], since="2026-03-02", until="2026-03-03T06:00:00+02:00")
    zone, catalogue, query = driver.sent
    assert zone == "ALTER SESSION SET TIMEZONE = 'UTC'"
    assert "FROM information_schema.columns" in catalogue
    assert "CONTEXT_PAGE_URL" not in query
    assert query.endswith(
        'FROM "SERVER"."TRACKS" WHERE ("RECEIVED_AT" >= TIMESTAMP \'2026-03-02 00:00:00\''
        ' AND "RECEIVED_AT" < TIMESTAMP \'2026-03-03 04:00:00\') OR "RECEIVED_AT" IS NULL'
    )
    options = driver.options["db_kwargs"]
    assert {name.removeprefix("adbc.snowflake.sql."): value for name, value in options.items()} == {
        "account": "my-account",
        "db": "SHOP",
        "username": "me",
        "password": "p@ss-word",
        "warehouse": "WH",
        "role": "AUDITOR",
        "client_option.disable_telemetry": "true",
        "client_option.login_timeout": "30s",
    }


def test_bigquery_is_asked_in_backticks_dataset_by_dataset(
    monkeypatch: pytest.MonkeyPatch, ws: ck.Workspace, tables: Tables
) -> None:
    some = {name: tables[name].slice(0, 50) for name in ("web.tracks", "ios.tracks")}
    driver = stand_in(monkeypatch, "bigquery", some)
    ws.apply(SAMPLE / "policy.yml")
    ws.load_warehouse("bigquery://my-shop?location=EU", tables=["web.tracks"], since="2026-03-02")
    first, second, query = driver.sent
    assert "FROM `my-shop`.`" in first
    assert {each.partition("`.`")[2].partition("`")[0] for each in (first, second)} == {"web", "ios"}
    assert first.endswith(".INFORMATION_SCHEMA.COLUMNS ORDER BY table_schema, table_name, ordinal_position")
    assert query.endswith(
        "FROM `my-shop`.`web`.`tracks` WHERE (`received_at` >= TIMESTAMP '2026-03-02 00:00:00+00:00')"
        " OR `received_at` IS NULL"
    )
    assert driver.options["db_kwargs"] == {
        "adbc.bigquery.sql.project_id": "my-shop",
        "adbc.bigquery.sql.location": "EU",
    }


HOSTILE = ("a`b", 'a"b', "back\\slash", "back\\`tick", "`; DROP TABLE x; --", "new\nline", "Ünï ☃", "select")


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("dialect", ["bigquery", "snowflake", "databricks", "mysql", "postgres"])
def test_a_name_is_one_name_in_every_dialect(name: str, dialect: str) -> None:
    mark = '"' if dialect in ("snowflake", "postgres") else "`"
    text = quoted(name, mark, escaped=dialect == "bigquery")
    [parsed] = sqlglot.parse(f"SELECT {text} FROM t", dialect=dialect)
    assert parsed is not None
    [column] = parsed.find_all(exp.Column)
    assert column.name == name


@pytest.mark.parametrize("scheme", DRIVERS)
def test_a_driver_that_is_not_there_says_which_extra_brings_it(
    ws: ck.Workspace, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    ws.apply(policy(ONE))
    monkeypatch.setitem(sys.modules, DRIVERS[scheme].module, None)
    with pytest.raises(ck.UsageError, match=rf"pip install 'consentkit\[{DRIVERS[scheme].extra}\]'"):
        ws.load_warehouse(f"{scheme}://somewhere/shop")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("snowflake://me:hidden@account", "write it as snowflake://user@account/database"),
        ("snowflake://me:hidden@account/db?wharehouse=x", "wharehouse is no option; there are warehouse, role"),
        ("bigquery:///web", "write it as bigquery://project/dataset"),
        ("profile://", "write it as profile://NAME"),
    ],
)
def test_a_url_that_says_too_little_is_refused(
    monkeypatch: pytest.MonkeyPatch, ws: ck.Workspace, url: str, said: str
) -> None:
    stand_in(monkeypatch, "snowflake", {})
    stand_in(monkeypatch, "bigquery", {})
    ws.apply(policy(ONE))
    with pytest.raises(ck.UsageError, match=said) as caught:
        ws.load_warehouse(url)
    assert "hidden" not in str(caught.value)


def test_what_a_driver_says_does_not_show_a_secret(monkeypatch: pytest.MonkeyPatch, ws: ck.Workspace) -> None:
    driver = stand_in(monkeypatch, "snowflake", {})

    def fail(**options: Any) -> None:
        raise OSError(f"refused: {options['db_kwargs']}")

    monkeypatch.setattr(sys.modules["adbc_driver_snowflake.dbapi"], "connect", fail)
    ws.apply(policy(ONE))
    with pytest.raises(ck.SourceError, match=r"^snowflake://my-account/SHOP: it cannot be read: refused") as caught:
        ws.load_warehouse(URLS["snowflake"] + "&adbc.snowflake.sql.client_option.auth_token=top")
    assert "ss-word" not in str(caught.value)
    assert "top" not in str(caught.value).replace("option", "")
    assert driver.sent == []


def write_profile(folder: Path, driver: str, uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f'profile_version = 1\ndriver = "{driver}"\n[Options]\nuri = "{uri}"\n'
    (folder / "shop.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("ADBC_PROFILE_PATH", str(folder))


def test_any_driver_is_reached_by_a_connection_profile(
    monkeypatch: pytest.MonkeyPatch, tables: Tables, flat: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    sqlite = pytest.importorskip("adbc_driver_sqlite")
    path = as_sqlite(tables, tmp_path / "w.sqlite")
    write_profile(tmp_path, sqlite._driver_path(), str(path), monkeypatch)
    with ck.open() as ws:
        ws.apply(SAMPLE / "policy.yml")
        assert ws.load_warehouse("profile://shop") == []
        ws.load_deliveries(SAMPLE / "deliveries")
        assert findings(ws) == flat
    with ck.open() as ws:
        ws.apply(SAMPLE / "policy.yml")
        ws.load_warehouse("profile://shop", tables=["web.tracks"], since="2026-03-10", until="2026-03-11")
        [(first, last)] = ws.rows("SELECT min(received_at), max(received_at) FROM event")
        assert str(first)[:10] == str(last)[:10] == "2026-03-10"
    monkeypatch.setenv("ADBC_PROFILE_PATH", str(tmp_path / "elsewhere"))
    with ck.open() as ws:
        ws.apply(SAMPLE / "policy.yml")
        with pytest.raises(ck.SourceError, match=r"^profile://shop: it cannot be read: .*not found"):
            ws.load_warehouse("profile://shop")


def test_a_profile_of_postgres_is_read_as_postgres_is(
    monkeypatch: pytest.MonkeyPatch, ws: ck.Workspace, tmp_path: Path
) -> None:
    postgresql = pytest.importorskip("adbc_driver_postgresql")
    with running_postgres() as url:
        row = {"id": ["a"], "user_id": ["u"], "received_at": ["2026-03-01"], f"{PREFERENCE}a": [True]}
        as_postgres({"web.tracks": pa.table(row)}, url)
        write_profile(tmp_path, postgresql._driver_path(), url, monkeypatch)
        ws.apply(policy(ONE))
        ws.load_warehouse("profile://shop")
    assert ws.rows("SELECT outcome FROM event_decision") == [("deliver",)]


@pytest.mark.parametrize(("vendor", "ours"), [("snowflake", 8), ("bigquery", 2)])
def test_the_options_are_those_of_the_real_driver(vendor: str, ours: int, monkeypatch: pytest.MonkeyPatch) -> None:
    module = pytest.importorskip(f"adbc_driver_{vendor}")
    known = {each.value for each in module.DatabaseOptions} | {"username", "password"}
    options = DRIVERS[vendor].arguments("", URLS[vendor])["db_kwargs"]
    assert len(options) == ours
    assert options.keys() <= known
