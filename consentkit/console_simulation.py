"""Prints a simulation for a person at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from consentkit.console import clean
from consentkit.simulating import SAYS
from consentkit.terminal import print_whole

if TYPE_CHECKING:
    from rich.console import Console

    from consentkit.simulating import Simulation

_SHOWN = 40


def print_simulation(console: Console, found: Simulation) -> None:
    """Print what would change: the verdict, destination by destination, and the findings with another number."""
    console.print(Text(clean(found.verdict, 600), style="bold"))
    if found.changes:
        print_whole(console, _changes(found))
    if found.findings:
        print_whole(console, _findings(found))
    for rows in (found.changes, found.findings):
        if len(rows) > _SHOWN:
            console.print(f"and {len(rows) - _SHOWN:,} more: --json prints them all")


def _changes(found: Simulation) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="By destination", title_justify="left")
    table.add_column("destination", min_width=12, overflow="fold")
    table.add_column("now, then")
    for head in ("events", "people", "delivered"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in found.changes[:_SHOWN]:
        delivered = f"{row['delivered']:,}" if found.logged else "no log"
        table.add_row(
            Text(clean(row["destination"])),
            f"{SAYS[row['was']]}, {SAYS[row['becomes']]}",
            f"{row['events']:,}",
            f"{row['people']:,}",
            delivered,
        )
    return table


def _findings(found: Simulation) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="Findings, now and then", title_justify="left")
    table.add_column("", no_wrap=True)
    table.add_column("finding")
    table.add_column("where", min_width=12, overflow="fold")
    for head in ("now", "then"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in found.findings[:_SHOWN]:
        where = ", ".join(clean(str(row[key])) for key in ("destination", "source", "detail") if row[key] is not None)
        doubt = "" if row["certainty"] == "certain" else " (possible)"
        numbers = (f"{row['before']:,}", f"{row['after']:,}")
        table.add_row(row["severity"], f"{row['code']} {row['title']}{doubt}", Text(where), *numbers)
    return table
