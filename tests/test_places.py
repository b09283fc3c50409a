"""Files that cannot be read and places that cannot be written: each is named in a sentence, none is called empty."""

from __future__ import annotations

import errno
import gzip
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import consentkit as ck
from consentkit.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str, str]]

POLICY = "version: 1\nplatform: segment\ncategories: [{id: Ads, destinations: [Pixel]}]\n"
LOG = "message_id,destination,status\nm1,Pixel,delivered\n"


def event(number: int) -> str:
    stamp = '{"consent":{"categoryPreferences":{"Ads":true}}}'
    rest = '"userId":"u","type":"track","event":"Go","timestamp":"2026-03-01T12:00:00Z"'
    return f'{{"messageId":"m{number}",{rest},"context":{stamp}}}\n'


@pytest.fixture
def at(tmp_path: Path) -> Path:
    for name, text in {"e.ndjson": event(1), "p.yml": POLICY, "d.csv": LOG, "empty.csv": ""}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["consentkit", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            main()
        out = capsys.readouterr()
        return int(stopped.value.code or 0), " ".join(out.out.split()), out.err

    return call


@pytest.fixture
def lock(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let a file be refused, as it is to a user without permission; root has every permission."""
    really_open = Path.open

    def locked(name: str) -> None:
        def refuse(path: Path, *args: Any, **options: Any) -> Any:
            if path.name == name:
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return really_open(path, *args, **options)

        monkeypatch.setattr(Path, "open", refuse)

    return locked


def test_load_ends_with_2_where_nothing_of_a_file_could_be_read(run: Run, at: Path) -> None:
    packed = gzip.compress("".join(map(event, range(2000))).encode())
    (at / "nothing.ndjson.gz").write_bytes(packed[:40])
    code, printed, err = run("load", at / "nothing.ndjson.gz", at / "e.ndjson", "--db", at / "a.duckdb")
    assert (code, printed) == (2, "")
    assert f"{at / 'nothing.ndjson.gz'}: nothing of it could be read: truncated gzip\nwhat else was named" in err

    (at / "part.ndjson.gz").write_bytes(packed[: len(packed) * 2 // 3])
    code, _, err = run("load", at / "part.ndjson.gz", "--db", at / "b.duckdb")
    assert code == 0
    assert f"warning: {at / 'part.ndjson.gz'}: truncated gzip; 1," in err
    assert "part.ndjson.gz" not in run("load", at / "e.ndjson", "--db", at / "b.duckdb")[2]  # told once


def test_a_log_that_may_not_be_read_is_not_called_empty(run: Run, at: Path, lock: Callable[[str], None]) -> None:
    words = ["audit", at / "e.ndjson", "-p", at / "p.yml", "-d"]
    code, printed, _ = run(*words, at / "empty.csv")
    assert code == 2
    assert "Could not check: the delivery log is empty." in printed

    lock("d.csv")
    code, printed, err = run(*words, at / "d.csv")
    assert code == 2
    assert "Could not check: the delivery log could not be read: permission denied." in printed
    assert "d.csv: permission denied" in err
    lock("e.ndjson")
    code, printed, _ = run(*words, at / "d.csv")
    assert code == 2
    assert "Could not check: no event could be read: permission denied." in printed


def test_the_report_does_not_say_of_an_empty_log_that_none_was_given(at: Path) -> None:
    with ck.open() as ws:
        ws.apply(at / "p.yml")
        ws.load_events(at / "e.ndjson")
        ws.load_deliveries(at / "empty.csv")
        told = ws.report(at / "out").read_text()
    assert "The delivery log is empty." in told
    assert "No delivery log was given" not in told


@pytest.mark.parametrize("command", ["audit", "report", "pack", "sample", "call"])
@pytest.mark.parametrize("place", ["e.ndjson", "e.ndjson/below", "/proc/consentkit"])
def test_a_place_that_cannot_be_written_is_told_in_a_sentence(run: Run, at: Path, command: str, place: str) -> None:
    db = at / "a.duckdb"
    with ck.open(db) as ws:
        ws.apply(at / "p.yml")
        ws.load_events(at / "e.ndjson")
        if command == "call":
            with pytest.raises(ck.UsageError, match=str(at / place)):
                ws.report(at / place)
            return
    words: dict[str, list[object]] = {
        "audit": ["audit", at / "e.ndjson", "-p", at / "p.yml", "--out"],
        "report": ["report", "--db", db, "--out"],
        "pack": ["report", "--db", db, "--pack"],
        "sample": ["sample"],
    }
    before = (at / "e.ndjson").read_bytes()
    code, printed, err = run(*words[command], at / place)
    assert code == 2
    assert printed == "" or place.startswith("/proc")  # that it can be written is only seen when it is tried
    named = (at / place).parent if command == "pack" and "below" in place else at / place
    assert err.startswith(f"consentkit: {named}: ")
    assert "Traceback" not in err
    assert (at / "e.ndjson").read_bytes() == before


@pytest.mark.parametrize("name", ["e.ndjson", "d.csv", "empty.csv", "p.yml", "packed.ndjson.gz", "other.sqlite", "."])
def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(run: Run, at: Path, name: str) -> None:
    (at / "packed.ndjson.gz").write_bytes(gzip.compress(event(1).encode()))
    with closing(sqlite3.connect(at / "other.sqlite")) as other:
        other.execute("CREATE TABLE t (a)")
    before = {path.name: path.read_bytes() for path in at.iterdir()}
    commands: tuple[tuple[object, ...], ...] = (("audit", at / "e.ndjson", "-p", at / "p.yml"), ("explain", "m1"))
    for words in commands:
        code, printed, err = run(*words, "--db", at / name)
        assert (code, printed) == (2, "")
        assert f"{at / name}: cannot be opened: it is no DuckDB file" in err
    assert {path.name: path.read_bytes() for path in at.iterdir()} == before


def test_a_name_like_that_of_another_system_is_a_file(at: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(at)
    for name in ("md:new", "sqlite:new", "new.csv"):
        with ck.open(name) as ws:
            ws.load_events(at / "e.ndjson")
        with ck.open(name) as ws:
            assert ws.rows("SELECT count(*) FROM event") == [(1,)]


@pytest.mark.parametrize("judged", [True, False])
@pytest.mark.parametrize("locked", ["file", "folder"])
def test_a_database_that_can_only_be_read_answers_as_one_that_can_be_written(
    run: Run, at: Path, monkeypatch: pytest.MonkeyPatch, judged: bool, locked: str
) -> None:
    (at / "db").mkdir()
    (at / "more.ndjson").write_text(event(2))
    db, again = at / "db" / "a.duckdb", at / "again.duckdb"
    run("load", at / "e.ndjson", "-p", at / "p.yml", "-d", at / "d.csv", "--db", db)
    if judged:
        run("report", "--db", db)
    again.write_bytes(db.read_bytes())
    asked: list[list[object]] = [
        ["report"],
        ["explain", "m1"],
        ["person", "u"],
        ["withdrawals"],
        ["chart", "recipients", "--out", at / "c.csv"],
    ]
    expected = [run(*words, "--db", again)[:2] for words in asked]
    before = db.read_bytes()

    # what a mount or another user's folder says; root may write anywhere
    real, closed = os.access, db if locked == "file" else db.parent
    monkeypatch.setattr(os, "access", lambda path, mode, **_: Path(path) != closed and real(path, mode))
    spilled = at / "system"
    spilled.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spilled))
    with ck.open(db, threads=1) as ws:
        (own,) = spilled.iterdir()
        assert own.stat().st_mode & 0o777 == 0o700
        assert [path.name for path in db.parent.iterdir()] == ["a.duckdb"]
        with pytest.raises(ck.UsageError, match="can only be read"):
            ws.load_events(at / "more.ndjson")
        with pytest.raises(ck.UsageError, match="can only be read"):
            ws.apply({"version": 1, "platform": "segment", "categories": []})
    assert [run(*words, "--db", db)[:2] for words in asked] == expected
    told = "this audit is not noted"
    assert (told in run("report", "--db", db)[2]) is not judged  # the one before found the same
    code, _, err = run("load", at / "more.ndjson", "--db", db)
    assert code == 2
    assert f"{db}: can only be read" in err
    assert db.read_bytes() == before
    assert list(spilled.iterdir()) == []


NOT_UTF8 = pytest.mark.skipif(sys.platform == "darwin", reason="this system has no names that are not UTF-8")


@NOT_UTF8
def test_files_whose_names_are_not_utf8_are_loaded_and_named(run: Run, at: Path) -> None:
    (at / "in").mkdir()
    events, log = (at / "in" / os.fsdecode(name) for name in (b"ev\xe4nts.ndjson", b"l\xf6g.csv"))
    events.write_text(event(1) + "broken\n")
    log.write_text(LOG)
    code, out, err = run("audit", at / "in", "-p", at / "p.yml", "-d", log)
    assert (code, err) == (1, "")
    assert r"first in ev\xe4nts.ndjson, line 2" in out
    with ck.open() as ws:
        ws.load_events(at / "in")
        ws.load_events(events)  # the same file: its content is loaded already
        assert ws.rows("SELECT path FROM input_file") == [(str(at / "in") + r"/ev\xe4nts.ndjson",)]


@NOT_UTF8
@pytest.mark.parametrize("words", [("-d", "l.parquet"), ("--db", "a.duckdb")])
def test_where_a_name_must_be_utf8_the_file_is_named(run: Run, at: Path, words: tuple[str, str]) -> None:
    name = os.fsdecode(b"\xe4" + words[1].encode())
    if words[0] == "-d":
        (at / name).touch()
    code, _, err = run("audit", at / "e.ndjson", "-p", at / "p.yml", words[0], at / name)
    assert code == 2
    assert err.startswith(rf"consentkit: {at}/\xe4{words[1]}: ")
    assert "must be UTF-8" in err


def test_what_python_holds_is_not_taken_for_a_path(at: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame({"message_id": ["m1"], "destination": ["Pixel"]})
    one: Any = {"messageId": "m1"}
    held: Any
    events: Any
    with ck.open() as ws:
        ws.apply(at / "p.yml")
        for load in (ws.load_events, ws.load_deliveries):
            for held, kind in ((frame, "DataFrame"), (one, "dict"), ([one], "dict")):
                with pytest.raises(ck.UsageError, match=f"named by paths, not by {kind}"):
                    load(held)
    with pytest.raises(ck.UsageError, match="takes a list"):
        ck.decide(one, at / "p.yml")
    for events in ([None], [one, "e.ndjson"]):
        with pytest.raises(ck.UsageError, match=rf"events\[{len(events) - 1}\] is "):
            ck.decide(events, at / "p.yml")


@pytest.mark.parametrize("key", ["sixteen letters long", b"short", b"", 7])
def test_a_key_that_is_none_or_can_be_guessed_is_refused(at: Path, key: Any) -> None:
    with ck.open() as ws:
        ws.apply(at / "p.yml")
        ws.load_events(at / "e.ndjson")
        for write in (ws.pack, ws.report):
            with pytest.raises(ck.UsageError, match="key"):
                write(at / "out", key=key)
    assert not (at / "out").exists()


@pytest.mark.parametrize("given", [None, 5, float("nan"), b"x", [None]])
def test_what_is_no_path_is_told_in_words(at: Path, given: Any) -> None:
    kind = type(given).__name__.replace("list", "NoneType").replace("bytes", "(bytes|int)")
    with ck.open() as ws:
        for load in (ws.load_events, ws.load_deliveries, ws.load_snowplow, ws.load_delivery_counts):
            with pytest.raises(ck.UsageError, match=f"files are named by paths, not by {kind}; "):
                load(given)
        for take in (ws.apply, ws.simulate, ws.policy_use, ck.Policy.load):
            with pytest.raises(ck.UsageError, match=f"a policy is named by paths, not by {kind}; "):
                take(given)
        with pytest.raises(ck.UsageError, match="suites are named by paths, not by "):
            ws.check(given)
        ws.apply(at / "p.yml")
        with pytest.raises(ck.UsageError, match="a warehouse is named by paths, not by "):
            ws.load_warehouse(given)
    with pytest.raises(ck.UsageError, match=rf"(events are .*not|events\[0\] is) {kind}"):
        ck.decide(given, at / "p.yml")


def test_an_empty_text_is_not_the_folder_one_is_in(run: Run, at: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(at)
    unset: Any
    for unset in ("", ["e.ndjson", ""]):
        with ck.open() as ws:
            for name in (ws.load_events, ws.apply, ws.check):
                with pytest.raises(ck.UsageError, match="by paths, and an empty text is none; is a variable not set"):
                    name(unset)
    with pytest.raises(ck.UsageError, match="named by a path, not by an empty text"):
        ck.open("")
    assert run("audit", "", "-p", "p.yml")[0] == 2
    assert run("load", "e.ndjson", "--db", "a.duckdb")[0] == 0
    for words in (("report",), ("explain", "m1"), ("policy", "names")):
        code, out, err = run(*words, "--db", "a.duckdb", "--policy", "")
        assert (code, out) == (2, ""), words
        assert "--policy is given an empty text; is a variable not set?" in err
    before = sorted(at.iterdir())
    shown = ("report", "--db", "a.duckdb", "-p", "p.yml")
    for wanted in ((*shown, "--out", ""), (*shown, "--out="), (*shown, "--pack", ""), ("sample", "")):
        code, out, err = run(*wanted)
        assert (code, out) == (2, ""), wanted
        assert "an empty text; is a variable not set?" in err
    with ck.open() as ws:
        for write in (ws.report, ws.pack, lambda path: ck.charts.save(ws, "decision_flow", path)):
            with pytest.raises(ck.UsageError, match="named by a path, not by an empty text"):
                write("")
    assert sorted(at.iterdir()) == before


@pytest.mark.parametrize("given", [None, 5, float("nan"), b"a.duckdb"])
def test_a_database_is_never_named_after_what_is_no_path(at: Path, monkeypatch: pytest.MonkeyPatch, given: Any) -> None:
    monkeypatch.chdir(at)
    before = sorted(at.iterdir())
    with pytest.raises(ck.UsageError, match=f"by a path, not by {type(given).__name__}; :memory: keeps"):
        ck.open(given)
    assert sorted(at.iterdir()) == before


@pytest.mark.parametrize("setting", [{"memory": 5}, {"memory": ""}, {"threads": 0}, {"threads": "2"}])
def test_a_size_or_number_that_is_none_is_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(ck.UsageError, match=f"{next(iter(setting))} .* is no "):
        ck.open(**setting)


def test_a_mistake_in_a_query_is_told_in_words(at: Path) -> None:
    query: Any
    values: Any
    with ck.open() as ws:
        for query in ("", "-- nothing", ";"):
            for ask in (ws.sql, ws.rows, ws.cells, ws.batches):
                with pytest.raises(ck.UsageError, match="the query is empty"):
                    ask(query)
        for query in (None, 5):
            with pytest.raises(ck.UsageError, match=f"a query is SQL as text, not {type(query).__name__}"):
                ws.sql(query)
        for values in ([], [1], [1, 2, 3]):
            with pytest.raises(ck.UsageError, match="more or fewer"):
                ws.sql("SELECT ?, ?", values)
        with pytest.raises(ck.UsageError, match="are a list, one for each"):
            ws.sql("SELECT ?", "ab")
        reader = ws.batches("SELECT * FROM range(1000000)")
        with pytest.raises(ck.UsageError, match="an earlier query are not read to their end"):
            ws.sql("SELECT 1")
        del reader
        with pytest.raises(ck.UsageError, match=r"in Python with apply\(\)"):
            ws.summary()


def test_a_database_that_another_process_has_open_says_which_and_what_to_do(at: Path) -> None:
    with ck.open(at / "a.duckdb"):
        words = [sys.executable, "-m", "consentkit", "report", "--db", str(at / "a.duckdb")]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"another process (PID {os.getpid()}) has it open; wait until it has ended, or ask a copy" in done.stderr
    assert [path.name for path in at.glob("*.spill-*")] == []


def test_a_workspace_that_is_closed_or_open_twice_says_so(at: Path) -> None:
    ws = ck.open(at / "a.duckdb")
    with pytest.raises(ck.SourceError, match="this process has it open already; close that workspace first"):
        ck.open(at / "a.duckdb")
    ws.close()
    for ask in (ws.summary, lambda: ws.sql("SELECT 1"), lambda: ws.apply(at / "p.yml")):
        with pytest.raises(ck.UsageError, match="this workspace is closed"):
            ask()
