"""Chart of what was delivered although it should not have been, over time."""

from __future__ import annotations

import textwrap
from datetime import date, timedelta
from typing import TYPE_CHECKING

import altair as alt

from consentkit.charts.grounds import asking_once, coverage, no_log, unchecked, unjudged
from consentkit.charts.theme import (
    GRID,
    INK,
    PURPLE,
    VERMILLION,
    WIDTH,
    Chart,
    Marks,
    Row,
    ask,
    cannot_show,
    grain,
    in_words,
    letters,
    period,
    says_period,
    titled,
    values,
)
from consentkit.phrases import count, labels, span, visible
from consentkit.report_words import checked_deliveries, no_refusal_found, unheld_deliveries

if TYPE_CHECKING:
    from consentkit.shown import Table
    from consentkit.workspace import Workspace

_SHOWN = 8


def violations_rows(workspace: Workspace) -> Table:
    """Return deliveries against a refusal by destination and day, week or month."""
    whole = period(workspace)
    return ask(workspace, "chart_violations_over_time", [grain(whole["first_at"], whole["last_at"])])


@asking_once
def violations_over_time(workspace: Workspace, width: int = WIDTH) -> Chart:
    """Draw deliveries against a refusal over time: one row of bars for each destination, the worst first."""
    whole = period(workspace)
    rows = [row for row in violations_rows(workspace) if row["deliveries"]]
    doubtful = sum(row["possible"] for row in violations_rows(workspace))
    possible = f"{count(doubtful, 'more is', 'more are')} only possible" if doubtful else ""
    if not rows:
        return _no_violation(workspace, possible.replace(" more", ""), width)
    lacking = unchecked(workspace) or no_log(workspace) or unjudged(workspace)
    logged = coverage(workspace)["deliveries"]
    told = f"{count(logged, 'delivery', 'deliveries')} in the log; " if logged else ""
    subtitle = [told + says_period(whole), possible, lacking]
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["destination"], row["although"]), []).append(row)
    ranked = sorted(groups.items(), key=lambda item: (-_total(item[1]), item[0]))
    step = grain(whole["first_at"], whole["last_at"])
    days = steps(step, [row["period"] for row in rows if row["period"]], whole)
    top = max(row["deliveries"] for row in rows)
    names = labels([destination for (destination, _), _ in ranked], letters(width) + 12)
    shown = ranked[:_SHOWN]
    charts = [
        _panel(names[key[0]], key[1], found, days, step, top, width, last=place == len(shown) - 1)
        for place, (key, found) in enumerate(shown)
    ]
    if len(ranked) > _SHOWN:
        subtitle.append(f"The worst {_SHOWN} of {len(ranked)} are drawn.")
    return titled(alt.vconcat(*charts, spacing=18), _headline(ranked), subtitle, width, f"Bars by {step}")


def violations_why(workspace: Workspace) -> str | None:
    """Say why deliveries against a refusal cannot be shown; without a log those that a page sent by itself can."""
    found = any(row["deliveries"] for row in violations_rows(workspace))
    return unchecked(workspace) or (None if found else no_log(workspace))


def _no_violation(workspace: Workspace, possible: str, width: int) -> Chart:
    if why := violations_why(workspace):
        return cannot_show("Deliveries against a refusal", why, workspace, width)
    found = coverage(workspace)
    told = [
        f"{checked_deliveries(found):,} of {count(found['deliveries'], 'delivery', 'deliveries')} were held against "
        "what the person answered",
        *(f"{n:,} {words}" for n, words in unheld_deliveries(found)),
        possible,
    ]
    said = "; ".join(part for part in told if part) + "."
    return in_words(no_refusal_found(found)[0].rstrip("."), said, says_period(period(workspace)), width)


def _total(rows: list[Row]) -> int:
    return sum(row["deliveries"] for row in rows)


