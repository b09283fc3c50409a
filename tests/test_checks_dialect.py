"""The dialect: what SQLAlchemy and Great Expectations need of DuckDB, on tables, views and read-only files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest
import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from consentkit.checks.dialect import Connection

if TYPE_CHECKING:
    from pathlib import Path

MADE = """
    CREATE TABLE item (
        id BIGINT NOT NULL, name VARCHAR, made TIMESTAMP, price DECIMAL(9, 2), tags VARCHAR[], m MAP(VARCHAR, INT)
    );
    INSERT INTO item SELECT i, 'n' || i, TIMESTAMP '2026-01-01', i / 2, ['a'], MAP {'k': 1} FROM range(1000) AS r (i);
    CREATE VIEW few AS SELECT id, name AS "the name" FROM item WHERE id < 10;
"""


@pytest.fixture(params=["memory", "file", "read-only"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> sa.Engine:
    if request.param == "memory":
        con = duckdb.connect()
        con.execute(MADE)
        creator: Any = lambda: Connection(con.cursor())  # noqa: E731
        return sa.create_engine("duckdb+consentkit://", creator=creator, poolclass=StaticPool)
    path = tmp_path / "some file.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(MADE)
    return sa.create_engine(
        f"duckdb+consentkit:///{path}" + ("?read_only=true" if request.param == "read-only" else "")
    )


def test_a_result_outlives_the_connection_that_is_given_back(engine: sa.Engine) -> None:
    with engine.connect() as con:
        result = con.execute(sa.text("SELECT id FROM item ORDER BY id"))
        first = result.fetchone()
    assert first == (0,)
    with engine.connect() as con:
        given_back = con.execute(sa.text("SELECT count(*) FROM few"))
    assert given_back.fetchall() == [(10,)]
    engine.dispose()


def test_an_unread_result_is_let_go_by_the_next_statement(engine: sa.Engine) -> None:
    with engine.connect() as con:
        con.execute(sa.text("SELECT * FROM item"))
        assert con.execute(sa.text("SELECT 1")).scalar() == 1
    engine.dispose()


def test_tables_views_and_columns_are_told(engine: sa.Engine) -> None:
    inspector = sa.inspect(engine)
    assert inspector.get_table_names() == ["item"]
    assert inspector.get_view_names() == ["few"]
    assert "main" in inspector.get_schema_names()
    columns = {column["name"]: column for column in inspector.get_columns("item")}
    assert list(columns) == ["id", "name", "made", "price", "tags", "m"]
    assert isinstance(columns["id"]["type"], sa.BIGINT)
    assert isinstance(columns["price"]["type"], sa.NUMERIC)
    assert isinstance(columns["tags"]["type"], sa.types.NullType)
    assert (columns["id"]["nullable"], columns["name"]["nullable"]) == (False, True)
    assert [column["name"] for column in inspector.get_columns("few")] == ["id", "the name"]
    assert inspector.has_table("few")
    assert not inspector.has_table("nothing")
    assert inspector.get_pk_constraint("item")["constrained_columns"] == []
    assert inspector.get_foreign_keys("item") == []
    assert inspector.get_indexes("item") == []
    engine.dispose()


def test_a_regular_expression_matches_a_part(engine: sa.Engine) -> None:
    item = sa.table("item", sa.column("name"))
    query = sa.select(sa.func.count()).select_from(item)
    with engine.connect() as con:
        assert con.execute(query.where(item.c.name.op("~")("99"))).scalar() == 19
        assert con.execute(query.where(item.c.name.op("!~")("99"))).scalar() == 981
        assert con.execute(query.where(item.c.name == "n7")).scalar() == 1
    engine.dispose()


def test_a_read_only_file_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "f.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(MADE)
    engine = sa.create_engine(f"duckdb+consentkit:///{path}?read_only=true")
    with engine.connect() as con, pytest.raises(sa.exc.SQLAlchemyError, match="read-only"):
        con.execute(sa.text("CREATE TABLE other (i INT)"))
    engine.dispose()


def test_a_wrong_statement_is_an_error_of_sqlalchemy(engine: sa.Engine) -> None:
    with engine.connect() as con, pytest.raises(sa.exc.SQLAlchemyError, match="nothing_there"):
        con.execute(sa.text("SELECT * FROM nothing_there"))
    engine.dispose()


def test_great_expectations_gives_the_counts_of_sql(tmp_path: Path) -> None:
    """Off the shelf it gives an empty result on DuckDB; here it gives the count, from a file by its URL."""
    from consentkit.checks import metrics  # noqa: F401 - turns its analytics off

    import great_expectations as gx  # isort: skip
    from great_expectations.data_context.types.base import ProgressBarsConfig  # isort: skip
    from great_expectations.expectations.core.expect_column_values_to_be_between import ExpectColumnValuesToBeBetween  # isort: skip

    path = tmp_path / "f.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(MADE)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_sql("d", connection_string=f"duckdb+consentkit:///{path}?read_only=true")
    for name, rows in (("item", 1000), ("few", 10)):
        batch = source.add_table_asset(name, table_name=name).add_batch_definition_whole_table("all").get_batch()
        asked = ExpectColumnValuesToBeBetween(column="id", min_value=5)
        result = batch.validate(gx.ExpectationSuite(name=name, expectations=[asked])).results[0]
        assert result.result["element_count"] == rows
        assert result.result["unexpected_count"] == 5
    source.get_execution_engine().close()
