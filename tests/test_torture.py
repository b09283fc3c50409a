"""Input that is wrong in every way we know: nothing stops a load, and nothing disappears."""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from support import Row, assert_accounted, empty, event, ledger, ndjson, policy, records, rejected
from torture.files import BOM, FILES, GOOD, PACKED, Account, events, flipped
from torture.lines import LINES, VALUES, all_types

import consentkit as ck

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SECRET = "s3cret-person@example.com"


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ck.Workspace]:
    """A workspace that loaded every torture line from one file."""
    path = tmp_path_factory.mktemp("lines") / "lines.ndjson"
    path.write_bytes(b"".join(line + b"\n" for line, _ in LINES.values()))
    with ck.open() as ws:
        ws.load_events(path)
        yield ws


def loaded(ws: ck.Workspace, path: Path, content: bytes) -> Account:
    """Load one file of events and return its account."""
    path.write_bytes(content)
    ws.load_events(path)
    assert_accounted(ws)
    row = ledger(ws)[path.name]
    assert row["bytes"] == len(content)
    assert row["duplicates"] == 0
    return Account(row["lines"], row["loaded"], row["rejected"], row["problem"])


# Lines


def test_every_torture_line_is_accounted_for(lines: ck.Workspace) -> None:
    assert_accounted(lines)
    account = ledger(lines)["lines.ndjson"]
    assert account["lines"] == len(LINES)
    assert account["rejected"] == sum(code is not None for _, code in LINES.values())
    assert account["problem"] is None


@pytest.mark.parametrize("name", LINES)
def test_line_is_loaded_or_rejected_for_its_reason(lines: ck.Workspace, name: str) -> None:
    content, code = LINES[name]
    place = [list(LINES).index(name) + 1]
    kept = lines.rows("SELECT code, content FROM rejected_line WHERE line = ?", place)
    assert len(lines.rows("SELECT 1 FROM event WHERE line = ?", place)) == (code is None)
    assert [row[0] for row in kept] == [code] * (code is not None)
    assert [row[1].rstrip(b"\n") for row in kept] == [content] * (code is not None)


def test_every_reject_code_says_what_it_means(lines: ck.Workspace) -> None:
    told = dict(lines.rows("SELECT code, message FROM reject_code"))
    used = {row[0] for row in lines.rows("SELECT DISTINCT code FROM rejected_line")}
    assert used <= told.keys()
    assert all(told.values())


def test_a_lone_surrogate_is_kept_one_way_or_the_other(ws: ck.Workspace, tmp_path: Path) -> None:
    account = loaded(ws, tmp_path / "e.ndjson", b'{"messageId":"a","event":"cut \\ud83d"}\n{"messageId":"b"}\n')
    assert account.lines == 2
    assert account.loaded >= 1


def test_a_wrong_type_in_any_field_loads(ws: ck.Workspace, tmp_path: Path) -> None:
    content = all_types()
    account = loaded(ws, tmp_path / "e.ndjson", b"".join(line + b"\n" for line in content))
    assert account == (len(content), len(content), 0, None)
    assert len(VALUES) > 9


def test_wrong_types_anywhere_are_judged_without_an_error(tmp_path: Path) -> None:
    path = tmp_path / "e.ndjson"
    path.write_bytes(b"".join(line + b"\n" for line in all_types()))
    decided = ck.decide(path, policy({"categories": [{"id": "A", "destinations": ["X"]}]}))
    assert list(decided["event_line"]) == list(range(1, len(all_types()) + 1))


def test_message_ids_of_any_type_are_text(ws: ck.Workspace, tmp_path: Path) -> None:
    loaded(
        ws, tmp_path / "e.ndjson", b'{"messageId":12}\n{"messageId":true}\n{"messageId":""}\n{"messageId":null}\n{}\n'
    )
    assert [row[0] for row in ws.rows("SELECT message_id FROM event ORDER BY line")] == ["12", "true", None, None, None]


def test_keys_that_differ_by_case_are_other_keys(ws: ck.Workspace, tmp_path: Path) -> None:
    line = {
        "MESSAGEID": "wrong",
        "messageId": "right",
        "messageid": "wrong",
        "Context": {"consent": {"categoryPreferences": {"A": True}}},
        "context": {
            "Consent": {},
            "consent": {"categorypreferences": {"A": True}, "categoryPreferences": {"A": False, "a": True}},
        },
        "Integrations": {"All": False},
        "integrations": {"all": False, "x": False},
    }
    account = loaded(ws, tmp_path / "e.ndjson", ndjson([line]))
    assert account == (1, 1, 0, None)
    assert ws.rows("SELECT message_id FROM event") == [("right",)]
    ws.apply(
        policy(
            {
                "categories": [{"id": "A", "destinations": ["X"]}, {"id": "B", "destinations": []}],
                "destinations": [{"name": "Y"}],
            }
        )
    )
    said = ws.rows("SELECT d.name, v.outcome FROM decision v JOIN destination d USING (destination_id) ORDER BY 1")
    assert said == [("X", "block"), ("Y", "deliver")]


def test_duplicate_keys_in_preferences_do_not_stop_a_load(ws: ck.Workspace, tmp_path: Path) -> None:
    content = b"".join(
        b'{"messageId":"%s","context":{"consent":{"categoryPreferences":{%s}}}}\n' % pair
        for pair in (
            (b"same", b'"A":true,"A":true'),
            (b"conflict", b'"A":true,"A":false'),
            (b"escaped", b'"A":true,"\\u0041":false'),
            (b"types", b'"A":true,"A":"true"'),
            (b"fine", b'"A":true,"a":false'),
        )
    )
    account = loaded(ws, tmp_path / "e.ndjson", content)
    assert account == (5, 5, 0, None)
    granted = ws.rows(
        """SELECT e.message_id, c.granted FROM event e JOIN signature g USING (signature_id)
        JOIN stamp_category c USING (stamp_id) WHERE c.category_id = 'A'"""
    )
    assert dict(granted) == {"same": True, "conflict": None, "escaped": None, "types": None, "fine": True}


