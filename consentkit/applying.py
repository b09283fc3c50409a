"""Writes a policy into the tables: one set of rows per version. The rules themselves are the views."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from consentkit.engine import sql_text
from consentkit.errors import UsageError

if TYPE_CHECKING:
    from consentkit.engine import Engine
    from consentkit.policy import Policy
    from consentkit.policy.rows import SourceRow, VersionRow

OPEN_FROM = datetime(1, 1, 1)
OPEN_TO = datetime(9999, 12, 31)
UNKNOWN_SOURCE = "(unknown)"
POINTS = ("cloud", "analytics.js", "kotlin", "swift", "react-native", "rudder-server", "rudder-js")
_TABLES = (
    "policy_version",
    "category",
    "destination",
    "destination_alias",
    "category_destination",
    "source",
    "source_key",
    "connection",
    "source_category",
    "destination_consent",
)


def apply_policy(engine: Engine, policy: Policy, at: str | None = None) -> None:
    """Replace the policy in the tables by ``policy``, all its versions, inside the caller's transaction.

    Out: rows in the policy tables of tables.sql. Destinations that only the delivery log names are added
    with ``known = FALSE``, so that they are judged and reported. ``at`` judges every source as if this were
    its enforcement point. Raises :class:`UsageError` where there is no such point. Source: policy document, section 1.
    """
    if at is not None and at not in POINTS:
        raise UsageError(f"{at!r} is not an enforcement point; they are {', '.join(POINTS)}")
    for table in _TABLES:
        engine.run("forget the policy", f"DELETE FROM {table}")
    names = dict.fromkeys(row.destination for version in policy.versions for row in version.destination_rows())
    numbers = {name: number for number, name in enumerate(names, start=1)}
    for place, version in zip(policy.version_rows(), policy.versions, strict=True):
        _write_version(engine, place, version, numbers, at)
    complete_policy(engine)


def complete_policy(engine: Engine) -> None:
    """Bring the policy's rows up to date with the data: names that only the data knows."""
    engine.run("names only the data knows", sql_text("apply_unknown_names"))


def _write_version(engine: Engine, place: VersionRow, policy: Policy, numbers: dict[str, int], at: str | None) -> None:
    version = place.version_number
    sources = [row._replace(enforcement=at) if at else row for row in policy.source_rows()]
    source_ids = {row.source: number for number, row in enumerate(sources, start=1)}
    _write_window(engine, place, sources)
    engine.insert(
        "write the categories",
        "category",
        ("version_id", "category_id", "name", "enabled"),
        [(version, row.category_id, row.name, row.enabled) for row in policy.category_rows()],
    )
    engine.insert(
        "write the destinations",
        "destination",
        ("version_id", "destination_id", "name", "kind", "enabled", "enforced", "known", "connected_to_all"),
        [
            (
                version,
                numbers[row.destination],
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
        [(version, numbers[row.destination], row.alias) for row in policy.alias_rows()],
    )
    engine.insert(
        "write the mapping",
        "category_destination",
        ("version_id", "category_id", "destination_id"),
        [(version, row.category_id, numbers[row.destination]) for row in policy.mapping_rows()],
    )
    _write_sources(engine, version, policy, sources)
    _write_settings(engine, version, policy, source_ids, numbers)
    engine.insert(
        "write the connections",
        "connection",
        ("version_id", "destination_id", "source_id"),
        [(version, numbers[row.destination], source_ids[row.source]) for row in policy.connection_rows()],
    )


def _write_window(engine: Engine, place: VersionRow, sources: list[SourceRow]) -> None:
    """Write when a version is in force; nearer to a change than its latency, nothing is certain."""
    valid_from, valid_to = place.valid_from or OPEN_FROM, place.valid_to or OPEN_TO
    settled_from = valid_from + place.latency if place.valid_from else OPEN_FROM
    settled_to = valid_to - place.latency if place.valid_to else OPEN_TO
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
        1 if len(sources) == 1 else None,
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


def _write_sources(engine: Engine, version: int, policy: Policy, sources: list[SourceRow]) -> None:
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
            number,
            row.source,
            row.stamps_consent,
            row.stamping_since,
            row.enforcement,
            row.consent_model,
            row.consent_enabled,
            row.has_unmapped_destinations,
            row.lists_categories,
        )
        for number, row in enumerate(sources, start=1)
    ]
    engine.insert("write the sources", "source", columns, [*rows, (*unknown, None, None, False)])
    ids = {row.source: number for number, row in enumerate(sources, start=1)}
    engine.insert(
        "write the write keys",
        "source_key",
        ("version_id", "source_id", "write_key"),
        [(version, ids[row.source], row.write_key) for row in policy.write_key_rows()],
    )


def _write_settings(
    engine: Engine, version: int, policy: Policy, source_ids: dict[str, int], numbers: dict[str, int]
) -> None:
    engine.insert(
        "write the settings",
        "source_category",
        ("version_id", "source_id", "category_id"),
        [(version, source_ids[row.source], row.category_id) for row in policy.source_category_rows()],
    )
    engine.insert(
        "write the consent settings",
        "destination_consent",
        ("version_id", "destination_id", "source_id", "provider", "legacy", "strategy", "category_id", "trimmed_id"),
        [
            (
                version,
                numbers[row.destination],
                source_ids[row.source] if row.source else None,
                row.provider,
                row.legacy,
                row.strategy,
                row.category_id,
                row.category_id.strip(),
            )
            for row in policy.consent_rows()
        ],
    )
    engine.run("write the platform", sql_text("apply_platform"))
