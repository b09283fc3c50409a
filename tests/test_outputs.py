"""Where a command prints to: whoever reads it may leave early, and a disk may be full."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from consentkit.outputs import is_lost, outliving_readers

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "data" / "sample"
POLICY = "version: 1\nplatform: segment\ncategories: [{id: Ads, destinations: [Pixel]}]\n"
EVENT = (
    '{{"messageId":"m{0}","type":"track","anonymousId":"a","timestamp":"2026-03-01T12:00:00Z",'
    '"context":{{"consent":{{"categoryPreferences":{{"Ads":{1}}}}}}}}}\n'
)
FULL = Path("/dev/full")


@pytest.fixture
def given(tmp_path: Path) -> list[str | Path]:
    """Clean data: the words that audit it end with exit code 0."""
    (tmp_path / "policy.yml").write_text(POLICY)
    (tmp_path / "events.ndjson").write_text("".join(EVENT.format(number, "true") for number in range(3)))
    (tmp_path / "log.csv").write_text("message_id,destination,status\nm1,Pixel,delivered\n")
    return [tmp_path / "events.ndjson", "-p", tmp_path / "policy.yml", "-d", tmp_path / "log.csv"]


def into_nobody(*words: object) -> tuple[int, str]:
    """Run a command whose stdout was closed at its other end, and return its exit code and what it said."""
    ear, mouth = os.pipe()
    os.close(ear)
    try:
        return into(mouth, *words)
    finally:
        os.close(mouth)


def into(place: int, *words: object) -> tuple[int, str]:
    command = [sys.executable, "-m", "consentkit", *map(str, words)]
    ended = subprocess.run(command, stdout=place, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    return ended.returncode, ended.stderr


def test_clean_data_stays_clean_where_nobody_reads_on(given: list[str | Path], tmp_path: Path) -> None:
    code, said = into_nobody("audit", *given, "--out", tmp_path / "out")
    assert (code, "Traceback" in said) == (0, False)
    assert (tmp_path / "out" / "report.html").is_file()


def test_findings_stay_findings_and_could_not_check_stays_that(given: list[str | Path], tmp_path: Path) -> None:
    (tmp_path / "events.ndjson").write_text(EVENT.format(1, "false"))
    assert into_nobody("audit", *given)[0] == 1
    (tmp_path / "log.csv").write_text("message_id,destination,status\nother,Pixel,delivered\n")
    assert into_nobody("audit", *given)[0] == 2


@pytest.mark.parametrize("form", ["table", "csv"])
def test_decide_ends_where_nobody_reads_on(given: list[str | Path], form: str) -> None:
    code, said = into_nobody("decide", *given[:3], "--format", form)
    assert (code, said) == (0, "")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no disk that is always full")
@pytest.mark.parametrize("command", ["audit", "decide"])
def test_a_full_disk_is_told_in_a_sentence(given: list[str | Path], tmp_path: Path, command: str) -> None:
    words = [*given, "--out", tmp_path / "out"] if command == "audit" else given[:3]
    with FULL.open("wb") as full:
        code, said = into(full.fileno(), command, *words)
    assert code == 2
    assert "stdout cannot be written: No space left on device" in said
    assert "Traceback" not in said
    assert command == "decide" or (tmp_path / "out" / "report.html").is_file()


def test_a_stream_that_is_lost_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    ear, mouth = os.pipe()
    with os.fdopen(mouth, "w") as stream, pytest.raises(SystemExit) as ended:  # noqa: PT012
        monkeypatch.setattr(sys, "stdout", stream)
        with outliving_readers():
            print("someone reads this", flush=True)
            assert not is_lost(sys.stdout)
            os.close(ear)
            print("and nobody this", flush=True)
            assert is_lost(sys.stdout)
            raise SystemExit(0)
    assert ended.value.code == 0
    assert sys.stdout is stream
