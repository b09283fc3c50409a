"""Results at a terminal, and where none shows them: no name is cut, so that two never become one, and no number."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from rich.table import Table
from support import SAMPLE

from consentkit.cli import main
from consentkit.console_history import print_snowplow
from consentkit.terminal import print_whole, terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., list[str]]

NAMES = ("Google Analytics 4 of the shop, Web", "Google Analytics 4 of the shop, Cloud")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(columns: int | None, *words: object) -> list[str]:
        monkeypatch.setattr(sys, "argv", ["consentkit", *map(str, words)])
        monkeypatch.delenv("COLUMNS", raising=False)
        if columns is not None:
            monkeypatch.setenv("COLUMNS", str(columns))
        with pytest.raises(SystemExit):
            main()
        return capsys.readouterr().out.splitlines()

    return call


@pytest.fixture
def alike(tmp_path: Path) -> list[object]:
    """Words that audit data whose destinations, and unknown categories, begin with the same long name."""
    policy = {"version": 1, "platform": "segment", "categories": [{"id": "Ads", "destinations": list(NAMES)}]}
    policy["sources"] = [{"name": "the shop in the city", "write_keys": ["w"]}]
    (tmp_path / "policy.yml").write_text(json.dumps(policy))
    consent = {"consent": {"categoryPreferences": {"Ads": False, "C0002": True, "C0004": True}}}
    event = {"messageId": "m", "type": "track", "anonymousId": "a", "writeKey": "w", "context": consent}
    (tmp_path / "events.ndjson").write_text(json.dumps(event) + "\n")
    rows = "".join(f'm,"{name}",delivered\n' for name in NAMES)
    (tmp_path / "log.csv").write_text("message_id,destination,status\n" + rows)
    return ["audit", tmp_path / "events.ndjson", "-p", tmp_path / "policy.yml", "-d", tmp_path / "log.csv"]


def test_names_stand_whole_in_a_line_where_no_terminal_shows_them(run: Run, alike: list[object]) -> None:
    printed = run(None, *alike)
    for name in NAMES:
        assert sum(name in line for line in printed) == 2, "among the findings, and among the destinations"
    assert run(0, *alike) == printed, "a width of nothing is none"


@pytest.mark.parametrize("columns", [80, 60, 40])
def test_what_tells_lines_apart_is_broken_and_never_cut(run: Run, alike: list[object], columns: int) -> None:
    printed = run(columns, *alike)
    words = " ".join(printed).split()
    assert not any("…" in line for line in printed)
    assert [words.count(word) for word in ("Web", "Cloud", "C0002", "C0004")] == [2, 2, 1, 1]
    assert sum("1 of 1" in line for line in printed) >= 4


@pytest.mark.parametrize("columns", [80, 40])
@pytest.mark.parametrize("command", ["report", "withdrawals", "simulate", "check"])
def test_no_number_and_no_day_is_cut(run: Run, own_file: Path, columns: int, command: str) -> None:
    words: list[object] = [command, "--db", own_file]
    if command == "simulate":
        policy = (SAMPLE / "policy.yml").read_text().replace("TikTok Conversions", "TikTok")
        (own_file.parent / "new.yml").write_text(policy)
        words += ["--policy", own_file.parent / "new.yml"]
    printed = run(columns, *words)
    told = {
        "report": "57 of 2,994",
        "withdrawals": "3.2 d   14.6 d",
        "check": "349 of 349  2026-03-12 to 03-26",
        "simulate": "2,711",
    }
    assert any(told[command] in line for line in printed)
    assert not any("…" in line for line in printed)


@pytest.fixture(scope="module")
def own_file(sample_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the judged sample's database, in which these commands note their audits."""
    return Path(shutil.copy(sample_file, tmp_path_factory.mktemp("terminal") / "sample.duckdb"))


def test_a_table_too_wide_is_printed_whole() -> None:
    out = io.StringIO()
    table = Table(box=None)
    table.add_column("where")
    for name in "abc":
        table.add_column(name, no_wrap=True)
    table.add_row("some place", *["12,345,678 of 123,456,789"] * 3)
    console = Console(file=out, width=40)
    print_whole(console, table)
    assert out.getvalue().count("12,345,678 of 123,456,789") == 3
    assert console.width == 40


def test_the_words_over_snowplow_counts_stay_whole_at_80_columns() -> None:
    names = ("people", "allow_all", "allow_selected", "deny_all", "pending", "withdrawn", "expired")
    counts: dict[str, Any] = {
        "repeated_contexts": [],
        "log": [{"kind": "cmp_visible", "event_type": None, "events": 33}],
        "banners": [dict.fromkeys(("shown", "shown_again", "answered"), 3) | {"seconds_p50": 1.84}],
        "versions": [],
        "people_per_version": [{"version": "1.0", **dict.fromkeys(names, 12)}],
        "people_per_scope": [],
    }
    counts["banners"][0] |= {"seconds_p95": 3.1525, "seconds_to_show": 1.5}
    out = io.StringIO()
    print_snowplow(Console(file=out, width=80), counts)
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    for word in ("selected", "withdrawn", "expired", "1.84", "3.15", "1.50"):
        assert any(word in line.split() for line in lines), word


def test_a_terminal_has_its_own_width(monkeypatch: pytest.MonkeyPatch) -> None:
    class Shown(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("COLUMNS", "0")
    assert terminal(Shown()).width == 80
    monkeypatch.setenv("COLUMNS", "123")
    assert terminal(Shown()).width == 123
    assert terminal(io.StringIO()).width == 123
