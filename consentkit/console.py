"""Prints a summary for a person: what was read, the verdict, findings worst first, destinations."""

from __future__ import annotations

import unicodedata
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from consentkit.phrases import RECORDS, UNITS
from consentkit.report_words import REFUSED_ANYWHERE, counted, no_refusal_found, too_many, unheld_deliveries
from consentkit.sources.warehouse_rows import PREFERENCE
from consentkit.terminal import print_whole
from consentkit.unjudged import could_not_check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from consentkit.summary import Row, Summary

_STYLES = {"critical": "bold red", "warning": "yellow", "info": "dim"}
_SHOWN_ROWS = 8
_SHOWN_DESTINATIONS = 20
_INDENT, _GAP = 4, 2
_LEAST_WIDTHS = (18, 16, 7, 19)  # of where, how many, of how many people, and when


def print_summary(console: Console, summary: Summary) -> None:
    """Print a summary; names from data lose control characters and are never read as markup."""
    _print_inputs(console, summary)
    console.print()
    for line, style in verdict(summary):
        console.print(Text(line, style=style))
    if summary.findings:
        console.print()
        _print_findings(console, summary)
    if summary.destinations and summary.coverage["delivery_records"]:
        console.print()
        print_whole(console, _destinations_table(summary))


def verdict(summary: Summary) -> list[tuple[str, str]]:
    """Say in sentences what was found, the worst first, each with a style."""
    if summary.unchecked:
        return [(could_not_check(summary.unchecked), "bold red")]
    lines = []
    for row in summary.totals:
        if row["severity"] == "critical":
            lines.append((_sentence(row), _STYLES["critical"]))
    if over := too_many(summary):
        lines.append((over, _STYLES["critical"]))
    coverage = summary.coverage
    if not coverage["delivery_records"]:
        told = "where they were sent is not"
        if counted(summary):
            told = "and how many were sent where on each day, but not which"
        lines.append((f"No delivery log was given: what the events say is checked, {told}.", "yellow"))
    elif not any(row["code"] in REFUSED_ANYWHERE for row in summary.totals):
        told, checked = no_refusal_found(coverage)
        lines.append((told, "green" if checked else "yellow"))
    for n, words in unheld_deliveries(coverage):
        lines.append((f"Not checked: {_share(n, coverage['deliveries'], 'delivery', 'deliveries')} {words}.", "yellow"))
    return lines


def _sentence(row: Row) -> str:
    people = _count(row["people"], "person", "people")
    if row["unnamed_events"]:
        people += f" and {_count(row['unnamed_events'], 'event', 'events')} without any id"
    what = _count(row["deliveries"], "delivery", "deliveries") + " of " if row["deliveries"] else ""
    doubt = "" if row["certainty"] == "certain" else " (possible)"
    events = _count(row["events"], "event", "events")
    return f"{row['title']}{doubt}: {what}{events} of {people}, {_span(row) or 'undated'}."


def _print_inputs(console: Console, summary: Summary) -> None:
    coverage = summary.coverage
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column()
    for kind in ("events", "warehouse", "deliveries", "counts"):
        files = [row for row in summary.files if row["kind"] == kind]
        if not files:
            continue
        lines, loaded, rejected, repeats = (
            sum(row[name] for row in files) for name in ("lines", "loaded", "rejected", "duplicates")
        )
        unit, part = ("table", "row") if kind == "warehouse" else ("file", "line")
        told = f"{_count(len(files), unit, f'{unit}s')}, {_count(lines, part, f'{part}s')}"
        told += f" = {loaded:,} loaded + {rejected:,} rejected"
        repeated = {"events": " exact repeats", "warehouse": " rows of events already loaded"}.get(kind)
        if kind == "deliveries" and repeats:  # most logs have none
            repeated = " repeats of another file"
        table.add_row(kind, told + (f" + {repeats:,}{repeated}" if repeated else ""))
        for row in files:
            if row["problem"]:
                table.add_row("", Text(f"{clean(row['path'])}: {row['problem'].replace('_', ' ')}", style="yellow"))
    for row in summary.rejects:
        place = f"first in {clean(row['first_file'].rsplit('/', 1)[-1])}, line {row['first_line']}"
        table.add_row("", Text(f"{row['lines']:,} rejected: {row['message']}; {place}", style="yellow"))
    if coverage["events"]:
        span = _days(coverage["first_event"], coverage["last_event"]) if coverage["first_event"] else "no dates"
        undated = f", {coverage['undated_events']:,} undated" if coverage["undated_events"] else ""
        table.add_row("period", span + undated)
        unreadable = coverage["events_with_unreadable_consent_object"]
        stamped = coverage["events"] - coverage["events_without_consent_object"] - unreadable
        broken = f"; {unreadable:,} with one that cannot be read" if unreadable else ""
        table.add_row("consent object", f"{_share(stamped, coverage['events'], 'event', 'events')} with one{broken}")
        named = coverage["events"] - coverage["events_without_person"]
        share = _share(named, coverage["events"], "event", "events")
        table.add_row("people", f"{coverage['people']:,}; {share} with an id")
    if coverage["delivery_records"]:
        matched = coverage["deliveries"] - coverage["deliveries_without_event"]
        told = f"{coverage['deliveries']:,} of {_count(coverage['delivery_records'], 'record', 'records')}"
        table.add_row("delivered", f"{told}; {matched:,} of an event that was read")
    _add_sources(table, summary.sources)
    console.print(table)


