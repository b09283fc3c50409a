"""Puts the rows of views in their place, so that what rests on them finds them worked out, and takes them away."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from consentkit.engine import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from consentkit.engine import Engine

# What is added to the name of a view while its rows stand in its place.
_RULE = " (rule)"
# What is added to it for its rows while they are aside.
_BEFORE = " (before)"


def keep(engine: Engine, view: str) -> None:
    """Put a view's rows in its place, for all that reads it, until :func:`let_go`."""
    name, rule = quoted(view), quoted(view + _RULE)
    if engine.read_only:  # a temporary table is found before what it is named after
        source = rule if _has_rule(engine, view) else name
        engine.run(f"keep {view}", f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT v.* FROM main.{source} AS v")
        return
    engine.run(f"put {view} aside", f"ALTER VIEW main.{name} RENAME TO {rule}")
    engine.run(f"keep {view}", f"CREATE TABLE main.{name} AS SELECT v.* FROM main.{rule} AS v")


def keep_more(engine: Engine, view: str, table: str, some: str, key: str) -> None:
    """Put a view's rows in its place as :func:`keep` does, but work out only those that some rows of a table give.

    Those are the rows of the temporary table ``some``, and ``key`` names them in the view; of all others the rows
    that are aside stand. The view is read with ``some`` in the table's place.
    """
    name, rule, aside = quoted(view), quoted(view + _RULE), quoted(view + _BEFORE)
    engine.run(f"put {view} aside", f"ALTER VIEW main.{name} RENAME TO {rule}")
    engine.run(f"take up {view}", f"ALTER TABLE main.{aside} RENAME TO {name}")
    changed = f"SELECT s.{quoted(key)} FROM {quoted(some)} AS s"
    engine.run(f"forget some of {view}", f"DELETE FROM main.{name} WHERE {quoted(key)} IN ({changed})")
    with engine.standing_for(table, some):
        engine.run(f"keep more of {view}", f"INSERT INTO main.{name} SELECT v.* FROM main.{rule} AS v")


def has_changed(engine: Engine, view: str) -> bool:
    """Tell whether a view is not kept, or would have other rows by now."""
    name, rule = quoted(view), quoted(view + _RULE)
    here = "SELECT count(*) FROM duckdb_tables() AS t WHERE t.table_name = $1 AND t.temporary"
    if engine.read_only and engine.value(f"is {view} kept here", here, [view]):
        return False
    if not _has_rule(engine, view):
        return True
    now = f"SELECT count(*) FROM (SELECT v.* FROM main.{rule} AS v EXCEPT SELECT k.* FROM main.{name} AS k)"
    return bool(engine.value(f"has {view} changed", now))


def let_go(engine: Engine, but: Collection[str] = ()) -> None:
    """Put every view whose rows are kept back in its place; the rows of some stay aside, for :func:`keep_more`."""
    views = "SELECT v.view_name FROM duckdb_views() AS v WHERE ends_with(v.view_name, $1) AND NOT v.internal"
    for (rule,) in engine.rows("look for what is kept", views, [_RULE]):
        view = rule.removesuffix(_RULE)
        name, aside = quoted(view), quoted(view + _BEFORE)
        let_go = f"ALTER TABLE main.{name} RENAME TO {aside}" if view in but else f"DROP TABLE main.{name}"
        engine.run("let it go", f"{let_go}; ALTER VIEW main.{quoted(rule)} RENAME TO {name}")
    if not but:
        forget_aside(engine)


@contextmanager
def changing(engine: Engine, but: Collection[str] = ()) -> Iterator[None]:
    """Run a block that loads something as one transaction, and let go of what is kept, as :func:`let_go` does."""
    with engine.transaction():
        let_go(engine, but)
        yield


def is_aside(engine: Engine) -> bool:
    """Tell whether rows are aside that were kept before something was loaded."""
    return bool(_aside(engine))


def forget_aside(engine: Engine) -> None:
    """Drop the rows that are aside."""
    for (aside,) in _aside(engine):
        engine.run("forget what was kept", f"DROP TABLE main.{quoted(aside)}")


def _has_rule(engine: Engine, view: str) -> bool:
    there = "SELECT count(*) FROM duckdb_views() AS v WHERE v.view_name = $1 AND NOT v.internal"
    return bool(engine.value(f"is {view} kept", there, [view + _RULE]))


def _aside(engine: Engine) -> list[tuple[str]]:
    tables = "SELECT t.table_name FROM duckdb_tables() AS t WHERE ends_with(t.table_name, $1) AND NOT t.internal"
    return engine.rows("look for what is aside", tables, [_BEFORE])
