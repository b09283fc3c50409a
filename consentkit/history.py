"""Consent over time: what became of withdrawals, and one person's record. Read from views; nothing is judged here.

Source of the rules: RULES.md 2.3, 2.4 and 5.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from consentkit.engine import sql_text
from consentkit.errors import NO_POLICY, UsageError
from consentkit.shown import shown
from consentkit.summary import plain_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from consentkit.workspace import Workspace

SCHEMA_VERSION = 1
NO_CHOICE = "No choice of anyone is in the events, so there is no refusal to test."
SHARED = "delivery records name a message id that several events share"
Row = dict[str, Any]


@dataclass(frozen=True, repr=False)
class Withdrawals:
    """The withdrawal test: counts only, no id of anyone.

    ``destinations`` is one row per destination that needs consent, ``sharing`` one per destination with what it
    was told of the choices; their columns are those of ``withdrawal_test`` and ``preference_delivery``. ``conflicts``
    counts choices of one person that stand against each other, by cause and category: see ``profile_conflict``.
    """

    destinations: list[Row]
    sharing: list[Row]
    conflicts: list[Row]

    @property
    def ignored(self) -> bool:
        """Whether anything collected after a refusal left for the destination it closed."""
        return any(row["deliveries"] for row in self.destinations)

    @property
    def verdict(self) -> str:
        """Say in a sentence how many refusals were kept."""
        names = ("tested", "ignored", "possible")
        tested, ignored, possible = (sum(row[name] for row in self.destinations) for name in names)
        if not self.destinations:
            return NO_CHOICE
        if not tested:
            return "No refusal could be tested: after none of them did the person send another event."
        told = f"{ignored:,} of {tested:,} refusals that could be tested were ignored: something was still delivered."
        return f"{told} {possible:,} more may have been: {SHARED}." if possible else told

    def __repr__(self) -> str:
        from consentkit.showing_history import withdrawals_text

        return withdrawals_text(self)

    def _repr_html_(self) -> str:
        from consentkit.showing_history import withdrawals_html

        return withdrawals_html(self)

    def as_json(self) -> str:
        """Return the rows as JSON text; delays are seconds, times ISO 8601 in UTC."""
        return _json({"schema_version": SCHEMA_VERSION, **vars(self)})


@dataclass(frozen=True, repr=False)
class Subject:
    """What one id names: a ``person`` (a user id) or a ``device`` (an anonymous id), and what happened to it.

    ``changes`` holds every change of consent, ``deliveries`` every delivery since the first of them, with the
    needed categories that were not granted when the event happened, and in ``refused_since`` those that were refused
    only when it left. ``possible`` holds those that name a message id which other events share, so that they may be of
    another event; they are among no others.
    """

    kind: str
    id: str
    devices: list[str]
    others: list[str]
    events: int
    first_at: datetime | None
    last_at: datetime | None
    changes: list[Row]
    deliveries: list[Row]
    possible: list[Row]

    def __repr__(self) -> str:
        from consentkit.showing_history import subject_text

        return subject_text(self)

    def _repr_html_(self) -> str:
        from consentkit.showing_history import subject_html

        return subject_html(self)


def withdrawals(workspace: Workspace) -> Withdrawals:
    """Return what left after refusals, and after how long. Raises :class:`UsageError` without a policy."""
    _needs_policy(workspace)
    names = ("ask_withdrawals", "ask_preference_delivery", "ask_conflicts")
    with workspace.asking(("delivery_after_refusal", "stretch_events")):  # both are read twice by the first
        return Withdrawals(*(shown(workspace).table(name) for name in names))


def person(workspace: Workspace, who: str) -> list[Subject]:
    """Return the record of a user id or anonymous id: one entry, or two where it is both.

    Unlike everything else that is printed it holds ids as they were loaded. Raises :class:`UsageError` where no
    event has the id.
    """
    found = []
    for row in _rows(workspace, "ask_person_ids", [who]):
        kind = row["subject_kind"]
        changes = _rows(workspace, "ask_person_changes", [kind, who])
        sent = _rows(workspace, "ask_person_deliveries", [kind, who, row["event_ids"]])
        deliveries, possible = ([each for each in sent if each["sure"] is sure] for sure in (True, False))
        span = row["first_at"], row["last_at"]
        found.append(
            Subject(kind, who, row["devices"], row["others"], row["events"], *span, changes, deliveries, possible)
        )
    if not found:
        raise UsageError("no event that is loaded has this user id or anonymous id")
    return found


def person_json(found: Sequence[Subject]) -> str:
    """Return records as JSON text; ids are as loaded."""
    return _json({"schema_version": SCHEMA_VERSION, "records": [asdict(each) for each in found]})


def snowplow_counts(workspace: Workspace) -> dict[str, list[Row]]:
    """Return what the loaded Snowplow consent data counts: log, banners, versions, people per version and scope."""
    queries = {
        "repeated_contexts": "SELECT parse_filename(f.path) AS file, f.lines, f.duplicates FROM input_file AS f "
        "WHERE f.kind = 'contexts' AND f.duplicates > 0 ORDER BY f.path",
        "log": "SELECT c.kind, c.event_type, count(*) AS events FROM snowplow_log AS c GROUP BY ALL ORDER BY ALL",
        "versions": "SELECT v.* FROM snowplow_version AS v ORDER BY v.version_start, v.version",
        "people_per_version": "SELECT t.* FROM snowplow_total AS t ORDER BY t.version_start, t.version",
        "banners": sql_text("ask_snowplow_banners"),
        "people_per_scope": "SELECT s.* FROM snowplow_scope AS s ORDER BY s.listed DESC, s.scope",
    }
    return {name: _named(*shown(workspace).cells(query)) for name, query in queries.items()}


def migration(workspace: Workspace) -> dict[str, list[Row]]:
    """Return how far the sources have left the retired Consent Manager.

    ``days`` is one row per source and day, ``meaning`` one per destination with what the old stamps would mean
    today: the columns of ``migration_day`` and ``migration_meaning``. Source: RULES.md 3.
    """
    queries = {"days": sql_text("ask_migration_days"), "meaning": sql_text("ask_migration_meaning")}
    return {name: _named(*shown(workspace).cells(query)) for name, query in queries.items()}


def as_json(value: Any) -> str:
    """Return counts as JSON text."""
    return _json({"schema_version": SCHEMA_VERSION, **value})


def bar(changes: Sequence[Row], category: str, start: datetime, end: datetime, width: int) -> str:
    """Draw one category's consent over time as text: █ granted, ░ refused, ▒ in conflict, · never collected.

    Each of ``width`` marks stands for its share of the time from ``start`` to ``end``, and shows the last state
    in it.
    """
    marks = {"true": "█", "false": "░", "conflict": "▒"}
    own = [row for row in changes if row["category_id"] == category]
    drawn = []
    for place in range(width):
        moment = start + (end - start) * (place + 1) / width
        known = [row["value"] for row in own if row["valid_from"] <= moment]
        drawn.append(marks[known[-1]] if known else "·")
    return "".join(drawn)


def _needs_policy(workspace: Workspace) -> None:
    if not workspace.rows("SELECT 1 FROM policy_version LIMIT 1"):
        raise UsageError(NO_POLICY)


def _rows(workspace: Workspace, name: str, params: Sequence[object] = ()) -> list[Row]:
    return _named(*workspace.cells(sql_text(name), params))


def _named(names: list[str], rows: list[tuple[Any, ...]]) -> list[Row]:
    return [dict(zip(names, row, strict=True)) for row in rows]


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=plain_time)
