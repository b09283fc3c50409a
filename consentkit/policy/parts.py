"""The parts of a policy file as frozen models: category, destination, consent setting, source."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from consentkit.policy.values import Flag, Meanings, Moment, Names, Text

Platform = Literal["segment", "rudderstack"]
Kind = Literal["classic", "actions", "warehouse", "aws-s3", "engage", "other"]
Enforcement = Literal["cloud", "analytics.js", "kotlin", "swift", "react-native", "rudder-server", "rudder-js"]
Regime = Literal["opt-in", "opt-out"]
Strategy = Literal["and", "or"]
Dialect = Literal[
    "onetrust",
    "google-consent-mode",
    "mparticle",
    "snowplow",
    "rudderstack",
    "segment",
    "consent-manager",
    "tcf",
    "gpp",
]

ENFORCEMENT_OF: dict[str, tuple[str, ...]] = {
    "segment": ("cloud", "analytics.js", "kotlin", "swift", "react-native"),
    "rudderstack": ("cloud", "rudder-server", "rudder-js"),
}
"""Which enforcement points each platform has; ``cloud`` means rudder-server under rudderstack."""

_NULLS = frozenset({"null", "Null", "NULL", "~"})
_TEXT_KEYS = frozenset({"id", "name", "source", "provider"})


class Part(BaseModel):
    """What every part has in common: frozen, no unknown keys, an empty value means absent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: Any) -> Any:
        """Drop optional keys without a value; text keys keep ``null`` and ``~``, which are names there."""
        if not isinstance(data, Mapping):
            return data
        optional = {name for name, field in cls.model_fields.items() if not field.is_required()}
        return {key: value for key, value in data.items() if key not in optional or not _absent(key, value)}


def _absent(key: str, value: object) -> bool:
    if value is None or (isinstance(value, str) and value == ""):
        return True
    return key not in _TEXT_KEYS and isinstance(value, str) and value in _NULLS


class Category(Part):
    """A consent category and the destinations that need it."""

    id: Text = Field(description="The category id exactly as the consent banner stamps it, case-sensitive.")
    name: Text | None = Field(default=None, description="A name for people; nothing is matched by it.")
    enabled: Flag = Field(default=True, description="False when the category no longer binds its destinations.")
    destinations: tuple[Text, ...] = Field(
        default=(), description="Names or aliases of the destinations that need this category."
    )


class ConsentSetting(Part):
    """What a RudderStack destination is configured with for one consent provider.

    Source: RULES.md 4.
    """

    provider: Text = Field(description="The consent provider as events name it: oneTrust, ketch, iubenda or custom.")
    categories: tuple[Text, ...] = Field(
        min_length=1, description="The category ids the destination is configured with."
    )
    strategy: Strategy | None = Field(
        default=None,
        description="Whether all ids must be allowed (and) or one is enough (or); for provider custom.",
    )
    source: Text | None = Field(default=None, description="The only source the setting is for; absent means every one.")
    legacy: Flag = Field(default=False, description="True for the older per-destination setting of oneTrust or ketch.")


class Destination(Part):
    """A destination and what routing needs to know about it."""

    name: Text = Field(description="The destination's name, exactly as the platform spells it.")
    aliases: tuple[Text, ...] = Field(
        default=(), description="Other names the same destination goes by in logs or events."
    )
    kind: Kind | None = Field(
        default=None, description="The kind of destination; aws-s3 and engage are exempt from consent."
    )
    enabled: Flag = Field(default=True, description="False when nothing is sent to the destination at all.")
    enforced: Flag = Field(
        default=False, description="True when an engage space enforces consent; only for kind engage."
    )
    connected: tuple[Text, ...] | None = Field(
        default=None, description="Names of the sources it is connected to; absent means every source."
    )
    consent: tuple[ConsentSetting, ...] = Field(
        default=(), description="Consent settings per provider; only for platform rudderstack."
    )

    @property
    def exempt(self) -> bool:
        """Whether it does not enforce consent: S3, and Engage without enforcement (RULES.md 2.1)."""
        return self.kind == "aws-s3" or (self.kind == "engage" and not self.enforced)


class SourceSettings(Part):
    """What the platform's own settings file says about a source.

    Source: RULES.md 3.
    """

    consent_enabled: Flag | None = Field(default=None, description="Whether consent is switched on for the source.")
    all_categories: tuple[Text, ...] | None = Field(
        default=None, description="Ids of the categories of all enabled destinations of the source."
    )
    has_unmapped_destinations: Flag | None = Field(
        default=None, description="Whether a destination of the source needs no category."
    )


class Source(Part):
    """A source of events and where consent is enforced for it."""

    name: Text = Field(description="The source's name, as given to --source and in connected lists.")
    stamps_consent: Flag = Field(
        default=False, description="True when every event of the source must carry the consent object."
    )
    stamping_since: Moment | None = Field(
        default=None,
        description="When the source began to stamp consent, a date or a time, UTC without an offset.",
    )
    enforcement: Enforcement = Field(default="cloud", description="Where consent is enforced for the source's events.")
    consent_model: Regime | None = Field(
        default=None,
        description="How analytics.js treats who has not chosen yet; absent is opt-in there, and else the regime.",
    )
    write_keys: tuple[Text, ...] = Field(
        default=(), description="The write keys or source ids by which events name the source."
    )
    settings: SourceSettings | None = Field(
        default=None,
        description="What the platform's settings file says; derived from the mapping when absent.",
    )


class Stamp(Part):
    """Consent that another tool writes on events, where it stands and how it is read.

    Source: RULES.md 11.
    """

    path: Text = Field(description="Where it stands on the event, keys with dots between them: context.privacy.")
    dialect: Dialect | None = Field(default=None, description="The tool that writes it; or values says how it is read.")
    values: Meanings = Field(
        default={},
        description="What each value means; listed and unlisted stand for ids a list holds and leaves out.",
    )
    categories: Names = Field(
        default={}, description="The category ids its own names stand for, where they are not the same."
    )
    category: Text | None = Field(default=None, description="The category that the place holds a single value for.")

    def __hash__(self) -> int:
        return hash((self.path, self.dialect, self.category, *self.values.items(), *self.categories.items()))

    @property
    def json_path(self) -> str:
        """The same place as a JSON path."""
        return "$" + "".join(f'."{key}"' for key in self.path.split("."))
