"""Makes the tables and views of a database, or finds them there."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

import duckdb

from consentkit.engine import quoted, sql_names, sql_text
from consentkit.errors import SourceError
from consentkit.kept import let_go

if TYPE_CHECKING:
    from consentkit.engine import Engine

_LAYOUT = "9"
# The key of what is masked in names, so that all that is written of a database masks one name alike.
MASK_KEY = "mask key"


def prepare(engine: Engine) -> None:
    """Make the tables of a new database, check those of an old one, and bring the views up to date."""
    exists = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'about' AND NOT internal"
    version = ".".join(duckdb.__version__.split(".")[:2])
    with engine.transaction():
        if not engine.value("look for tables", exists):
            if engine.value("look for other tables", "SELECT count(*) FROM duckdb_tables() WHERE NOT internal"):
                raise SourceError("this is a DuckDB file, but not one of consentkit; name a new file")
            engine.run("make the tables", sql_text("tables"))
            noted = [("layout", _LAYOUT), ("duckdb", version), (MASK_KEY, secrets.token_hex(32))]
            engine.insert("note the layout", "about", ("name", "value"), noted)
        about = dict(engine.rows("read the layout", "SELECT name, value FROM about"))
        if about.get("layout") != _LAYOUT or about.get("duckdb") != version:
            made = f"layout {about.get('layout')} with DuckDB {about.get('duckdb')}"
            here = f"layout {_LAYOUT} with DuckDB {version}"
            raise SourceError(f"this database has {made}; this consentkit uses {here}; load the files into a new one")
        said = _fingerprint()
        if about.get("views") == said:
            return
        if engine.read_only:
            told = "this database is of another version of consentkit and can only be read"
            raise SourceError(f"{told}; copy it to a folder that can be written, where it is brought up to date")
        let_go(engine)
        engine.run("fill the vocabularies", sql_text("vocabulary"))
        _make_views(engine)
        engine.run("make the macros", sql_text("macros"))
        engine.run("forget the views", "DELETE FROM about WHERE name = 'views'")
        engine.insert("note the views", "about", ("name", "value"), [("views", said)])


def _make_views(engine: Engine) -> None:
    """Make every view, to be understood when it is read: looking into each now would take three times as long."""
    for name in sql_names():
        number, _, view = name.partition("_")
        if number.isdigit():
            made = f"CREATE OR REPLACE VIEW main.{quoted(view)} WITH (DEFER_BINDING) AS {sql_text(name)}"
            engine.run(f"view {view}", made)


def _fingerprint() -> str:
    """Tell the SQL of every view from any other, so that a database that has them is opened without making them."""
    texts = (f"{name}\0{sql_text(name)}\0" for name in sql_names())
    return hashlib.sha256("".join(texts).encode()).hexdigest()
