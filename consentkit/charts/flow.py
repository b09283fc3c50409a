"""Chart of the way from what consent says to what became of the events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from consentkit.charts.grounds import asking_once, no_log, unchecked, unjudged
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
    period,
    says_period,
    titled,
    values,
)
from consentkit.phrases import count, percent

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
