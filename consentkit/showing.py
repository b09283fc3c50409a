"""How results show themselves in a notebook: a verdict line, a small chart, a table; plain text beside it."""

from __future__ import annotations

import html
import io
from typing import TYPE_CHECKING, Any

from consentkit.phrases import count, percent, span, visible
from consentkit.report_words import deliveries_parts
from consentkit.simulating import SAYS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console

    from consentkit.causes import Cause
    from consentkit.simulating import Simulation
    from consentkit.summary import Row, Summary

_SHOWN = 25
_CELL = "padding:4px 14px 4px 0;text-align:left;vertical-align:top;border-bottom:1px solid #80808040"
_COLORS = {"critical": "#d55e00", "warning": "#e69f00", "info": "#56b4e9"}
_PARTS = {"refused": "#d55e00", "silent": "#e69f00", "lost": "#cc79a7", "free": "#9aa5b1", "kept": "#009e73"}
_OUTCOMES = {
    "deliver": "#009e73",
    "block": "#5b6470",
    "indeterminate": "#cc79a7",
    "not connected": "#d9dee3",
    "not in the policy": "#d9dee3",
}


def summary_html(summary: Summary) -> str:
    """Return a summary as HTML; names from the data are escaped and lose their hidden letters."""
    heads = ("", "Finding", "Where", "How much", "People", "Seen")
    rows = [_finding_cells(row) for row in summary.findings[:_SHOWN]]
    more = len(summary.findings) - _SHOWN
    return frame(
        summary.verdict,
        _deliveries_bar(summary),
        table(heads, rows) if rows else "<p>No finding.</p>",
        f"and {more:,} more: see <code>summary.findings</code>" if more > 0 else "",
    )


def summary_text(summary: Summary) -> str:
    """Return a summary as the command line prints it, without colour."""
    from consentkit.console import print_summary

    return printed(lambda console: print_summary(console, summary))


def simulation_html(found: Simulation) -> str:
    """Return a simulation as HTML: what would change by destination, drawn and told, and the findings that change."""
    heads = ("Destination", "Now", "Then", "Events", "People", "Delivered, by the log", "Why")
    rows = [
        [
            text(row["destination"]),
            text(SAYS[row["was"]]),
            f"<strong>{text(SAYS[row['becomes']])}</strong>",
            f"{row['events']:,} of {row['of_events']:,}",
            f"{row['people']:,}",
            f"{row['delivered']:,}" if found.logged else "no log",
            text(row["meaning"] or ""),
        ]
        for row in found.changes[:_SHOWN]
    ]
    told = [
        [
            text(row["severity"]),
            text(f"{row['code']} {row['title']}"),
            text(_where(row)),
            f"{row['before']:,}",
            f"<strong>{row['after']:,}</strong>",
        ]
        for row in found.findings[:_SHOWN]
    ]
    after = ("", "Finding", "Where", "Now", "Then")
    tables = table(heads, rows) if rows else ""
    tables += f"<p>Findings that would have another number:</p>{table(after, told)}" if told else ""
    return frame(found.verdict, _outcome_bars(found), tables, "")


def simulation_text(found: Simulation) -> str:
    """Return a simulation as the command line prints it, without colour."""
    from consentkit.console_simulation import print_simulation

    return printed(lambda console: print_simulation(console, found))


def causes_html(causes: Sequence[Cause]) -> str:
    """Return causes as HTML: how often it fails in the slice, and elsewhere."""
    if not causes:
        return "<p>No cause was found: no part of the data explains a finding well enough.</p>"
    heads = ("Finding", "Fails there", "Fails elsewhere", "Probable cause")
    rows = [
        [
            f"<strong>{text(each.about)}</strong>",
            bar(each.in_slice, each.of_slice, _COLORS["critical"]),
            bar(each.elsewhere, each.of_elsewhere, _COLORS["info"]),
            text(str(each), 400),
        ]
        for each in causes[:_SHOWN]
    ]
    told = f"{len(causes):,} finding{'s have' if len(causes) > 1 else ' has'} a probable cause."
    more = len(causes) - _SHOWN
    return frame(told, "", table(heads, rows), f"and {more:,} more" if more > 0 else "")


