"""Hand-made histories: choices at hours after a start, and what the views say of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from support import event, ndjson

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from support import Row

    import consentkit as ck

START = datetime(2026, 3, 1)
NAME = "Segment Consent Preference Updated"


def choice(number: int, hours: float, preferences: Row, **more: Any) -> Row:
    """Write a preference event some hours after the start."""
    at = (START + timedelta(hours=hours)).isoformat() + "Z"
    return event({"id": f"m{number}", "event": NAME, "at": at, "preferences": preferences, **more})


def load(ws: ck.Workspace, folder: Path, *files: Sequence[Row]) -> None:
    """Load events, each list from a file of its own, in that order."""
    for number, lines in enumerate(files):
        path = folder / f"events-{number}.ndjson"
        path.write_bytes(ndjson(lines))
        ws.load_events(path)


def timeline(ws: ck.Workspace, view: str = "person_history") -> dict[tuple[str, str], list[tuple[float, str]]]:
    """Each id's and category's values, each with the hour it began."""
    found: dict[tuple[str, str], list[tuple[float, str]]] = {}
    key = "user_id" if view == "person_history" else "anonymous_id"
    for who, category, at, value in ws.rows(
        f"SELECT {key}, category_id, valid_from, value FROM {view} ORDER BY valid_from"
    ):
        found.setdefault((who, category), []).append(((at - START).total_seconds() / 3600, value))
    return found


def consent_on(ws: ck.Workspace, who: str, hours: float) -> dict[tuple[str, str], str]:
    """What ``consent_on`` says, by kind of subject and category."""
    rows = ws.rows(
        "SELECT subject_kind, category_id, value FROM consent_on(?, ?)", [who, START + timedelta(hours=hours)]
    )
    return {(kind, category): value for kind, category, value in rows}
