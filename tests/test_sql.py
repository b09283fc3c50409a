"""The rule views keep to SQL that means the same everywhere (design, section 3), and compile to other engines.

The list is an allow-list over the syntax tree: a node that is not in it is refused, whatever it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlglot
from sqlglot import ErrorLevel, exp
from support import SQL

if TYPE_CHECKING:
    from pathlib import Path

    import consentkit as ck

ALL = sorted(SQL.glob("*.sql"))
NUMBERED = [path for path in ALL if path.name[:2].isdigit()]
CORE = [path for path in NUMBERED if int(path.name[:2]) < 90]
DIALECTS = ("postgres", "spark", "snowflake")

ALLOWED = {
    # the frame
    *(exp.Select, exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.With, exp.CTE, exp.Union, exp.Subquery),
    *(exp.Table, exp.TableAlias, exp.Alias, exp.Column, exp.Identifier, exp.Paren, exp.Tuple, exp.Distinct),
    *(exp.Exists, exp.In, exp.Star, exp.Order, exp.Ordered),
    # values
    *(
        exp.Literal,
        exp.Boolean,
        exp.Null,
        exp.Case,
        exp.If,
        exp.Coalesce,
        exp.Nullif,
        exp.Cast,
        exp.DataType,
        exp.DataType.build("int").__class__,
    ),
    # conditions and arithmetic
    *(
        exp.And,
        exp.Or,
        exp.Not,
        exp.EQ,
        exp.NEQ,
        exp.GT,
        exp.GTE,
        exp.LT,
        exp.LTE,
        exp.Is,
        exp.Add,
        exp.Sub,
        exp.Div,
        exp.Abs,
    ),
    # counting
    *(exp.Count, exp.Sum, exp.Min, exp.Max, exp.Window, exp.RowNumber, exp.Lag, exp.Lead),
}
CASTS = {"BOOLEAN", "BIGINT", "DOUBLE", "DATE", "VARCHAR", "TEXT"}


def tree(path: Path) -> exp.Expression:
    """Parse one view."""
    parsed = sqlglot.parse_one(path.read_text(encoding="utf-8"), read="duckdb")
    assert isinstance(parsed, exp.Expression)
    return parsed


def breaches(root: exp.Expression) -> list[str]:
    """List what a view does that another engine may understand differently."""
    found = [f"{type(node).__name__}: {node.sql()[:60]}" for node in root.walk() if type(node) not in ALLOWED]
    for node in root.walk():
        match node:
            case exp.Star() if not isinstance(node.parent, exp.Count):
                found.append(f"*: {node.parent.sql()[:60] if node.parent else ''}")
            case exp.Is() if not isinstance(node.expression, exp.Null):
                found.append(f"IS not NULL: {node.sql()[:60]}")
            case exp.Column() if not node.table:
                found.append(f"column without its table: {node.sql()}")
            case exp.Cast() if node.to.sql("duckdb") not in CASTS and not isinstance(node.this, exp.Null):
                found.append(f"cast: {node.sql()[:60]}")
            case exp.Div() if not isinstance(node.expression, exp.Nullif):
                found.append(f"division: {node.sql()[:60]}")
            case exp.Distinct() if node.args.get("on"):
                found.append(f"DISTINCT ON: {node.sql()[:60]}")
            case exp.Join():
                found += _join(node)
            case exp.Select():
                found += _select(node)
            case exp.Window() if not node.args.get("order") and not isinstance(
                node.this, exp.Count | exp.Sum | exp.Min | exp.Max
            ):
                found.append(f"window without an order: {node.sql()[:60]}")
            case _:
                pass
    return found


def _join(join: exp.Join) -> list[str]:
    if join.args.get("using"):
        return [f"USING: {join.sql()[:60]}"]
    if join.kind in ("SEMI", "ANTI", "ASOF", "POSITIONAL") or join.method in ("ASOF", "NATURAL"):
        return [f"join: {join.sql()[:60]}"]
    if join.kind == "CROSS":
        return []
    on = join.args.get("on")
    conjuncts = list(on.flatten()) if isinstance(on, exp.And) else [on]
    if not any(isinstance(one, exp.EQ) for one in conjuncts):
        return [f"join without an equality: {join.sql()[:80]}"]
    return []


def _select(select: exp.Select) -> list[str]:
    found = []
    in_exists = isinstance(select.parent, exp.Exists)
    for one in select.expressions:
        if not isinstance(one, exp.Alias) and not in_exists:
            found.append(f"output without AS: {one.sql()[:60]}")
    group = select.args.get("group")
    if group is not None:
        if any(group.args.get(key) for key in ("all", "rollup", "cube", "grouping_sets")):
            found.append("GROUP BY other than expressions")
        found += [f"GROUP BY position: {one.sql()}" for one in group.expressions if isinstance(one, exp.Literal)]
    return found


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_view_keeps_to_the_portable_subset(path: Path) -> None:
    assert breaches(tree(path)) == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM event AS e",
        "SELECT e.a FROM event AS e",
        "SELECT a AS a FROM event AS e",
        "SELECT e.a IS NOT TRUE AS a FROM event AS e",
        "SELECT e.a IS DISTINCT FROM e.b AS a FROM event AS e",
        "SELECT COUNT(*) FILTER (WHERE e.a) AS n FROM event AS e",
        "SELECT COUNT_IF(e.a) AS n FROM event AS e",
        "SELECT BOOL_AND(e.a) AS n FROM event AS e",
        "SELECT e.a AS a FROM event AS e INNER JOIN event AS f ON e.a < f.a",
        "SELECT e.a AS a FROM event AS e INNER JOIN event AS f USING (a)",
        "SELECT e.a AS a FROM event AS e QUALIFY ROW_NUMBER() OVER (ORDER BY e.a) = 1",
        "SELECT e.a AS a, COUNT(*) AS n FROM event AS e GROUP BY ALL",
        "SELECT e.a AS a, COUNT(*) AS n FROM event AS e GROUP BY 1",
        "SELECT UNNEST(e.a) AS a FROM event AS e",
        "SELECT LOWER(e.a) AS a FROM event AS e",
        "SELECT e.at + INTERVAL 1 DAY AS a FROM event AS e",
        "SELECT TRY_CAST(e.a AS BIGINT) AS a FROM event AS e",
        "SELECT CAST(e.a AS TIMESTAMP) AS a FROM event AS e",
        "SELECT e.a / e.b AS a FROM event AS e",
        "SELECT DISTINCT ON (e.a) e.a AS a FROM event AS e",
    ],
)
def test_the_list_refuses_what_other_engines_read_differently(sql: str) -> None:
    parsed = sqlglot.parse_one(sql, read="duckdb")
    assert isinstance(parsed, exp.Expression)
    assert breaches(parsed) != []


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_file_begins_with_what_it_is(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("-- ")
    assert len(first) > 20


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_view_compiles_to_another_engine(path: Path, dialect: str) -> None:
    written = tree(path).sql(dialect=dialect, unsupported_level=ErrorLevel.RAISE)
    again = sqlglot.parse_one(written, read=dialect)
    assert isinstance(again, exp.Query)
    parsed = tree(path)
    assert isinstance(parsed, exp.Query)
    assert [name.lower() for name in again.named_selects] == [name.lower() for name in parsed.named_selects]


def test_view_files_have_distinct_names_and_read_only_what_stands_before_them(ws: ck.Workspace) -> None:
    tables = {row[0] for row in ws.rows("SELECT table_name FROM duckdb_tables() WHERE NOT temporary")}
    known = set(tables)
    for path in NUMBERED:
        name = path.stem.partition("_")[2]
        assert name not in known, f"{path.name}: this name is taken"
        root = tree(path)
        own = {cte.alias for cte in root.find_all(exp.CTE)}
        read = {table.name for table in root.find_all(exp.Table)} - own
        assert read <= known, path.name
        known.add(name)


def test_the_views_of_a_workspace_are_the_files(ws: ck.Workspace) -> None:
    views = {row[0] for row in ws.rows("SELECT view_name FROM duckdb_views() WHERE NOT internal AND NOT temporary")}
    assert views == {path.stem.partition("_")[2] for path in NUMBERED}
