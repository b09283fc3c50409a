"""Keeps the consent history: after more files only that of the people they name is worked out, all else stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentkit.engine import sql_text

if TYPE_CHECKING:
    from consentkit.engine import Engine

# People are named together in few steps; a longer chain would read all events once for each of them.
_STEPS = 4


def keep_history(engine: Engine) -> None:
    """Bring the table ``consent_interval`` up to date with events, categories and what the policy takes stamps to say.

    Inside the caller's transaction and before its files are noted as done. The rule is the view ``consent_stretch``
    (RULES.md 2.4). The history of an id rests on the events that name it, and on those of all ids named with these.
    """
    basis, before = engine.rows("what the history rests on", sql_text("apply_history_basis"))[0]
    noted = engine.value("what it rested on", "SELECT max(h.basis) FROM history_basis AS h")
    if basis == noted:
        return
    if noted is not None and before == noted and _gather_named(engine):
        named = "DELETE FROM consent_interval WHERE subject_id IN (SELECT n.id FROM named_id AS n)"
        engine.run("forget the history of those named", named)
        with engine.standing_for("event", "named_by"):
            engine.run("extend the history", sql_text("apply_history"))
    else:
        engine.run("forget the history", "DELETE FROM consent_interval")
        if basis is not None:
            engine.run("keep the history", sql_text("apply_history"))
    engine.run("forget what it rested on", "DELETE FROM history_basis")
    if basis is not None:
        engine.insert("note what it rests on", "history_basis", ("basis",), [(basis,)])


def _gather_named(engine: Engine) -> bool:
    """Gather who the new files name, and all events of theirs; tell whether these are not connected too far."""
    engine.run("who is named", sql_text("apply_history_0_named"))
    for _ in range(_STEPS):
        engine.run("events that name them", sql_text("apply_history_1_events"))
        if not engine.value("who else is named there", sql_text("apply_history_2_others")):
            return True
    return False
