"""``consentkit check`` and ``suggest`` as a person or a CI job uses them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from checks_support import NO, YES, expectation, fill, suite
from support import ROOT, SAMPLE

import consentkit as ck
from consentkit.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]

STAMPED = "expect_events_to_carry_consent_object"
REFUSED = "expect_no_delivery_without_consent"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["consentkit", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            main()
        out = capsys.readouterr()
        return int(stopped.value.code or 0), out.out, out.err

    return call


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A loaded database: one of two events is unstamped, one delivery against a refusal."""
    with ck.open(tmp_path / "a.duckdb") as ws:
        fill(ws, tmp_path, [{"id": "m1", "preferences": NO}, {"id": "m2"}], [{"message_id": "m1"}])
    return tmp_path / "a.duckdb"


def test_the_three_exit_codes(run: Run, db: Path, tmp_path: Path) -> None:
    good = suite(tmp_path, expectation("expect_events_to_be_dated"), name="good")
    bad = suite(tmp_path, expectation(STAMPED), name="bad")
    gone = suite(tmp_path, expectation("expect_column_to_exist", view="gone", kwargs={"column": "x"}), name="gone")
    assert run("check", "--db", db, "--suite", good)[0] == 0
    assert run("check", "--db", db, "--suite", good, "--suite", bad)[0] == 1
    assert run("check", "--db", db, "--suite", bad, "--suite", gone)[0] == 2


@pytest.mark.parametrize("fault", [{"type": "expect_nothing"}, {"severity": "urgent"}, {"sevrity": "info"}])
def test_a_suite_with_a_mistake_is_refused_and_never_passes(
    run: Run, db: Path, tmp_path: Path, fault: dict[str, str]
) -> None:
    path = suite(tmp_path, {**expectation("expect_events_to_be_dated"), **fault})
    code, out, err = run("check", "--db", db, "--suite", path)
    assert (code, out) == (2, "")
    assert "1 mistake in the suites" in err
    assert f"{path.name}:" in err
    assert run("check", "--syntax", "--suite", path)[0] == 2
    assert f"::error file={path},line=" in run("check", "--syntax", "--github", "--suite", path)[2]


def test_fail_on_and_max_rate(run: Run, db: Path, tmp_path: Path) -> None:
    path = suite(tmp_path, expectation(STAMPED, "warning"))
    assert run("check", "--db", db, "--suite", path, "--fail-on", "critical")[0] == 0
    assert run("check", "--db", db, "--suite", path, "--fail-on", "info")[0] == 1
    assert run("check", "--db", db, "--suite", path, "--max-rate", "0.5")[0] == 0
    assert "tolerated" in run("check", "--db", db, "--suite", path, "--max-rate", "0.5")[1]
    assert run("check", "--db", db, "--suite", path, "--max-rate", "50")[0] == 2


def test_a_baseline_from_writing_to_comparing(run: Run, db: Path, tmp_path: Path) -> None:
    path, baseline = suite(tmp_path, expectation(STAMPED)), tmp_path / "baseline.json"
    assert run("check", "--db", db, "--suite", path, "--write-baseline", baseline)[0] == 1
    assert run("check", "--db", db, "--suite", path, "--baseline", baseline, "--new-only")[0] == 0
    assert run("check", "--db", db, "--suite", path, "--baseline", baseline)[0] == 1
    suite(tmp_path, expectation(STAMPED), expectation(REFUSED))
    assert run("check", "--db", db, "--suite", path, "--baseline", baseline, "--new-only")[0] == 1
    code, _, err = run("check", "--db", db, "--suite", path, "--new-only")
    assert (code, "--new-only needs a --baseline" in err) == (2, True)
    assert run("check", "--db", db, "--suite", path, "--baseline", tmp_path / "none.json", "--new-only")[0] == 2


