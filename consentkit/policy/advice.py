"""Warnings: what a policy may say but probably does not mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentkit.policy.wording import Names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consentkit.policy.content import Content
    from consentkit.policy.reading import KeyPath

Hint = tuple["KeyPath", str]

_PROVIDERS = ("oneTrust", "ketch", "iubenda", "custom")
_STRATEGY_OF_EVENT = ("oneTrust", "ketch")
_WORDS = {"All": "every destination", "Warehouses": "every warehouse"}  # of the integrations object (RULES.md 2.6)


def hints(policy: Content) -> list[Hint]:
    """List the (key path, sentence) of everything in a valid policy that deserves a second look."""
    return [hint for advise in _ADVICE for hint in advise(policy)]


def _names_in_categories(policy: Content) -> Iterator[Hint]:
    """Names match exactly or through aliases; a near miss names the candidate."""
    known = Names(name for each in policy.destinations for name in (each.name, *each.aliases))
    for index, category in enumerate(policy.categories):
        for place, name in enumerate(category.destinations):
            candidate = known.near(name)
            known.add(name)
            if candidate:
                yield (
                    ("categories", index, "destinations", place),
                    f"{name!r} is taken as a destination of its own; did you mean {candidate!r}?",
                )


def _words(policy: Content) -> Iterator[Hint]:
    """Names that are words for many destinations elsewhere, and a latency that nothing begins with."""
    places: list[tuple[KeyPath, str]] = [
        (("destinations", index, "name"), each.name) for index, each in enumerate(policy.destinations)
    ]
    for index, category in enumerate(policy.categories):
        places += [(("categories", index, "destinations", i), name) for i, name in enumerate(category.destinations)]
    for path, name in places:
        if name in _WORDS:
            told = f"{name!r} is taken as one destination of that name, not as {_WORDS[name]}; name each destination"
            yield path, told
    if policy.latency and policy.effective_from is None:
        yield ("latency",), "has no effect without effective_from"


def _names_of_destinations(policy: Content) -> Iterator[Hint]:
    """Names and aliases that almost equal one of another destination."""
    owner: dict[str, str] = {}
    known = Names()
    for index, each in enumerate(policy.destinations):
        names: list[tuple[KeyPath, str]] = [(("destinations", index, "name"), each.name)]
        names += [(("destinations", index, "aliases", i), alias) for i, alias in enumerate(each.aliases)]
        for path, name in names:
            if candidate := known.near(name):
                yield path, f"{name!r} is almost {candidate!r}, a name of destination {owner[candidate]!r}"
        for _, name in names:
            owner[name] = each.name
            known.add(name)


def _idle_categories(policy: Content) -> Iterator[Hint]:
    for index, category in enumerate(policy.categories):
        if policy.platform == "segment" and not category.destinations:
            yield (
                ("categories", index),
                f"category {category.id!r} has no destinations: refusing it blocks nothing",
            )


def _mapping(policy: Content) -> Iterator[Hint]:
    """Destinations whose mapping does not do what it seems to (RULES.md 2.1)."""
    enabled = {each.id for each in policy.categories if each.enabled}
    needs: dict[str, list[str]] = {}
    for row in policy.mapping_rows():
        needs.setdefault(row.destination, []).append(row.category_id)
    places: dict[str, KeyPath] = {each.name: ("destinations", index) for index, each in enumerate(policy.destinations)}
    owners = policy.owners()
    for index, category in enumerate(policy.categories):
        for place, name in enumerate(category.destinations):
            places.setdefault(owners[name], ("categories", index, "destinations", place))
    settings = {each.name: each.consent for each in policy.destinations}
    for name, categories in needs.items():
        if policy.platform == "rudderstack" and not settings.get(name):
            told = "RudderStack goes by the settings under consent, and this destination has none"
            yield places[name], f"no category holds anything back from destination {name!r}: {told}"
        elif not enabled.intersection(categories):
            told = f"all its categories are disabled ({', '.join(categories)})"
            yield places[name], f"destination {name!r} needs no consent now: {told}"
    for each in policy.destinations:
        if each.exempt and each.name in needs:
            told = f"kind {each.kind} does not enforce consent, so its categories have no effect"
            yield places[each.name], f"destination {each.name!r} is exempt: {told}"
        elif not each.exempt and each.name not in needs and not each.consent:
            yield (
                places[each.name],
                f"no category maps destination {each.name!r}: it is assumed to need no consent",
            )


def _sources(policy: Content) -> Iterator[Hint]:
    ids = Names(each.id for each in policy.categories)
    for index, each in enumerate(policy.sources):
        if each.stamping_since and not each.stamps_consent:
            yield ("sources", index, "stamping_since"), "has no effect without stamps_consent: true"
        for place, category in enumerate((each.settings and each.settings.all_categories) or ()):
            if policy.categories and category not in ids:
                candidate = ids.near(category)
                hint = f"; did you mean {candidate!r}?" if candidate else ""
                path: KeyPath = ("sources", index, "settings", "all_categories", place)
                yield path, f"no category has the id {category!r}{hint}"


def _consent(policy: Content) -> Iterator[Hint]:
    """RudderStack settings that have no effect or name something unusual (RULES.md 4)."""
    ids = Names(each.id for each in policy.categories)
    for index, each in enumerate(policy.destinations):
        for number, setting in enumerate(each.consent):
            path: KeyPath = ("destinations", index, "consent", number)
            if setting.provider not in _PROVIDERS:
                candidate = Names(_PROVIDERS).near(setting.provider)
                hint = f"; did you mean {candidate!r}?" if candidate else f"; known: {', '.join(_PROVIDERS)}"
                yield (
                    (*path, "provider"),
                    f"{setting.provider!r} is no provider RudderStack is known to have{hint}",
                )
            if setting.strategy and (setting.legacy or setting.provider in _STRATEGY_OF_EVENT):
                yield (
                    (*path, "strategy"),
                    "has no effect here: the event's own strategy counts, or none for legacy",
                )
            if setting.source and setting.legacy:
                yield (*path, "source"), "has no effect for a legacy setting, which holds for every source"
            for place, category in enumerate(setting.categories):
                if candidate := ids.near(category):
                    yield (
                        (*path, "categories", place),
                        f"no category has the id {category!r}; did you mean {candidate!r}?",
                    )


def _stamps(policy: Content) -> Iterator[Hint]:
    """Categories that stamps of other tools are read as and that the policy does not have (RULES.md 11)."""
    ids = Names(each.id for each in policy.categories)
    for index, each in enumerate(policy.stamps):
        named = [(("stamps", index, "categories", name), category) for name, category in each.categories.items()]
        named += [(("stamps", index, "category"), each.category)] if each.category else []  # type: ignore[list-item]
        for path, category in named:
            if category not in ids:
                candidate = ids.near(category)
                yield (
                    path,
                    f"no category has the id {category!r}" + (f"; did you mean {candidate!r}?" if candidate else ""),
                )


_ADVICE = (
    _words,
    _names_in_categories,
    _names_of_destinations,
    _idle_categories,
    _mapping,
    _sources,
    _consent,
    _stamps,
)
