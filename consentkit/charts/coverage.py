"""Charts of what the events carry, and of the release that brought a fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from consentkit.causes import Cause
from consentkit.charts.grounds import asking_once, no_events, no_policy, unchecked
from consentkit.charts.theme import (
    BLUE,
    GRID,
    MUTED,
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
from consentkit.phrases import count, day, labels, percent, span, visible
from consentkit.shown import Table, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consentkit.workspace import Workspace

_SHOWN = 12
_FAULTS = {"V1": "without a consent object", "V1E": "unchecked", "R1": "sent without consent"}
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
    what = _FAULTS.get(cause.code, f"with {cause.code}")
    noun = "deliveries" if cause.kind == "delivered" else "events"
    title = f"{visible(cause.first or '', 40)} {visible(cause.second, 30)}: "
    title += f"{cause.in_slice:,} of {cause.of_slice:,} {noun} {what}"
    title += _before_and_after(rows, bad)
    since = f"First seen {day(cause.first_day, year=True)}. " if cause.first_day else ""
    heading = f"Share {what} by release, in the order they appeared"
    chart = _rate_bars(
        _release_cells(rows, bad, names, width),
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


def _release_cells(rows: list[Row], bad: int, names: dict[str, str], width: int) -> list[Row]:
    return [
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


def _before_and_after(rows: list[Row], bad: int) -> str:
    """Say what failed of what was checked in the releases before the bad one, and after it."""
    before = [sum(row[key] for row in rows[:bad]) for key in ("failing", "checked")]
    after = [sum(row[key] for row in rows[bad + 1 :]) for key in ("failing", "checked")]
    told = f"; {before[0]:,} of {before[1]:,} in releases before it" if before[1] else ""
    return told + (f", {after[0]:,} of {after[1]:,} after" if after[1] else "")


def release_why(workspace: Workspace) -> str | None:
    """Say why no release can be shown that explains a finding; what is found of events alone can."""
    return unchecked(workspace) if _release_cause(workspace) is None else None