TWICE = [
    '{"context":{"consent":{"categoryPreferences":{"A":true},"categoryPreferences":{"A":false}}}}',
    '{"context":{"consent":{"categoryPreferences":{"A":true}},"consent":{"categoryPreferences":{"A":false}}}}',
    '{"context":{"consent":{"categoryPreferences":{"A":true}}},"context":{"consent":{"categoryPreferences":{"A":false}}}}',
    '{"integrations":{"X":true},"integrations":{"X":false}}',
    '{"integrations":{"X":true,"X":false}}',
    '{"integrations":{"All":true,"All":false}}',
]


def test_an_object_given_twice_is_never_read_as_its_first_yes(tmp_path: Path) -> None:
    # Every common JSON reader takes the last one, so Segment saw the refusal.
    path = tmp_path / "e.ndjson"
    path.write_text("\n".join(TWICE), encoding="utf-8")
    decided = ck.decide(path, policy({"categories": [{"id": "A", "destinations": ["X"]}]}))
    found = dict(zip(decided["event_line"], decided["outcome"], strict=True))
    assert [TWICE[line - 1] for line, outcome in found.items() if outcome == "deliver"] == []
    assert len(found) == len(TWICE)


def test_a_type_in_odd_capitals_is_that_type() -> None:
    refusing = {"event": "Segment Consent Preference Updated", "preferences": {"A": False}}
    rules = {"categories": [{"id": "A", "destinations": ["X"]}], "destinations": [{"name": "X", "kind": "actions"}]}
    kinds = ["track", "Track", "TRACK", " track "]
    decided = ck.decide([event({"type": kind, **refusing}) for kind in kinds], policy(rules))
    assert list(decided["outcome"]) == ["deliver"] * 4


# Time stamps


NOON = datetime(2026, 3, 1, 12)
TIMES: list[tuple[str, datetime | None]] = [
    ('"2026-03-01T12:00:00Z"', NOON),
    ('"2026-03-01T12:00:00.000Z"', NOON),
    ('"2026-03-01t12:00:00z"', NOON),
    ('"2026-03-01 12:00:00"', NOON),
    ('"2026-03-01T12:00:00"', NOON),
    ('"2026-03-01T12:00:00+00:00"', NOON),
    ('"2026-03-01T17:30:00+05:30"', NOON),
    ('"2026-03-01T04:00:00-08:00"', NOON),
    ('"2026-03-01T04:00:00.000-0800"', NOON),
    ('"2026-03-02T02:00:00+14:00"', NOON),
    ('"2026-03-01 14:00:00+02"', NOON),
    ('"2026-03-01 12:00:00 UTC"', NOON),
    ('"2026-03-01 07:00:00 America/New_York"', NOON),
    ("1772366400", NOON),
    ("1772366400000", NOON),
    ('"1772366400"', NOON),
    ('"1772366400000"', NOON),
    ('"2026-03-01"', datetime(2026, 3, 1)),
    ('"2026-03-01T12:00:00.123456789Z"', datetime(2026, 3, 1, 12, 0, 0, 123456)),
    ('"2199-01-01T00:00:00Z"', datetime(2199, 1, 1)),
    ('"+275760-09-13T00:00:00.000Z"', None),
    ('"infinity"', None),
    ('"2026-02-30T00:00:00Z"', None),
    ('"yesterday"', None),
    ('"now"', None),
    ('""', None),
    ("true", None),
    ("{}", None),
    ("[]", None),
    ("0", None),
    ("1e400", None),
]


@pytest.fixture(scope="module")
def times(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ck.Workspace]:
    """A workspace that loaded an event for each of the times."""
    path = tmp_path_factory.mktemp("times") / "times.ndjson"
    path.write_text("".join(f'{{"timestamp":{t},"receivedAt":{t},"sentAt":{t}}}\n' for t, _ in TIMES), encoding="utf-8")
    with ck.open() as ws:
        ws.load_events(path)
        yield ws


@pytest.mark.parametrize("number", range(len(TIMES)), ids=[text for text, _ in TIMES])
def test_event_time_is_read_as_utc_or_said_to_be_unreadable(times: ck.Workspace, number: int) -> None:
    expected = TIMES[number][1]
    found = times.rows("SELECT event_at, unreadable_time FROM event WHERE line = ?", [number + 1])
    assert found == [(expected, expected is None)]


@pytest.mark.parametrize("number", [n for n, (_, at) in enumerate(TIMES) if at == NOON and "T" in TIMES[n][0]])
def test_other_times_are_utc_too(times: ck.Workspace, number: int) -> None:
    assert times.rows("SELECT received_at, sent_at FROM event WHERE line = ?", [number + 1]) == [(NOON, NOON)]


def test_a_zone_that_cannot_be_read_is_not_ignored(ws: ck.Workspace, tmp_path: Path) -> None:
    content = ndjson([{"timestamp": "2026-03-01T13:00:00 CET"}, {"timestamp": "2026-03-01T13:00:00[Europe/Berlin]"}])
    loaded(ws, tmp_path / "e.ndjson", content)
    assert {row[0] for row in ws.rows("SELECT event_at FROM event")} <= {NOON, None}


def test_undated_events_are_counted_and_dated_ones_bound_the_file(ws: ck.Workspace, tmp_path: Path) -> None:
    loaded(
        ws, tmp_path / "e.ndjson", ndjson([event({}), event({"at": "2026-04-01"}), event({"omit": ["timestamp"]}), {}])
    )
    row = ledger(ws)["e.ndjson"]
    assert (row["undated"], row["first_at"], row["last_at"]) == (2, NOON, datetime(2026, 4, 1))
    assert ws.rows("SELECT count(*) FROM event WHERE unreadable_time") == [(0,)]


# Files


@pytest.mark.parametrize("size", [16, 61, 1024])
@pytest.mark.parametrize("packing", ["plain", "gzip"])
def test_where_a_file_is_cut_for_reading_is_no_matter(
    ws: ck.Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, packing: str
) -> None:
    content = BOM + b"\n".join(line for line, _ in LINES.values() if len(line) < 10_000)
    content = content + b"\r\n" + BOM + events(3).replace(b"\n", b"\r\n" + BOM)
    (tmp_path / "e.ndjson").write_bytes(content if packing == "plain" else gzip.compress(content))

    def read() -> tuple[Any, ...]:
        empty(ws)
        ws.load_events(tmp_path / "e.ndjson")
        assert_accounted(ws)
        return ws.rows("SELECT line, code, content FROM rejected_line ORDER BY ALL"), ws.rows(
            "SELECT line, message_id FROM event ORDER BY ALL"
        )

    whole = read()
    monkeypatch.setattr("consentkit.sources.blocks.CHUNK", size)
    assert read() == whole