def _headline(ranked: list[tuple[tuple[str, str], list[Row]]]) -> str:
    (destination, although), worst = ranked[0]
    when = span(min(row["first_seen"] for row in worst), max(row["last_seen"] for row in worst))
    told = f"{count(_total(worst), 'delivery', 'deliveries')} to {visible(destination, 40)} although {although}"
    told += f", {when}" if when else ""
    rest = sum(_total(rows) for _, rows in ranked[1:])
    others = len({key[0] for key, _ in ranked[1:]} - {destination})
    if not rest:
        return told
    return f"{told}; {rest:,} more to {count(others, 'other destination')}" if others else f"{told}; {rest:,} more"


def steps(step: str, seen: list[date], whole: Row) -> list[date]:
    """List every day, week or month of the period, with and without anything in it."""
    if whole["first_at"] is None:
        return sorted(set(seen))
    first, last = min([whole["first_at"].date(), *seen]), max([whole["last_at"].date(), *seen])
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    if step == "week":
        days = [each - timedelta(days=each.weekday()) for each in days]
    if step == "month":
        days = [each.replace(day=1) for each in days]
    return sorted(set(days))


def over_bars(numbers: list[int], top: int, room: float) -> list[str]:
    """Say what stands over each bar: its number, or only the highest where ``top`` has no room over one bar."""
    fits, highest = len(f"{top:,}") * 6.2 <= room, max(numbers, default=0)
    return [f"{number:,}" if fits or at == numbers.index(highest) else "" for at, number in enumerate(numbers)]


def day_axis(days: list[date], step: str, width: int, *, shown: bool = True) -> alt.Axis:
    """Make an axis of days as text, labelled as often as there is room."""
    every = max(1, -(-len(days) * 52 // max(width, 1)))
    every = 7 if step == "day" and 1 < every <= 7 else every
    form = "%b %Y" if step == "month" else "%-d %b"
    return alt.Axis(
        values=[each.isoformat() for each in days[::every]],
        labelExpr=f"utcFormat(toDate(datum.value), '{form}')",
        labels=shown,
        labelAngle=0,
        ticks=shown,
        title=None,
        grid=False,
    )


def _panel(
    name: str, although: str, rows: list[Row], days: list[date], step: str, top: int, width: int, *, last: bool
) -> Chart:
    undated = sum(row["deliveries"] for row in rows if row["period"] is None)
    found, room = [row for row in rows if row["period"]], width - 60
    highest = max((row["deliveries"] for row in found), default=0)
    numbered = over_bars([row["deliveries"] for row in found], highest, room / max(1, len(days)))
    dated = [
        {**row, "destination": visible(row["destination"]), "says": says}
        for row, says in zip(found, numbered, strict=True)
    ]
    x = alt.X(
        "period:O",
        scale=alt.Scale(domain=[each.isoformat() for each in days], paddingInner=0.15),
        axis=day_axis(days, step, room, shown=last),
    )
    scale = alt.Scale(domain=[0, top * 1.25], nice=False)
    y = alt.Y("deliveries:Q", scale=scale, axis=None)
    base = Marks(values(dated)).encode(x=x, y=y)
    tip = [
        alt.Tooltip("destination:N"),
        alt.Tooltip("period:O", title=step),
        alt.Tooltip("deliveries:Q", format=","),
        alt.Tooltip("people:Q", format=","),
        alt.Tooltip("although:N"),
    ]
    color = PURPLE if "integrations" in although else VERMILLION
    bars = base.mark_bar(color=color).encode(tooltip=tip)
    numbers = base.mark_text(baseline="bottom", dy=-2, fontSize=11).encode(text=alt.Text("says:N"))
    line = Marks(values([{"zero": 0}])).mark_rule(color=GRID).encode(y=alt.Y("zero:Q", scale=scale, axis=None))
    told = f"{name}: {count(_total(rows), 'delivery', 'deliveries')} although {although}"
    told += f" ({undated:,} undated)" if undated else ""
    lines = textwrap.wrap(told, max(30, room // 6))
    title = alt.TitleParams(
        text=lines, lineHeight=16, fontSize=12.5, fontWeight="normal", color=INK, offset=4, frame="group"
    )
    return alt.layer(line, bars, numbers, width=room, height=50, title=title)
