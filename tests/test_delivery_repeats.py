"""A delivery record that stands in several files is counted once: logs that grow, and exports that overlap."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import empty, event, ledger, ndjson, policy
from typer.testing import CliRunner

import consentkit as ck
from consentkit.cli import app

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    Record = tuple[str, ...]

COLUMNS = ("message_id", "event_file", "event_line", "destination", "status", "at")
COUNTED = """
    SELECT
        coalesce(e.message_id, p.message_id, ''), d.linked_by = 'line', r.destination, r.status,
        CAST(d.logged_at AS VARCHAR)
    FROM delivery AS d
    INNER JOIN route AS r ON r.route_id = d.route_id
    LEFT JOIN event AS e ON e.event_id = d.event_id
    LEFT JOIN pending_delivery AS p ON p.delivery_id = d.delivery_id
"""


def log(records: Sequence[Record]) -> bytes:
    """Write records as a CSV file."""
    text = io.StringIO()
    csv.writer(text).writerows([COLUMNS, *records])
    return text.getvalue().encode()


def record(
    message_id: str, at: str = "", status: str = "delivered", destination: str = "Tool", line: str = ""
) -> Record:
    """A record that names its event by message id, or by its line in the file of events."""
    file = "events.ndjson" if line else ""
    return (message_id, file, line, destination, status, f"2026-03-01T{at}" if at else "")


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ck.Workspace, Path]]:
    """A workspace, and a folder with a file of three events."""
    folder = tmp_path_factory.mktemp("repeats")
    (folder / "events.ndjson").write_bytes(ndjson([event({"id": f"m{n}", "n": n}) for n in range(3)]))
    with ck.open() as ws:
        yield ws, folder


def write(folder: Path, files: Sequence[Sequence[Record]]) -> list[str]:
    """Write logs and return their paths in the order given."""
    paths = [folder / f"log-{place}.csv" for place, _ in enumerate(files)]
    for path, records in zip(paths, files, strict=True):
        path.write_bytes(log(records))
    return [str(path) for path in paths]


def load(space: tuple[ck.Workspace, Path], calls: Sequence[Sequence[Sequence[Record]]]) -> Counter[Any]:
    """Load logs, one or more at a time, and return how often each record counts; every line is accounted for."""
    ws, folder = space
    empty(ws)
    ws.load_events(folder / "events.ndjson")
    paths = write(folder, [file for files in calls for file in files])
    done = 0
    for files in calls:
        ws.load_deliveries(paths[done : done + len(files)])
        done += len(files)
    for row in ledger(ws, "deliveries").values():
        assert row["lines"] == row["loaded"] + row["rejected"] + row["duplicates"]
        stored = ws.rows(
            "SELECT count(*), count(*) - count(logged_at) FROM delivery WHERE file_id = ?", [row["file_id"]]
        )
        assert stored == [(row["loaded"], row["undated"])]
    return Counter(ws.rows(COUNTED))


def test_a_log_that_has_grown_adds_only_what_is_new(space: tuple[ck.Workspace, Path]) -> None:
    """Neither a record without a time nor one of an event that is not loaded counts twice."""
    before = [record("m0"), record("m1", "12:00:00Z"), record("elsewhere"), record("", line="2")]
    grown = [*before, record("m2", "12:00:05Z")]
    assert load(space, [[before], [grown]]) == load(space, [[grown]])
    load(space, [[before], [grown]])
    assert [row["duplicates"] for row in ledger(space[0], "deliveries").values()] == [0, 4]


def test_a_record_that_differs_in_one_word_is_another(space: tuple[ck.Workspace, Path]) -> None:
    """As is one that names its event in another way, which may mean another event once more is loaded."""
    one = record("m0", "12:00:00Z")
    others = [
        record("m1", "12:00:00Z"),
        record("m0", "12:00:01Z"),
        record("m0", "12:00:00Z", status="failed"),
        record("m0", "12:00:00Z", destination="Other"),
        record("", "12:00:00Z", line="1"),
        record("m0"),
    ]
    for other in others:
        assert load(space, [[[one], [other]]]).total() == 2, other


def test_retries_within_one_file_are_what_they_are(space: tuple[ck.Workspace, Path]) -> None:
    """Three tries in one export, of which another export saw two, are three."""
    tried = record("m0", status="failed")
    for files in ([[tried] * 3, [tried] * 2], [[tried] * 2, [tried] * 3], [[tried] * 2, [tried] * 3, [tried] * 2]):
        assert load(space, [[file] for file in files]).total() == 3
        assert load(space, [files]).total() == 3


def meant(record: Record) -> tuple[Any, ...]:
    """What a record says, as it is counted: a line comes before a message id, and a time in any zone is a time."""
    message_id, _, line, destination, status, at = record
    time = at.replace("T13:00:02+01:00", "T12:00:02Z").replace("T", " ").removesuffix("Z")
    return (
        "m0" if line else message_id,
        bool(line) if message_id != "elsewhere" or line else None,
        destination,
        status,
        time or None,
    )


records = st.builds(
    record,
    st.sampled_from(["m0", "m1", "elsewhere"]),
    st.sampled_from(["", "12:00:00Z", "12:00:01Z", "12:00:02Z", "13:00:02+01:00"]),
    st.sampled_from(["delivered", "failed"]),
    line=st.sampled_from(["", "1"]),
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(st.lists(records, min_size=1, max_size=6), min_size=2, max_size=4), alone=st.integers(0, 2))
def test_each_record_counts_as_often_as_in_the_file_with_the_most_of_it(
    space: tuple[ck.Workspace, Path], files: list[list[Record]], alone: int
) -> None:
    """Whatever the order of the files, and however many are loaded at a time."""
    most: Counter[Any] = Counter()
    for file in files:
        most |= Counter(meant(each) for each in file)
    assert load(space, [*([file] for file in files[:alone]), *([files[alone:]] if files[alone:] else [])]) == most


def test_records_are_looked_for_only_where_files_overlap(tmp_path: Path) -> None:
    """The files of one day after another share no time, so that nothing is compared."""
    days = write(
        tmp_path, [[record("m0", f"{hour:02}:00:00Z"), record("m1", f"{hour:02}:59:59Z")] for hour in range(4)]
    )
    steps: list[str] = []
    with ck.open(tracer=lambda step, _: steps.append(step)) as ws:
        ws.load_deliveries(days[:2])
        ws.load_deliveries(days[2:])
        assert "load deliveries: overlap" in steps
        assert "load deliveries: repeats" not in steps
        late = tmp_path / "late.csv"
        late.write_bytes(log([record("m1", "01:59:59Z"), record("m1", "02:30:00Z")]))
        ws.load_deliveries(late)
        assert steps.count("load deliveries: repeats") == 1
        assert ledger(ws, "deliveries")["late.csv"]["duplicates"] == 1


def test_an_audit_of_a_grown_log_finds_no_more_and_tells_the_repeats(tmp_path: Path) -> None:
    """What is counted as delivered although refused stays the same, and the terminal says what was left out."""
    events = tmp_path / "events.ndjson"
    events.write_bytes(ndjson([event({"id": f"m{n}", "preferences": {"Ads": False}}) for n in range(2)]))
    rules = policy({"categories": [{"id": "Ads", "destinations": ["Tool"]}]})
    grown = tmp_path / "log.csv"
    grown.write_bytes(log([record("m0"), record("m1")]))
    database = tmp_path / "kept.duckdb"
    with ck.open(database) as ws:
        ws.load_events(events)
        ws.load_deliveries(grown)
        ws.apply(rules)
        before = ws.summary().findings
        grown.write_bytes(log([record("m0"), record("m1"), record("m1", status="failed")]))
        ws.load_deliveries(grown)
        after = ws.summary().findings
        assert [(row["code"], row["deliveries"]) for row in after] == [
            (row["code"], row["deliveries"]) for row in before
        ]
    told = CliRunner().invoke(app, ["report", "--db", str(database)])
    assert "2 files, 5 lines = 3 loaded + 0 rejected + 2 repeats of another file" in " ".join(told.stdout.split())
