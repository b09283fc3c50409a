"""Makes the tables and views of a database, or finds them there."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import duckdb

from consentkit.engine import quoted, sql_names, sql_text
from consentkit.errors import SourceError

if TYPE_CHECKING:
    from consentkit.engine import Engine

_LAYOUT = "5"


def prepare(engine: Engine) -> None:
    """Make the tables of a new database, check those of an old one, and bring the views up to date."""
    exists = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'about' AND NOT internal"
    version = ".".join(duckdb.__version__.split(".")[:2])
    with engine.transaction():
        if not engine.value("look for tables", exists):
            if engine.value("look for other tables", "SELECT count(*) FROM duckdb_tables() WHERE NOT internal"):
                raise SourceError("this is a DuckDB file, but not one of consentkit; name a new file")
            engine.run("make the tables", sql_text("tables"))
            engine.insert("note the layout", "about", ("name", "value"), [("layout", _LAYOUT), ("duckdb", version)])
        about = dict(engine.rows("read the layout", "SELECT name, value FROM about"))
        if about.get("layout") != _LAYOUT or about.get("duckdb") != version:
            made = f"layout {about.get('layout')} with DuckDB {about.get('duckdb')}"
            here = f"layout {_LAYOUT} with DuckDB {version}"
            raise SourceError(f"this database has {made}; this consentkit uses {here}; load the files into a new one")
        said = _fingerprint()
        if about.get("views") == said:
            return
        engine.let_go()
        engine.run("fill the vocabularies", sql_text("vocabulary"))
        _make_views(engine)
        engine.run("make the macros", sql_text("macros"))
        engine.run("forget the views", "DELETE FROM about WHERE name = 'views'")
        engine.insert("note the views", "about", ("name", "value"), [("views", said)])


def _make_views(engine: Engine) -> None:
    """Make every view; an empty table stands for it, or DuckDB would look into it again for each view that reads it.

    Temporary tables come before views of the same name when a view is made, and are gone when it is read.
    """
    views = [(name.partition("_")[2], sql_text(name)) for name in sql_names() if name.partition("_")[0].isdigit()]
    texts = [text for _, text in views]
    read = [view for place, (view, _) in enumerate(views) if any(view in text for text in texts[place + 1 :])]
    for view, text in views:
        engine.run(f"view {view}", f"CREATE OR REPLACE VIEW main.{quoted(view)} AS {text}")
        if view in read:
            engine.run(f"stand for {view}", f"CREATE TEMP TABLE {quoted(view)} AS SELECT * FROM ({text}\n) LIMIT 0")
    engine.run("the views are made", ";".join(f"DROP TABLE temp.main.{quoted(view)}" for view in read))


def _fingerprint() -> str:
    """Tell the SQL of every view from any other, so that a database that has them is opened without making them."""
    texts = (f"{name}\0{sql_text(name)}\0" for name in sql_names())
    return hashlib.sha256("".join(texts).encode()).hexdigest()
