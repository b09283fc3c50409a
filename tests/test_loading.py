"""The quick ways of loading give what the careful way gives: known situations, small files, files read ahead."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from support import SAMPLE, event, ndjson

import consentkit as ck
from consentkit.sources.files import InputFile
from consentkit.sources.lines import line_batches

if TYPE_CHECKING:
    from pathlib import Path

LOADED = {
    "events": """
        SELECT
            e.* EXCLUDE (signature_id), g.* EXCLUDE (signature_id, stamp_id, integrations_id),
            s.state, s.consent, i.canonical
        FROM event AS e
        INNER JOIN signature AS g ON g.signature_id = e.signature_id
        INNER JOIN stamp AS s ON s.stamp_id = g.stamp_id
        INNER JOIN integrations AS i ON i.integrations_id = g.integrations_id
        ORDER BY e.event_id
    """,
    "rejected": "SELECT * FROM rejected_line ORDER BY file_id, line",
    "repeated": "SELECT * FROM duplicate_line ORDER BY file_id, line",
    "shared": "SELECT * FROM shared_message ORDER BY event_id",
    "signatures": "SELECT count(*) FROM signature",
    "account": "SELECT lines, loaded, rejected, duplicates, undated FROM input_file ORDER BY file_id",
}


def dirty_lines() -> bytes:
    """Return lines of few situations, then of new ones, with broken lines, repeats and twins among them."""
    lines = []
    for number in range(3000):
        spec = {"id": f"m{number % 2900}", "preferences": {"A": number % 3 == 0, "B": True}}
        if number > 2000:
            spec["integrations"] = {"All": True, f"Tool {number % 7}": number % 2 == 0}
        lines.append(ndjson([event(spec)]))
        if number % 400 == 399:
            lines += [b'{"messageId": "cut', b"\n", b"[1]\n", b"\xff\xfe\n", b'{"a": 1}}\n']
        if number % 500 == 250:
            lines.append(b'{"messageId":"twice%d","context":{"consent":{}},"context":{}}\n' % number)
    return b"".join(lines)


def test_what_is_not_needed_to_load_is_not_imported() -> None:
    code = "import sys, consentkit as ck\nws = ck.open()\n"
    code += f"ws.load_events({str(SAMPLE / 'events')!r})\nws.load_deliveries({str(SAMPLE / 'deliveries')!r})\n"
    code += "print(sorted({'pandas', 'pydantic', 'great_expectations', 'altair'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_known_situations_change_nothing_but_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "1.ndjson").write_bytes(dirty_lines())
    (tmp_path / "2.ndjson.gz").write_bytes(gzip.compress(dirty_lines() + ndjson([event({"id": "last"})])))
    monkeypatch.setattr("consentkit.sources.blocks.CHUNK", 1 << 14)
    found, quick = {}, {}
    for first in (1 << 14, 1 << 30):  # with the second, every line takes the long way
        steps: list[str] = []
        monkeypatch.setattr("consentkit.sources.segment_json.FIRST_SLICE", first)
        with ck.open(tracer=lambda step, _, steps=steps: steps.append(step)) as ws:
            ws._engine.slice_bytes = 1 << 16
            ws.load_events(tmp_path)
            found[first] = {name: ws.rows(query) for name, query in LOADED.items()}
        quick[first] = "load events: known situations" in steps
    assert list(quick.values()) == [True, False]
    for name in LOADED:
        assert found[1 << 14][name] == found[1 << 30][name], name
    assert found[1 << 14]["rejected"]
    assert found[1 << 14]["repeated"]
    assert found[1 << 14]["shared"]


def test_a_later_file_of_new_situations_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, choice in enumerate((True, False)):
        specs = [event({"id": f"{number} {line}", "preferences": {"A": choice}}) for line in range(5000)]
        (tmp_path / f"{number}.ndjson").write_bytes(ndjson(specs))
    monkeypatch.setattr("consentkit.sources.blocks.CHUNK", 1 << 14)
    monkeypatch.setattr("consentkit.sources.segment_json.FIRST_SLICE", 1 << 14)
    with ck.open() as ws:
        ws._engine.slice_bytes = 1 << 17
        ws.load_events(tmp_path)
        assert ws.rows("SELECT file_id, count(*) FROM event GROUP BY ALL ORDER BY ALL") == [(1, 5000), (2, 5000)]
        assert ws.rows("SELECT count(*) FROM signature") == [(2,)]


def test_many_small_files_keep_their_order_and_their_lines(tmp_path: Path) -> None:
    for number in range(120):
        specs = [event({"id": f"{number} {line}"}) for line in range(number % 4)]
        (tmp_path / f"{number:03}.ndjson.gz").write_bytes(gzip.compress(ndjson(specs), mtime=number))
    with ck.open() as ws:
        ws.load_events(tmp_path)
        account = ws.rows("SELECT parse_filename(path), lines, loaded, problem FROM input_file ORDER BY file_id")
        assert account == [
            (f"{number:03}.ndjson.gz", number % 4, number % 4, None if number % 4 else "empty") for number in range(120)
        ]
        wrong = "SELECT count(*) FROM event WHERE message_id <> (file_id - 1) || ' ' || (line - 1)"
        assert ws.rows(wrong) == [(0,)]


def test_small_files_that_unpack_to_much_give_every_line_once(tmp_path: Path) -> None:
    files = []
    for number in range(9):
        packed = gzip.compress(b"".join(b"%d %d %s\n" % (number, line, b" " * 1000) for line in range(1_500)), mtime=0)
        path = tmp_path / f"{number}.gz"
        path.write_bytes(b"" if number == 4 else packed[:-30] if number == 6 else packed)
        files.append(InputFile(str(path), bytes=path.stat().st_size, file_id=number))
    read: dict[int, list[str]] = {}
    for batch in line_batches(files, lambda _: None):
        for file_id, line, text in zip(*(batch.column(place).to_pylist() for place in range(3)), strict=True):
            assert text.startswith(f"{file_id} {line - 1} ")
            read.setdefault(file_id, []).append(text)
    whole = [number for number in range(9) if number not in (4, 6)]
    assert {number: len(read[number]) for number in whole} == dict.fromkeys(whole, 1_500)
    assert list(read) == [number for number in range(9) if number != 4]
    assert 0 < len(read[6]) == files[6].lines < 1_500
    assert [file.problem for file in files if file.problem] == ["empty", "truncated_gzip"]


def test_reading_ahead_ends_with_who_reads(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}.ndjson").write_bytes(b"{}\n" * 3_000_000)
    before = set(threading.enumerate())
    files = [InputFile(str(tmp_path / f"{number}.ndjson"), bytes=9_000_000) for number in range(4)]
    batches = line_batches(files, lambda _: None)
    next(batches)
    readers = set(threading.enumerate()) - before
    assert readers
    batches.close()  # type: ignore[attr-defined]
    for thread in {*readers, *threading.enumerate()} - before:
        thread.join(5)
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("lines", [1, 100_000])  # a small file is read where its lines are taken, others in threads
def test_what_stops_reading_is_raised_where_lines_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: int
) -> None:
    def broken(*_: object) -> None:
        raise MemoryError

    (tmp_path / "1.ndjson").write_bytes(b"{}\n" * lines)
    monkeypatch.setattr("consentkit.sources.lines.blocks", broken)
    with ck.open() as ws:
        with pytest.raises(MemoryError):
            ws.load_events(tmp_path)
        assert ws.rows("SELECT count(*) FROM input_file") == [(0,)]


@pytest.mark.parametrize("size", [" ", "much", "1", "1 KB", "100MB", "-2GB", "1GB; DROP TABLE event"])
def test_a_memory_limit_that_is_none_is_refused(size: str) -> None:
    with pytest.raises(ck.ConsentkitError, match="256MB"):
        ck.open(memory=size)


def test_a_database_that_has_the_views_is_opened_without_making_them(tmp_path: Path) -> None:
    ck.open(tmp_path / "a.duckdb").close()
    steps: list[str] = []
    with ck.open(tmp_path / "a.duckdb", tracer=lambda step, _: steps.append(step)) as ws:
        assert not [step for step in steps if step.startswith("view ")]
        ws._engine.run("an older consentkit", "UPDATE about SET value = 'other' WHERE name = 'views'")
        ws._engine.run("an older consentkit", "CREATE OR REPLACE VIEW finding AS SELECT 1 AS old")
    with ck.open(tmp_path / "a.duckdb") as ws:
        assert "code" in ws.cells("SELECT * FROM finding")[0]


def test_a_load_killed_before_its_end_is_finished_when_the_database_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"version": 1, "platform": "segment", "categories": [{"id": "A", "destinations": ["X"]}]}
    chosen = {"event": "Segment Consent Preference Updated", "userId": "u"}
    lines = ndjson([event({"id": "1", "preferences": {"A": False}, **chosen}), event({"id": "2"})])
    (tmp_path / "first.ndjson").write_bytes(lines)
    (tmp_path / "second.ndjson").write_bytes(ndjson([event({"id": "3"})]))
    (tmp_path / "log.csv").write_text("message_id,destination,status\n2,Nobody,delivered\n")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    asked = (
        "SELECT user_id, category_id, value FROM person_history",
        "SELECT code, destination FROM finding ORDER BY ALL",
        "SELECT day, events FROM event_day",
    )
    found = []
    for name in ("whole", "killed"):
        with ck.open(tmp_path / f"{name}.duckdb") as ws:
            ws.apply(said)
            ws.load_deliveries(tmp_path / "log.csv")
            if name == "killed":
                monkeypatch.setattr("consentkit.workspace.complete_policy", killed)
                ws._engine.group_bytes = 1
                with pytest.raises(KeyboardInterrupt):
                    ws.load_events([tmp_path / "first.ndjson", tmp_path / "second.ndjson"])
                monkeypatch.undo()
                assert ws.rows("SELECT parse_filename(path) FROM input_file WHERE kind = 'events'") == [
                    ("first.ndjson",)
                ]
                assert not ws.rows(asked[0])
            else:
                ws.load_events(tmp_path / "first.ndjson")
        with ck.open(tmp_path / f"{name}.duckdb") as ws:
            found.append([ws.rows(query) for query in asked])
    assert found[0] == found[1]
    assert found[0][0] == [("u", "A", "false")]


_ABSENT = object()
_ODD: tuple[Any, ...] = (
    _ABSENT, None, True, 5, "", "{}", "[]", "text", '{"categoryPreferences":{"ads":true}}', '{"a":1}', [], [{}], {},
    {"a": 1}, {"categoryPreferences": None}, {"categoryPreferences": "{}"}, {"categoryPreferences": {}},
    {"categoryPreferences": {"ads": True, "say \"so\"": False}},
)  # fmt: skip


def _state(context: Any) -> str:
    """Say what RULES.md 1 calls the consent stamp in a context, from the context as Python reads it."""
    if context is None or context is _ABSENT:
        return "A0"
    if not isinstance(context, dict):
        return "A6"
    if "consent" not in context:
        return "A1"
    consent = context["consent"]
    if not isinstance(consent, dict):
        return "A6"
    if "categoryPreferences" not in consent:
        return "A2"
    said = consent["categoryPreferences"]
    return "A6" if not isinstance(said, dict) else "A4" if said else "A3"


def _form(integrations: Any) -> str:
    if integrations is None or integrations is _ABSENT:
        return "absent"
    return "not_object" if not isinstance(integrations, dict) else "given" if integrations else "empty"


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_an_object_is_told_from_text_that_looks_like_one(tmp_path: Path, separators: tuple[str, str]) -> None:
    contexts = [*_ODD, *({"consent": odd} for odd in _ODD if odd is not _ABSENT), {"library": {"name": "x"}}]
    events = [
        {"context": context, "integrations": odd, "type": "track", "event": beside}
        for context in contexts
        for odd in _ODD
        for beside in ("plain", 'with "quotes" in it', "{}", '{}"')
    ]
    said = [{key: value for key, value in event.items() if value is not _ABSENT} for event in events]
    lines = [json.dumps(event, separators=separators) for event in said]
    (tmp_path / "1.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with ck.open() as ws:
        ws.load_events(tmp_path / "1.ndjson", source="web")
        found = ws.rows("""
            SELECT s.state, i.form
            FROM event AS e
            INNER JOIN signature AS g ON g.signature_id = e.signature_id
            INNER JOIN stamp AS s ON s.stamp_id = g.stamp_id
            INNER JOIN integrations AS i ON i.integrations_id = g.integrations_id
            ORDER BY e.line""")
    assert found == [(_state(event["context"]), _form(event["integrations"])) for event in events]


def test_what_a_killed_process_spilled_goes_when_the_database_is_opened_next(tmp_path: Path) -> None:
    database = tmp_path / "a [1].duckdb"
    ck.open(database).close()
    left = tmp_path / f"{database.name}.spill-left"
    left.mkdir()
    (left / "rows").write_bytes(b"personal data")
    ck.open(database).close()
    assert list(tmp_path.iterdir()) == [database]


def test_a_process_that_ends_without_closing_leaves_nothing_spilled(tmp_path: Path) -> None:
    for database in (str(tmp_path / "a.duckdb"), ":memory:"):
        code = f"import consentkit as ck; ws = ck.open({database!r})"
        environment = {**os.environ, "TMPDIR": str(tmp_path)}
        subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_who_finds_a_database_in_use_leaves_what_its_user_spilled(tmp_path: Path) -> None:
    database = tmp_path / "a.duckdb"
    with ck.open(database):
        before = set(tmp_path.iterdir())
        with pytest.raises(ck.ConsentkitError, match="cannot be opened"):
            ck.open(database)
        assert set(tmp_path.iterdir()) == before
        assert any(".spill-" in path.name for path in before)
