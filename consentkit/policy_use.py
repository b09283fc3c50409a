"""What a policy has and the data does not show: told beside the warnings about its text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from consentkit.applying import apply_policy
from consentkit.engine import sql_text

if TYPE_CHECKING:
    from consentkit.engine import Engine
    from consentkit.policy import Policy

_SAID = {
    "category": "no event names category {name!r}, among {looked_at:,} different consent objects",
    "consent id": "no event{of} names consent id {name!r} of provider {provider!r}, among {looked_at:,} different "
    "consentManagement objects: what needs it is never held back by the server, and always by the SDK",
    "destination": "no delivery is of destination {name!r}, among {looked_at:,} records",
}
_NOTHING = {
    "category": "whether events name its categories: no event with categories is loaded",
    "consent id": "whether events name the consent ids of its settings: no consentManagement object is loaded",
    "destination": "whether its destinations are delivered to: no delivery log or count is loaded",
}


@dataclass(frozen=True)
class PolicyUse:
    """Sentences about a policy against data: what is not seen there, and what nobody could look for."""

    unseen: list[str]
    not_checked: list[str]


def policy_use(engine: Engine, policy: Policy) -> PolicyUse:
    """Look for the categories and destinations of ``policy`` in what is loaded, and leave the policy in force as it is.

    Source: RULES.md 10, V22 and X40; the view ``policy_use``.
    """
    with engine.rehearsal():
        apply_policy(engine, policy)
        rows = engine.rows("look for the parts of the policy", sql_text("ask_policy_use"))
    unseen = []
    for part, name, provider, source, seen, looked_at in rows:
        if looked_at and not seen:
            of = f" of source {source!r}" if source else ""
            unseen.append(_SAID[part].format(name=name, provider=provider, of=of, looked_at=looked_at))
    return PolicyUse(unseen, [_NOTHING[part] for part in dict.fromkeys(row[0] for row in rows if not row[5])])
