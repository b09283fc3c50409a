"""How wide results are printed: whole, whatever shows them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding

if TYPE_CHECKING:
    from typing import TextIO

    from rich.table import Table

_USUAL_WIDTH = 80
# Of what no terminal shows: wide enough for every line, which is not broken then and can be looked for.
_ANY_WIDTH = 1_000


def terminal(file: TextIO | None = None) -> Console:
    """Return the console that results are printed on: as wide as the terminal, or as ``COLUMNS`` says.

    A file or another program has no width to keep to.
    """
    found = Console(file=file)
    said = os.environ.get("COLUMNS", "")
    asked = int(said) if said.isdecimal() else 0
    found.width = asked or (found.width or _USUAL_WIDTH if found.is_terminal else _ANY_WIDTH)
    return found


def print_whole(console: Console, table: Table, indent: int = 0) -> None:
    """Print a table with no number cut or broken: where it is too wide for that, the terminal breaks its lines."""
    for column in table.columns:
        if column.no_wrap:
            lines = [line for cell in (column.header, *column.cells) for line in str(cell).split("\n")]
            column.min_width = max(map(cell_len, lines))
    whole = Padding(table, (0, 0, 0, indent), expand=False)
    kept, console.width = console.width, _ANY_WIDTH
    least = console.measure(whole).minimum
    console.width = max(kept, least)
    console.print(whole)
    console.width = kept
