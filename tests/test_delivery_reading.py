"""The quick way of reading delivery logs gives what the long way gives, whatever stands in them."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import event, ndjson

import consentkit as ck
from consentkit.sources.deliveries import DELIVERY_SUFFIXES, load_delivery_files
from consentkit.sources.delivery_columns import COLUMNS, Columns
from consentkit.sources.files import find_files
from consentkit.sources.known_files import new_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Record = dict[str, Any]

LOADED = {
    "deliveries": """
        SELECT d.* EXCLUDE (route_id), r.* EXCLUDE (route_id), p.* EXCLUDE (delivery_id)
        FROM delivery AS d
        LEFT JOIN pending_delivery AS p ON p.delivery_id = d.delivery_id
        LEFT JOIN route AS r ON r.route_id = d.route_id
        ORDER BY d.delivery_id
    """,
    "routes": "SELECT r.* EXCLUDE (route_id) FROM route AS r ORDER BY ALL",
    "rejected": "SELECT * FROM rejected_line ORDER BY file_id, line",
    "account": "SELECT * FROM input_file ORDER BY file_id",
}
PROPERTY = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = {ours: (ours, *others) for ours, others in COLUMNS.items()}

words = st.sampled_from(
    [
        "delivered",
        "filtered",
        "Tool",
        " Tool",
        "Tool ",
        "",
        " ",
        "consent",
        "\\",
        '"',
        "ä",
        "\u2028",
        "0",
        "2",
        "2.0",
        "x",
    ]
)
# A file that begins so is packed, and not a log of lines.
PACKED = (b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ", b"\x1f\x8b")
ids = st.sampled_from(["m0", "m1", " m2", "m3 ", "twin", "unknown", "", " "])
times = st.sampled_from(
    ["2026-03-01T12:00:00Z", "2026-03-01 12:00:00+02", " 2026-03-01T12:00:00Z ", "1772366400", "no"]
)
texts = {"message_id": ids, "at": times, "event_line": st.sampled_from(["1", "2.0", " 3", "-1", "", "99"])}
odd = st.one_of(
    st.none(), st.integers(-1, 3), st.booleans(), st.lists(words, max_size=2), st.dictionaries(words, words)
)


@st.composite
def records(draw: st.DrawFn) -> Record:
    """A record in which each of our columns may stand under any of its names, several or none."""
    record = {}
    for ours, names in NAMES.items():
        for name in draw(st.lists(st.sampled_from(names), max_size=2)):
            record[name] = draw(st.one_of(texts.get(ours, words), odd))
    return record


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """A line of a log: mostly a record, as JSON writes it, else anything."""
    if draw(st.integers(0, 5)) == 0:
        junk = st.sampled_from(
            [b"", b"[]", b"{", b'{"a": 1}}', b"null", b"\xff{}", b'\\x41"', b"{}", b' {"status": "x"}']
        )
        other = st.binary(max_size=9).map(lambda b: b.replace(b"\n", b"").replace(b"\r", b""))
        return draw(st.one_of(junk, other.filter(lambda b: not b.startswith(PACKED))))
    record = draw(records())
    line = json.dumps(record, ensure_ascii=draw(st.booleans())).encode()
    doubled = draw(st.sampled_from([b"", b'"status": "twice", ', b' "message_id" : "m0", ']))
    return draw(st.sampled_from([b"", b" ", b"\t"])) + b"{" + (doubled if record else b"") + line[1:]


@st.composite
def usual(draw: st.DrawFn) -> list[Record]:
    """The first records of a log, which are alike: each column under a name of its own, or now and then not there."""
    name = {ours: draw(st.sampled_from(names)) for ours, names in NAMES.items()}
    given = draw(st.sets(st.sampled_from(["reason", "mode", "at"])))
    said = {"message_id": "m0", "destination": "Tool", "status": "delivered", "reason": "consent", "mode": "cloud"}
    said["at"] = "2026-03-01T12:00:00Z"
    kinds = [
        {
            name[ours]: text
            for ours, text in said.items()
            if ours in ("message_id", "destination", "status") or ours in given
        }
    ]
    kinds.append({**kinds[0], name["status"]: "filtered"})
    return [kinds[place % 2] for place in range(40)]


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ck.Workspace, list[str]]]:
    """A workspace with events, two of which share an id, and the steps it takes."""
    steps: list[str] = []
    path = tmp_path_factory.mktemp("events") / "events.ndjson"
    events = [{"id": each} for each in ("m0", "m1", "m2", "m3", "twin")] + [{"id": "twin", "event": "other"}]
    path.write_bytes(ndjson([event(each) for each in events]))
    with ck.open(tracer=lambda step, _: steps.append(step)) as ws:
        ws.load_events(path)
        yield ws, steps


def both_ways(space: tuple[ck.Workspace, list[str]], folder: Path, columns: Columns | None = None) -> None:
    """Load a folder the quick way and the long way, and compare all that comes of it."""
    ws, steps = space
    found: list[dict[str, Any]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("consentkit.sources.tabular.CHUNK", 1 << 11)
        patch.setattr("consentkit.sources.lines._SMALL", 0)  # every file a batch of its own
        for first in (1, 1 << 30):  # with the second, all of a log is its first records
            steps.clear()
            patch.setattr("consentkit.sources.delivery_reading.FIRST_SLICE", first)
            with ws._engine.rehearsal():
                files = new_files(ws._engine, find_files(folder, DELIVERY_SUFFIXES), "deliveries", None)
                load_delivery_files(ws._engine, files, columns or Columns(), lambda _: None)
                found.append({name: ws.rows(query) for name, query in LOADED.items()})
            assert ("load deliveries: quick" in steps) == (first == 1)
    assert found[0]["deliveries"]
    for name in LOADED:
        assert found[0][name] == found[1][name], name


@PROPERTY
@given(first=usual(), more=st.lists(lines(), min_size=20, max_size=60))
def test_lines(space: tuple[ck.Workspace, list[str]], tmp_path: Path, first: list[Record], more: list[bytes]) -> None:
    (tmp_path / "1.ndjson").write_bytes(ndjson(first))
    (tmp_path / "2.ndjson").write_bytes(b"\n".join([*more, *ndjson(first[:3]).splitlines()]))
    both_ways(space, tmp_path)


@PROPERTY
@given(more=st.lists(records(), min_size=20, max_size=40))
def test_tables(space: tuple[ck.Workspace, list[str]], tmp_path: Path, more: list[Record]) -> None:
    first = [{"message_id": "m0", "destination": "Tool", "status": status} for status in ("delivered", "filtered")] * 60
    rows = [{name: None if cell is None else str(cell) for name, cell in row.items()} for row in [*first, *more]]
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    writer.writerows(rows)
    (tmp_path / "1.csv").write_text(text.getvalue() + "one cell too many" + "," * len(names) + "\n", encoding="utf-8")
    table = pa.Table.from_pylist(rows, schema=pa.schema([(name, pa.string()) for name in names]))
    pq.write_table(table, tmp_path / "2.parquet", row_group_size=len(first))
    both_ways(space, tmp_path)


def test_columns_of_the_user(space: tuple[ck.Workspace, list[str]], tmp_path: Path) -> None:
    columns = Columns(
        {"event.id": "message_id", "result": "status", "when": "at"},
        {"destination": "Tool"},
        "seconds",
        {"ok": "delivered"},
    )
    inside: list[Record] = [{"event": {"id": "m0"}, "result": "ok", "when": 1772366400} for _ in range(40)]
    odd: list[Record] = [
        {"event.id": "m1", "result": "ok", "when": 1772366401},
        {"event": '{"id": "m2"}', "result": " ok", "when": "late"},
        {"event": "m3", "result": "no", "when": None},
        {"event": {"id": None}, "result": "ok"},
        {"event": {"id": "m3"}, "destination": "Other", "event_line": 2},
    ]
    (tmp_path / "1.ndjson").write_bytes(ndjson(inside))
    (tmp_path / "2.ndjson").write_bytes(ndjson(odd))
    both_ways(space, tmp_path, columns)


def test_a_log_in_which_every_record_has_a_reason_of_its_own_takes_the_long_way(
    space: tuple[ck.Workspace, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws, steps = space
    record = {"message_id": "m0", "destination": "Tool", "status": "failed"}
    for number in range(2):
        log = [{**record, "reason": f"request {number} {line}"} for line in range(30)]
        (tmp_path / f"{number}.ndjson").write_bytes(ndjson(log))
    monkeypatch.setattr("consentkit.sources.delivery_reading.FIRST_SLICE", 1)
    monkeypatch.setattr("consentkit.sources.lines._SMALL", 0)
    steps.clear()
    with ws._engine.rehearsal():
        files = new_files(ws._engine, find_files(tmp_path, DELIVERY_SUFFIXES), "deliveries", None)
        load_delivery_files(ws._engine, files, Columns(), lambda _: None)
        assert ws.rows("SELECT count(*), count(DISTINCT route_id), count(event_id) FROM delivery") == [(60, 60, 60)]
        assert ws.rows("SELECT count(*) FROM route") == [(60,)]
    assert "load deliveries: quick" not in steps


def test_lines_that_are_no_record_name_no_event_even_where_all_is_said_for_every_record(
    space: tuple[ck.Workspace, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws, _ = space
    columns = Columns({}, {"message_id": "m0", "destination": "Tool", "status": "delivered"})
    (tmp_path / "1.ndjson").write_bytes(ndjson([{"at": "2026-03-01T12:00:00Z"}] * 30))
    (tmp_path / "2.ndjson").write_bytes(b"[]\nnull\n{}\n")
    monkeypatch.setattr("consentkit.sources.delivery_reading.FIRST_SLICE", 1)
    monkeypatch.setattr("consentkit.sources.lines._SMALL", 0)
    with ws._engine.rehearsal():
        files = new_files(ws._engine, find_files(tmp_path, DELIVERY_SUFFIXES), "deliveries", None)
        load_delivery_files(ws._engine, files, columns, lambda _: None)
        assert ws.rows("SELECT count(*), count(event_id) FROM delivery") == [(31, 31)]
        assert ws.rows("SELECT code FROM rejected_line") == [("not_object",), ("not_object",)]
