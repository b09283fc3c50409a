"""Proves from your own event data whether consent was enforced, destination by destination.

Start with :func:`open` (a workspace on one DuckDB file) or :func:`decide` (verdicts only). Every public
name is listed in ``__all__`` and imported when first used, so that importing the package costs little.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from consentkit import charts
    from consentkit.deciding import decide
    from consentkit.errors import ConsentkitError, EngineError, PolicyError, SourceError, UsageError
    from consentkit.policy import Policy
    from consentkit.workspace import Workspace, open  # noqa: A004

__version__ = "0.1.0"

_HOMES = {
    "ConsentkitError": "consentkit.errors",
    "EngineError": "consentkit.errors",
    "Policy": "consentkit.policy",
    "PolicyError": "consentkit.errors",
    "SourceError": "consentkit.errors",
    "UsageError": "consentkit.errors",
    "Workspace": "consentkit.workspace",
    "charts": "consentkit.charts",
    "decide": "consentkit.deciding",
    "open": "consentkit.workspace",
}

__all__ = [  # noqa: RUF022
    "open",
    "decide",
    "Policy",
    "Workspace",
    "charts",
    "ConsentkitError",
    "EngineError",
    "PolicyError",
    "SourceError",
    "UsageError",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'consentkit' has no attribute {name!r}")
    from importlib import import_module

    home = import_module(_HOMES[name])
    value = home if name == "charts" else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted([*__all__, "__version__"])
