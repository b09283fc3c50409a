"""Lets a parser be set up when it is first used. Import this before Altair or Great Expectations.

Where Jupyter is installed too, jsonschema, which both need, imports ``rfc3987_syntax`` for a format that neither charts
nor suites have. To set its grammar up takes about as long as to draw all charts.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_NAME = "rfc3987_syntax"


def _defer() -> None:
    spec = None if _NAME in sys.modules else find_spec(_NAME)
    if spec is None:
        return
    late = ModuleType(_NAME)

    def real(name: str) -> Any:
        if sys.modules.get(_NAME) is late:
            del sys.modules[_NAME]
        return getattr(import_module(_NAME), name)

    def is_valid_syntax(term: str, value: str) -> bool:
        return bool(real("is_valid_syntax")(term, value))

    found = {"__spec__": spec, "__path__": spec.submodule_search_locations}
    vars(late).update(found, __getattr__=real, is_valid_syntax=is_valid_syntax)
    sys.modules[_NAME] = late


_defer()
