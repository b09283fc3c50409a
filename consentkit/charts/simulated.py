"""The chart of a policy that is tried out: what becomes of the events of each destination, now and then."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import altair as alt

from consentkit.charts.theme import (
    GREEN,
    GRID,
    INK,
    MUTED,
    PURPLE,
    SKY,
    WIDTH,
    Chart,
    Marks,
    Row,
    in_words,
    period,
    says_period,
    titled,
    values,
)
from consentkit.phrases import count, labels, listing, visible
from consentkit.simulating import SAYS

if TYPE_CHECKING:
    from pathlib import Path

    from consentkit.policy import Policy
    from consentkit.shown import Table
    from consentkit.workspace import Workspace

_SHOWN = 8
_COLORS = {
    "deliver": GREEN,
    "indeterminate": PURPLE,
    "block": MUTED,
    "not connected": GRID,
    "not in the policy": SKY,
}
_DARK = ("block",)


def simulated_rows(workspace: Workspace, policy: Policy | str | Path) -> Table:
    """Return for each destination and pair of outcomes, now and under ``policy``, how many events there are."""
    return workspace.simulate(policy).outcomes


def simulated_change(workspace: Workspace, policy: Policy | str | Path, width: int = WIDTH) -> Chart:
    """Draw for each destination that ``policy`` would change what becomes of its events now, and then."""
    found = workspace.simulate(policy)
    whole = says_period(period(workspace))
    names = list(dict.fromkeys(row["destination"] for row in found.changes))
    if not names:
        return in_words("The new policy changes nothing", found.verdict, whole, width)
    shown = names[:_SHOWN]
    called = labels(shown, 40)
    panels = [
        _panel(called[name], [row for row in found.outcomes if row["destination"] == name], width) for name in shown
    ]
    same = len({row["destination"] for row in found.outcomes}) - len(names)
    decisions = sum(row["events"] for row in found.outcomes)
    changed = sum(row["events"] for row in found.changes)
    subtitle = [
        f"{changed:,} of {decisions:,} decisions change; {whole}",
        f"{count(same, 'other destination')} would stay as {'it is' if same == 1 else 'they are'}" if same else "",
        f"The {_SHOWN} that change most, of {len(names)}, are drawn." if len(names) > _SHOWN else "",
    ]
    return titled(alt.vconcat(*panels, spacing=16), _title(found.parts()), subtitle, width)


def _title(parts: list[str]) -> str:
    told = listing(parts)
    return told[0].upper() + told[1:]


def _panel(name: str, rows: list[Row], width: int) -> Chart:
    room = width - 76
    cells = [cell for word, key in (("now", "was"), ("then", "becomes")) for cell in _cells(rows, word, key, room)]
    y = alt.Y("when:N", sort=["now", "then"], axis=alt.Axis(title=None, domain=False, ticks=False))
    scale = alt.Scale(domain=[0, rows[0]["of_events"]], nice=False)
    base = Marks(values(cells)).encode(y=y)
    bars = base.mark_bar(height=20, stroke="#ffffff", strokeWidth=1).encode(
        x=alt.X("start:Q", scale=scale, axis=None),
        x2=alt.X2("end:Q"),
        color=alt.Color("color:N", scale=None, legend=None),
        tooltip=[
            alt.Tooltip("destination:N"),
            alt.Tooltip("when:N"),
            alt.Tooltip("outcome:N"),
            alt.Tooltip("events:Q", format=","),
        ],
    )
    text: dict[str, Any] = {"align": "left", "dx": 5, "fontSize": 11.5}
    words = base.encode(x=alt.X("start:Q", scale=scale, axis=None), text=alt.Text("says:N"))
    told = [
        words.transform_filter(f"datum.dark === {dark}").mark_text(color=color, **text)
        for dark, color in (("true", "#ffffff"), ("false", "#000000"))
    ]
    title = alt.TitleParams(
        text=textwrap.wrap(f"{name}: {_headline(rows)}", max(30, room // 6)),
        lineHeight=16,
        fontSize=12.5,
        fontWeight="normal",
        color=INK,
        offset=4,
        frame="group",
    )
    return alt.layer(bars, *told, width=room, height=alt.Step(24), title=title)


def _cells(rows: list[Row], word: str, key: str, room: int) -> list[Row]:
    whole, at, cells = rows[0]["of_events"], 0, []
    for outcome, color in _COLORS.items():
        events = sum(row["events"] for row in rows if row[key] == outcome)
        if not events:
            continue
        room_here = int(room * events / whole) - 8
        texts = (f"{events:,} {SAYS[outcome]}", f"{events:,}", "")
        cells.append(
            {
                "destination": visible(rows[0]["destination"]),
                "when": word,
                "outcome": SAYS[outcome],
                "events": events,
                "start": at,
                "end": at + events,
                "color": color,
                "dark": outcome in _DARK,
                "says": next(text for text in texts if 7 * len(text) <= room_here or not text),
            }
        )
        at += events
    return cells


def _headline(rows: list[Row]) -> str:
    changed = sum(row["events"] for row in rows if row["was"] != row["becomes"])
    return f"{changed:,} of {rows[0]['of_events']:,} change"
