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
    for part in ("gzipped files", "one file of", "SIGKILL", "SIGINT", "expectations beyond", "as-of", "of a person"):
        assert [figure for figure in figures if part in figure["what"]], part


def test_peers_that_answer_otherwise_stop_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(TESTS / "benchmarks")
    import steps
    from measuring import Cost
    from peers import PEERS, DisagreeError
    from samples import Data

    def turns(answer: str) -> dict[str, Cost]:
        return {name: Cost(1, 1, 1, answer) for name in ("audit", *PEERS)}

    monkeypatch.setattr(steps, "audited", lambda _: tmp_path)
    monkeypatch.setattr(steps, "run", lambda _: Cost(1, 1, 1, '{"B": 2, "A": 1}'))
    monkeypatch.setattr(steps, "in_turns", lambda *_: turns('{"A": 1, "B": 2}'))
    rows, _ = steps.peers(Data("2k", tmp_path), 1)
    assert len(rows) == len(PEERS)
    monkeypatch.setattr(steps, "in_turns", lambda *_: turns('{"A": 1, "B": 3}'))
    with pytest.raises(DisagreeError, match="consentkit"):
        steps.peers(Data("2k", tmp_path), 1)


def test_the_consent_history_is_measured() -> None:
    done = subprocess.run(
        [sys.executable, str(TESTS / "benchmarks" / "work.py"), "as_of", "500", "50"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert {"bare hash join, no time", "as-of, every category"} <= set(json.loads(done.stdout))


@pytest.mark.slow
def test_growth_is_measured_and_drawn(tmp_path: Path) -> None:
    out, picture = tmp_path / "growth.json", tmp_path / "growth.svg"
    given = ["--folder", str(tmp_path), "--most", "1", "--json", str(out), "--svg", str(picture)]
    command = [sys.executable, str(TESTS / "benchmarks" / "growth.py"), *given]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    measured = {step["thing"] for step in json.loads(out.read_text())}
    assert measured == {"events", "deliveries", "destinations", "categories", "situations", "choices"}
    assert picture.read_text(encoding="utf-8").startswith("<svg")
