"""Charts of consent over time: when people changed their mind, and how long it took until that was honoured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from consentkit.charts.grounds import asking_once, no_events, no_log, unchecked, unjudged
from consentkit.charts.theme import (
    BLUE,
    GRID,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    WIDTH,
    Chart,
    Marks,
    Row,
    ask,
    cannot_show,
    grain,
    in_words,
    left_room,
    letters,
    period,
    says_period,
    text_layers,
    titled,
    values,
)
from consentkit.charts.violations import day_axis, over_bars, steps
from consentkit.history import SHARED
from consentkit.phrases import count, delay, labels, listing, visible

if TYPE_CHECKING:
    from datetime import date

    from consentkit.shown import Table
    from consentkit.workspace import Workspace

_SHOWN = 20
# How a choice is told where it changes something, and its colour; in the order of the panels.
_CHANGES = {
    "withdrawn": ("Refused what was granted before", VERMILLION),
    "granted later": ("Granted what was refused before", BLUE),
    "first granted": ("First answer granted something", SKY),
    "first refused": ("First answer refused something", ORANGE),
    "in conflict": ("Two people became one and differ", PURPLE),
}
_WITHIN = {
    "none": "Nothing left",
    "5 minutes": "5 minutes",
    "1 hour": "1 hour",
    "1 day": "1 day",
    "1 week": "1 week",
    "longer": "Longer",
    "cannot tell": "Cannot tell",
}
_NOT_LATE = ("none", "cannot tell")


def consent_changes_rows(workspace: Workspace) -> Table:
    """Return choices that changed something by day, week or month, kind of change and category; null: any of them.

    ``by_stamp`` counts those that took back what only the stamps of earlier events had granted (RULES.md 2.4).
    """
    whole = period(workspace)
    return ask(workspace, "chart_consent_changes", [grain(whole["first_at"], whole["last_at"])])


@asking_once
def consent_changes(workspace: Workspace, width: int = WIDTH) -> Chart:
    """Draw when people made up their minds: first answers, withdrawals and later grants, each in a row of bars."""
    whole = period(workspace)
    rows: list[Row] = consent_changes_rows(workspace)
    if not rows:
        if why := consent_changes_why(workspace):
            return cannot_show("When people made up their minds", why, workspace, width)
        told = "No preference event that says something was loaded."
        return in_words("No choice of anyone is among the events", told, says_period(whole), width)
    step = grain(whole["first_at"], whole["last_at"])
    parts = [row for row in rows if row["category"] is not None]
    rows = [row for row in rows if row["category"] is None]
    days = steps(step, [row["period"] for row in rows], whole)
    kinds = [kind for kind in _CHANGES if any(row["change"] == kind for row in rows)]
    panels = []
    for kind in kinds:
        # first answers and changes of mind, which are far fewer, each have a scale of their own
        alike = [row for row in rows if row["change"].startswith("first") == kind.startswith("first")]
        top, own = max(row["choices"] for row in alike), [row for row in rows if row["change"] == kind]
        panels.append(_strip(kind, own, parts, days, step, top, width, last=kind == kinds[-1]))
    total = {kind: sum(row["choices"] for row in rows if row["change"] == kind) for kind in _CHANGES}
    title = f"{count(total['withdrawn'], 'choice')} withdrew consent"
    worst = _most([row for row in parts if row["change"] == "withdrawn"])
    title += f", most often of {visible(worst, 30)}" if worst else ""
    title += f"; {total['granted later']:,} gave it later"
    by_stamp = sum(row["by_stamp"] for row in rows)
    subtitle = [
        f"{by_stamp:,} of them took back what only the stamps of earlier events had granted" if by_stamp else "",
        "Choices that changed something; one choice may do several of these. First answers have their own scale",
        says_period(whole),
    ]
    return titled(alt.vconcat(*panels, spacing=14), title, subtitle, width)


def consent_changes_why(workspace: Workspace) -> str | None:
    """Say why no choices can be shown; they need no policy."""
    return no_events(workspace)


def _most(rows: list[Row]) -> str | None:
    found: dict[str, int] = {}
    for row in rows:
        found[row["category"]] = found.get(row["category"], 0) + row["choices"]
    return min(found, key=lambda name: (-found[name], name), default=None)


def _strip(
    kind: str, rows: list[Row], parts: list[Row], days: list[date], step: str, top: int, width: int, *, last: bool
) -> Chart:
    says, color = _CHANGES[kind]
    room = width - 60
    numbered = over_bars([row["choices"] for row in rows], top, room / len(days))
    cells = [
        {
            "period": row["period"],
            "says": number,
            "choices": row["choices"],
            "people": row["people"],
            "of": listing(
                [
                    f"{visible(part['category'], 30)} {part['choices']:,}"
                    for part in parts
                    if part["change"] == kind and part["period"] == row["period"]
                ][:6]
            ),
        }
        for row, number in zip(rows, numbered, strict=True)
    ]
    x = alt.X(
        "period:O",
        scale=alt.Scale(domain=[each.isoformat() for each in days], paddingInner=0.15),
        axis=day_axis(days, step, room, shown=last),
    )
    scale = alt.Scale(domain=[0, top * 1.25], nice=False)
    base = Marks(values(cells)).encode(x=x, y=alt.Y("choices:Q", scale=scale, axis=None))
    tip = [
        alt.Tooltip("period:O", title=step),
        alt.Tooltip("choices:Q", format=","),
        alt.Tooltip("people:Q", format=","),
        alt.Tooltip("of:N", title="categories"),
    ]
    bars = base.mark_bar(color=color).encode(tooltip=tip)
    numbers = base.mark_text(baseline="bottom", dy=-2, fontSize=11).encode(text=alt.Text("says:N"))
    line = Marks(values([{"zero": 0}])).mark_rule(color=GRID).encode(y=alt.Y("zero:Q", scale=scale, axis=None))
    title = alt.TitleParams(
        text=f"{says}: {count(sum(row['choices'] for row in rows), 'choice')}",
        fontSize=12.5,
        fontWeight="normal",
        color=INK,
        offset=4,
        frame="group",
    )
    return alt.layer(line, bars, numbers, width=room, height=50, title=title)


def withdrawal_delay_rows(workspace: Workspace) -> Table:
    """Return refusals by destination and by how long afterwards something was still delivered."""
    return ask(workspace, "chart_withdrawal_delay")


@asking_once
def withdrawal_delay(workspace: Workspace, width: int = WIDTH) -> Chart:
    """Draw for each destination after how many refusals nothing left any more, and how long the others took."""
    rows = withdrawal_delay_rows(workspace)
    why = withdrawal_delay_why(workspace)
    late = [row for row in rows if row["within"] not in _NOT_LATE]
    if why and not late:
        return cannot_show("How long refusals were ignored", why, workspace, width)
    if not rows:
        told = "Nobody refused what a destination needs and then sent another event."
        return in_words("No refusal could be tested", told, says_period(period(workspace)), width)
    found = {
        name: [row for row in rows if row["destination"] == name]
        for name in dict.fromkeys(row["destination"] for row in rows)
    }
    ignored = {name: sum(row["refusals"] for row in own if row in late) for name, own in found.items()}
    shown = sorted(found, key=lambda name: (-ignored[name], name))[:_SHOWN]
    sums = {name: sum(row["refusals"] for row in found[name]) for name in shown}
    called = labels(shown, letters(width) - 8)
    names = {name: f"{called[name]} ({sums[name]:,})" for name in shown}
    chart = _grid([row for row in rows if row["destination"] in names], names, found, width)
    tested = sum(row["refusals"] for row in rows)
    told = f"After {sum(ignored.values()):,} of {count(tested, 'refusal')} something was still delivered"
    if late:
        worst = max(late, key=lambda row: row["longest"])
        told += f", up to {delay(worst['longest'])} later at {visible(worst['destination'], 30)}"
    leaking = sum(row["leaking"] for row in rows)
    unsure = sum(row["refusals"] for row in rows if row["within"] == "cannot tell")
    subtitle = [
        "Refusals after which the person still sent events (in brackets), once for each destination they close, "
        "by when the last delivery of such an event left",
        f"{leaking:,} of them still stand and are still not kept" if leaking else "",
        f"After {unsure:,} something may have been: {SHARED}" if unsure else "",
        f"{len(shown)} of {len(found)} destinations are drawn, the worst first." if len(found) > len(shown) else "",
        says_period(period(workspace)),
        why or unjudged(workspace),
    ]
    return titled(chart, told, subtitle, width)


def withdrawal_delay_why(workspace: Workspace) -> str | None:
    """Say why it cannot be shown how long refusals were ignored."""
    return unchecked(workspace) or no_log(workspace)


def _grid(rows: list[Row], names: dict[str, str], found: dict[str, list[Row]], width: int) -> Chart:
    cells = []
    for row in rows:
        whole = sum(each["refusals"] for each in found[row["destination"]])
        bad = row["within"] not in _NOT_LATE
        cells.append(
            {
                **row,
                "name": names[row["destination"]],
                "destination": visible(row["destination"]),
                "kind": _WITHIN[row["within"]],
                "of": whole,
                "shade": max(0.18, min(0.8, row["refusals"] / whole * 2)) if bad else 0.0,
                "bad": bad,
                "says": f"{row['refusals']:,}",
            }
        )
    order = [_WITHIN[name] for name in _WITHIN if name != "cannot tell" or name in {row["within"] for row in rows}]
    angle = 0 if width >= (500 if len(order) < len(_WITHIN) else 800) else -35
    base = Marks(values(cells)).encode(
        x=alt.X(
            "kind:N",
            sort=order,
            scale=alt.Scale(domain=order),
            axis=alt.Axis(orient="top", title=None, labelAngle=angle, domain=False, ticks=False),
        ),
        y=alt.Y("name:N", sort=list(names.values()), axis=alt.Axis(title=None, domain=False, ticks=False)),
    )
    box = base.mark_rect(color=VERMILLION, stroke=GRID, cornerRadius=2).encode(
        fillOpacity=alt.FillOpacity("shade:Q", scale=None),
        tooltip=[
            alt.Tooltip("destination:N"),
            alt.Tooltip("kind:N", title="last delivery within"),
            *(alt.Tooltip(f"{name}:Q", format=",") for name in ("refusals", "people", "events", "leaking")),
            alt.Tooltip("of:Q", title="refusals in all", format=","),
        ],
    )
    text = text_layers(base.encode(text=alt.Text("says:N")), "datum.bad", fontSize=12 if width >= 500 else 10)
    return alt.layer(box, *text, width=width - left_room(width) - 20, height=alt.Step(28))
