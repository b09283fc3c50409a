"""Charts of what the events carry and how complete the data is."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import altair as alt

from consentkit.causes import Cause
from consentkit.charts.grounds import asking_once, no_events, no_policy, unchecked
from consentkit.charts.theme import (
    BLUE,
    GRID,
    INK,
    MUTED,
    SKY,
    VERMILLION,
    WIDTH,
    Chart,
    Marks,
    Row,
    ask,
    cannot_show,
    in_words,
    left_room,
    letters,
    period,
    says_period,
    text_layers,
    titled,
    values,
)
from consentkit.engine import sql_text
from consentkit.phrases import count, day, labels, listing, percent, span, visible
from consentkit.shown import Table, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consentkit.workspace import Workspace

_SHOWN = 12
_PARTS = {"source": "By source", "library": "By library and version", "app version": "By app version"}


def coverage_rows(workspace: Workspace) -> Table:
    """Return events and those with a consent object, by source, library version and app version."""
    return ask(workspace, "chart_coverage_by_version")


@asking_once
def coverage_by_version(workspace: Workspace, width: int = WIDTH) -> Chart:
    """Draw the share of events that carry a consent object, by source, library and app version."""
    rows = coverage_rows(workspace)
    whole = period(workspace)
    if why := coverage_why(workspace):
        return cannot_show("Coverage of the consent object", why, workspace, width)
    sources = [row for row in rows if row["part"] == "source"]
    events, stamped = (sum(row[key] for row in sources) for key in ("events", "stamped"))
    title = f"{percent(stamped, events)} of events carry a consent object"
    worst = next(
        (
            row
            for part in ("app version", "library", "source")
            for row in rows
            if row["part"] == part and row["stamped"] < row["events"] / 2 and row["events"] >= 20
        ),
        None,
    )
    if worst and stamped / events > 0.5:
        share = percent(worst["stamped"], worst["events"]) if worst["stamped"] else "none"
        title += f"; of those from {_name(worst)} {share}"
        title += f" ({worst['events']:,}, {span(worst['first_day'], worst['last_day'])})" if worst["first_day"] else ""
    room = _extent([_full_name(row) for row in rows], width)
    panels = [
        _coverage_panel(heading, [row for row in rows if row["part"] == part], width, room)
        for part, heading in _PARTS.items()
    ]
    chart = alt.vconcat(*[panel for panel in panels if panel is not None], spacing=20)
    return titled(chart, title, [f"{stamped:,} of {says_period(whole)}. The least covered first."], width)


def coverage_why(workspace: Workspace) -> str | None:
    """Say why the coverage of the consent object cannot be shown."""
    return no_policy(workspace) or no_events(workspace)


def _full_name(row: Row) -> str:
    return " ".join(part for part in (row["name"], row["version"]) if part)


def _name(row: Row) -> str:
    return visible(_full_name(row), 60)


def _coverage_panel(heading: str, rows: list[Row], width: int, room: int) -> Chart | None:
    if not rows:
        return None
    names = labels([_full_name(row) for row in rows[:_SHOWN]], letters(width))
    cells = [
        {
            "name": names[_full_name(row)],
            "what": _name(row),
            "rate": row["stamped"] / row["events"],
            "stamped": row["stamped"],
            "events": row["events"],
            "first": row["first_day"],
            "last": row["last_day"],
            "says": f"{percent(row['stamped'], row['events'])} of {row['events']:,}",
            "whole": row["stamped"] == row["events"],
        }
        for row in rows[:_SHOWN]
    ]
    more = f" (the worst {_SHOWN} of {len(rows)})" if len(rows) > _SHOWN else ""
    return _rate_bars(
        cells, list(names.values()), heading + more, width, BLUE, ["what", "stamped", "events", "first", "last"], room
    )


def _rate_bars(
    cells: list[Row],
    order: Sequence[str],
    heading: str,
    width: int,
    color: str,
    tips: Sequence[str],
    room: int,
    *,
    tall: int = 24,
) -> Chart:
    """Draw shares as bars from zero to all, each with its number and what it is out of."""
    axis = alt.Axis(title=None, domain=False, ticks=False, minExtent=room)
    base = Marks(values(cells)).encode(y=alt.Y("name:N", sort=list(order), axis=axis))
    wide = width - room - 30
    beyond = 1 + (150 if width >= 500 else 92) / wide
    scale = alt.Scale(domain=[0, beyond], nice=False)
    x = alt.X("rate:Q", scale=scale, axis=None)
    rail = (
        base.mark_bar(color=GRID, height=12, opacity=0.55)
        .encode(x=alt.X("all:Q", scale=scale, axis=None))
        .transform_calculate(all="1")
    )
    bars = base.mark_bar(color=color, height=12).encode(x=x, tooltip=[alt.Tooltip(f"{tip}:N") for tip in tips])
    said = base.transform_calculate(all="1").encode(x=alt.X("all:Q", scale=scale, axis=None), text=alt.Text("says:N"))
    text = text_layers(said, "!datum.whole", align="left", dx=6, fontSize=12 if width >= 500 else 11)
    title = alt.TitleParams(text=heading, fontSize=12.5, fontWeight="normal", color=MUTED, offset=6)
    return alt.layer(rail, bars, *text, width=wide, height=alt.Step(tall), title=title)


def _extent(names: Sequence[str], width: int) -> int:
    """Return the room that names at the left need, so that bars under each other begin at one line."""
    longest = max(len(each) for each in labels(names, letters(width)).values())
    return min(left_room(width), int(longest * 6.6) + 12)


def release_rows(workspace: Workspace) -> Table:
    """Return what failed of what was checked, release by release, for the finding a release explains best."""
    cause = _release_cause(workspace)
    return _releases(workspace, cause) if cause else ask(workspace, "chart_release", [None, None, None])


def _release_cause(workspace: Workspace) -> Cause | None:
    """Return the cause that names a release, with nothing masked: its names are asked for next."""
    worst = ("V5", "V6", "V26", "V7", "V1")
    causes = (Cause(*row) for row in shown(workspace).as_loaded(sql_text("ask_causes"))[1])
    found = [each for each in causes if each.dimension in ("app version", "library version")]
    return min(found, key=lambda each: (each.code not in worst, -each.in_slice, each.code), default=None)


def _releases(workspace: Workspace, cause: Cause) -> Table:
    code = "V1E" if cause.code == "R1" else cause.code
    rows = ask(workspace, "chart_release", [code, cause.source, cause.destination])
    product = shown(workspace).names.masked(cause.first or "")
    return Table(rows.columns, (row for row in rows if row["product"] == product))


@asking_once
def release_before_after(workspace: Workspace, width: int = WIDTH) -> Chart:
    """Draw the release that brought a fault: its rate in each release, in the order they appeared."""
    cause = _release_cause(workspace)
    if cause is None:
        if why := release_why(workspace):
            return cannot_show("A release that explains a finding", why, workspace, width)
        told = "No app or library version explains a finding: they are spread over all of them, or there are none."
        return in_words("No release explains a finding", told, says_period(period(workspace)), width)
    rows = _releases(workspace, cause)
    cause = Cause(**shown(workspace).names.row(vars(cause)))
    bad = next(place for place, row in enumerate(rows) if row["release"] == cause.second)
    names = labels([row["release"] for row in rows], letters(width))
    cells = [
        {
            "name": names[row["release"]],
            "release": visible(row["release"]),
            "rate": row["failing"] / row["checked"],
            "failing": row["failing"],
            "checked": row["checked"],
            "first": row["first_day"],
            "last": row["last_day"],
            "says": f"{row['failing']:,} of {row['checked']:,}"
            + (" (first bad)" if place == bad and width >= 500 else ""),
            "whole": place != bad,
        }
        for place, row in enumerate(rows[:20])
    ]
    before = [sum(row[key] for row in rows[:bad]) for key in ("failing", "checked")]
    after = [sum(row[key] for row in rows[bad + 1 :]) for key in ("failing", "checked")]
    what = {"V1": "without a consent object", "V1E": "unchecked", "R1": "sent without consent"}.get(
        cause.code, f"with {cause.code}"
    )
    noun = "deliveries" if cause.kind == "delivered" else "events"
    title = f"{visible(cause.first or '', 40)} {visible(cause.second, 30)}: "
    title += f"{cause.in_slice:,} of {cause.of_slice:,} {noun} {what}"
    title += f"; {before[0]:,} of {before[1]:,} in releases before it" if before[1] else ""
    title += f", {after[0]:,} of {after[1]:,} after" if after[1] else ""
    since = f"First seen {day(cause.first_day, year=True)}. " if cause.first_day else ""
    heading = f"Share {what} by release, in the order they appeared"
    chart = _rate_bars(
        cells,
        list(names.values()),
        heading,
        width,
        VERMILLION,
        ["release", "failing", "checked", "first", "last"],
        _extent(list(names.values()), width),
        tall=30,
    )
    checked = sum(row["checked"] for row in rows)
    return titled(
        chart,
        title,
        [f"{since}{checked:,} {noun} of {count(len(rows), 'release')}; {says_period(period(workspace))} in all"],
        width,
    )


def release_why(workspace: Workspace) -> str | None:
    """Say why no release can be shown that explains a finding; what is found of events alone can."""
    return unchecked(workspace) if _release_cause(workspace) is None else None


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


def _calendar(label: str, name: str, found: dict[date, int], days: list[date], room: int) -> Chart:
    top = max(found.values())
    start = days[0] - timedelta(days=days[0].weekday())
    cells = [
        {
            "week": (start + timedelta(days=(each - start).days // 7 * 7)).isoformat(),
            "weekday": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[each.weekday()],
            "day": each.isoformat(),
            "n": found.get(each, 0),
            "name": visible(name),
            "shade": 0.1 + 0.5 * found.get(each, 0) / top if each in found else 0.0,
            "says": str(each.day) if each in found else "x",
        }
        for each in days
    ]
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
            sort=["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
            axis=alt.Axis(title=None, domain=False, ticks=False, labelFontSize=10, values=["Mon", "Wed", "Fri", "Sun"]),
            scale=alt.Scale(domain=["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], paddingInner=0.08),
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
