"""The rows a policy turns into: one class per table, its fields are the columns in order.

Each class is a plain tuple with names, ready to be written to a table. Times are naive UTC.
"""

from datetime import datetime, timedelta
from typing import NamedTuple


class VersionRow(NamedTuple):
    """One version, in force from ``valid_from`` (None: always) until before ``valid_to`` (None: still)."""

    version_number: int
    valid_from: datetime | None
    valid_to: datetime | None
    latency: timedelta
    platform: str
    regime: str


class CategoryRow(NamedTuple):
    """One consent category; ``warehouse_column`` is the part of the column name that stands for its id."""

    category_id: str
    name: str | None
    enabled: bool
    warehouse_column: str


class DestinationRow(NamedTuple):
    """One destination by its own name.

    ``declared`` is False when only a category mentions it; ``exempt`` when it does not enforce consent by its
    kind (RULES.md 2.1); ``all_sources`` when no ``connected`` list narrows it: with False and no
    :class:`ConnectionRow` it is connected to nothing.
    """

    destination: str
    declared: bool
    kind: str | None
    enabled: bool
    enforced: bool
    exempt: bool
    all_sources: bool


class AliasRow(NamedTuple):
    """One name a destination answers to; every destination answers to its own name too."""

    destination: str
    alias: str


class MappingRow(NamedTuple):
    """One category a destination needs."""

    category_id: str
    destination: str


class ConsentRow(NamedTuple):
    """One category id of a RudderStack consent setting (RULES.md 4).

    The setting itself is (destination, provider, source, legacy); ``source`` None means every source,
    ``strategy`` None means not said.
    """

    destination: str
    provider: str
    source: str | None
    legacy: bool
    strategy: str | None
    category_id: str


class SourceRow(NamedTuple):
    """One source of events.

    ``declared`` is False for the one source of a policy without a ``sources:`` block. ``consent_model`` is None
    where none is given, ``consent_enabled`` and ``has_unmapped_destinations`` when the settings do not say;
    ``lists_categories`` tells an empty ``all_categories`` (True, no :class:`SourceCategoryRow`) from an absent one
    (False).
    """

    source: str
    declared: bool
    stamps_consent: bool
    stamping_since: datetime | None
    enforcement: str
    consent_model: str | None
    consent_enabled: bool | None
    has_unmapped_destinations: bool | None
    lists_categories: bool


class SourceCategoryRow(NamedTuple):
    """One id of ``settings.all_categories`` of a source."""

    source: str
    category_id: str


class WriteKeyRow(NamedTuple):
    """One write key or source id by which events name a source."""

    write_key: str
    source: str


class ConnectionRow(NamedTuple):
    """One source a destination is connected to; only for destinations with a ``connected`` list."""

    destination: str
    source: str
