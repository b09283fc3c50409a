"""Measure consentkit against the limits of its machine: ``python tests/benchmarks --folder DIR [--sizes 100k 1m 5m]``.

Data comes from ``consentkit sample`` and stays in the folder for the next time. Each figure is a ratio to a limit
measured in the same run, in turns; ``--json FILE`` keeps them. See README.md beside this file.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import inputs
import steps
from measuring import Row, table
from samples import made

if TYPE_CHECKING:
    from collections.abc import Callable

    from samples import Data

    Part = Callable[[Data, int], tuple[list[Row], list[str]]]

PARTS: dict[str, Part] = {
    "loading": inputs.loading,
    "many": inputs.many,
    "big": lambda data, _: inputs.big(data),
    "interrupted": lambda data, _: inputs.interrupted(data),
    "judging": lambda data, _: (steps.judging(data), []),
    "checking": lambda data, _: steps.checking(data),
    "as-of": lambda data, _: (steps.as_of(data), []),
    "auditing": steps.auditing,
    "bounded": lambda data, _: steps.bounded(data),
    "incremental": lambda data, _: (steps.incremental(data), []),
    "peers": steps.peers,
}


def main() -> None:
    """Measure, print the table, and keep it as JSON where told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where generated data is kept")
    parser.add_argument("--sizes", nargs="+", default=["100k", "1m", "5m"], help="numbers of events; 10m takes long")
    parser.add_argument(
        "--parts", nargs="+", default=list(PARTS), choices=PARTS, help="what to measure; all by default"
    )
    parser.add_argument("--runs", type=int, default=3, help="how many turns the median is taken of")
    parser.add_argument("--json", type=Path, help="a file to write the figures to")
    given = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what is measured must heed it, also behind nohup
    rows, notes = steps.starting(given.runs), []
    for size in given.sizes:
        data = made(given.folder, size)
        for name in given.parts:
            part = PARTS[name](data, given.runs)
            rows += part[0]
            notes += part[1]
            print(table(part[0]), flush=True)
            _keep(rows, given.json)
            for left in given.folder.glob("run-*"):
                shutil.rmtree(left)
    print("\n" + table(rows) + "\n" + "\n".join(notes))


def _keep(rows: list[Row], file: Path | None) -> None:
    if file is not None:
        file.write_text(json.dumps([{**row._asdict(), "ratio": row.ratio} for row in rows], indent=2))


if __name__ == "__main__":
    main()
