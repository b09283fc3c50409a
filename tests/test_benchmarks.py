"""The benchmarks run, on data so small that only their answers mean anything."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support import TESTS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_the_benchmarks_run_and_peers_agree(tmp_path: Path) -> None:
    pytest.importorskip("polars", reason="polars is not installed; it comes with the extra test")
    out = tmp_path / "figures.json"
    given = ["--folder", str(tmp_path), "--sizes", "2k", "--runs", "1", "--json", str(out)]
    command = [sys.executable, str(TESTS / "benchmarks"), *given]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    figures = json.loads(out.read_text())
    assert {figure["size"] for figure in figures} == {"-", "2k"}
    assert all(figure["figure"] >= 0 and figure["ratio"] >= 0 for figure in figures)
    assert "refused and delivered: {" in done.stdout


@pytest.mark.slow
def test_growth_is_measured_and_drawn(tmp_path: Path) -> None:
    out, picture = tmp_path / "growth.json", tmp_path / "growth.svg"
    given = ["--folder", str(tmp_path), "--most", "1", "--json", str(out), "--svg", str(picture)]
    command = [sys.executable, str(TESTS / "benchmarks" / "growth.py"), *given]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    measured = {step["thing"] for step in json.loads(out.read_text())}
    assert measured == {"events", "deliveries", "destinations", "categories", "situations"}
    assert picture.read_text(encoding="utf-8").startswith("<svg")
