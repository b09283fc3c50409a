"""Which lines and rows tell of the same event: repeats, and warehouse rows, which a raw line settles (RULES.md 2.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentkit.engine import sql_text

if TYPE_CHECKING:
    from consentkit.engine import Engine


def settle(engine: Engine) -> None:
    """Turn the warehouse rows of events whose raw line is loaded into repeats of it, before repeats are looked for."""
    if _any(engine):
        engine.run("load warehouse: settle", sql_text("load_warehouse_3_settle"))
        if engine.value("count what is settled", "SELECT count(*) FROM settled"):
            engine.run("load warehouse: settled", sql_text("load_warehouse_4_settled"))


def note_repeats(engine: Engine) -> None:
    """Take repeats out of the events just loaded, and note which events share a message id (RULES.md 2.2)."""
    if engine.value("load events: duplicates", sql_text("load_events_8_duplicates")):
        engine.run("load events: meant", sql_text("load_events_8_meant"))


def account_warehouse(engine: Engine) -> None:
    """Bring the account of every warehouse table up to date."""
    if _any(engine):
        engine.run("load warehouse: account", sql_text("load_warehouse_5_account"))


def _any(engine: Engine) -> bool:
    return bool(engine.value("look for warehouse tables", "SELECT count(*) FROM warehouse_table"))
