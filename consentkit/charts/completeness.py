"""Chart of how complete the data is: what there is on each day, and where nothing is."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import altair as alt

from consentkit.charts.grounds import asking_once, no_events, no_policy
from consentkit.charts.theme import (
    GRID,
    INK,
    SKY,
    VERMILLION,
    WIDTH,
    Chart,
    Marks,
    Row,
    ask,
    cannot_show,
    period,
    says_period,
    text_layers,
    titled,
    values,
)
from consentkit.phrases import count, day, labels, listing, visible

if TYPE_CHECKING:
    from consentkit.shown import Table
    from consentkit.workspace import Workspace


_WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def completeness_rows(workspace: Workspace) -> Table:
    """Return events of each source and records of the delivery log, by day."""
    return ask(workspace, "chart_completeness_calendar")


@asking_once
def completeness_calendar(workspace: Workspace, width: int = WIDTH) -> Chart:
    """Draw a calendar for each source and the delivery log: how much there is on each day, and where nothing is."""
    rows = completeness_rows(workspace)
    title = "How complete the data is"
    why = completeness_why(workspace)
    if no_policy(workspace) or not rows:
        return cannot_show(title, why or "No event and no delivery record has a time.", workspace, width)
    first, last = min(row["day"] for row in rows), max(row["day"] for row in rows)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    groups: dict[str, dict[date, int]] = {}
    for row in rows:
        groups.setdefault(row["name"], {})[row["day"]] = row["n"]
    shown = dict(list(groups.items())[:8])
    names = labels(shown, 24)
    across = _across(days, width)
    charts = [_calendar(names[name], name, found, days, (width - 40) // across - 44) for name, found in shown.items()]
    rows_of = [alt.hconcat(*charts[place : place + across], spacing=16) for place in range(0, len(charts), across)]
    gaps = {name: [each for each in days if each not in found] for name, found in groups.items()}
    missing = {name: found for name, found in gaps.items() if found}
    everyone = listing([visible(name, 30) for name in list(groups)[:5]])
    said = f"Every one of {count(len(days), 'day')} has data of {everyone}"
    if why:
        said = f"No event could be read; there is data of {everyone} only"
    elif missing:
        parts = [f"{visible(name, 30)} {_which(found)}" for name, found in list(missing.items())[:3]]
        said = f"Days without data: {listing(parts)}"
    subtitle = [f"{says_period(period(workspace))}. A cross marks a day without data.", why or ""]
    return titled(alt.vconcat(*rows_of, spacing=18), said, subtitle, width)


def completeness_why(workspace: Workspace) -> str | None:
    """Say why it cannot be shown how complete the data is: a policy says which sources there are."""
    return no_policy(workspace) or no_events(workspace)


def _which(days: list[date]) -> str:
    return listing([day(each) for each in days]) if len(days) <= 3 else f"on {len(days)} days, first {day(days[0])}"


def _across(days: list[date], width: int) -> int:
    weeks = len(days) / 7 + 2
    return max(1, min(4, int((width - 40) // (weeks * 15 + 50))))


def _cells(name: str, found: dict[date, int], days: list[date]) -> list[Row]:
    top = max(found.values())
    start = days[0] - timedelta(days=days[0].weekday())
    return [
        {
            "week": (start + timedelta(days=(each - start).days // 7 * 7)).isoformat(),
            "weekday": _WEEKDAYS[each.weekday()],
            "day": each.isoformat(),
            "n": found.get(each, 0),
            "name": visible(name),
            "shade": 0.1 + 0.5 * found.get(each, 0) / top if each in found else 0.0,
            "says": str(each.day) if each in found else "x",
        }
        for each in days
    ]


def _calendar(label: str, name: str, found: dict[date, int], days: list[date], room: int) -> Chart:
    cells = _cells(name, found, days)
    weeks = len({cell["week"] for cell in cells})
    form = alt.Axis(
        title=None,
        labelExpr="utcFormat(toDate(datum.value), '%-d %b')",
        labelAngle=0,
        domain=False,
        ticks=False,
        labelOverlap="greedy",
        labelFontSize=10,
    )
    base = Marks(values(cells)).encode(
        x=alt.X("week:O", axis=form, scale=alt.Scale(paddingInner=0.08)),
        y=alt.Y(
            "weekday:O",
            sort=_WEEKDAYS,
            axis=alt.Axis(title=None, domain=False, ticks=False, labelFontSize=10, values=["Mon", "Wed", "Fri", "Sun"]),
            scale=alt.Scale(domain=_WEEKDAYS, paddingInner=0.08),
        ),
    )
    box = base.mark_rect(color=SKY, stroke=GRID).encode(
        fillOpacity=alt.FillOpacity("shade:Q", scale=None),
        tooltip=[alt.Tooltip("name:N"), alt.Tooltip("day:N"), alt.Tooltip("n:Q", format=",")],
    )
    color = alt.ColorValue(VERMILLION, condition={"test": "datum.n > 0", "value": INK})
    said = base.encode(text=alt.Text("says:N"))
    wide = max(room, 90)
    layers = [box]
    if wide / weeks >= 15:
        layers += text_layers(said, "datum.n == 0", color, fontSize=10)
    else:
        layers.append(said.transform_filter("datum.n == 0").mark_text(fontSize=9, fontWeight="bold", color=VERMILLION))
    title = alt.TitleParams(
        text=label,
        subtitle=f"{sum(found.values()):,} on {len(found)} of {len(days)} days",
        fontSize=12,
        subtitleFontSize=11,
        frame="group",
        offset=6,
        subtitlePadding=2,
        lineHeight=15,
    )
    return alt.layer(*layers, width=wide, height=7 * 19, title=title)
