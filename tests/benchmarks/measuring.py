"""Measure commands as whole processes, by the operating system's own account of each, in turns."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import signal
    from collections.abc import Mapping, Sequence

PYTHON = sys.executable
CONSENTKIT = [PYTHON, "-c", "from consentkit.cli import main; main()"]


class Row(NamedTuple):
    """One line of the table: a figure, its limit, the ratio and what it may be at most, where that is said."""

    size: str
    what: str
    figure: float
    limit: float
    at_most: float | None
    unit: str = "CPU s"

    @property
    def ratio(self) -> float:
        """How many times the limit the figure is."""
        return self.figure / self.limit


class Cost(NamedTuple):
    """What one run of a command took: processor and wall seconds, peak memory in MB, and what it printed."""

    cpu: float
    wall: float
    peak: float
    said: str


class Failed(Exception):
    """A command that is measured ended with an exit code it should not end with."""


def work(name: str, *arguments: object, module: str = "work") -> list[str]:
    """Return the command that runs one piece of work as a process."""
    return [PYTHON, str(Path(__file__).with_name(f"{module}.py")), name, *map(str, arguments)]


def run(command: Sequence[str]) -> Cost:
    """Run a command to its end. A 1 is a good exit code only where consentkit says by it that it found something."""
    began = time.perf_counter()
    process = subprocess.Popen(list(command), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    finds = "audit" in command or "check" in command
    if process.returncode not in ((0, 1) if finds else (0,)) or (finds and not said):
        raise Failed(f"{' '.join(command[:6])} ... ended with exit code {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, time.perf_counter() - began, usage.ru_maxrss / 1024, said)


def run_until(command: Sequence[str], seconds: float, by: signal.Signals) -> Cost:
    """Run a command and stop it after so many seconds. Raises :class:`Failed` where it has ended before."""
    began = time.perf_counter()
    process = subprocess.Popen(list(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
        raise Failed(f"{' '.join(command[:6])} ... ended before it could be stopped")
    process.send_signal(by)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(usage.ru_utime + usage.ru_stime, time.perf_counter() - began, usage.ru_maxrss / 1024, "")


def in_turns(commands: Mapping[str, Sequence[str]], runs: int) -> dict[str, Cost]:
    """Run commands in turns, A B A B, and return the median of each figure; the machine's mood then hits all alike."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            costs[name].append(run(command))
    return {
        name: Cost(
            median(cost.cpu for cost in each),
            median(cost.wall for cost in each),
            max(cost.peak for cost in each),
            each[-1].said,
        )
        for name, each in costs.items()
    }


def table(rows: Sequence[Row]) -> str:
    """Lay rows out as text."""
    lines = [f"{'size':>5} {'what':84} {'figure':>9} {'limit':>9} {'ratio':>7} {'at most':>8}"]
    for row in rows:
        bound = "" if row.at_most is None else f"{row.at_most:g}" + ("" if row.ratio <= row.at_most else "  over")
        lines.append(
            f"{row.size:>5} {row.what:84} {row.figure:9.2f} {row.limit:9.2f} {row.ratio:7.2f} {bound:>8} {row.unit}"
        )
    return "\n".join(lines)
