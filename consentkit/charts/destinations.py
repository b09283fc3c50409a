"""The chart of what each destination got, and how much of it it should not have got."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from consentkit.charts.grounds import asking_once, coverage, no_log, unchecked, unjudged
from consentkit.charts.theme import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    WIDTH,
    YELLOW,
    Chart,
    Marks,
    Row,
    ask,
    cannot_show,
    left_room,
    letters,
    period,
    says_period,
    titled,
    values,
)
from consentkit.phrases import count, labels, listing, percent, visible
from consentkit.report_words import checked_deliveries, no_refusal_found

if TYPE_CHECKING:
    from consentkit.shown import Table
    from consentkit.workspace import Workspace

_AGAINST = ("delivered_although_refused", "loaded_although_refused", "delivered_although_integrations_false")
_BARS: dict[str, tuple[str, str, str]] = {
    "delivered": ("Delivered", "in all", SKY),
    "delivered_although_refused": ("Refused", "by consent", VERMILLION),
    "loaded_although_refused": ("Refused", "on the page", VERMILLION),
    "delivered_although_integrations_false": ("Denied", "by integrations", PURPLE),
    "delivered_possibly_refused": ("Possible", "refused or denied", YELLOW),
    "delivered_unchecked": ("Unchecked", "no answer", ORANGE),
    "blocked_although_granted": ("Held back", "though granted", BLUE),
}


def destinations_rows(workspace: Workspace) -> Table:
    """Return what every destination got, and how much of it although it should not have."""
    return ask(workspace, "ask_by_destination")


@asking_once
def destinations_overview(workspace: Workspace, width: int = WIDTH) -> Chart:
    """Draw what each destination got and how much of it it should not have got, as bars side by side."""
    rows = [row for row in destinations_rows(workspace) if row["records"] or row["loaded_although_refused"]]
    why = destinations_why(workspace)
    if not rows:
        told = why or no_refusal_found(coverage(workspace))[0]
        return cannot_show("What each destination got", told, workspace, width)
    shown = rows[:24]
    names = labels([row["destination"] for row in shown], letters(width))
    kept = [key for key in _BARS if key == "delivered" or any(row[key] for row in shown)]
    across = len(kept) if width >= 500 else 3  # on a telephone what does not fit goes below, with the names again
    room = (width - left_room(width) - 20) // min(across, len(kept)) - 12
    panels = [_bar_panel(key, shown, names, room, first=place % across == 0) for place, key in enumerate(kept)]
    drawn = [alt.hconcat(*panels[place : place + across], spacing=12) for place in range(0, len(panels), across)]
    bad = [row for row in rows if any(row[key] for key in _AGAINST)]
    said = f"{len(bad)} of {count(len(rows), 'destination')} got data against a refusal"
    if not bad:
        said = _none_bad(workspace, len(rows))
    strange = [row["destination"] for row in rows if not row["known"]]
    unknown = f"Not in the policy: {listing([visible(each, 30) for each in strange[:3]])}." if strange else ""
    more = f"{len(shown)} of {len(rows)} destinations are drawn, the worst first." if len(rows) > len(shown) else ""
    records = sum(row["records"] for row in rows)
    subtitle = [
        f"{count(records, 'delivery record')}; {says_period(period(workspace))}",
        "Refused, denied, unchecked: delivered all the same. Each column has its own scale." if len(kept) > 1 else "",
        "On the page: events whose page had loaded the destination, of which no record need tell."
        if any(row["loaded_although_refused"] for row in rows)
        else "",
        unknown,
        more,
        why or no_log(workspace) or unjudged(workspace),
    ]
    return titled(drawn[0] if len(drawn) == 1 else alt.vconcat(*drawn, spacing=18), said, subtitle, width)


def destinations_why(workspace: Workspace) -> str | None:
    """Say why it cannot be shown what a destination should not have got; without a log a page's own can."""
    found = any(row[key] for row in destinations_rows(workspace) for key in _AGAINST)
    return unchecked(workspace) or (None if found else no_log(workspace))


def _none_bad(workspace: Workspace, destinations: int) -> str:
    told = count(destinations, "destination")
    if destinations_why(workspace):
        return f"Whether any of {told} got data against a refusal cannot be shown"
    found = coverage(workspace)
    words, checked = no_refusal_found(found)
    if not checked:
        return words.rstrip(".")
    held = count(checked_deliveries(found), "delivery", "deliveries")
    return f"None of {told} got data against a refusal, among {held} that could be checked"


def _bar_panel(key: str, rows: list[Row], names: dict[str, str], room: int, *, first: bool) -> Chart:
    head, under, color = _BARS[key]
    whole = max(row[key] for row in rows) or 1
    cells = [
        {
            "name": names[row["destination"]],
            "destination": visible(row["destination"]),
            "n": row[key],
            "says": f"{row[key]:,}" if row[key] else "0",
            "share": percent(row[key], row["filtered"] if key.startswith("blocked") else row["delivered"]),
        }
        for row in rows
    ]
    axis: Any = alt.Axis(title=None, domain=False, ticks=False) if first else None
    base = Marks(values(cells)).encode(y=alt.Y("name:N", sort=list(names.values()), axis=axis))
    x = alt.X("n:Q", scale=alt.Scale(domain=[0, whole * room / max(room - 44, 20)], nice=False), axis=None)
    bars = base.mark_bar(color=color, height=14).encode(
        x=x,
        tooltip=[
            alt.Tooltip("destination:N"),
            alt.Tooltip("n:Q", title=f"{head.lower()}, {under}", format=","),
            alt.Tooltip("share:N"),
        ],
    )
    faint = alt.ColorValue(MUTED, condition={"test": "datum.n > 0", "value": INK})
    text = base.mark_text(align="left", dx=3, fontSize=11).encode(x=x, text=alt.Text("says:N"), color=faint)
    title = alt.TitleParams(
        text=head,
        subtitle=under,
        fontSize=12,
        subtitleFontSize=11,
        fontWeight="bold",
        frame="group",
        offset=4,
        subtitlePadding=2,
        lineHeight=14,
    )
    return alt.layer(bars, text, width=room, height=alt.Step(22), title=title)
