"""The content of one policy file, and the rows it turns into. Nobody else walks the models."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from consentkit.names import warehouse_column_part
from consentkit.policy.parts import Category, Destination, Part, Platform, Regime, Source, Stamp
from consentkit.policy.rows import (
    AliasRow,
    CategoryRow,
    ConnectionRow,
    ConsentRow,
    DestinationRow,
    MappingRow,
    SourceCategoryRow,
    SourceRow,
    WriteKeyRow,
)
from consentkit.policy.values import Duration, Moment, to_version

DEFAULT_SOURCE = "default"
StampCells = tuple[str | None, ...]


class Content(Part):
    """Everything one policy file says, and the same as rows for tables."""

    version: Annotated[Literal[1], BeforeValidator(to_version)] = Field(
        description="The version of the policy format, always 1."
    )
    platform: Platform = Field(description="Whose routing rules apply in the cloud.")
    effective_from: Moment | None = Field(
        default=None,
        description="From when this version is in force, a date or a time, UTC without an offset.",
    )
    latency: Duration = Field(
        default=timedelta(0),
        description="The grace around effective_from within which a mismatch is only possible, not certain.",
    )
    categories: tuple[Category, ...] = Field(
        default=(), description="The consent categories; optional for rudderstack."
    )
    destinations: tuple[Destination, ...] = Field(
        default=(), description="The destinations something needs to be said about beyond their categories."
    )
    sources: tuple[Source, ...] = Field(
        default=(),
        description="The sources of events; without any there is one, default, enforced in the cloud.",
    )
    stamps: tuple[Stamp, ...] = Field(
        default=(),
        description="Consent that other tools write on events, besides the platform's own consent object.",
    )
    regime: Regime = Field(
        default="opt-in",
        description="The verdict when nothing was said: opt-in is not granted, opt-out is granted.",
    )

    def owners(self) -> dict[str, str]:
        """Map every known destination name and alias to the destination's own name.

        Names match exactly, never by lower-casing (RULES.md 2.6). A name only a category mentions
        stands for itself.
        """
        owners = {alias: each.name for each in self.destinations for alias in each.aliases}
        owners.update({each.name: each.name for each in self.destinations})
        for category in self.categories:
            for name in category.destinations:
                owners.setdefault(name, name)
        return owners

    def category_rows(self) -> list[CategoryRow]:
        """Give one row per category, see :class:`CategoryRow`."""
        return [
            CategoryRow(each.id, each.name, each.enabled, warehouse_column_part(each.id)) for each in self.categories
        ]

    def destination_rows(self) -> list[DestinationRow]:
        """Give one row per destination, declared or only mentioned, see :class:`DestinationRow`."""
        declared = {each.name: each for each in self.destinations}
        rows = []
        for name in dict.fromkeys([*declared, *self.owners().values()]):
            each = declared.get(name) or Destination(name=name)
            everywhere = each.connected is None
            rows.append(
                DestinationRow(name, name in declared, each.kind, each.enabled, each.enforced, each.exempt, everywhere)
            )
        return rows

    def alias_rows(self) -> list[AliasRow]:
        """Give one row per name a destination answers to, its own included, see :class:`AliasRow`."""
        return [AliasRow(destination, alias) for alias, destination in self.owners().items()]

    def mapping_rows(self) -> list[MappingRow]:
        """Give one row per category and destination it binds, aliases resolved, see :class:`MappingRow`.

        Disabled categories are included: whether they bind is a rule, and ``CategoryRow.enabled`` says it.
        """
        owners = self.owners()
        rows = [MappingRow(category.id, owners[name]) for category in self.categories for name in category.destinations]
        return list(dict.fromkeys(rows))

    def consent_rows(self) -> list[ConsentRow]:
        """Give one row per category id of every RudderStack consent setting, see :class:`ConsentRow`."""
        rows = [
            ConsentRow(each.name, setting.provider, setting.source, setting.legacy, setting.strategy, category)
            for each in self.destinations
            for setting in each.consent
            for category in setting.categories
        ]
        return list(dict.fromkeys(rows))

    def source_rows(self) -> list[SourceRow]:
        """Give one row per source, or the one source ``default``, see :class:`SourceRow`.

        Enforcement ``cloud`` becomes ``rudder-server`` under platform rudderstack.
        """
        rows = []
        for each in self.sources or (Source(name=DEFAULT_SOURCE),):
            cloud_of_rudder = self.platform == "rudderstack" and each.enforcement == "cloud"
            settings = each.settings
            rows.append(
                SourceRow(
                    each.name,
                    bool(self.sources),
                    each.stamps_consent,
                    each.stamping_since,
                    "rudder-server" if cloud_of_rudder else each.enforcement,
                    each.consent_model,
                    settings.consent_enabled if settings else None,
                    settings.has_unmapped_destinations if settings else None,
                    settings is not None and settings.all_categories is not None,
                )
            )
        return rows

    def source_category_rows(self) -> list[SourceCategoryRow]:
        """Give one row per id of a source's ``settings.all_categories``, see :class:`SourceCategoryRow`."""
        rows = [
            SourceCategoryRow(each.name, category)
            for each in self.sources
            for category in (each.settings.all_categories if each.settings else None) or ()
        ]
        return list(dict.fromkeys(rows))

    def write_key_rows(self) -> list[WriteKeyRow]:
        """Give one row per write key, see :class:`WriteKeyRow`."""
        rows = [WriteKeyRow(key, each.name) for each in self.sources for key in each.write_keys]
        return list(dict.fromkeys(rows))

    def connection_rows(self) -> list[ConnectionRow]:
        """Give one row per destination and source it is connected to, see :class:`ConnectionRow`."""
        rows = [ConnectionRow(each.name, source) for each in self.destinations for source in each.connected or ()]
        return list(dict.fromkeys(rows))

    def stamp_tables(self) -> list[tuple[str, tuple[str, ...], list[StampCells]]]:
        """Give (table, columns, rows) of how consent in the words of other tools is read (RULES.md 11)."""
        places: list[StampCells] = []
        words: list[StampCells] = []
        names: list[StampCells] = []
        for each in self.stamps:
            places.append((each.path, each.json_path, each.dialect or each.path, each.category))
            words += [(each.path, word, says) for word, says in each.values.items()]
            names += [(each.path, name, category) for name, category in each.categories.items()]
        return [
            ("stamp_place", ("place", "path", "dialect", "category_id"), places),
            ("stamp_word", ("place", "word", "says"), words),
            ("stamp_name", ("place", "name", "category_id"), names),
        ]
