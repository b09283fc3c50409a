"""Which consent each destination needs: the policy file as frozen, checked data.

Start with :meth:`Policy.load`. The modules build on each other in this order: ``values`` (text to values),
``parts`` (categories, destinations, sources), ``content`` (the policy and its rows), ``reading`` (files to
plain data with line numbers), ``wording``, ``checks`` and ``advice`` (mistakes and warnings), ``model``
(the one class users hold).
"""

from __future__ import annotations

from consentkit.policy.model import Policy
from consentkit.policy.parts import Category, ConsentSetting, Destination, Source, SourceSettings

__all__ = ["Category", "ConsentSetting", "Destination", "Policy", "Source", "SourceSettings"]