def test_every_output_at_once(run: Run, db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    path = suite(tmp_path, expectation(STAMPED))
    names = {each: tmp_path / f"out.{each}" for each in ("junit", "sarif", "html")}
    words = [word for each, file in names.items() for word in (f"--{each}", file)]
    code, out, err = run("check", "--db", db, "--suite", path, "--json", "--github", *words)
    told = json.loads(out)
    assert (code, told["exit_code"], told["expectations"][0]["failing"]) == (1, 1, 1)
    assert "::error file=" in err
    assert ET.parse(names["junit"]).getroot().get("failures") == "1"
    assert json.loads(names["sarif"].read_text())["version"] == "2.1.0"
    assert names["html"].read_text().startswith("<!DOCTYPE html>")
    assert summary.read_text().startswith("before\n## Consent expectations")
    code, out, _ = run("check", "--db", db, "--suite", path, "--github")
    assert out.startswith("::error file=")


def test_on_files_the_policy_is_needed(run: Run, tmp_path: Path) -> None:
    path = suite(tmp_path, expectation(STAMPED))
    code, _, err = run("check", SAMPLE / "events" / "ios", "--suite", path)
    assert (code, "--policy" in err) == (2, True)
    words = ["check", SAMPLE / "events" / "ios", "--policy", SAMPLE / "policy.yml", "--suite", path]
    code, out, _ = run(*words)
    assert code == 1
    assert "349 of 1,258 events (27.74 %) carry no consent object: ios 349" in out


@pytest.mark.parametrize(
    "words",
    [
        ["check"],
        ["check", "--db", "nowhere.duckdb"],
        ["check", "--db", "nowhere.duckdb", "--deliveries", "x"],
        ["suggest"],
        ["suggest", "--db", "nowhere.duckdb"],
    ],
)
def test_nothing_to_work_on_is_exit_code_2(run: Run, words: list[str]) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.startswith("consentkit: ")


def test_without_a_folder_of_suites_one_is_asked_for(
    run: Run, db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = run("check", "--db", db)
    assert (code, "name a suite with --suite" in err) == (2, True)


def test_a_proposal_is_written_once(run: Run, db: Path, tmp_path: Path) -> None:
    out = tmp_path / "suite.yml"
    assert run("suggest", "--db", db, "--out", out)[0] == 0
    assert run("check", "--syntax", "--suite", out)[0] == 0
    assert run("suggest", "--db", db, "--out", out)[0] == 2
    assert run("suggest", "--db", db)[1] == out.read_text()


def test_help_imports_nothing_heavy() -> None:
    heavy = ("great_expectations", "sqlalchemy", "jinja2", "pandas", "duckdb")
    code = (
        "import sys\nfrom consentkit.cli import main\nsys.argv = ['consentkit', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n"
        f"    print([n for n in {heavy!r} if n in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "check" in done.stdout


def test_the_schema_is_published(run: Run) -> None:
    code, out, _ = run("check", "--schema")
    assert (code, json.loads(out)["title"]) == (0, "Result of consentkit check")


def test_data_docs_come_with_a_warning(run: Run, db: Path, tmp_path: Path) -> None:
    path = suite(tmp_path, expectation(STAMPED))
    code, _, err = run("check", "--db", db, "--suite", path, "--data-docs", tmp_path / "docs")
    assert (code, (tmp_path / "docs" / "index.html").is_file()) == (1, True)
    assert "load scripts, fonts and a logo from the network" in " ".join(err.split())
    code, _, err = run("check", "--db", db, "--suite", path, "--data-docs", path / "below a file")
    assert (code, "cannot be written" in err) == (2, True)


@pytest.mark.slow
def test_json_on_stdout_is_nothing_but_json_and_nothing_is_connected_to(tmp_path: Path) -> None:
    """In a process of its own, as CI runs it, from the first import on: Great Expectations must not print beside it."""
    words = ["check", "data/sample/events", "-p", "data/sample/policy.yml", "-d", "data/sample/deliveries", "--json"]
    names = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg")
    watch = f"lambda name, args: name in {names!r} and print('network:', name, args, file=sys.stderr)"
    code = f"import sys; sys.addaudithook({watch}); from consentkit.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["counts"]["failed"] == 13
    assert all(line.startswith("warning: data/sample/policy.yml") for line in done.stderr.splitlines()), done.stderr


def test_granted_is_fine(run: Run, tmp_path: Path) -> None:
    with ck.open(tmp_path / "b.duckdb") as ws:
        fill(ws, tmp_path, [{"id": "m1", "preferences": YES}], [{"message_id": "m1"}])
    code, out, _ = run("check", "--db", tmp_path / "b.duckdb", "--suite", suite(tmp_path, expectation(REFUSED)))
    assert code == 0
    assert "All 1 expectations that had something to check passed." in out
