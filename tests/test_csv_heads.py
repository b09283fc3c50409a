"""A CSV file without rows still has its header, so that what reads it every day does not break on a good one."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from support import event, ndjson, policy

import consentkit as ck
from consentkit.report_words import GLOSSARY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RULES = {"categories": [{"id": "Ads", "destinations": ["Pixel"]}], "destinations": [{"name": "Pixel"}]}


@pytest.fixture
def clean(tmp_path: Path) -> Iterator[ck.Workspace]:
    """One event that grants, delivered: no finding."""
    (tmp_path / "events.ndjson").write_bytes(ndjson([event({"id": "m", "preferences": {"Ads": True}})]))
    log = {"message_id": "m", "destination": "Pixel", "status": "delivered", "timestamp": "2026-03-01T12:00:05Z"}
    (tmp_path / "log.ndjson").write_bytes(ndjson([log]))
    with ck.open() as ws:
        ws.load_events(tmp_path / "events.ndjson")
        ws.load_deliveries(tmp_path / "log.ndjson")
        ws.apply(policy(RULES))
        ws.judge()
        yield ws


def heads(folder: Path) -> dict[str, list[str]]:
    """The header of every CSV file; the rows below it fit it."""
    found = {}
    for path in folder.rglob("*.csv"):
        lines = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
        assert lines, f"{path.name}: no header"
        assert {len(line) for line in lines} == {len(lines[0])}, path.name
        found[path.name] = lines[0]
    return found


def test_report_and_pack_of_data_without_findings_have_all_headers(
    clean: ck.Workspace, sample: ck.Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consentkit.report._charts", lambda seen: [])
    monkeypatch.setattr("consentkit.pack._draw", lambda charts, folder: None)
    assert clean.summary().findings == []
    clean.report(tmp_path / "report")
    clean.pack(tmp_path / "pack")
    told = heads(tmp_path / "pack")
    assert told["causes.csv"][-1] == "says"
    assert {"samples.csv", "first_bad.csv", "remediation.csv", "release_before_after.csv"} <= told.keys()
    beside = heads(tmp_path / "report")
    assert [beside[name] for name in ("findings.csv", "remediation.csv")] == [
        told[name] for name in ("findings.csv", "remediation.csv")
    ]
    assert list(sample.summary().findings[0]) == told["findings.csv"]


@pytest.mark.parametrize("name", ck.charts.CHARTS)
def test_a_chart_without_rows_has_the_header_of_one_with_rows(
    ws: ck.Workspace, sample: ck.Workspace, tmp_path: Path, name: str
) -> None:
    ck.charts.save(ws, name, tmp_path / f"{name}.csv")
    assert (tmp_path / f"{name}.csv").read_text(encoding="utf-8").count("\n") == 1
    assert heads(tmp_path)[f"{name}.csv"] == list(ck.charts.rows(sample, name)[0])


def test_the_glossary_has_the_words_that_the_report_uses() -> None:
    words = " ".join(word.lower() for word, _ in GLOSSARY)
    assert "lift" not in words
    assert all(word in words for word in ("regime", "classic", "actions"))
