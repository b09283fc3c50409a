"""How a summary shows itself in a notebook: the verdict, the findings as a table with bars, plain text beside it."""

from __future__ import annotations

import html
import io
from typing import TYPE_CHECKING

from consentkit.phrases import span, visible
from consentkit.report import verdict_sentence

if TYPE_CHECKING:
    from consentkit.summary import Row, Summary

_SHOWN = 25
_CELL = "padding:3px 12px 3px 0;text-align:left;vertical-align:top"
_COLORS = {"critical": "#d55e00", "warning": "#e69f00", "info": "#56b4e9"}


def summary_html(summary: Summary) -> str:
    """Return a summary as HTML; names from the data are escaped and lose their hidden letters."""
    heads = "".join(
        f'<th scope="col" style="{_CELL}">{head}</th>'
        for head in ("", "Finding", "Where", "How much", "People", "Seen")
    )
    rows = "".join(_row(row) for row in summary.findings[:_SHOWN])
    more = len(summary.findings) - _SHOWN
    rest = f"<p>and {more:,} more: see <code>summary.findings</code></p>" if more > 0 else ""
    table = f'<table style="border-collapse:collapse"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    told = html.escape(visible(verdict_sentence(summary), 400))
    return f"<p><strong>{told}</strong></p>{table if summary.findings else '<p>No finding.</p>'}{rest}"


def summary_text(summary: Summary) -> str:
    """Return a summary as the command line prints it, without colour."""
    from rich.console import Console

    from consentkit.console import print_summary

    out = io.StringIO()
    print_summary(Console(file=out, width=100, color_system=None, force_jupyter=False), summary)
    return out.getvalue()


def _row(row: Row) -> str:
    where = ", ".join(visible(str(row[key]), 60) for key in ("destination", "source", "detail") if row[key] is not None)
    number, whole = (
        (row["deliveries"], row["of_deliveries"]) if row["destination"] else (row["events"], row["of_events"])
    )
    share = number / whole if whole else 0
    bar = (
        '<div style="width:90px;background:#80808030">'
        f'<div style="width:{100 * share:.1f}%;min-width:1px;height:6px;'
        f'background:{_COLORS[row["severity"]]}"></div></div>'
        if whole
        else ""
    )
    count = f"{number:,}" + (f" of {whole:,}" if whole else "")
    people = "" if row["people"] is None else f"{row['people']:,}"
    doubt = "" if row["certainty"] == "certain" else " (possible)"
    texts = (row["severity"], f"{row['code']} {row['title']}{doubt}", where)
    cells = "".join(f'<td style="{_CELL}">{html.escape(text)}</td>' for text in texts)
    numbers = f'<td style="{_CELL};white-space:nowrap">{count}{bar}</td><td style="{_CELL}">{people}</td>'
    seen = f'<td style="{_CELL};white-space:nowrap">{span(row["first_seen"], row["last_seen"])}</td>'
    return f"<tr>{cells}{numbers}{seen}</tr>"
