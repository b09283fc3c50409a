"""Writes a policy into the tables: one set of rows per version. The rules themselves are the views."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from consentkit.engine import sql_text
from consentkit.errors import UsageError
from consentkit.keeping import keep_history
from consentkit.kept import let_go

if TYPE_CHECKING:
    from collections.abc import Iterable

    from consentkit.engine import Engine
    from consentkit.policy import Policy
    from consentkit.policy.rows import SourceRow, VersionRow

OPEN_FROM = datetime(1, 1, 1)
OPEN_TO = datetime(9999, 12, 31)
UNKNOWN_SOURCE = "(unknown)"
POINTS = ("cloud", "analytics.js", "kotlin", "swift", "react-native", "rudder-server", "rudder-js")
_TABLES = (
    "policy_version",
    "policy_window",
    "category",
    "destination",
    "destination_alias",
    "category_column",
    "category_destination",
    "source",
    "source_key",
    "connection",
    "source_category",
    "destination_consent",
    "stamp_place",
    "stamp_word",
    "stamp_name",
)


def apply_policy(engine: Engine, policy: Policy, at: str | None = None) -> None:
    """Replace the policy in the tables by ``policy``, all its versions, inside the caller's transaction.

    Out: rows in the policy tables of tables.sql. Destinations that only the delivery log names are added
    with ``known = FALSE``, so that they are judged and reported. ``at`` judges every source as if this were
    its enforcement point. One that is applied already changes nothing, so that what was found by it holds. Raises
    :class:`UsageError` where there is no such point. Source: RULES.md 3.
    """
    from consentkit.policy.numbering import destination_numbers, names_elsewhere

    if at is not None and at not in POINTS:
        raise UsageError(f"{at!r} is not an enforcement point; they are {', '.join(POINTS)}")
    state = _state(engine, policy, at)
    if state == engine.value("what is applied", "SELECT max(a.value) FROM about AS a WHERE a.name = 'applied'"):
        return
    let_go(engine)
    for table in _TABLES:
        engine.run("forget the policy", f"DELETE FROM {table}")
    sources = _numbered(row.source for version in policy.versions for row in version.source_rows())
    destinations = destination_numbers(policy.versions)
    elsewhere = names_elsewhere(policy.versions, destinations)
    placed = _placed(policy)
    for number, (place, version) in enumerate(placed, start=1):
        following = placed[number][0].latency if number < len(placed) else timedelta()
        numbers = _Numbers(destinations[number - 1], sources, elsewhere[number - 1])
        _write_version(engine, place, version, numbers, at, following)
    engine.run("write when each version is in force", sql_text("apply_windows"))
    _keep_text(engine, policy, at)
    engine.run("forget what was applied", "DELETE FROM about WHERE name = 'applied'")
    engine.insert("note what is applied", "about", ("name", "value"), [("applied", state)])
    complete_policy(engine, changed=True)


@dataclass(frozen=True)
class _Numbers:
    """The ids of destinations and sources by name, and what other versions call the destinations of this one."""

    destinations: dict[str, int]
    sources: dict[str, int]
    elsewhere: list[tuple[str, str]]


def _numbered(names: Iterable[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(dict.fromkeys(names), start=1)}


def _keep_text(engine: Engine, policy: Policy, at: str | None) -> None:
    """Keep each version as YAML in ``about``, so that a report can show the policy that judged."""
    said = f"# judged as if every source were enforced at {at}\n" if at else ""
    texts = [(f"policy {place.version_number}", said + each.as_yaml()) for place, each in _placed(policy)]
    engine.run("forget the policy's text", "DELETE FROM about WHERE name LIKE 'policy %'")
    engine.insert("keep the policy's text", "about", ("name", "value"), texts)


def _state(engine: Engine, policy: Policy, at: str | None) -> str:
    """Tell a policy, as these views and vocabularies read it, from any other."""
    views = engine.value("which views there are", "SELECT max(a.value) FROM about AS a WHERE a.name = 'views'")
    said = [(place, each.as_yaml()) for place, each in _placed(policy)]
    return hashlib.sha256(repr((views, at, said)).encode()).hexdigest()


def _placed(policy: Policy) -> list[tuple[VersionRow, Policy]]:
    return list(zip(policy.version_rows(), policy.versions, strict=True))


def complete_policy(engine: Engine, *, changed: bool = False) -> None:
    """Bring the policy's rows up to date with the data: names that only the data knows.

    What rests on events besides is worked out where some are new, or the policy has ``changed``.
    """
    engine.run("names only the data knows", sql_text("apply_unknown_names"))
    if changed or engine.value("look for new events", sql_text("ask_undone_events")):
        engine.run("days with events", sql_text("apply_event_days"))
        engine.run("stamps of other tools", sql_text("apply_stamp_entries"))
        keep_history(engine)
    engine.run("note up to where all is done", sql_text("apply_done"))


def _write_version(
    engine: Engine, place: VersionRow, policy: Policy, numbers: _Numbers, at: str | None, following: timedelta
) -> None:
    version = place.version_number
    sources = [row._replace(enforcement=at) if at else row for row in policy.source_rows()]
    _write_window(engine, place, following, sources, numbers.sources)
    _write_categories(engine, version, policy)
    _write_destinations(engine, version, policy, numbers)
    _write_sources(engine, version, policy, sources, numbers.sources)
    _write_settings(engine, version, policy, numbers)


def _write_categories(engine: Engine, version: int, policy: Policy) -> None:
    engine.insert(
        "write the categories",
        "category",
        ("version_id", "category_id", "name", "enabled"),
        [(version, row.category_id, row.name, row.enabled) for row in policy.category_rows()],
    )
    engine.insert(
        "write the warehouse columns",
        "category_column",
        ("version_id", "category_id", "part"),
        [(version, row.category_id, row.warehouse_column) for row in policy.category_rows()],
    )


def _write_destinations(engine: Engine, version: int, policy: Policy, numbers: _Numbers) -> None:
    """Write the destinations, what they are called, which categories they need and which sources send to them."""
    engine.insert(
        "write the destinations",
        "destination",
        ("version_id", "destination_id", "name", "kind", "enabled", "enforced", "known", "connected_to_all"),
        [
            (
                version,
                numbers.destinations[row.destination],
                row.destination,
                row.kind or "other",
                row.enabled,
                row.enforced,
                True,
                row.all_sources,
            )
            for row in policy.destination_rows()
        ],
    )
    engine.insert(
        "write the aliases",
        "destination_alias",
        ("version_id", "destination_id", "name"),
        [(version, numbers.destinations[name], alias) for name, alias in (*policy.alias_rows(), *numbers.elsewhere)],
    )
    engine.insert(
        "write the mapping",
        "category_destination",
        ("version_id", "category_id", "destination_id"),
        [(version, row.category_id, numbers.destinations[row.destination]) for row in policy.mapping_rows()],
    )
    engine.insert(
        "write the connections",
        "connection",
        ("version_id", "destination_id", "source_id"),
        [
            (version, numbers.destinations[row.destination], numbers.sources[row.source])
            for row in policy.connection_rows()
        ],
    )


def _write_window(
    engine: Engine, place: VersionRow, following: timedelta, sources: list[SourceRow], ids: dict[str, int]
) -> None:
    """Write when a version is in force; nearer to a change than its latency, nothing is certain."""
    valid_from, valid_to = place.valid_from or OPEN_FROM, place.valid_to or OPEN_TO
    settled_from = valid_from + place.latency if place.valid_from else OPEN_FROM
    settled_to = valid_to - following if place.valid_to else OPEN_TO
    always = place.valid_from is None and place.valid_to is None
    row = (
        place.version_number,
        place.platform,
        place.regime,
        valid_from,
        valid_to,
        always,
        settled_from,
        settled_to,
        ids[sources[0].source] if len(sources) == 1 else None,
        sources[0].declared,
    )
    columns = (
        "version_id",
        "platform",
        "regime",
        "valid_from",
        "valid_to",
        "takes_undated",
        "settled_from",
        "settled_to",
        "only_source_id",
        "sources_declared",
    )
    engine.insert("write the policy version", "policy_version", columns, [row])


def _write_sources(engine: Engine, version: int, policy: Policy, sources: list[SourceRow], ids: dict[str, int]) -> None:
    """Write the sources, and source 0 for the events of none of them: judged as the others where all are alike."""
    points = {row.enforcement for row in sources}
    unknown = (version, 0, UNKNOWN_SOURCE, False, None, points.pop() if len(points) == 1 else "unknown", None)
    columns = (
        "version_id",
        "source_id",
        "name",
        "stamps_consent",
        "stamping_since",
        "enforcement",
        "consent_model",
        "consent_enabled",
        "has_unmapped_destinations",
        "lists_categories",
    )
    rows = [
        (
            version,
            ids[row.source],
            row.source,
            row.stamps_consent,
            row.stamping_since,
            row.enforcement,
            row.consent_model,
            row.consent_enabled,
            row.has_unmapped_destinations,
            row.lists_categories,
        )
        for row in sources
    ]
    engine.insert("write the sources", "source", columns, [*rows, (*unknown, None, None, False)])
    engine.insert(
        "write the write keys",
        "source_key",
        ("version_id", "source_id", "write_key"),
        [(version, ids[row.source], row.write_key) for row in policy.write_key_rows()],
    )


def _write_settings(engine: Engine, version: int, policy: Policy, numbers: _Numbers) -> None:
    engine.insert(
        "write the settings",
        "source_category",
        ("version_id", "source_id", "category_id"),
        [(version, numbers.sources[row.source], row.category_id) for row in policy.source_category_rows()],
    )
    engine.insert(
        "write the consent settings",
        "destination_consent",
        ("version_id", "destination_id", "source_id", "provider", "legacy", "strategy", "category_id", "trimmed_id"),
        [
            (
                version,
                numbers.destinations[row.destination],
                numbers.sources[row.source] if row.source else None,
                row.provider,
                row.legacy,
                row.strategy,
                row.category_id,
                row.category_id.strip(),
            )
            for row in policy.consent_rows()
        ],
    )
    for table, columns, rows in policy.stamp_tables():
        cells = [(version, *row) for row in rows]
        engine.insert("write how other stamps are read", table, ("version_id", *columns), cells)
    engine.run("write the platform", sql_text("apply_platform"))