@pytest.mark.parametrize("name", FILES)
def test_file_is_accounted_for(ws: ck.Workspace, tmp_path: Path, name: str) -> None:
    file, content, account = FILES[name]
    assert loaded(ws, tmp_path / file, content) == account


def test_what_precedes_the_cut_in_a_gzip_is_loaded(ws: ck.Workspace, tmp_path: Path) -> None:
    lines = events(250_000)  # more than one chunk is unpacked before the damage
    account = loaded(ws, tmp_path / "e.ndjson.gz", gzip.compress(lines, 1)[:-2000])
    assert account.problem == "truncated_gzip"
    assert 240_000 < account.loaded < 250_000
    assert account.rejected <= 1
    assert ws.rows("SELECT count(DISTINCT message_id), min(line), max(line) FROM event") == [
        (account.loaded, 1, account.loaded)
    ]


def test_what_precedes_the_damage_in_a_gzip_is_loaded(ws: ck.Workspace, tmp_path: Path) -> None:
    account = loaded(ws, tmp_path / "e.ndjson.gz", flipped(PACKED, len(PACKED) * 3 // 4))
    assert account.problem == "damaged_gzip"
    assert account.loaded > 600
    assert [row[0] for row in ws.rows("SELECT message_id FROM event WHERE line <= 600 ORDER BY line")] == [
        f"m{number}" for number in range(600)
    ]


def test_zeros_behind_a_gzip_lose_nothing(ws: ck.Workspace, tmp_path: Path) -> None:
    assert loaded(ws, tmp_path / "e.ndjson.gz", PACKED + bytes(1024)).loaded == 1000


def test_one_bad_file_does_not_stop_the_others(ws: ck.Workspace, tmp_path: Path) -> None:
    contents = {
        "1.ndjson": events(2),
        "2.ndjson.gz": PACKED[:5],
        "3.ndjson": b"",
        "4.ndjson": b"PK\x03\x04",
        "5.ndjson": events(2, 2),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    ws.load_events(tmp_path)
    assert_accounted(ws)
    assert {name: row["loaded"] for name, row in ledger(ws).items()} == {
        **dict.fromkeys(contents, 0),
        "1.ndjson": 2,
        "5.ndjson": 2,
    }
    ws.apply(policy({}))
    found = records(ws, "SELECT code, detail, events FROM finding WHERE code IN ('X2', 'X12')")
    assert {(row["code"], row["detail"]): row["events"] for row in found} == {
        ("X2", "truncated_gzip"): 1,
        ("X2", "other_compression"): 1,
        ("X12", "empty"): 1,
    }


def test_a_file_that_cannot_be_opened_is_in_the_ledger(
    ws: ck.Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "good.ndjson").write_bytes(events(2))
    (tmp_path / "locked.ndjson").write_bytes(events(2, 2))
    really_open = Path.open

    def refuse(path: Path, *args: Any, **options: Any) -> Any:
        if path.name == "locked.ndjson":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return really_open(path, *args, **options)

    monkeypatch.setattr(Path, "open", refuse)
    ws.load_events(tmp_path)
    assert {name: (row["loaded"], row["problem"]) for name, row in ledger(ws).items()} == {
        "good.ndjson": (2, None),
        "locked.ndjson": (0, "permission_denied"),
    }
    monkeypatch.undo()
    ws.load_events(tmp_path / "locked.ndjson")  # once it can be read, it is, and nothing is left to tell
    assert ws.rows("SELECT count(*) FROM event") == [(4,)]
    assert ledger(ws)["locked.ndjson"]["problem"] is None


def test_folders_globs_and_repeats_name_each_file_once(ws: ck.Workspace, tmp_path: Path) -> None:
    names = ["a.ndjson", "b.jsonl", "c.json", "d.NDJSON", "deep/er/e.ndjson.gz", "f.gz", "[odd] name.ndjson"]
    for number, name in enumerate([*names, "notes.txt", ".hidden.ndjson", ".git/g.ndjson"]):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(events(1, number)) if name.endswith("gz") else events(1, number))
    ws.load_events([tmp_path, tmp_path / "a.ndjson", str(tmp_path / "*.jsonl"), tmp_path / "[odd] name.ndjson"])
    assert sorted(ledger(ws)) == sorted(Path(name).name for name in names)
    assert ws.rows("SELECT count(*) FROM event") == [(len(names),)]


def test_nothing_in_a_folder_is_left_out_silently(ws: ck.Workspace, tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "events", tmp_path / "elsewhere"
    for number, place in enumerate([folder / "day", elsewhere / "day"]):
        place.mkdir(parents=True)
        (place / f"{number}.ndjson").write_bytes(events(1, number))
    (folder / "linked").symlink_to(elsewhere)
    (folder / "again").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(folder)
    (folder / "up").symlink_to("/")  # what lies above is not below
    (elsewhere / "round").symlink_to(elsewhere)
    (folder / "gone.ndjson").symlink_to(tmp_path / "nothing.ndjson")
    (folder / "packed.ndjson.zst").write_bytes(b"\x28\xb5\x2f\xfd")
    ws.load_events(folder)
    assert {name: (row["loaded"], row["problem"]) for name, row in ledger(ws).items()} == {
        "0.ndjson": (1, None),
        "1.ndjson": (1, None),
        "gone.ndjson": (0, "unreadable"),
        "packed.ndjson.zst": (0, "other_compression"),
    }


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_that_is_written_while_it_is_read_is_told(ws: ck.Workspace, tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "e.ndjson.gz"
    said = [gzip.compress(lines) if packed else lines for lines in (events(2), events(2, 2))]
    path.write_bytes(said[0])

    def write(*_: object) -> None:
        path.write_bytes(b"".join(said))

    ws.load_events(path, progress=write)
    assert ledger(ws)["e.ndjson.gz"]["problem"] == "changed_while_read"
    ws.load_events(path)
    assert [row["problem"] for row in records(ws, "SELECT problem FROM input_file ORDER BY file_id")][1:] == [None]
    assert ws.rows("SELECT count(*) FROM event") == [(4,)]


def test_what_can_be_read_only_once_is_refused(ws: ck.Workspace, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.ndjson")
    with pytest.raises(ck.SourceError, match=r"pipe\.ndjson: it is a pipe or a device"):
        ws.load_events(tmp_path / "pipe.ndjson")


@pytest.mark.parametrize("what", ["missing.ndjson", "*.nothing", "empty_folder", "only_text"])
def test_a_path_that_names_nothing_is_refused(ws: ck.Workspace, tmp_path: Path, what: str) -> None:
    (tmp_path / "empty_folder").mkdir()
    (tmp_path / "only_text").mkdir()
    (tmp_path / "only_text" / "notes.txt").write_text("no events")
    for load in (ws.load_events, ws.load_deliveries):
        with pytest.raises(ck.SourceError) as caught:
            load(tmp_path / what)
        assert what in str(caught.value)
    assert ledger(ws) == {}


def test_no_path_at_all_is_refused(ws: ck.Workspace) -> None:
    with pytest.raises(ck.SourceError):
        ws.load_events([])


def test_the_same_content_under_two_names_counts_once(ws: ck.Workspace, tmp_path: Path) -> None:
    for name in ("a.ndjson", "b.ndjson"):
        (tmp_path / name).write_bytes(b'{"type":"track"}\n' * 2 + events(3))
    ws.load_events(tmp_path)
    ws.load_events([tmp_path / "b.ndjson", tmp_path / "a.ndjson"])
    assert_accounted(ws)
    assert ws.rows("SELECT count(*) FROM event") == [(5,)]
    with pytest.raises(ck.UsageError, match=r"b\.ndjson.*a\.ndjson"):
        ws.load_events(tmp_path / "b.ndjson", source="web")


def test_repeats_within_and_across_files(ws: ck.Workspace, tmp_path: Path) -> None:
    (tmp_path / "1.ndjson").write_bytes(b'{"messageId":"m"}\n{"messageId":"m"}\n{"type":"no id"}\n{"type":"no id"}\n')
    (tmp_path / "2.ndjson").write_bytes(b'{"messageId":"m"}\n{"messageId":"m","type":"other payload"}\n')
    ws.load_events(tmp_path / "1.ndjson")
    ws.load_events(tmp_path / "2.ndjson")
    assert_accounted(ws)
    assert {name: (row["loaded"], row["duplicates"]) for name, row in ledger(ws).items()} == {
        "1.ndjson": (3, 1),
        "2.ndjson": (1, 1),
    }
    repeats = ws.rows("SELECT d.line, e.line FROM duplicate_line d JOIN event e USING (event_id) ORDER BY d.file_id")
    assert repeats == [(2, 1), (1, 1)]
    assert ws.rows("SELECT count(*) FROM shared_message") == [(2,)]


def test_an_interrupted_load_leaves_nothing_and_can_be_repeated(ws: ck.Workspace, tmp_path: Path) -> None:
    path = tmp_path / "e.ndjson"
    path.write_bytes(GOOD)

    def interrupt(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises((KeyboardInterrupt, ck.ConsentkitError)):
        ws.load_events(path, progress=interrupt)
    assert ledger(ws) == {}
    for table in ("event", "rejected_line", "signature", "stamp", "integrations"):
        assert ws.rows(f"SELECT count(*) FROM {table}") == [(0,)], table
    ws.load_events(path)
    assert ledger(ws)["e.ndjson"]["loaded"] == 1000


# Delivery logs


HEADER = b"message_id,destination,status\n"


@pytest.fixture(scope="module")
def loaded_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ck.Workspace]:
    """A workspace with events m0 to m4, loaded once."""
    path = tmp_path_factory.mktemp("five") / "events.ndjson"
    path.write_bytes(events(5))
    with ck.open(threads=1) as ws:
        ws.load_events(path)
        yield ws


@pytest.fixture
def five(loaded_once: ck.Workspace) -> ck.Workspace:
    """A workspace with events m0 to m4 and nothing else."""
    for table in ("delivery", "route", "rejected_line"):
        loaded_once._engine.run("empty", f"DELETE FROM {table}")
    for table in ("event", "input_file"):
        loaded_once._engine.run("empty", f"DELETE FROM {table} WHERE file_id > 1")
    return loaded_once


def delivered(
    ws: ck.Workspace, path: Path, content: bytes, columns: Mapping[str, str] | None = None, **constants: str
) -> list[tuple[Any, ...]]:
    """Load one delivery log and return its records: line, event, destination, status."""
    path.write_bytes(content)
    ws.load_deliveries(path, columns=columns, constants=constants)
    assert_accounted(ws)
    return ws.rows(
        """
        SELECT d.line, e.message_id, r.destination, r.status FROM delivery d
        JOIN route r USING (route_id) LEFT JOIN event e USING (event_id) ORDER BY d.line
        """
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(HEADER + b"m1,X,delivered\n", [(2, "m1", "X", "delivered")], id="plain"),
        pytest.param(HEADER + b"m1,X,delivered", [(2, "m1", "X", "delivered")], id="no newline at end"),
        pytest.param(HEADER + b'm1,"X, ""Y""",delivered\n', [(2, "m1", 'X, "Y"', "delivered")], id="quotes"),
        pytest.param(
            HEADER + b'm1,"X\nY",delivered\nm2,Z,failed\n',
            [(2, "m1", "X\nY", "delivered"), (3, "m2", "Z", "failed")],
            id="newline in quotes",
        ),
        pytest.param(
            b"message_id;destination;status\nm1;a,b;delivered\n", [(2, "m1", "a,b", "delivered")], id="semicolon"
        ),
        pytest.param(b"message_id\tdestination\tstatus\nm1\tX\tdelivered\n", [(2, "m1", "X", "delivered")], id="tab"),
        pytest.param(b"\xef\xbb\xbf" + HEADER + b"m1,X,delivered\n", [(2, "m1", "X", "delivered")], id="BOM"),
        pytest.param(
            (HEADER + b"m1,X,delivered\nm2,Y,failed\n").replace(b"\n", b"\r\n"),
            [(2, "m1", "X", "delivered"), (3, "m2", "Y", "failed")],
            id="CRLF",
        ),
        pytest.param(
            HEADER + b"m1,Caf\xe9,delivered\nm2,Y,failed\n",
            [(2, "m1", "Caf\ufffd", "delivered"), (3, "m2", "Y", "failed")],
            id="bad UTF-8",
        ),
        pytest.param(
            b'"message_id","destination","status"\nm1,X,delivered\n', [(2, "m1", "X", "delivered")], id="quoted header"
        ),
        pytest.param(
            b"status,extra,destination,message_id\ndelivered,1,X,m1\n", [(2, "m1", "X", "delivered")], id="order"
        ),
        pytest.param(HEADER + b" m1 , X , delivered \n", [(2, "m1", "X", "delivered")], id="spaces around values"),
        pytest.param(HEADER + b"m1,X,\n", [(2, "m1", "X", None)], id="no status"),
        pytest.param(HEADER + b"nobody,X,delivered\n", [(2, None, "X", "delivered")], id="no such event"),
        pytest.param(HEADER.replace(b",", b" , ") + b"m1,X,failed\n", [(2, "m1", "X", "failed")], id="spaced header"),
        pytest.param(HEADER[:-1] + b",,,\nm1,X,failed,,,\n", [(2, "m1", "X", "failed")], id="columns without a name"),
        pytest.param(HEADER.replace(b",", b"|") + b"m1|a,b|failed\n", [(2, "m1", "a,b", "failed")], id="bar"),
        pytest.param(HEADER + b"m1,X,\\N\n", [(2, "m1", "X", None)], id="NULL as databases write it"),
        pytest.param(HEADER, [], id="header only"),
        pytest.param(HEADER[:-1], [], id="header without newline"),
    ],
)
def test_csv(five: ck.Workspace, tmp_path: Path, content: bytes, expected: list[tuple[Any, ...]]) -> None:
    assert delivered(five, tmp_path / "log.csv", content) == expected


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\n"])
@pytest.mark.parametrize("name", ["log.csv", "log.ndjson"])
def test_an_empty_log_is_empty(five: ck.Workspace, tmp_path: Path, name: str, content: bytes) -> None:
    assert delivered(five, tmp_path / name, content) == []
    row = ledger(five, "deliveries")[name]
    assert row["problem"] == "empty" or row["rejected"] == row["lines"] > 0


def test_csv_rows_that_do_not_fit_are_set_aside_with_their_line(five: ck.Workspace, tmp_path: Path) -> None:
    content = HEADER + b"m0,X,delivered\nm1,X\nm2,X,failed,more\nm3,X,delivered\n,X,delivered\nm4,,delivered\n"
    found = delivered(five, tmp_path / "log.csv", content)
    assert found == [(2, "m0", "X", "delivered"), (5, "m3", "X", "delivered")]
    assert rejected(five) == {3: "wrong_columns", 4: "wrong_columns", 6: "no_event_named", 7: "no_destination"}
    assert five.rows("SELECT count(*) FROM rejected_line WHERE content IS NULL") == [(0,)]


def test_csv_with_a_quote_that_never_ends(five: ck.Workspace, tmp_path: Path) -> None:
    found = delivered(five, tmp_path / "log.csv", HEADER + b'm0,X,delivered\nm1,"X,delivered\nm2,X,delivered\n')
    assert found == [(2, "m0", "X", "delivered")]
    assert ledger(five, "deliveries")["log.csv"]["rejected"] == 1


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"message_id,destination,status,status\nm1,X,delivered,failed\n", "status"),
        (b"message_id,place,status\nm1,X,delivered\n", "destination"),
        (b"message_id,destination,what\nm1,X,delivered\n", "status"),
        (b"destination,status\nX,delivered\n", "message_id"),
        (b"event_file,destination,status\nevents.ndjson,X,delivered\n", "message_id"),
    ],
)
def test_a_log_without_its_columns_is_refused(five: ck.Workspace, tmp_path: Path, content: bytes, names: str) -> None:
    with pytest.raises(ck.SourceError) as caught:
        delivered(five, tmp_path / "log.csv", content.replace(b"m1", SECRET.encode()))
    assert "log.csv" in str(caught.value)
    assert names in str(caught.value)
    assert SECRET not in str(caught.value)
    assert ledger(five, "deliveries") == {}


def test_all_columns_that_a_log_lacks_are_told_at_once(five: ck.Workspace, tmp_path: Path) -> None:
    told = r"no column gives the destination, the status, the message_id; it has ID, TOOL, STATUS; name it with --map"
    with pytest.raises(ck.SourceError, match=told):
        delivered(five, tmp_path / "log.csv", b"ID,TOOL,STATUS\nm1,X,delivered\n")


@pytest.mark.parametrize("content", [b"a\rb\x00,c\n", b"\x00\n", b'"', "message_id,destination\n".encode("utf-16")])
def test_a_log_whose_header_makes_no_sense_is_refused(five: ck.Workspace, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ck.SourceError, match=r"log\.csv") as caught:
        delivered(five, tmp_path / "log.csv", content)
    assert ("UTF-16" in str(caught.value)) == (b"\0" in content.replace(b"\r", b"\n").split(b"\n")[0])


def test_a_log_with_the_line_ends_of_old_is_loaded_or_refused(five: ck.Workspace, tmp_path: Path) -> None:
    try:
        found = delivered(five, tmp_path / "log.csv", (HEADER + b"m1,X,delivered\n").replace(b"\n", b"\r"))
    except ck.SourceError:
        found = [(2, "m1", "X", "delivered")]
    assert found == [(2, "m1", "X", "delivered")]


def test_a_refused_log_leaves_the_good_one_beside_it_unloaded(five: ck.Workspace, tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "1.csv").write_bytes(HEADER + b"m1,X,delivered\n")
    (tmp_path / "log" / "2.csv").write_bytes(b"a,b\n1,2\n")
    with pytest.raises(ck.SourceError, match=r"2\.csv"):
        five.load_deliveries(tmp_path / "log")
    assert five.rows("SELECT count(*) FROM delivery") == [(0,)]
    five.load_deliveries(tmp_path / "log" / "1.csv")
    assert five.rows("SELECT count(*) FROM delivery") == [(1,)]


def test_ndjson_lines(five: ck.Workspace, tmp_path: Path) -> None:
    lines = [
        b'{"message_id":"m0","destination":"X","status":"delivered"}',
        b'{"messageId":"m1","destination":"X","status":"delivered","extra":{"a":[1]}}',
        b'{"message_id":["m2"],"destination":{"a":1},"status":5}',
        b"",
        b"[]",
        b"nonsense",
        b'{"message_id":"m3","destination":"X","stat',
        b'{"message_id":"\xff","destination":"X"}',
        b'{"message_id":"m3","status":"delivered"}',
        b'{"destination":"X","status":"delivered"}',
        b'{"Destination":"X","destination":"Y","message_id":"m4","MESSAGE_ID":"m0","status":"failed"}',
    ]
    found = delivered(five, tmp_path / "log.ndjson", b"\r\n".join(lines))
    assert [(row[0], row[1]) for row in found] == [(1, "m0"), (2, "m1"), (3, None), (11, "m4")]
    assert found[-1][2:] == ("Y", "failed")
    codes = rejected(five)
    assert codes.keys() == set(range(4, 11))
    assert (codes[4], codes[5], codes[6], codes[8]) == ("blank", "not_object", "not_json", "not_utf8")
    assert (codes[9], codes[10]) == ("no_destination", "no_event_named")
    kept = dict(five.rows("SELECT line, content FROM rejected_line"))
    assert all(kept[line].rstrip(b"\r\n") == lines[line - 1] for line in codes)


def test_a_gzipped_log_and_one_without_a_suffix(five: ck.Workspace, tmp_path: Path) -> None:
    (tmp_path / "1.csv.gz").write_bytes(gzip.compress(HEADER + b"m1,X,delivered\n"))
    (tmp_path / "2").write_bytes(HEADER + b"m2,X,delivered\n")
    (tmp_path / "3").write_bytes(b'{"message_id":"m3","destination":"X","status":"delivered"}\n')
    five.load_deliveries([tmp_path / "1.csv.gz", tmp_path / "2", tmp_path / "3"])
    linked = five.rows("SELECT e.message_id FROM delivery JOIN event e USING (event_id) ORDER BY 1")
    assert linked == [("m1",), ("m2",), ("m3",)]


def test_a_cut_gzip_log_keeps_what_precedes_the_cut(five: ck.Workspace, tmp_path: Path) -> None:
    rows = b"".join(b"m1,%d,delivered\n" % number for number in range(5000))
    delivered(five, tmp_path / "log.csv.gz", gzip.compress(HEADER + rows)[:-100])
    row = ledger(five, "deliveries")["log.csv.gz"]
    assert row["problem"] == "truncated_gzip"
    assert 4000 < row["loaded"] < 5000


# Parquet


def packed(columns: Mapping[str, Any]) -> bytes:
    """Write a Parquet file."""
    out = io.BytesIO()
    parquet.write_table(pa.table(dict(columns)), out)
    return out.getvalue()


def test_parquet_of_many_types(five: ck.Workspace, tmp_path: Path) -> None:
    at = [datetime(2026, 3, 1, 12), None, datetime(2026, 3, 1, 12), None]
    content = packed(
        {
            "message_id": pa.array(["m0", "m1", None, "m3"], pa.large_string()),
            "event_line": pa.array([None, None, 3, None], pa.int32()),
            "destination": pa.array(["X", "Y", "X", None]).dictionary_encode(),
            "status": pa.array(["delivered", "failed", "delivered", "pending"], pa.string_view()),
            "reason": pa.nulls(4),
            "at": pa.array(at, pa.timestamp("ns", tz="America/New_York")),
            "other": [[1], [], None, [2, 3]],
        }
    )
    found = delivered(five, tmp_path / "log.parquet", content)
    assert found == [(1, "m0", "X", "delivered"), (2, "m1", "Y", "failed"), (3, "m2", "X", "delivered")]
    assert rejected(five) == {4: "no_destination"}
    assert five.rows("SELECT logged_at FROM delivery ORDER BY line") == [(NOON,), (None,), (NOON,)]


def test_parquet_numbers_as_names(five: ck.Workspace, tmp_path: Path) -> None:
    (tmp_path / "numbers.ndjson").write_bytes(b'{"messageId":17}\n')
    five.load_events(tmp_path / "numbers.ndjson")
    content = packed({"message_id": [17, 18], "destination": [1, 2], "status": ["delivered", "delivered"]})
    assert delivered(five, tmp_path / "log.parquet", content) == [
        (1, "17", "1", "delivered"),
        (2, None, "2", "delivered"),
    ]


def test_parquet_without_rows(five: ck.Workspace, tmp_path: Path) -> None:
    text = pa.array([], pa.string())
    assert (
        delivered(five, tmp_path / "log.parquet", packed({"message_id": text, "destination": text, "status": text}))
        == []
    )


def test_parquet_without_its_columns_is_refused(five: ck.Workspace, tmp_path: Path) -> None:
    with pytest.raises(ck.SourceError, match=r"log\.parquet.*destination"):
        delivered(five, tmp_path / "log.parquet", packed({"message_id": ["m0"]}))


@pytest.mark.parametrize("how", ["tail", "middle", "text", "header"])
def test_damaged_parquet_is_refused_with_a_clear_message(five: ck.Workspace, tmp_path: Path, how: str) -> None:
    many = [SECRET] * 1000
    content = packed({"message_id": [f"{SECRET}{n}" for n in range(1000)], "destination": many, "status": many})
    damaged = {
        "tail": content[:-20],
        "middle": content[:100] + b"z" * 40 + content[140:],
        "text": b"message_id,destination\n",
        "header": content[:4],
    }[how]
    with pytest.raises(ck.SourceError, match=r"log\.parquet") as caught:
        delivered(five, tmp_path / "log.parquet", damaged)
    assert "Traceback" not in str(caught.value)
    assert SECRET not in str(caught.value)
    assert ledger(five, "deliveries") == {}


# Column mapping


def test_columns_are_mapped_and_constants_fill_in(five: ck.Workspace, tmp_path: Path) -> None:
    columns = {"id": "message_id", "Platz": "destination"}
    found = delivered(five, tmp_path / "log.csv", b"id,Platz\nm1,X\n", columns, status="delivered")
    assert found == [(2, "m1", "X", "delivered")]


def test_a_mapped_column_wins_over_one_of_the_usual_name(five: ck.Workspace, tmp_path: Path) -> None:
    content = b'{"message_id":"m1","destination":"internal-7","label":"X","status":"delivered"}\n'
    assert delivered(five, tmp_path / "log.ndjson", content, {"label": "destination"}) == [(1, "m1", "X", "delivered")]


def test_mapped_columns_may_differ_by_case_only(five: ck.Workspace, tmp_path: Path) -> None:
    content = b'{"message_id":"m1","destination":"X","Status":"delivered","status":"because"}\n'
    found = delivered(five, tmp_path / "log.ndjson", content, {"Status": "status", "status": "reason"})
    assert found == [(1, "m1", "X", "delivered")]
    assert five.rows("SELECT reason FROM route") == [("because",)]


@pytest.mark.parametrize("options", [{"columns": {"id": "messageid"}}, {"constants": {"state": "delivered"}}])
def test_a_column_of_ours_that_does_not_exist_is_refused(
    five: ck.Workspace, tmp_path: Path, options: dict[str, Any]
) -> None:
    (tmp_path / "log.csv").write_bytes(HEADER)
    with pytest.raises(ck.UsageError, match="message_id"):
        five.load_deliveries(tmp_path / "log.csv", **options)


def test_a_sidecar_names_the_columns(five: ck.Workspace, tmp_path: Path) -> None:
    said = {"columns": {"id": "message_id", "to": "destination"}, "constants": {"status": "delivered"}}
    (tmp_path / "log.csv.yml").write_text(json.dumps(said), encoding="utf-8")
    assert delivered(five, tmp_path / "log.csv", b"id,to,other\nm1,X,Y\n") == [(2, "m1", "X", "delivered")]


def test_what_the_caller_says_wins_over_the_sidecar(five: ck.Workspace, tmp_path: Path) -> None:
    said = {"columns": {"id": "message_id", "to": "destination"}, "constants": {"status": "delivered"}}
    (tmp_path / "log.csv.yml").write_text(json.dumps(said), encoding="utf-8")
    found = delivered(five, tmp_path / "log.csv", b"id,to,other\nm1,X,Y\n", {"other": "destination"}, status="failed")
    assert found == [(2, "m1", "Y", "failed")]


@pytest.mark.parametrize(
    "text", ["", "[1]", "columns: [", "columns: {id: nope}", "columns: 5", "\x00", "!!python/object:x {}"]
)
def test_a_sidecar_that_cannot_be_read_is_refused(five: ck.Workspace, tmp_path: Path, text: str) -> None:
    (tmp_path / "log.csv.yml").write_text(text, encoding="utf-8")
    with pytest.raises((ck.SourceError, ck.UsageError)) as caught:
        delivered(five, tmp_path / "log.csv", HEADER)
    assert len(str(caught.value)) > 20


# Which event a record means


def test_by_line_of_the_only_file(five: ck.Workspace, tmp_path: Path) -> None:
    content = (
        b"event_line,destination,status\n1,X,delivered\n5,X,delivered\n6,X,delivered\n0,X,delivered\n-1,X,delivered\n"
    )
    found = delivered(five, tmp_path / "log.csv", content)
    assert [row[1] for row in found] == ["m0", "m4", None, None, None]


def test_by_the_name_or_path_of_the_file(five: ck.Workspace, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "other.ndjson").write_bytes(events(2, 10))
    five.load_events(tmp_path / "more")
    files = [
        "events.ndjson",
        ledger(five)["events.ndjson"]["path"],
        "other.ndjson",
        "more/other.ndjson",
        "ther.ndjson",
        "",
    ]
    content = b"event_file,event_line,destination,status\n" + b"".join(
        b"%s,2,X,delivered\n" % f.encode() for f in files
    )
    found = delivered(five, tmp_path / "log.csv", content)
    assert [row[1] for row in found] == ["m1", "m1", "m11", "m11", None, None]


def test_the_pair_wins_over_the_message_id(five: ck.Workspace, tmp_path: Path) -> None:
    content = b"message_id,event_file,event_line,destination,status\nm0,events.ndjson,3,X,delivered\n"
    assert delivered(five, tmp_path / "log.csv", content) == [(2, "m2", "X", "delivered")]
    assert five.rows("SELECT linked_by FROM delivery") == [("line",)]


@pytest.mark.parametrize("line", ["9223372036854775807", "99999999999999999999", "10000000001", "1.5", "one", "1e3"])
def test_a_line_number_out_of_this_world_links_nothing(five: ck.Workspace, tmp_path: Path, line: str) -> None:
    (tmp_path / "two.ndjson").write_bytes(events(2, 20))
    five.load_events(tmp_path / "two.ndjson")
    content = (
        f"event_file,event_line,destination,status\nevents.ndjson,{line},X,delivered\nevents.ndjson,1,X,delivered\n"
    )
    found = delivered(five, tmp_path / "log.csv", content.encode())
    assert [row[1] for row in found if row[1]] == ["m0"]


def test_an_ambiguous_message_id_gives_possible_findings(ws: ck.Workspace, tmp_path: Path) -> None:
    said = [event({"id": "twin", "preferences": {"A": False}}), event({"id": "twin", "preferences": {"A": True}})]
    loaded(ws, tmp_path / "e.ndjson", ndjson(said))
    ws.apply(policy({"categories": [{"id": "A", "destinations": ["X"]}]}))
    delivered(ws, tmp_path / "log.csv", HEADER + b"twin,X,delivered\n")
    found = records(ws, "SELECT certainty, deliveries FROM finding WHERE code = 'V5'")
    assert found == [{"certainty": "possible", "deliveries": 1}]


def test_an_id_becomes_ambiguous_when_more_events_are_loaded(ws: ck.Workspace, tmp_path: Path) -> None:
    ws.apply(policy({"categories": [{"id": "A", "destinations": ["X"]}]}))
    loaded(ws, tmp_path / "1.ndjson", ndjson([event({"id": "twin", "preferences": {"A": False}})]))
    delivered(ws, tmp_path / "log.csv", HEADER + b"twin,X,delivered\n")
    assert records(ws, "SELECT certainty FROM finding WHERE code = 'V5'") == [{"certainty": "certain"}]
    loaded(ws, tmp_path / "2.ndjson", ndjson([event({"id": "twin", "preferences": {"A": True}})]))
    assert records(ws, "SELECT certainty FROM finding WHERE code = 'V5'") == [{"certainty": "possible"}]


def test_deliveries_before_their_events(ws: ck.Workspace, tmp_path: Path) -> None:
    header = b"message_id,event_file,event_line,destination,status\n"
    content = header + b"m0,,,X,delivered\n,e.ndjson,2,X,delivered\nnobody,,,X,failed\n"
    assert [row[1] for row in delivered(ws, tmp_path / "log.csv", content)] == [None, None, None]
    loaded(ws, tmp_path / "e.ndjson", events(2))
    linked = ws.rows("SELECT d.line, e.message_id FROM delivery d LEFT JOIN event e USING (event_id) ORDER BY d.line")
    assert linked == [(2, "m0"), (3, "m1"), (4, None)]
    row = ledger(ws, "deliveries")["log.csv"]
    assert (row["lines"], row["loaded"]) == (3, 3)


@pytest.mark.parametrize("order", ["12d", "1d2", "d12", "d21"])
def test_the_pair_wins_over_the_message_id_in_whatever_order_files_are_loaded(
    ws: ck.Workspace, tmp_path: Path, order: str
) -> None:
    ws.apply(policy({"categories": [{"id": "A", "destinations": ["X"]}]}))
    header = b"message_id,event_file,event_line,destination,status,at\n"
    rows = b"twin,2.ndjson,1,X,delivered,2026-03-01\ntwin,2.ndjson,2,X,delivered,2026-03-01\n"
    said = {
        "1.ndjson": ndjson([event({"id": "twin", "preferences": {"A": True}})]),
        "2.ndjson": ndjson([event({"id": "twin", "n": n, "preferences": {"A": False}}) for n in range(2)]),
        "a.csv": header + rows,
        "b.csv": header + rows + b"twin,3.ndjson,1,X,failed,2026-03-01\n",
    }
    for name, content in said.items():
        (tmp_path / name).write_bytes(content)
    for step in order:
        if step == "d":
            ws.load_deliveries([tmp_path / "a.csv"])
            ws.load_deliveries([tmp_path / "b.csv"])
        else:
            ws.load_events(tmp_path / f"{step}.ndjson")
    found = records(ws, "SELECT certainty, deliveries FROM finding WHERE code = 'V5'")
    assert found == [{"certainty": "certain", "deliveries": 2}]
    assert ledger(ws, "deliveries")["b.csv"]["duplicates"] == 2


def test_a_line_without_a_file_means_no_event_once_there_are_two_files(ws: ck.Workspace, tmp_path: Path) -> None:
    # The same three files in another order give nothing either.
    delivered(ws, tmp_path / "log.csv", b"event_line,destination,status\n1,X,delivered\n")
    loaded(ws, tmp_path / "1.ndjson", events(1))
    loaded(ws, tmp_path / "2.ndjson", events(1, 1))
    assert ws.rows("SELECT event_id FROM delivery") == [(None,)]


def test_times_of_records_are_utc(five: ck.Workspace, tmp_path: Path) -> None:
    content = b"message_id,destination,status,at\nm0,X,delivered,2026-03-01T14:00:00+02:00\nm1,X,delivered,soon\n"
    delivered(five, tmp_path / "log.csv", content)
    assert five.rows("SELECT logged_at FROM delivery ORDER BY line") == [(NOON,), (None,)]


# Errors


def test_errors_of_any_kind_hold_no_value_from_the_data(ws: ck.Workspace, tmp_path: Path) -> None:
    line = json.dumps({"messageId": SECRET, "userId": SECRET, "timestamp": SECRET})
    loaded(ws, tmp_path / "e.ndjson", (line + "\n").encode())
    for query in (
        "SELECT CAST(message_id AS INTEGER) FROM event",
        "SELECT CAST(user_id AS TIMESTAMP) FROM event",
        "SELECT error(user_id) FROM event",
        "SELECT CAST(user_id AS JSON) FROM event",
    ):
        with pytest.raises(ck.EngineError) as caught:
            ws.rows(query)
        assert SECRET not in str(caught.value), query
        assert caught.value.sql == query


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    import duckdb

    (tmp_path / "text.duckdb").write_bytes(GOOD)
    with duckdb.connect(str(tmp_path / "other.duckdb")) as con:
        con.execute("CREATE TABLE mine (a INTEGER)")
    for name in ("text.duckdb", "other.duckdb", "no/such/folder.duckdb"):
        with pytest.raises(ck.SourceError, match=r"(?i)duckdb"):
            ck.open(tmp_path / name)
    with duckdb.connect(str(tmp_path / "other.duckdb")) as con:
        assert con.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("mine",)]


@pytest.mark.parametrize(
    "items",
    [[{"a": {1, 2}}], [{"a": b"bytes"}], [{"a": object()}]],
    ids=["a set", "bytes", "an object"],
)
def test_events_in_python_that_are_no_json_are_refused(items: Any) -> None:
    with pytest.raises(ck.UsageError):
        ck.decide(items, policy({"destinations": [{"name": "X"}]}))


def test_events_in_python_may_hold_what_python_makes_of_numbers_and_cut_text() -> None:
    items: list[Row] = [
        {"messageId": "nan", "properties": {"price": float("nan")}},
        {"messageId": "cut", "event": "emoji \ud83d"},
    ]
    decided = ck.decide(items, policy({"destinations": [{"name": "X"}]}))
    assert list(decided["message_id"]) == ["nan", "cut"]
