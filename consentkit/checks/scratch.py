"""A scratch database in memory beside the audited one: every view computed once, whatever asks for it.

Great Expectations asks a view several times. So what our expectations read is computed once into tables of an
attached in-memory database; what else they need is there as views onto the audited database, which is only
read. Nothing is left behind.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb

from consentkit.checks.dialect import Connection
from consentkit.engine import quoted, reason_of, sql_names, sql_text
from consentkit.interrupts import breakable, is_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from consentkit.engine import Engine

TALLIES = ("event_tally", "finding_tally", "delivery_tally")
SLICES = (
    "event_slice",
    "delivery_slice",
    "category_slice",
    "preference_slice",
    "input_slice",
    "destination_slice",
    "bundle_slice",
    "allowance_slice",
    "history_slice",
    "withdrawal_slice",
)
_SUMMARIES = ("finding", "finding_total", "finding_completeness", "coverage", "destination_count", "source_count")
_NAME = "consentkit_scratch"
_WORD = re.compile(r"\w+")
_COMMENT = re.compile(r"--[^\n]*")


class Scratch:
    """The scratch database of one check. ``broken`` says of each view that cannot be read, why."""

    def __init__(self, engine: Engine) -> None:
        self._con = engine.connection
        self._cursors: list[Any] = []
        self._home = ""
        self._attached = False
        self.broken: dict[str, str] = {}
        self.rows: dict[str, int] = {}

    def connection(self) -> Connection:
        """Return a new connection that sees the scratch database; what SQLAlchemy calls a creator."""
        return Connection(self._cursor())

    def _cursor(self) -> Any:
        cursor = breakable(self._con.cursor())
        self._cursors.append(cursor)
        cursor.execute(f"USE {_NAME}.main")
        return cursor

    def fill(self, wanted: Sequence[str], queries: Sequence[str], tell: Callable[[], None]) -> None:
        """Compute what ``wanted`` needs, and count the rows of each; call ``tell`` after every view.

        ``queries`` are texts of the user's; the tables and views they name can be read too.
        """
        self._home = self._con.execute("SELECT current_database()").fetchall()[0][0]
        self._con.execute(f"ATTACH ':memory:' AS {_NAME} (READ_WRITE)")
        self._attached = True
        cursor = self._cursor()
        texts = _own_texts()
        needed = _needed(wanted, texts)
        made_here = {*needed, *(name for name in wanted if name in _SUMMARIES)}
        there = self._forward(cursor, [*wanted, *queries, *(texts[name] for name in needed)], made_here)
        for name in needed:
            self._compute(cursor, name, texts[name])
        for name in dict.fromkeys(wanted):
            if name not in there and name not in texts:
                self.broken[name] = f"there is no view or table named {name}"
            elif name in _SUMMARIES:
                self._compute(cursor, name, f"SELECT v.* FROM {quoted(self._home)}.main.{quoted(name)} AS v")
            if name not in self.broken:
                self._count(cursor, name)
            tell()

    def close(self) -> None:
        """Close every connection and drop the database."""
        for cursor in self._cursors:
            cursor.close()
        if self._attached:
            self._con.execute(f"DETACH {_NAME}")

    def _forward(self, cursor: Any, mentions: Sequence[str], made_here: set[str]) -> set[str]:
        """Make what is mentioned of the audited database readable under its own name; return all its names.

        Only that: binding a view binds all that it reads, which for all of them takes a second.
        """
        query = (
            "SELECT t.table_name FROM duckdb_tables() AS t WHERE t.database_name = $1 AND t.schema_name = 'main'"
            " AND NOT t.internal UNION ALL SELECT v.view_name FROM duckdb_views() AS v"
            " WHERE v.database_name = $1 AND v.schema_name = 'main' AND NOT v.internal"
        )
        names = {row[0] for row in cursor.execute(query, [self._home]).fetchall()}
        text = "\n".join(mentions).lower()
        said = set(_WORD.findall(text))
        for name in sorted(names - made_here):
            if name.lower() not in (said if _WORD.fullmatch(name) else text):
                continue
            onto = f"{quoted(self._home)}.main.{quoted(name)}"
            try:
                cursor.execute(f"CREATE VIEW {quoted(name)} AS SELECT v.* FROM {onto} AS v")
            except (duckdb.Error, RuntimeError) as error:
                self.broken[name] = _reason(error)
        return names

    def _compute(self, cursor: Any, name: str, text: str) -> None:
        try:
            cursor.execute(f"DROP VIEW IF EXISTS {quoted(name)}")
            cursor.execute(f"CREATE TABLE {quoted(name)} AS {text}")
        except (duckdb.Error, RuntimeError) as error:
            self.broken[name] = _reason(error)

    def _count(self, cursor: Any, name: str) -> None:
        try:
            self.rows[name] = cursor.execute(f"SELECT count(*) FROM {quoted(name)}").fetchall()[0][0]
        except (duckdb.Error, RuntimeError) as error:
            self.broken[name] = _reason(error)


@contextmanager
def scratch(engine: Engine) -> Iterator[Scratch]:
    """Open a scratch database for the length of a block."""
    made = Scratch(engine)
    try:
        yield made
    finally:
        made.close()


def _own_texts() -> dict[str, str]:
    texts = {name.partition("_")[2]: _COMMENT.sub("", sql_text(name)) for name in sql_names() if name[:1].isdigit()}
    return {name: texts[name] for name in (*TALLIES, *SLICES) if name in texts}


def _needed(wanted: Sequence[str], texts: dict[str, str]) -> list[str]:
    """List our views that are wanted and the tallies they read, in the order they build on one another."""
    slices = [name for name in texts if name in wanted]
    read = [tally for tally in TALLIES if tally in wanted or any(tally in texts[name] for name in slices)]
    return list(dict.fromkeys([*read, *slices]))


def _reason(error: duckdb.Error | RuntimeError) -> str:
    """Keep DuckDB's kind of error and its first line, as the engine does; the user's interrupt stays one."""
    if is_interrupt(error):
        raise KeyboardInterrupt from None
    if isinstance(error, RuntimeError):
        raise error
    return reason_of(error)
