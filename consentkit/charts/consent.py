"""Charts of what people said, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from consentkit.charts.grounds import asking_once, no_events, no_log, no_policy, unchecked, unjudged
from consentkit.charts.theme import (
    BLUE,
    GREEN,
    GRID,
    MUTED,
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
    letters,
    period,
    says_period,
    titled,
    values,
)
from consentkit.errors import UsageError
from consentkit.phrases import count, labels, percent, visible

if TYPE_CHECKING:
    from consentkit.shown import Table
    from consentkit.workspace import Workspace

_LEFT = {"granted": BLUE, "needs none": SKY, "silent": ORANGE, "cannot tell": PURPLE, "refused": VERMILLION}
_RIGHT = {"delivered": GREEN, "held back": MUTED, "failed": PURPLE, "other": SKY, "no record": GRID}
_SAYS = {
    "granted": "Granted",
    "needs none": "Needs no consent",
    "silent": "No answer",
    "cannot tell": "Cannot tell",
    "refused": "Refused",
    "delivered": "Delivered",
    "held back": "Held back",
    "failed": "Failed",
    "other": "Pending or unknown",
    "no record": "No record",
}
_STEPS = 24


def consent_rate_rows(workspace: Workspace, by: str = "people") -> Table:
    """Return by category how many people, or events, granted, refused and did not answer."""
    if by not in ("people", "events"):
        raise UsageError(f"{by!r} is not what a rate can be of; it is people or events")
    return ask(workspace, f"chart_consent_rate_{by}")


@asking_once
def consent_rate(workspace: Workspace, width: int = WIDTH, by: str = "people") -> Chart:
    """Draw the share that granted each category, of those that answered; those that did not stand apart.

    ``by`` is ``people``, each by the last stamp they sent that says something, or ``events``.
    """
    rows: list[Row] = consent_rate_rows(workspace, by)
    if why := consent_rate_why(workspace):
        return cannot_show("Consent rate by category", why, workspace, width)
    if not any(row["granted"] + row["refused"] + row["silent"] for row in rows):
        told = "No event has an id of a person." if rows else "The policy has no category to ask about."
        return cannot_show("Consent rate by category", told, workspace, width)
    rows = sorted(rows, key=lambda row: (-_rate(row), row["category"]))[:16]
    names = labels([row["category"] for row in rows], letters(width))
    cells = _rate_cells(rows, names)
    order, wide = list(names.values()), width >= 500
    room = width - int(max(map(len, order)) * 6.6) - 50
    apart = 190 if wide else room
    left = _share_panel(
        cells,
        order,
        "rate",
        "says",
        BLUE,
        "Granted, of those that answered",
        room - (apart if wide else 0),
        axis=True,
        after=92,
    )
    right = _share_panel(cells, order, "apart", "lacks", ORANGE, "Gave no answer", apart, axis=not wide, after=92)
    whole = max(row["granted"] + row["refused"] + row["silent"] for row in rows)
    counted = count(whole, "person", "people") if by == "people" else count(whole, "event")
    how = ", each by the last consent stamp they sent" if by == "people" else ""
    return titled(
        alt.hconcat(left, right, spacing=18) if wide else alt.vconcat(left, right, spacing=18),
        _rate_title(rows, by, counted),
        [f"{counted}{how}; {says_period(period(workspace))}"],
        width,
    )


def consent_rate_why(workspace: Workspace) -> str | None:
    """Say why no consent rate can be shown."""
    return no_policy(workspace) or no_events(workspace)


def _rate_cells(rows: list[Row], names: dict[str, str]) -> list[Row]:
    return [
        {
            "name": names[row["category"]],
            "category": visible(row["category"]),
            "rate": _rate(row),
            "granted": row["granted"],
            "refused": row["refused"],
            "silent": row["silent"],
            "apart": row["silent"] / max(1, row["granted"] + row["refused"] + row["silent"]),
            "says": f"{percent(row['granted'], row['granted'] + row['refused'])} of {row['granted'] + row['refused']:,}"
            if row["granted"] + row["refused"]
            else "no answer",
            "lacks": f"{row['silent']:,} ({percent(row['silent'], row['granted'] + row['refused'] + row['silent'])})"
            if row["silent"]
            else "0",
        }
        for row in rows
    ]


def _rate_title(rows: list[Row], by: str, counted: str) -> str:
    best, worst = rows[0], rows[-1]
    title = f"None of {counted} answered"
    if best["granted"] + best["refused"]:
        granted = percent(best["granted"], best["granted"] + best["refused"])
        title = f"{granted} of {by} that answered grant {visible(best['category'], 30)}"
    if worst is not best and (worst["granted"] + worst["refused"]):
        title += f", {percent(worst['granted'], worst['granted'] + worst['refused'])} {visible(worst['category'], 30)}"
    return title


def _rate(row: Row) -> float:
    answered = row["granted"] + row["refused"]
    return row["granted"] / answered if answered else -1.0


def _share_panel(
    cells: list[Row],
    order: list[str],
    field: str,
    says: str,
    color: str,
    heading: str,
    room: int,
    *,
    axis: bool,
    after: int,
) -> Chart:
    side: Any = alt.Axis(title=None, domain=False, ticks=False) if axis else None
    base = Marks(values(cells)).transform_calculate(all="1").encode(y=alt.Y("name:N", sort=order, axis=side))
    scale = alt.Scale(domain=[0, 1 + after / max(room - after, 30)], nice=False)
    tips = [
        alt.Tooltip("category:N"),
        *(alt.Tooltip(f"{key}:Q", format=",") for key in ("granted", "refused", "silent")),
    ]
    rail = base.mark_bar(color=GRID, height=13, opacity=0.55).encode(x=alt.X("all:Q", scale=scale, axis=None))
    bars = base.mark_bar(color=color, height=13, clip=True).encode(
        x=alt.X(f"{field}:Q", scale=scale, axis=None), tooltip=tips
    )
    text = base.mark_text(align="left", dx=5, fontSize=11.5).encode(
        x=alt.X("all:Q", scale=scale, axis=None), text=alt.Text(f"{says}:N")
    )
    title = alt.TitleParams(text=heading, fontSize=12, fontWeight="normal", color=MUTED, offset=6, frame="group")
    return alt.layer(rail, bars, text, width=room, height=alt.Step(28), title=title)


def decision_flow_rows(workspace: Workspace) -> Table:
    """Return pairs of event and connected destination by what consent says and what became of them."""
    return ask(workspace, "chart_decision_flow")


@asking_once
def decision_flow(workspace: Workspace, width: int = WIDTH) -> Chart:
    """Draw what becomes of every event at every destination: what its consent says, and whether it was delivered."""
    rows = [row for row in decision_flow_rows(workspace) if row["n"] > 0]
    why = decision_flow_why(workspace)
    if not rows:
        told = why or "No destination of the policy is connected to a source of the events."
        return cannot_show("The way from consent to delivery", told, workspace, width)
    total = sum(row["n"] for row in rows)
    tall = 300
    left = _stack(_LEFT, rows, "answer", total, tall)
    right = _stack(_RIGHT, rows, "fate", total, tall)
    room = width - (270 if width >= 500 else 224)
    nodes = *_nodes(left, 0.0, "right"), *_nodes(right, 1.0, "left")
    resolve = alt.Resolve(scale=alt.ScaleResolveMap(color="independent"))
    chart = alt.layer(*_ribbons(rows, left, right, total, tall), *nodes, width=room, height=tall + 20, resolve=resolve)
    subtitle = [
        f"{count(total, 'pair')} of an event and a destination connected to its source",
        says_period(period(workspace)),
        why or no_log(workspace) or unjudged(workspace),
    ]
    parts = [f"{_SAYS[row['answer']]} and {_SAYS[row['fate']].lower()}: {row['n']:,}" for row in rows]
    return titled(chart, _flow_title(rows), subtitle, width, "; ".join(parts))


def decision_flow_why(workspace: Workspace) -> str | None:
    """Say why it cannot be shown what becomes of events; without a delivery log what their consent says can."""
    return unchecked(workspace)


def _flow_title(rows: list[Row]) -> str:
    total, refused, unclear = (
        sum(row["n"] for row in rows if row["answer"] in answers) for answers in (_LEFT, ("refused",), ("cannot tell",))
    )
    if unclear == total:
        return f"Of none of {count(total, 'decision')} can it be told what consent says"
    if all(row["fate"] in ("no record", "other") for row in rows):
        return f"Of {count(total, 'decision')} {refused:,} refuse; what became of them is not known"
    through = sum(row["n"] for row in rows if row["answer"] == "refused" and row["fate"] == "delivered")
    told = f"{through:,} of {count(refused, 'refusal')} delivered all the same"
    if not refused:
        told = f"None of {count(total, 'decision')} refuses" + (f", {unclear:,} cannot be told" if unclear else "")
    elif not through:
        told = f"None of {count(refused, 'refusal')} was delivered"
    silent = sum(row["n"] for row in rows if row["answer"] == "silent" and row["fate"] == "delivered")
    return told + (f"; {count(silent, 'delivery', 'deliveries')} had no answer to go by" if silent else "")


def _stack(order: dict[str, str], rows: list[Row], key: str, total: int, tall: int) -> dict[str, Row]:
    """Place the boxes of one side under each other, a gap between them, and room for a label each."""
    sums = {name: sum(row["n"] for row in rows if row[key] == name) for name in order}
    shown = {name: size for name, size in sums.items() if size}
    gap = 14.0
    free = tall - gap * (len(shown) - 1)
    placed, at = {}, 0.0
    for name, size in shown.items():
        height = free * size / total
        placed[name] = {
            "name": name,
            "n": size,
            "top": at,
            "bottom": at + height,
            "share": percent(size, total),
            "color": order[name],
            "filled": at,
        }
        at += max(height, 8.0) + gap
    excess = max(0.0, at - gap - tall)
    for node in placed.values():
        scale = tall / (tall + excess)
        for edge in ("top", "bottom", "filled"):
            node[edge] *= scale
    return placed


def _ribbons(rows: list[Row], left: dict[str, Row], right: dict[str, Row], total: int, tall: int) -> list[Chart]:
    flows = []
    for answer, a in left.items():
        for fate, b in right.items():
            n = sum(row["n"] for row in rows if row["answer"] == answer and row["fate"] == fate)
            if not n:
                continue
            deep = (a["bottom"] - a["top"]) * n / a["n"], (b["bottom"] - b["top"]) * n / b["n"]
            for step in range(_STEPS + 1):
                t = step / _STEPS
                ease = t * t * (3 - 2 * t)
                top = a["filled"] + (b["filled"] - a["filled"]) * ease
                flows.append(
                    {
                        "flow": f"{answer} / {fate}",
                        "x": 0.03 + 0.94 * t,
                        "top": round(tall - top, 3),
                        "bottom": round(tall - top - max(deep[0] + (deep[1] - deep[0]) * ease, 0.8), 3),
                        "from": _SAYS[answer],
                        "to": _SAYS[fate],
                        "n": n,
                        "share": percent(n, total),
                        "color": a["color"],
                        "strong": 0.85 if answer == "refused" and fate == "delivered" else 0.4,
                    }
                )
            a["filled"] += deep[0]
            b["filled"] += deep[1]
    tips = [alt.Tooltip("from:N"), alt.Tooltip("to:N"), alt.Tooltip("n:Q", format=","), alt.Tooltip("share:N")]
    base = Marks(values(flows)).mark_area(interpolate="monotone")
    return [
        base.encode(
            x=alt.X("x:Q", scale=alt.Scale(domain=[0, 1], nice=False), axis=None),
            y=alt.Y("top:Q", scale=alt.Scale(domain=[-20, tall], nice=False), axis=None),
            y2=alt.Y2("bottom:Q"),
            detail=alt.Detail("flow:N"),
            fill=alt.Fill("color:N", scale=None, legend=None),
            fillOpacity=alt.FillOpacity("strong:Q", scale=None, legend=None),
            tooltip=tips,
        )
    ]


def _nodes(stack: dict[str, Row], at: float, side: str) -> list[Chart]:
    tall = 300
    middles = _apart([(node["top"] + node["bottom"]) / 2 for node in stack.values()], tall)
    boxes = [
        {
            "x": at,
            "x2": at + (0.03 if at == 0 else -0.03),
            "top": tall - node["top"],
            "bottom": tall - max(node["bottom"], node["top"] + 1),
            "middle": tall - middle,
            "color": node["color"],
            "says": _SAYS[node["name"]],
            "number": f"{node['n']:,} ({node['share']})",
            "n": node["n"],
        }
        for node, middle in zip(stack.values(), middles, strict=True)
    ]
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, 1], nice=False), axis=None)
    y = alt.Scale(domain=[-20, tall], nice=False)
    base = Marks(values(boxes))
    rect = base.mark_rect().encode(
        x=x, x2=alt.X2("x2:Q"), y=alt.Y("top:Q", scale=y, axis=None), y2=alt.Y2("bottom:Q"),
        fill=alt.Fill("color:N", scale=None, legend=None), tooltip=[alt.Tooltip("says:N"), alt.Tooltip("number:N")],
    )  # fmt: skip
    shift = -8 if at == 0 else 8
    words: Row = {"align": side, "dx": shift}
    name = base.mark_text(**words, dy=-6, fontWeight="bold", fontSize=11.5).encode(
        x=x, y=alt.Y("middle:Q", scale=y, axis=None), text=alt.Text("says:N")
    )
    number = base.mark_text(**words, dy=7, fontSize=10.5).encode(
        x=x, y=alt.Y("middle:Q", scale=y, axis=None), text=alt.Text("number:N")
    )
    return [rect, name, number]


def _apart(middles: list[float], tall: int) -> list[float]:
    """Move labels apart until none covers another, downwards first and then back up from the bottom."""
    need, moved = 30.0, list(middles)
    for place in range(1, len(moved)):
        moved[place] = max(moved[place], moved[place - 1] + need)
    limit = tall + 6.0
    for place in range(len(moved) - 1, -1, -1):
        moved[place] = min(moved[place], limit)
        limit = moved[place] - need
    return moved