def frame(verdict: str, chart: str, tables: str, rest: str) -> str:
    """Put a result together: the verdict in a line, a small chart, tables, and what is left out."""
    told = f'<p style="font-size:1.15em;max-width:70em"><strong>{text(verdict, 600)}</strong></p>'
    return f"<div>{told}{chart}{tables}{f'<p>{rest}</p>' if rest else ''}</div>"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return cells that are HTML already as a table."""
    top = "".join(f'<th scope="col" style="{_CELL}">{head}</th>' for head in heads)
    body = "".join("<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in row) + "</tr>" for row in rows)
    return f'<table style="border-collapse:collapse"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'


def _finding_cells(row: Row) -> list[str]:
    number, whole = (
        (row["deliveries"], row["of_deliveries"])
        if row["deliveries"] is not None
        else (row["events"], row["of_events"])
    )
    doubt = "" if row["certainty"] == "certain" else " (possible)"
    color = _COLORS[row["severity"]]
    mark = f'<span style="border-left:5px solid {color};padding-left:6px">{text(row["severity"])}</span>'
    count = bar(number, whole, color) if whole else f"{number:,}"
    people = "" if row["people"] is None else f"{row['people']:,}"
    seen = f'<span style="white-space:nowrap">{span(row["first_seen"], row["last_seen"])}</span>'
    return [mark, text(f"{row['code']} {row['title']}{doubt}"), text(_where(row)), count, people, seen]


def _where(row: Row) -> str:
    return ", ".join(visible(str(row[key]), 60) for key in ("destination", "source", "detail") if row[key] is not None)


def bar(part: int, whole: int, color: str) -> str:
    """Draw a share as a bar from zero, below its number and what it is out of."""
    share = 100 * part / whole if whole else 0
    least = "min-width:1px;" if part else ""
    filled = f'<div style="width:{share:.1f}%;{least}height:6px;background:{color}"></div>'
    return (
        f'<span style="white-space:nowrap">{part:,} of {whole:,}</span>'
        f'<div style="width:110px;background:#80808030">{filled}</div>'
    )


def _stacked(parts: Sequence[tuple[str, int, str]], width: str = "100%") -> str:
    """Draw parts of a whole side by side; each says itself where it is pointed at."""
    whole = sum(n for _, n, _ in parts) or 1
    cells = "".join(
        f'<div title="{text(name)}: {n:,}" style="width:{100 * n / whole:.2f}%;min-width:2px;height:14px;'
        f'background:{color}"></div>'
        for name, n, color in parts
        if n
    )
    return f'<div style="display:flex;gap:1px;width:{width};max-width:44em">{cells}</div>'


def _legend(parts: Sequence[tuple[str, int, str]]) -> str:
    whole = sum(n for _, n, _ in parts) or 1
    words = "".join(
        f'<span style="margin-right:18px;white-space:nowrap"><span style="display:inline-block;width:10px;height:10px;'
        f'background:{color};margin-right:5px"></span>{text(name)}: {n:,} ({percent(n, whole)})</span>'
        for name, n, color in parts
        if n
    )
    return f'<p style="margin:.3em 0 .9em">{words}</p>'


def _deliveries_bar(summary: Summary) -> str:
    """Draw what became of the check of every delivery."""
    coverage = summary.coverage
    if not coverage["deliveries"]:
        return ""
    parts = [(words, n, _PARTS[name]) for words, n, name in deliveries_parts(summary)]
    return f"<p>{count(coverage['deliveries'], 'delivery', 'deliveries')}:</p>{_stacked(parts)}{_legend(parts)}"


def _outcome_bars(found: Simulation) -> str:
    """Draw for each destination that changes what becomes of its events now and then."""
    drawn = []
    for destination in list(dict.fromkeys(row["destination"] for row in found.changes))[:8]:
        rows = [row for row in found.outcomes if row["destination"] == destination]
        drawn.append(f"<p style='margin:.6em 0 .2em'>{text(destination)}, {count(rows[0]['of_events'], 'event')}</p>")
        for word, key in (("now", "was"), ("then", "becomes")):
            parts = [
                (SAYS[outcome], sum(row["events"] for row in rows if row[key] == outcome), color)
                for outcome, color in _OUTCOMES.items()
            ]
            label = f'<span style="display:inline-block;width:3em">{word}</span>'
            drawn.append(f'<div style="display:flex;align-items:center">{label}{_stacked(parts, "34em")}</div>')
            drawn.append(f'<div style="margin-left:3em">{_legend(parts)}</div>')
    return "".join(drawn)


def text(said: str, longest: int = 200) -> str:
    """Return a text as HTML: escaped, and without hidden letters."""
    return html.escape(visible(str(said), longest))


def printed(show: Callable[[Console], Any]) -> str:
    """Return what is printed on a console, without colour."""
    from rich.console import Console

    out = io.StringIO()
    show(Console(file=out, width=100, color_system=None, force_jupyter=False))
    return out.getvalue()
