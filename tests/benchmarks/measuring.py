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
    from collections.abc import Mapping, Sequence

PYTHON = sys.executable


class Cost(NamedTuple):
    """What one run of a command took: processor and wall seconds, peak memory in MB, and what it printed."""

    cpu: float
    wall: float
    peak: float
    said: str


class Failed(Exception):
    """A command that is measured ended with an exit code it should not end with."""


def work(name: str, *arguments: object) -> list[str]:
    """Return the command that runs one piece of work as a process."""
    return [PYTHON, str(Path(__file__).with_name("work.py")), name, *map(str, arguments)]


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