def _add_sources(table: Table, sources: list[Row]) -> None:
    """Add a line per source: on how many days it has events, and which it lacks while others have some."""
    for number, row in enumerate(sources[:_SHOWN_ROWS]):
        told, style = f"{_count(row['events'], 'event', 'events')} on {_count(row['days'], 'day', 'days')}", ""
        ends = {
            "missing_inside": "inside its period",
            "missing_before": "before its first",
            "missing_after": "after its last",
        }
        lacks = [f"{row[name]:,} {where}" for name, where in ends.items() if row[name]]
        if not row["events"]:
            told, style = "no events: nothing of it was checked", "yellow"
        elif lacks:
            told += f"; of the days others have, it lacks {', '.join(lacks)}"
            style = "yellow" if row["missing_inside"] else ""
        table.add_row("" if number else "sources", Text(f"{clean(row['source'], 40)}: {told}", style=style))
    if len(sources) > _SHOWN_ROWS:
        table.add_row("", f"and {len(sources) - _SHOWN_ROWS:,} more; --out DIR writes them all")


def _print_findings(console: Console, summary: Summary) -> None:
    """Print each code once with what it means, and below it where: the most first, a few of them."""
    console.print(Text("Findings, the worst first", style="bold"))
    groups = [list(found) for _, found in groupby(summary.findings, key=lambda row: row["code"])]
    widths = _finding_widths(console, groups)
    for rows in groups:
        style = _STYLES[rows[0]["severity"]]
        console.print()
        head = f"{rows[0]['severity']:<9}{rows[0]['code']:<5}"
        console.print(Text.assemble((head, style), (rows[0]["title"], "bold")))
        table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
        table.add_column("where", width=widths[0], overflow="fold")  # what tells lines apart is broken, never cut
        table.add_column(_unit(rows[0]), width=widths[1], justify="right", no_wrap=True)
        table.add_column("people", width=widths[2], justify="right", no_wrap=True)
        table.add_column("seen", no_wrap=True)
        for row in rows[:_SHOWN_ROWS]:
            table.add_row(*_finding_cells(row))
        print_whole(console, table, _INDENT)
        if len(rows) > _SHOWN_ROWS:
            console.print(Text(f"    and {len(rows) - _SHOWN_ROWS:,} more; --out DIR writes them all", style="dim"))


def _finding_widths(console: Console, groups: list[list[Row]]) -> list[int]:
    """Return how wide the columns of all findings are, which so stand below one another; names take what is left."""
    cells = [[cell.cell_len for cell in _finding_cells(row)] for rows in groups for row in rows[:_SHOWN_ROWS]]
    widest = [max(column) for column in zip(*cells, strict=True)]
    where, *others = map(max, widest, _LEAST_WIDTHS)
    room = console.width - _INDENT - sum(others) - _GAP * len(_LEAST_WIDTHS)
    return [max(_LEAST_WIDTHS[0], min(where, room)), *others]


