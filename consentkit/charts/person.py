"""The picture of one person's record: what was agreed to over time, and every delivery below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from consentkit.charts.theme import (
    BLUE,
    GREEN,
    GRID,
    MUTED,
    ORANGE,
    PURPLE,
    VERMILLION,
    WIDTH,
    Chart,
    Marks,
    Row,
    in_words,
    left_room,
    letters,
    titled,
    values,
)
from consentkit.history import SHARED, person
from consentkit.phrases import count, drawable, labels, span
from consentkit.shown import Table

if TYPE_CHECKING:
    from datetime import datetime

    from consentkit.history import Subject
    from consentkit.workspace import Workspace

_SHOWN = 20
_STATES = {
    "granted": ("true", BLUE),
    "refused": ("false", VERMILLION),
    "in conflict": ("conflict", PURPLE),
    "never collected": (None, GRID),
}
# What of a delivery stands out, the gravest first, and its colour.
_FATES = {
    "refused": VERMILLION,
    "refused before it was sent": ORANGE,
    "in conflict": PURPLE,
    "never collected": MUTED,
    "allowed": GREEN,
}
# Which categories it lacks, by the column that tells them, in the same order.
_LACKS = {
    "refused": "refused",
    "refused before it was sent": "refused_since",
    "in conflict": "in_conflict",
    "never collected": "never_collected",
}


def person_rows(workspace: Workspace, who: str) -> Table:
    """Return every change of consent and every delivery of one person or device in order of time."""
    found = person(workspace, who)[0]
    rows = [
        {
            "at": row["valid_from"],
            "what": "choice",
            "name": row["category_id"],
            "state": _name(row["value"]),
            "because": row["basis"],
            "message_id": row["message_id"],
        }
        for row in found.changes
    ]
    rows += [
        {
            "at": row["left_at"],
            "what": "delivery",
            "name": row["destination"],
            "state": _fate(row),
            "because": ", ".join(_lacking(row)),
            "message_id": row["message_id"],
        }
        for row in found.deliveries
    ]
    in_order = sorted(rows, key=lambda row: (row["at"] is None, row["at"] or found.changes[0]["valid_from"]))
    return Table(("at", "what", "name", "state", "because", "message_id"), in_order)


def person_timeline(workspace: Workspace, who: str, width: int = WIDTH) -> Chart:
    """Draw one person's consent over time by category, and below it each delivery since the first choice.

    ``who`` is a user id or anonymous id as loaded, and stands in the title: keep the picture as you keep the data.
    Where an id is both, the person is drawn. Raises :class:`UsageError` where no event has it.
    """
    found = person(workspace, who)[0]
    called = f"{found.kind.capitalize()} {drawable(found.id, 40)}"
    if not found.changes:
        events = ", ".join(
            part for part in (count(found.events, "event"), span(found.first_at, found.last_at, year=True)) if part
        )
        told = "No choice is among them: never collected."
        return in_words(f"{called} was never asked, as far as the log shows", told, events, width)
    start, end = _bounds(found)
    days = (end - start).days > 3
    x = alt.X(
        "at:T",
        scale=alt.Scale(type="utc", domain=[_utc(start), _utc(end)], nice=False),
        axis=alt.Axis(
            title="UTC", format="%-d %b" if days else "%-d %b %H:%M", labelOverlap=True, tickCount=width // 110
        ),
    )
    panels = [_consent(found, start, end, x, width)]
    if found.deliveries:
        panels.append(_deliveries(found, x, width))
    choices = len({row["valid_from"] for row in found.changes})
    lacking = [row for row in found.deliveries if _fate(row) != "allowed"]
    title = f"{called}: {count(choices, 'choice')}"
    sent = count(len(found.deliveries), "delivery", "deliveries")
    title += (
        f"; {len(lacking):,} of {sent} since lacked consent" if found.deliveries else "; no delivery since is known"
    )
    subtitle = [
        f"{count(found.events, 'event')}, {span(start, end, year=True)}. A delivery lacks consent where a category it "
        "needs was not granted when the event happened, or refused before it was sent; exempt ones and preference "
        "events never do",
        f"{count(len(found.possible), 'delivery', 'deliveries')} more may be of it: {SHARED}" if found.possible else "",
    ]
    said = "; ".join(
        f"{drawable(row['category_id'])} {_name(row['value'])} from {row['valid_from']:%Y-%m-%d %H:%M}"
        for row in found.changes
    )
    chart = alt.vconcat(*panels, spacing=18).resolve_scale(color="independent")
    return titled(chart, title, subtitle, width, said)


def _bounds(found: Subject) -> tuple[datetime, datetime]:
    moments = [row["valid_from"] for row in found.changes]
    moments += [row["left_at"] for row in found.deliveries if row["left_at"] is not None]
    moments += [each for each in (found.first_at, found.last_at) if each is not None]
    return min(moments), max(moments)


def _name(value: str | None) -> str:
    return next(name for name, (said, _) in _STATES.items() if said == value)


def _fate(row: Row) -> str:
    if row["preference_event"] or row["exempt"]:
        return "allowed"
    return next((name for name, column in _LACKS.items() if row[column]), "allowed")


def _lacking(row: Row) -> list[str]:
    return list(dict.fromkeys(category for column in _LACKS.values() for category in row[column]))


def _utc(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds") + "Z"


def _legend(kinds: dict[str, str], present: set[str]) -> Any:
    shown = {name: color for name, color in kinds.items() if name in present}
    legend = alt.Legend(orient="top", title=None, direction="horizontal", columns=4, symbolSize=110, offset=6)
    return alt.Color("state:N", scale=alt.Scale(domain=list(shown), range=list(shown.values())), legend=legend)


def _consent(found: Subject, start: datetime, end: datetime, x: Any, width: int) -> Chart:
    names = labels(dict.fromkeys(row["category_id"] for row in found.changes), letters(width))
    cells = []
    for category, label in names.items():
        own = [row for row in found.changes if row["category_id"] == category]
        before = [{"value": None, "valid_from": start, "valid_to": own[0]["valid_from"], "basis": ""}]
        for row in (before if own[0]["valid_from"] > start else []) + own:
            cells.append(
                {
                    "name": label,
                    "state": _name(row["value"]),
                    "at": _utc(row["valid_from"]),
                    "to": _utc(min(row["valid_to"], end)),
                    "basis": row["basis"],
                }
            )
    states = {name: color for name, (_, color) in _STATES.items()}
    base = Marks(values(cells)).encode(
        x=x,
        y=alt.Y("name:N", sort=list(names.values()), axis=alt.Axis(title=None, domain=False, ticks=False)),
        color=_legend(states, {cell["state"] for cell in cells}),
        tooltip=[
            alt.Tooltip("name:N", title="category"),
            alt.Tooltip("state:N"),
            alt.Tooltip("at:N", title="from"),
            alt.Tooltip("to:N"),
            alt.Tooltip("basis:N", title="because"),
        ],
    )
    bars = base.mark_bar(height=15).encode(x2=alt.X2("to:T"))
    edges = base.mark_tick(thickness=2, size=19, opacity=1).encode(color=alt.ColorValue("black"))
    edges = edges.transform_filter("datum.basis != ''")
    return alt.layer(bars, edges, width=width - left_room(width) - 20, height=alt.Step(26))


def _deliveries(found: Subject, x: Any, width: int) -> Chart:
    rows = [row for row in found.deliveries if row["left_at"] is not None]
    lacking: dict[str, int] = {}
    for row in rows:
        lacking[row["destination"]] = lacking.get(row["destination"], 0) + (_fate(row) != "allowed")
    shown = sorted(lacking, key=lambda name: (-lacking[name], name))[:_SHOWN]
    names = labels(shown, letters(width))
    room = width - left_room(width) - 20
    cells = _binned([row for row in rows if row["destination"] in names], names, room)
    title = "Deliveries"
    if len(lacking) > len(shown):
        title += f" ({len(shown)} of {len(lacking)} destinations, the worst first)"
    base = Marks(values(cells)).encode(
        x=x,
        y=alt.Y("name:N", sort=list(names.values()), axis=alt.Axis(title=None, domain=False, ticks=False, grid=True)),
        color=_legend(_FATES, {cell["state"] for cell in cells}),
        tooltip=[
            alt.Tooltip("name:N", title="destination"),
            alt.Tooltip("state:N", title="consent"),
            alt.Tooltip("at:N"),
            alt.Tooltip("deliveries:Q", format=","),
            alt.Tooltip("categories:N", title="not granted"),
        ],
    )
    heading = alt.TitleParams(text=title, fontSize=12.5, fontWeight="normal", offset=4, frame="group")
    return base.mark_tick(thickness=2, size=15, opacity=1).properties(width=room, height=alt.Step(22), title=heading)


def _binned(rows: list[Row], names: dict[str, str], room: int) -> list[Row]:
    """Keep one mark for each destination, fate and pixel: a picture cannot show more."""
    first, last = min(row["left_at"] for row in rows), max(row["left_at"] for row in rows)
    pixel = ((last - first) / room) or None
    marks: dict[tuple[str, str, int], Row] = {}
    for row in sorted(rows, key=lambda row: (_fate(row) != "allowed", row["left_at"])):
        state = _fate(row)
        key = (row["destination"], state, (row["left_at"] - first) // pixel if pixel else 0)
        lacks = ", ".join(map(drawable, _lacking(row)))
        mark = marks.setdefault(
            key,
            {
                "name": names[row["destination"]],
                "state": state,
                "at": _utc(row["left_at"]),
                "deliveries": 0,
                "categories": "" if state == "allowed" else lacks[:120],
            },
        )
        mark["deliveries"] += 1
    return list(marks.values())
