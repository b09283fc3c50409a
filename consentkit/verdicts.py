"""Writes decisions as NDJSON, CSV or a table, streaming."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from consentkit.engine import sql_text
from consentkit.outputs import is_lost

if TYPE_CHECKING:
    from consentkit.workspace import Workspace

_SHOWN = 200


def write_verdicts(workspace: Workspace, form: str, out: TextIO) -> bool:
    """Write one row per event and connected destination to ``out``, as ``ndjson``, ``csv`` or ``table``.

    Returns whether there was one; CSV has its header also where there was none.
    """
    return {"ndjson": _write_ndjson, "csv": _write_csv, "table": _write_table}[form](workspace, out)


def _write_ndjson(workspace: Workspace, out: TextIO) -> bool:
    any_row = False
    query = f"SELECT to_json(d)::VARCHAR AS line FROM ({sql_text('ask_decide')}) AS d"
    for batch in workspace.batches(query):
        out.write("\n".join(batch.column(0).to_pylist()) + "\n")
        any_row = True
        if is_lost(out):
            break
    return any_row


def _write_csv(workspace: Workspace, out: TextIO) -> bool:
    import io
    from itertools import chain

    from pyarrow import csv

    batches = workspace.batches(sql_text("ask_decide_flat"))
    head, any_row = batches.schema.empty_table(), False
    for rows in chain([head], batches):
        text = io.BytesIO()
        csv.write_csv(rows, text, csv.WriteOptions(include_header=rows is head, quoting_style="needed"))
        out.write(text.getvalue().decode())
        any_row = any_row or rows is not head
        if is_lost(out):
            break
    return any_row


def _write_table(workspace: Workspace, out: TextIO) -> bool:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from consentkit.console import clean
    from consentkit.terminal import terminal

    styles = {"deliver": "green", "block": "red", "indeterminate": "yellow"}
    narrow = "d.* EXCLUDE (documented_outcome, regime_outcome, rule)"  # a terminal is not wide enough for all
    names, rows = workspace.cells(f"SELECT {narrow} FROM ({sql_text('ask_decide_flat')}) AS d LIMIT {_SHOWN + 1}")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows[:_SHOWN]:
        cells = [Text("" if cell is None else clean(str(cell))) for cell in row]
        cells[4].stylize(styles.get(row[4], ""))
        table.add_row(*cells)
    if len(rows) > _SHOWN:
        table.caption = f"the first {_SHOWN} only: --format csv or ndjson writes them all"
    terminal(out).print(table)
    return bool(rows)
