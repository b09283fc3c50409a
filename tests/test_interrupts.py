"""Ctrl-C, sent for real to a command at several moments: one sentence, exit code 2, and nothing half written."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

import consentkit as ck
from consentkit.errors import UsageError
from consentkit.interrupts import INTERRUPTED
from consentkit.writing import write_files

ROOT = Path(__file__).parent.parent
EVENT = '{"messageId":"m1","userId":"u","type":"track","event":"Go","timestamp":"2026-03-01T12:00:00Z"}\n'
POLICY = "version: 1\nplatform: segment\ncategories: [{id: Ads, destinations: [Pixel]}]\n"
# Runs the command line as it is started, and sends the signal where a moment says.
START = """
import os, signal, sys, threading
import consentkit.interrupts
moment = sys.argv.pop(1)
def now(*_): os.kill(os.getpid(), signal.SIGINT)
ENDLESS = "SELECT count(*) FROM range(4000000) a, range(4000000) b WHERE a.range * b.range = -1"
{moment}
from consentkit.__main__ import main
main()
"""
IMPORT = """
def watch(event, told):
    if event == "import" and told[0] == moment: now()
sys.addaudithook(watch)
"""
STEP = """
from consentkit.engine import Engine
run = Engine.run
def watched(engine, step, sql, params=()):
    if step == moment: now()
    return run(engine, step, sql, params)
Engine.run = watched
"""
QUERY = """
from consentkit.engine import Engine
run = Engine.run
def endless(engine, step, sql, params=()):
    if step == moment:
        threading.Timer(0.3, now).start()
        sql, params = ENDLESS, ()
    return run(engine, step, sql, params)
Engine.run = endless
"""
END = """
from consentkit.engine import Engine
telling = Engine._telling
def ending(engine, step, sql):
    if sql == moment: threading.Timer(0.01, now).start()
    return telling(engine, step, sql)
Engine._telling = ending
"""
THREAD = """
import time
from consentkit.sources import lines
def stuck(file, tell):
    now()
    time.sleep(60)
    yield
lines.blocks = stuck
lines._SMALL = 0
"""
DRAWING = """
import vl_convert
def drawn(*_, **__): now()
vl_convert.vegalite_to_svg = drawn
"""
UNDRAWN = """
import consentkit.report
consentkit.report._charts = lambda _: []
"""
FILE = (
    UNDRAWN
    + """
def watch(event, told):
    if event == "open" and str(told[0]).rpartition("/")[2].startswith(moment): now()
sys.addaudithook(watch)
"""
)
RENAMING = (
    UNDRAWN
    + """
def watch(event, told):
    if event == "os.rename" and str(told[1]).endswith(moment): now()
sys.addaudithook(watch)
"""
)


def interrupted(code: str, moment: str, *words: object) -> None:
    command = [sys.executable, "-c", START.replace("{moment}", code), moment, *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=50)
    told = [line for line in done.stderr.splitlines() if not line.startswith(("warning:", "wrote"))]
    assert told == [INTERRUPTED], done.stderr
    assert done.returncode == 2


def audit(place: Path) -> list[object]:
    files = {"e.ndjson": EVENT, "p.yml": POLICY, "d.csv": "message_id,destination,status\nm1,Pixel,delivered\n"}
    for name, text in files.items():
        (place / name).write_text(text)
    inputs = [place / "e.ndjson", "-p", place / "p.yml", "-d", place / "d.csv"]
    return ["audit", *inputs, "--out", place / "out", "--db", place / "audit.duckdb"]


@pytest.mark.parametrize(
    ("code", "moment"),
    [
        pytest.param(IMPORT, "typer", id="while the commands are imported"),
        pytest.param(IMPORT, "duckdb", id="while DuckDB is imported"),
        pytest.param(STEP, "load events: account", id="in a transaction, between two queries"),
        pytest.param(THREAD, "", id="while threads read"),
        pytest.param(QUERY, "load events: account", id="in a query of a transaction"),
        pytest.param(QUERY, "keep finding_record", id="in a query while it is judged"),
        pytest.param(END, "COMMIT", id="as a transaction ends"),
        pytest.param(DRAWING, "", id="while a chart is drawn"),
        pytest.param(FILE, ".days.csv.", id="while files are written"),
    ],
)
def test_an_interrupted_audit_says_so_and_writes_nothing(code: str, moment: str, tmp_path: Path) -> None:
    interrupted(code, moment, *audit(tmp_path))
    left = {path.name for path in tmp_path.rglob("*")}
    assert left - {"audit.duckdb", "out"} == {"e.ndjson", "p.yml", "d.csv"}
    if (tmp_path / "audit.duckdb").is_file():
        with ck.open(tmp_path / "audit.duckdb") as ws:
            assert ws.rows("SELECT count(*) FROM event WHERE file_id NOT IN (SELECT file_id FROM input_file)") == [(0,)]


def test_files_that_belong_together_are_all_put_in_place_or_none(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_files(out, {"findings.csv": "before", "report.html": "before", "sources.csv": "before"})
    (out / "report.html").chmod(0o600)
    (tmp_path / "elsewhere.csv").write_text("before")
    (out / "sources.csv").unlink()
    (out / "sources.csv").symlink_to(tmp_path / "elsewhere.csv")

    def put() -> None:
        files = {"findings.csv": "after", "report.html": "after", "sources.csv": "after"}
        write_files(out, files)

    (tmp_path / f".elsewhere.csv.{os.getpid()}").mkdir()
    with pytest.raises(UsageError, match="cannot be written"):
        put()
    assert {path.read_text() for path in out.iterdir()} == {"before"}
    assert len(list(out.iterdir())) == 3
    (tmp_path / f".elsewhere.csv.{os.getpid()}").rmdir()
    put()
    assert {path.read_text() for path in out.iterdir()} == {"after"}
    assert (out / "sources.csv").is_symlink()
    assert (out / "report.html").stat().st_mode & 0o777 == 0o600


def test_an_interrupt_while_files_are_put_in_place_waits_until_all_are(tmp_path: Path) -> None:
    interrupted(RENAMING, "days.csv", *audit(tmp_path))
    assert {"report.html", "days.csv", "findings.json", "recipients.csv"} <= {
        path.name for path in (tmp_path / "out").iterdir()
    }
    assert [path.name for path in (tmp_path / "out").iterdir() if path.name.startswith(".")] == []


def test_great_expectations_cannot_take_an_interrupt_for_a_failed_check() -> None:
    from consentkit.checks.dialect import Cursor

    with duckdb.connect() as con:
        threading.Timer(0.2, con.interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            Cursor(con).execute("SELECT count(*) FROM range(4000000) a, range(4000000) b WHERE a.range * b.range = -1")
