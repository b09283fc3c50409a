"""Verdicts without a workspace of one's own: events in, one row per event and destination out."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consentkit.engine import sql_text
from consentkit.errors import UsageError
from consentkit.workspace import open as open_workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from consentkit.policy import Policy
    from consentkit.workspace import Paths, Workspace


def decide(
    events: Paths | Sequence[Mapping[str, Any]] | pd.DataFrame,
    policy: Policy | str | Path | Mapping[str, Any],
    source: str | None = None,
    at: str | None = None,
) -> pd.DataFrame:
    """Return the decision for each event and connected destination, by the policy alone.

    In: files, a list of dicts, or a DataFrame whose columns are the events' top-level keys. Out: one row per
    event and destination with message_id, event_file, event_line, destination, outcome (deliver, block,
    indeterminate), reason, required and refused (lists of category ids), documented_outcome (what the platform's
    documentation says), regime_outcome (what an opt-in regime says of silence) and rule, the section of RULES.md the
    reason rests on, with the row of its section 9 where sources contradict themselves. ``event_line`` counts from 1;
    ``event_file`` is null for a list or DataFrame. Lines that are no event have no row: see
    :meth:`Workspace.load_events`. ``at`` judges every source as if this were its enforcement point. At the
    SDKs of Segment, ``Segment.io`` is a destination too. Raises :class:`UsageError` for what is no event. Source of the
    rules: RULES.md 2 to 4.
    """
    with open_workspace() as workspace:
        workspace.apply(policy, at=at)
        listed = load_listed(workspace, events, source)
        frame = workspace.sql(sql_text("ask_decide"))
        if listed:
            frame["event_file"] = None
        return frame


def load_listed(workspace: Workspace, events: Any, source: str | None) -> bool:
    """Load events that are paths, a list of dicts or a DataFrame; return whether Python held them."""
    listed = _as_lines(events)
    if listed is None:
        workspace.load_events(events, source=source)
        return False
    with tempfile.TemporaryDirectory(prefix="consentkit-") as folder:
        path = Path(folder, "events.ndjson")
        path.write_bytes(listed)
        workspace.load_events(path, source=source)
    return True


def _as_lines(events: Any) -> bytes | None:
    """Return events held in Python as NDJSON, or None where they are paths."""
    if isinstance(events, (str, Path)):
        return None
    if hasattr(events, "to_json"):
        text: str = events.to_json(orient="records", lines=True, date_format="iso", force_ascii=False)
        return text.encode("utf-8", "replace")
    if isinstance(events, Mapping):
        raise UsageError("one event was given; decide takes a list of them: [event]")
    if not isinstance(events, Iterable) or isinstance(events, bytes):
        raise UsageError(f"events are paths, a list of dicts or a DataFrame, not {type(events).__name__}")
    listed = list(events)
    if listed and all(isinstance(item, (str, Path)) for item in listed):
        return None
    for place, item in enumerate(listed):
        if not isinstance(item, Mapping):
            raise UsageError(f"events[{place}] is {type(item).__name__}: an event is a dict, unless all are paths")
    try:
        lines = [json.dumps(item, ensure_ascii=False, default=_plain) + "\n" for item in listed]
        return "".join(lines).encode("utf-8", "replace")
    except (TypeError, ValueError) as error:
        raise UsageError(f"the events cannot be written as JSON: {error}") from None


def _plain(value: Any) -> str:
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    raise TypeError(f"a {type(value).__name__} is not part of JSON")
