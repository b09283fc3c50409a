"""Chart of what was delivered although its category was refused, by destination and category."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from consentkit.charts.grounds import asking_once, coverage, no_log, unchecked, unjudged
from consentkit.charts.theme import (
    GRID,
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
from consentkit.phrases import labels, listing, percent, visible
from consentkit.report_words import no_refusal_found

if TYPE_CHECKING:
    from consentkit.shown import Table
    from consentkit.workspace import Workspace


def refused_rows(workspace: Workspace) -> Table:
    """Return events that refused and those of them that were delivered, by destination and category."""
    return ask(workspace, "chart_refused_heatmap")


@asking_once
def refused_heatmap(workspace: Workspace, width: int = WIDTH) -> Chart:
    """Draw, for each destination and category it needs, how many of the events that refused were delivered."""
    rows = refused_rows(workspace)
    title = "What was delivered although refused"
    if why := refused_why(workspace):
        return cannot_show(title, why, workspace, width)
    if not rows:
        told = "The policy maps no category to a destination."
        return in_words("No destination needs consent", told, says_period(period(workspace)), width)
    worst_first = sorted(rows, key=lambda row: (-row["delivered"], row["destination"]))
    order = list(dict.fromkeys(row["destination"] for row in worst_first))
    names = labels(order[:20], letters(width))
    subtitle = [
        "Events that refused the category and were delivered all the same, of all that did; blank where not mapped",
        says_period(period(workspace)),
        unjudged(workspace),
    ]
    if len(order) > len(names):
        subtitle.append(f"{len(names)} of {len(order)} destinations are drawn, the worst first.")
    shown = [row for row in rows if row["destination"] in names]
    kinds = labels(sorted({row["category"] for row in rows}), 14)
    leaks = [row for row in rows if row["delivered"]]
    title = _leak_title(leaks) if leaks else _no_leak(workspace, rows)
    return titled(_heatmap(shown, names, kinds, width), title, subtitle, width)


def refused_why(workspace: Workspace) -> str | None:
    """Say why it cannot be shown what was delivered although refused."""
    return unchecked(workspace) or no_log(workspace)


def _no_leak(workspace: Workspace, rows: list[Row]) -> str:
    told, checked = no_refusal_found(coverage(workspace))
    if not checked:
        return told.rstrip(".")
    if not any(row["refused"] for row in rows):
        return "No event refused a category that a destination needs"
    return "No event that refused a category was delivered where it is needed"


def _heatmap(rows: list[Row], names: dict[str, str], kinds: dict[str, str], width: int) -> Chart:
    room = width - left_room(width) - 20
    cells = [
        {
            **row,
            "name": names[row["destination"]],
            "kind": kinds[row["category"]],
            "rate": row["delivered"] / row["refused"] if row["refused"] else 0.0,
            "shade": 0.0
            if not row["delivered"]
            else max(0.18, min(0.8, row["delivered"] / max(row["refused"], 1) * 4)),
            "says": _of(row, room / len(kinds)),
            "destination": visible(row["destination"]),
            "category": visible(row["category"]),
        }
        for row in rows
    ]
    angle = 0 if len(kinds) < 7 and width >= 500 else -35
    across = alt.Axis(orient="top", title=None, labelAngle=angle, domain=False, ticks=False)
    base = Marks(values(cells)).encode(
        x=alt.X("kind:N", sort=list(kinds.values()), axis=across),
        y=alt.Y("name:N", sort=list(names.values()), axis=alt.Axis(title=None, domain=False, ticks=False)),
    )
    box = base.mark_rect(color=VERMILLION, stroke=GRID, cornerRadius=2).encode(
        fillOpacity=alt.FillOpacity("shade:Q", scale=None),
        tooltip=[
            alt.Tooltip("destination:N"),
            alt.Tooltip("category:N"),
            alt.Tooltip("delivered:Q", title="delivered though refused", format=","),
            alt.Tooltip("refused:Q", title="events that refused", format=","),
            alt.Tooltip("people:Q", format=","),
        ],
    )
    said: Row = {"fontSize": 12 if width >= 500 else 10, "lineHeight": 11}
    said["dy"] = alt.ExprRef("isArray(datum.says) ? -5 : 0")  # the first of two lines stands in the middle otherwise
    text = text_layers(base.encode(text=alt.Text("says:N")), "datum.delivered > 0", **said)
    return alt.layer(box, *text, width=room, height=alt.Step(30))


def _of(row: Row, room: float) -> str | list[str]:
    """Say how many of how many, in two lines where a cell has no room for one."""
    if not row["refused"]:
        return "none refused" if room > 75 else "none"
    parts = [f"{row['delivered']:,} of", f"{row['refused']:,}"]
    return " ".join(parts) if 7 * len(" ".join(parts)) < room else parts


def _leak_title(leaks: list[Row]) -> str:
    worst = sorted(leaks, key=lambda row: -row["delivered"])[:3]
    parts = [
        f"{visible(row['destination'], 30)} "
        f"({visible(row['category'], 20)}, {percent(row['delivered'], row['refused'])})"
        for row in worst
    ]
    return f"Refusals were not kept at {listing(parts)}" + (f" and {len(leaks) - 3} more" if len(leaks) > 3 else "")
