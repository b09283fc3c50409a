"""The account of what was read: by file and reason, by source and day. No data never looks like nothing found."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console
from support import event, ndjson, policy, records, write_tables

from consentkit.console import print_summary

if TYPE_CHECKING:
    from pathlib import Path

    import consentkit as ck

SOURCES = [{"name": name, "write_keys": [name[0]]} for name in ("web", "ios", "silent")]
POLICY = {"categories": [{"id": "A", "destinations": ["X"]}], "sources": SOURCES}


@pytest.fixture
def gapped(ws: ck.Workspace, tmp_path: Path) -> ck.Workspace:
    """Web on six days of March, 1 to 7 but the 4th; ios not on the 2nd, nor after the 5th; silent not at all."""
    days = {"w": (1, 2, 3, 5, 6, 7), "i": (1, 3, 5)}
    lines = [
        event({"id": f"{key}{day}", "writeKey": key, "at": f"2026-03-0{day}T12:00:00Z", "preferences": {"A": True}})
        for key, there in days.items()
        for day in there
    ]
    (tmp_path / "e.ndjson").write_bytes(ndjson([*lines, "nonsense", "worse", ""]))
    ws.apply(policy(POLICY))
    ws.load_events(tmp_path / "e.ndjson")
    return ws


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_gaps_of_sources_are_findings_with_days_and_their_sql(gapped: ck.Workspace) -> None:
    found = {row["id"]: row for row in gapped.summary().findings if row["code"] in ("X27", "X39", "X41", "X42")}
    told = {name: (row["severity"], row["events"], row["of_events"]) for name, row in found.items()}
    assert told == {
        "X27/certain/2026-03-04": ("warning", 1, 7),
        "X39/certain/silent": ("warning", 0, 9),
        "X41/certain/ios/2026-03-02": ("warning", 1, 4),
        "X42/certain/ios/2026-03-06": ("info", 2, 6),
    }
    assert [len(gapped.rows(row["sql"])) for row in found.values()] == [1, 1, 1, 1]
    assert gapped.summary().exit_code("warning") == 1


def test_the_summary_tells_a_silent_source_from_one_without_findings(gapped: ck.Workspace) -> None:
    console = Console(file=io.StringIO(), width=200)
    print_summary(console, gapped.summary())
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "silent: no events: nothing of it was checked" in text
    assert "ios: 3 events on 3 days; of the days others have, it lacks 1 inside its period, 2 after its last" in text
    assert "web: 6 events on 6 days" in text


def test_the_report_accounts_for_files_sources_and_days(gapped: ck.Workspace, tmp_path: Path) -> None:
    log = [{"message_id": name, "destination": "X", "status": "delivered"} for name in ("w1", "w2", "i1")]
    log.append({**log[0], "message_id": "stranger", "timestamp": "2026-03-02T10:00:00Z"})
    (tmp_path / "d.ndjson").write_bytes(ndjson(log))
    gapped.load_deliveries(tmp_path / "d.ndjson")
    gapped.report(tmp_path / "out")
    files = {row["kind"]: row for row in table(tmp_path / "out" / "completeness.csv")}
    assert files["events"]["rejected_because"] == "not_json: 2, blank: 1"
    assert (files["events"]["lines"], files["events"]["loaded"], files["events"]["rejected"]) == ("12", "9", "3")
    assert {row["source"]: row["days"] for row in table(tmp_path / "out" / "sources.csv")} == {
        "ios": "3",
        "silent": "0",
        "web": "6",
    }
    days = {(row["source"], row["day"]): list(row.values())[2:] for row in table(tmp_path / "out" / "days.csv")}
    assert days["web", "2026-03-01"] == ["1", "0", ""]
    assert days["web", "2026-03-03"] == ["1", "1", ""]
    assert days["ios", "2026-03-02"] == ["0", "0", ""]
    assert days["", "2026-03-02"] == ["0", "", "1"]
    assert days["", "2026-03-04"] == ["0", "", ""]
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "no events: nothing was checked" in page


def test_days_say_nothing_of_deliveries_where_no_log_was_given(gapped: ck.Workspace, tmp_path: Path) -> None:
    gapped.report(tmp_path / "out")
    rows = table(tmp_path / "out" / "days.csv")
    assert {row["events_without_delivery"] for row in rows} == {""}


def test_tables_of_a_warehouse_have_the_account_of_a_file(ws: ck.Workspace, tmp_path: Path) -> None:
    ws.apply(policy({"categories": [{"id": "A", "destinations": ["X"]}]}))
    rows = [{"id": name, "timestamp": "2026-03-01T12:00:00Z", "preferences": {"a": "true"}} for name in ("m", "n")]
    ws.load_warehouse(write_tables(tmp_path / "warehouse", {"tracks": rows}))
    ws.report(tmp_path / "out")
    [account] = table(tmp_path / "out" / "completeness.csv")
    assert (account["kind"], account["lines"], account["loaded"]) == ("warehouse", "2", "2")
    assert '<th scope="row">warehouse</th>' in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert records(ws, "SELECT source FROM source_ledger") == [{"source": "default"}]


@pytest.mark.parametrize(
    ("log", "told", "code"),
    [
        ("", "Could not check: the delivery log is empty.", 2),
        ("message_id,destination,status\n", "Could not check: the delivery log is empty.", 2),
        ("message_id,destination,status\nw1,X,filtered\n", "Not one record of the delivery log says that something", 0),
        ("message_id,destination,status\nw1,X,delivered\n", "No delivery against a refusal was found among 1", 0),
        (None, "No delivery log was given", 0),
    ],
    ids=["empty", "header only", "nothing delivered", "nothing found", "no log"],
)
def test_no_violation_and_nothing_to_check_never_look_alike(
    ws: ck.Workspace, tmp_path: Path, log: str | None, told: str, code: int
) -> None:
    ws.apply(policy({"categories": [{"id": "A", "destinations": ["X"]}]}))
    (tmp_path / "e.ndjson").write_bytes(ndjson([event({"id": "w1", "preferences": {"A": True}})]))
    ws.load_events(tmp_path / "e.ndjson")
    if log is not None:
        (tmp_path / "log.csv").write_text(log, encoding="utf-8")
        ws.load_deliveries(tmp_path / "log.csv")
    summary = ws.summary()
    assert summary.exit_code("critical") == code
    console = Console(file=io.StringIO(), width=200)
    print_summary(console, summary)
    assert told in console.file.getvalue()  # type: ignore[attr-defined]
    page = ws.report(tmp_path / "out").read_text(encoding="utf-8")
    assert told.removeprefix("Could not check: ").removesuffix(".") in page
    assert [row["problem"] for row in summary.files] == [None, *([] if log is None else ["empty" if code else None])]
