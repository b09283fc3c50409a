"""Prints the result of a check for a person at a terminal, the worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from consentkit.checks.reading import days_of, place_of
from consentkit.checks.results import WORDS
from consentkit.terminal import print_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from consentkit.checks.results import CheckResult, Outcome

_STYLES = {"critical": "bold red", "warning": "yellow", "info": "dim"}
_SHOWN = 3
_INDENT = 9


def print_check(console: Console, result: CheckResult) -> None:
    """Print the verdict, then what could not be checked and what failed, then what passed in one line each."""
    style = {0: "bold green", 1: "bold red", 2: "bold red"}[result.exit_code]
    console.print(Text(result.verdict, style=style))
    for each in result.sorted():
        if each.status != "passed":
            console.print()
            _print_one(console, each, result.remark(each))
    passed = [each for each in result.sorted() if each.status == "passed"]
    if not passed:
        return
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for each in passed:
        table.add_row(Text(each.id), Text(each.message, style="dim"))
    console.print()
    console.print(Text(f"passed: {len(passed)}", style="green"))
    console.print(Padding(table, (0, 0, 0, 2), expand=False))


def _print_one(console: Console, each: Outcome, remark: str) -> None:
    word = WORDS[each.status] + (f", {remark}" if remark else "")
    heading = Text.assemble(
        (f"{each.severity:<9}", _STYLES[each.severity]),
        (f"{word}  ", "bold red" if each.unchecked else "bold"),
        each.id,
    )
    console.print(heading)
    console.print(_below(Text(each.description, style="dim")))
    console.print(_below(Text(each.message)))
    if each.slices:
        print_whole(console, _slices(each), _INDENT)
    more = each.slice_count - min(len(each.slices), _SHOWN)
    tail = f"and {more:,} more places; " if more > 0 else ""
    console.print(_below(Text(f"{tail}{each.file}:{each.line}, owner {each.owner}", style="dim")))


def _below(text: Text) -> Padding:
    """Put a text below the heading of an expectation, behind the severity."""
    return Padding(text, (0, 0, 0, _INDENT), expand=False)


def _slices(each: Outcome) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    shown = [(place_of(row), _count(row), days_of(row)) for row in each.slices[:_SHOWN]]
    table.add_column("where", overflow="fold")  # the one that may break, so that no count and no day is cut off
    table.add_column("failing", justify="right", no_wrap=True)
    if any(row[2] for row in shown):
        table.add_column("days", no_wrap=True)
    for row in shown:
        table.add_row(*(Text(cell) for cell in row[: len(table.columns)]))
    return table


def _count(row: Mapping[str, Any]) -> str:
    return f"{row['failing']:,}" + (f" of {row['checked']:,}" if row["checked"] else "")
