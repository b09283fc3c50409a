"""The remediation log: what audits of one database opened, closed and reopened, in the view, report and CSV."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from support import event, ndjson, policy
from test_cli import run as run

import consentkit as ck

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LEAKY = policy({"categories": [{"id": "A", "destinations": ["D"]}]})
OTHER = policy({"categories": [{"id": "B", "destinations": ["D"]}]})
NAME = "</td><script>1</script>"


def write(folder: Path) -> None:
    said = {"id": "m1", "at": "2026-03-01T10:00:00Z", "preferences": {"A": False, "B": True}}
    (folder / "e.ndjson").write_bytes(ndjson([event(said)]))
    sent = [{"message_id": "m1", "destination": name, "status": "delivered"} for name in ("D", NAME)]
    (folder / "d.ndjson").write_bytes(ndjson(sent))


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consentkit.report._charts", lambda seen: [])


def steps(path: Path) -> list[tuple[str, str, str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            (row["audit"], row["code"], row["step"], row["state"])
            for row in csv.DictReader(file)
            if row["code"] == "V5"
        ]


@pytest.mark.usefixtures("undrawn")
def test_the_report_and_its_csv_tell_what_was_closed(ws: ck.Workspace, tmp_path: Path) -> None:
    write(tmp_path)
    ws.load_events(tmp_path / "e.ndjson")
    ws.load_deliveries(tmp_path / "d.ndjson")
    ws.apply(LEAKY)
    first = ws.report(tmp_path / "1").read_text(encoding="utf-8")
    assert "the first audit of this database" in first
    assert steps(tmp_path / "1" / "remediation.csv") == [("1", "V5", "opened", "open")]
    ws.apply(OTHER)
    ws.report(tmp_path / "2")
    ws.apply(LEAKY)
    third = ws.report(tmp_path / "3").read_text(encoding="utf-8")
    assert steps(tmp_path / "2" / "remediation.csv") == [
        ("1", "V5", "opened", "closed"),
        ("2", "V5", "closed", "closed"),
    ]
    assert [step[2] for step in steps(tmp_path / "3" / "remediation.csv")] == ["opened", "closed", "reopened"]
    assert "After 3 audits of this database" in third
    assert "opened in audit 1 (data until 1 March 2026): 1; closed in audit 2" in third
    assert "closed in audit 2 (data until 1 March 2026), not found any more, by another policy than before" in third
    assert "<script>1" not in third
    last = third.split("Opened, closed or reopened by the last audit")[-1].split("that are as they were")[0]
    assert "V5" in last
    assert "V20" not in last


def test_looking_again_is_no_audit_of_its_own(ws: ck.Workspace, tmp_path: Path) -> None:
    write(tmp_path)
    ws.apply(LEAKY)
    ws.record_audit()
    ws.record_audit()
    ws.summary()
    assert ws.rows("SELECT count(*) FROM audit") == [(1,)]
    ws.load_events(tmp_path / "e.ndjson")
    ws.record_audit()
    assert ws.rows("SELECT audit_id, events FROM audit ORDER BY audit_id") == [(1, 0), (2, 1)]


def test_without_a_policy_there_is_no_audit(ws: ck.Workspace) -> None:
    with pytest.raises(ck.UsageError, match="no policy"):
        ws.record_audit()


def test_the_commands_note_each_audit(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    write(tmp_path)
    for name, said in (("leaky", LEAKY), ("other", OTHER)):
        (tmp_path / f"{name}.yml").write_text(said.as_yaml(), encoding="utf-8")
    db = str(tmp_path / "a.duckdb")
    given = (str(tmp_path / "e.ndjson"), "--deliveries", str(tmp_path / "d.ndjson"), "--db", db)
    run("audit", *given, "--policy", str(tmp_path / "leaky.yml"))
    run("report", "--db", db)
    run("report", "--db", db, "--policy", str(tmp_path / "other.yml"))
    with ck.open(db) as ws:
        told = ws.rows("SELECT audit_id, step FROM remediation WHERE code = 'V5' ORDER BY audit_id")
    assert told == [(1, "opened"), (2, "closed")]
