"""The result as a self-contained HTML page, and as the piece of HTML that a notebook shows.

No script, no font, no picture, no address: the page asks the network for nothing, and its policy forbids it to.
"""

from __future__ import annotations

import math
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from consentkit.checks.reading import days_of, place_of, share
from consentkit.checks.results import WORDS

if TYPE_CHECKING:
    import jinja2

    from consentkit.checks.results import CheckResult, Outcome

_DECADES = 5


def page(result: CheckResult) -> str:
    """Return the whole page."""
    told = [each for each in result.sorted() if each.status != "passed"]
    return str(_templates().get_template("page.html.j2").render(result=result, bars=_bars(result), told=told))


def fragment(result: CheckResult) -> str:
    """Return verdict, chart and table as HTML to be shown inside another page."""
    text = (
        '{% import "fragment.html.j2" as part with context %}<div class="ckc"><style>{{ part.style() }}</style>'
        "{{ part.verdict(result) }}{{ part.table(result, false) }}{{ part.chart(bars) }}</div>"
    )
    return str(_templates().from_string(text).render(result=result, bars=_bars(result)))


@cache
def _templates() -> jinja2.Environment:
    import jinja2

    folder = resources.files("consentkit.checks")
    names = ("page.html.j2", "fragment.html.j2")
    texts = {name: folder.joinpath(name).read_text(encoding="utf-8") for name in names}
    made = jinja2.Environment(loader=jinja2.DictLoader(texts), autoescape=True, undefined=jinja2.StrictUndefined)
    made.globals.update(words=WORDS, share=share, place=place_of, days=days_of)
    return made


def _bars(result: CheckResult) -> list[dict[str, Any]]:
    """Make one bar for each failing group of each failed expectation, at most three of one."""
    return [bar for each in result.findings if each.rate is not None for bar in _bars_of(each)]


def _bars_of(each: Outcome) -> list[dict[str, Any]]:
    name = each.id.partition(".")[2].removeprefix("expect_").replace("_", " ")
    worst = sorted(each.broken_groups, key=lambda group: -group["failing"])[:3]
    if not worst:
        return [_bar(name, each.severity, each.rate or 0.0, each.tolerance or 0.0)]
    return [
        _bar(
            f"{name}: {group['name'] or 'unnamed'}",
            each.severity,
            group["failing"] / group["checked"] if group["checked"] else 1.0,
            1 - group["mostly"],
        )
        for group in worst
    ]


def _bar(name: str, severity: str, rate: float, allowed: float) -> dict[str, Any]:
    width = _along(rate)
    side = f"left:{width}%" if width < 70 else f"right:{100 - width}%;color:#fff"
    return {
        "name": name,
        "severity": severity,
        "width": width,
        "mark": min(_along(allowed), 99.5),
        "rate": share(rate),
        "allowed": share(allowed),
        "side": side,
    }


def _along(rate: float) -> float:
    """Place a share on an axis of powers of ten from 0.001 % to 100 %."""
    if rate <= 0:
        return 0.0
    return round(max(0.0, min(100.0, 100 * (1 + math.log10(min(rate, 1.0)) / _DECADES))), 2)
