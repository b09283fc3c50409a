"""Chart of what people said, by category."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from consentkit.charts.grounds import asking_once, no_events, no_policy
from consentkit.charts.theme import (
    BLUE,
    GRID,
    MUTED,
    ORANGE,
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