def _finding_cells(row: Row) -> list[Text]:
    where = [clean(str(row[name])) for name in ("destination", "source", "detail") if row[name]] or ["all input"]
    where = [name.replace(PREFERENCE, "…_") for name in where]  # what all such columns begin with tells none apart
    count = (
        _of(row["deliveries"], row["of_deliveries"])
        if row["deliveries"] is not None
        else _of(row["events"], row["of_events"])
    )
    people = "" if row["people"] is None else f"{row['people']:,}"
    seen = Text(_span(row))
    if row["certainty"] != "certain":
        seen.append(" possible", style="yellow")
    return [Text(", ".join(where)), Text(count), Text(people), seen]


def _unit(row: Row) -> str:
    if row["deliveries"] is not None:
        return "records" if row["code"] in RECORDS else "deliveries"
    return UNITS.get(row["code"], ("event", "events"))[1]


def _destinations_table(summary: Summary) -> Table:
    title = "Destinations: what was delivered, and how much of it although ..."
    table = Table(
        box=box.SIMPLE_HEAD,
        title=title,
        title_justify="left",
        title_style="bold",
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    paged = any(row["loaded_although_refused"] for row in summary.destinations)
    doubtful = any(row["delivered_possibly_refused"] for row in summary.destinations)
    names = {
        "destination": "",
        "delivered": "delivered",
        "delivered_although_refused": "refused",
        **({"loaded_although_refused": "on page"} if paged else {}),
        "delivered_although_integrations_false": "denied",
        **({"delivered_possibly_refused": "possible"} if doubtful else {}),
        "delivered_unchecked": "silent",
        "delivered_unjudged": "unclear",
        "blocked_although_granted": "overblock",
    }
    for key, name in names.items():
        first = key == "destination"
        table.add_column(name, justify="left" if first else "right", no_wrap=not first, overflow="fold")
    for row in summary.destinations[:_SHOWN_DESTINATIONS]:
        cells = [Text(clean(row["destination"]) + ("" if row["known"] else " (?)"))]
        cells += [Text(f"{row[key]:,}" if row[key] else "-") for key in list(names)[1:]]
        table.add_row(*cells)
    notes = [
        "denied: by the integrations object; silent: the event says nothing of it; unclear: nobody can tell; "
        "overblock: discarded although granted"
    ]
    if paged:
        notes.append("on page: refused in events whose page had loaded it; events, as no record tells of them")
    if doubtful:
        notes.append("possible: refused or denied if the data means what it seems to; some may stand under unclear too")
    if not all(row["known"] for row in summary.destinations):
        notes.append("(?): the policy does not know it")
    if len(summary.destinations) > _SHOWN_DESTINATIONS:
        notes.append(f"{len(summary.destinations) - _SHOWN_DESTINATIONS:,} more: --out DIR writes them all")
    table.caption, table.caption_justify = "; ".join(notes), "left"
    return table


@contextmanager
def progress_bar(unit: str) -> Iterator[Callable[..., None]]:
    """Show a bar on stderr; yields a function that takes (done, total), and how many rows where unit is bytes."""
    amount = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), amount, TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading" if unit == "bytes" else "writing", total=None)

        def tell(done: int, total: int, rows: int | None = None) -> None:
            told = "writing" if rows is None else f"reading, {rows:,} rows"
            bar.update(task, completed=done, total=total, description=told)

        yield tell


def clean(text: str, longest: int = 80) -> str:
    """Return a text with names from data without control and direction characters, cut where too long."""
    hidden = ("Cc", "Cf", "Cs", "Zl", "Zp")
    kept = "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(each) in hidden else each for each in text)
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _of(count: int | None, whole: int | None) -> str:
    if count is None:
        return ""
    return f"{count:,}" if whole is None else f"{count:,} of {whole:,}"


def _share(count: int, whole: int, one: str, many: str) -> str:
    return f"{count:,} of {_count(whole, one, many)}" + (f" ({100 * count / whole:.1f} %)" if whole else "")


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _span(row: Row) -> str:
    """Say when something was seen; the year once where it is the same."""
    return "" if row["first_seen"] is None else _days(row["first_seen"], row["last_seen"])


def _days(first: datetime, last: datetime) -> str:
    if _day(first) == _day(last):
        return _day(first)
    return f"{_day(first)} to {_day(last)[5:] if first.year == last.year else _day(last)}"
