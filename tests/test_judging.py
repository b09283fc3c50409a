"""What is found is kept until something changes, and is then never what was found before."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from support import SAMPLE, event, ndjson

import consentkit as ck
from consentkit.judging import KEPT
from consentkit.kept import has_changed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

POLICY: dict[str, Any] = {
    "version": 1,
    "platform": "segment",
    "categories": [{"id": "A", "destinations": ["X"]}],
    "destinations": [{"name": "X"}],
}
STRICTER = {**POLICY, "categories": [{"id": "A", "destinations": ["X"]}, {"id": "B", "destinations": ["X"]}]}
ASKED = "SELECT code, deliveries, events FROM finding WHERE code IN ('V5', 'X3') ORDER BY ALL"


def write(folder: Path, name: str, *rows: dict[str, Any]) -> Path:
    path = folder / name
    path.write_bytes(ndjson(rows))
    return path


def delivered(*ids: str) -> list[dict[str, Any]]:
    return [{"message_id": each, "destination": "X", "status": "delivered"} for each in ids]


@pytest.fixture
def judged(ws: ck.Workspace, tmp_path: Path) -> ck.Workspace:
    """One event that refused, delivered; a delivery whose event is not there; all of it judged."""
    ws.apply(POLICY)
    ws.load_events(write(tmp_path, "e.ndjson", event({"id": "m1", "preferences": {"A": False}})))
    ws.load_deliveries(write(tmp_path, "d.ndjson", *delivered("m1", "m2")))
    ws.judge()
    assert ws.rows(ASKED) == [("V5", 1, 1), ("X3", 1, 0)]
    return ws


def more_events(ws: ck.Workspace, folder: Path) -> None:
    ws.load_events(write(folder, "more.ndjson", event({"id": "m2", "preferences": {"A": False}})))


def more_deliveries(ws: ck.Workspace, folder: Path) -> None:
    later = [{**row, "at": "2026-03-02T12:00:00Z"} for row in delivered("m1", "m3")]
    ws.load_deliveries(write(folder, "more-d.ndjson", *later))


def another_policy(ws: ck.Workspace, folder: Path) -> None:
    assert folder
    ws.apply({**POLICY, "categories": []})


def written_by_hand(ws: ck.Workspace, folder: Path) -> None:
    assert folder
    ws.rows("DELETE FROM delivery WHERE event_id IS NULL")
    ws.judge()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (more_events, [("V5", 2, 2)]),
        (more_deliveries, [("V5", 2, 1), ("X3", 2, 0)]),
        (another_policy, [("X3", 1, 0)]),
        (written_by_hand, [("V5", 1, 1)]),
    ],
)
def test_what_was_found_before_a_change_is_never_told_after_it(
    judged: ck.Workspace, tmp_path: Path, change: Callable[[ck.Workspace, Path], None], found: list[Any]
) -> None:
    change(judged, tmp_path)
    assert judged.rows(ASKED) == found
    judged.judge()
    assert judged.rows(ASKED) == found


def test_a_simulation_leaves_what_is_kept(judged: ck.Workspace) -> None:
    simulated = judged.simulate({**POLICY, "categories": []})
    assert [(row["code"], row["before"], row["after"]) for row in simulated.findings if row["code"] == "V5"] == [
        ("V5", 1, 0)
    ]
    judged.policy_use(STRICTER)
    assert not has_changed(judged._engine, KEPT[0])
    assert judged.rows(ASKED) == [("V5", 1, 1), ("X3", 1, 0)]


def test_a_load_that_fails_leaves_what_is_kept(judged: ck.Workspace, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("message_id,nothing\nm1,X\n", encoding="utf-8")
    with pytest.raises(ck.SourceError):
        judged.load_deliveries(bad)
    assert not has_changed(judged._engine, KEPT[0])
    assert judged.rows(ASKED) == [("V5", 1, 1), ("X3", 1, 0)]


def test_what_is_kept_is_what_the_views_say(sample: ck.Workspace) -> None:
    for view in KEPT:
        rule, kept = f'main."{view} (rule)"', f"main.{view}"
        assert sample.rows(f"SELECT * FROM {rule} EXCEPT ALL SELECT * FROM {kept}") == [], view
        assert sample.rows(f"SELECT * FROM {kept} EXCEPT ALL SELECT * FROM {rule}") == [], view


def test_another_program_reads_what_is_kept_and_an_interrupted_judgement_leaves_none(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    with ck.open(path) as ws:
        ws.apply(SAMPLE / "policy.yml")
        ws.load_events(SAMPLE / "events" / "web")
        before = ws.rows("SELECT * FROM finding ORDER BY ALL")
        broken = KEPT[-1]
        ws.rows(f"ALTER VIEW {broken} RENAME TO elsewhere")
        with pytest.raises(ck.EngineError):
            ws.judge()
        assert has_changed(ws._engine, KEPT[0])
        assert ws.rows("SELECT * FROM finding ORDER BY ALL") == before
        ws.rows(f"ALTER VIEW elsewhere RENAME TO {broken}")
        ws.summary()
    shutil.copy(path, tmp_path / "b.duckdb")
    con = duckdb.connect(str(tmp_path / "b.duckdb"), read_only=True)
    assert con.execute("SELECT * FROM finding ORDER BY ALL").fetchall() == before
    assert con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'finding'").fetchall() == [(1,)]
    con.close()
    with ck.open(path) as ws:
        assert not has_changed(ws._engine, KEPT[0])
