"""What holds for any input: one decision each, a denial never allows, every line accounted for, order is no matter."""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import NOON, Row, assert_accounted, empty, event, ledger, ndjson, policy, records
from torture.lines import LINES

import consentkit as ck

if TYPE_CHECKING:
    import random

FEW = settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
MORE = settings(FEW, max_examples=15)

RULES = policy(
    {
        "categories": [
            {"id": "A", "destinations": ["X", "Both", "S3", "Engage", "Enforcing", "Warehouse", "Actions", "Classic"]},
            {"id": "B", "destinations": ["Both"]},
            {"id": "Off", "enabled": False, "destinations": ["X", "Free"]},
        ],
        "destinations": [
            {"name": "X", "aliases": ["ex"]},
            {"name": "Free", "connected": ["web", "ios"]},
            {"name": "Web", "connected": ["web"]},
            {"name": "Nowhere", "connected": []},
            {"name": "Dark", "enabled": False},
            {"name": "S3", "kind": "aws-s3"},
            {"name": "Engage", "kind": "engage"},
            {"name": "Enforcing", "kind": "engage", "enforced": True},
            {"name": "Warehouse", "kind": "warehouse"},
            {"name": "Actions", "kind": "actions"},
            {"name": "Classic", "kind": "classic"},
        ],
        "sources": [{"name": "web", "write_keys": ["w"]}, {"name": "ios", "write_keys": ["i"]}],
    }
)
EVERYWHERE = {"X", "Both", "S3", "Engage", "Enforcing", "Warehouse", "Actions", "Classic"}
CONNECTED = {"w": EVERYWHERE | {"Free", "Web"}, "i": EVERYWHERE | {"Free"}}
# The events of no declared source may go anywhere.
CONNECTED["?"] = CONNECTED["w"] | {"Nowhere"}

JUNK: st.SearchStrategy[Any] = st.sampled_from(["true", "", 0, 1, None, [], {}, {"all": False}, [True], -0.5])
PREFERENCES = st.dictionaries(st.sampled_from(["A", "B", "Off", "C", " A", "a", ""]), st.booleans() | JUNK)
INTEGRATIONS = st.dictionaries(
    st.sampled_from(["All", "X", "ex", "Both", "Free", "S3", "Warehouse", "Warehouses", "Engage", "Actions", "x"]),
    st.booleans() | JUNK,
)
CONTEXTS = st.one_of(
    st.none(),
    JUNK,
    st.fixed_dictionaries({"consent": JUNK}),
    st.fixed_dictionaries({"consent": st.fixed_dictionaries({"categoryPreferences": PREFERENCES | JUNK})}),
    st.fixed_dictionaries({"consent": st.fixed_dictionaries({"categoryPreference": PREFERENCES})}),
)
NAMES = st.sampled_from(["Checkout", "Segment Consent Preference Updated", "Segment Consent Preference"])
EVENTS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["track", "Track", "identify", 5]),
        "event": NAMES,
        "writeKey": st.sampled_from(["w", "i", "?"]),
    },
    optional={
        "context": CONTEXTS,
        "integrations": INTEGRATIONS | JUNK,
        "messageId": st.sampled_from(["m", "n", ""]),
        "timestamp": JUNK,
    },
)
# Stamped events, on which a denial can be added: values are sane in preference events, which are refused
# at the door otherwise.
STAMPED = st.one_of(
    st.builds(
        lambda p, i, key: _stamped("Checkout", p, i, key), PREFERENCES, INTEGRATIONS, st.sampled_from(["w", "i"])
    ),
    st.builds(
        lambda p, i: _stamped("Segment Consent Preference Updated", p, i, "w"),
        st.dictionaries(st.sampled_from(["A", "B", "C"]), st.booleans()),
        INTEGRATIONS,
    ),
)


def _stamped(name: str, preferences: Row, integrations: Row, key: str) -> Row:
    return event({"event": name, "preferences": preferences, "integrations": integrations, "writeKey": key})


def judged(ws: ck.Workspace, items: list[Row]) -> dict[tuple[int, str], str]:
    """The outcome per line and destination."""
    empty(ws)
    ws.apply(RULES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "events.ndjson")
        path.write_bytes(ndjson(items))
        ws.load_events(path)
    return {
        (line, name): outcome
        for line, name, outcome in ws.rows("SELECT event_line, destination, outcome FROM event_decision")
    }


@FEW
@given(st.lists(EVENTS, min_size=1, max_size=30))
def test_every_event_has_one_decision_per_connected_destination(items: list[Row]) -> None:
    decided = ck.decide(items, RULES)
    found = list(zip(decided["event_line"], decided["destination"], strict=True))
    wanted = {(line, name) for line, item in enumerate(items, start=1) for name in CONNECTED[item["writeKey"]]}
    assert len(found) == len(set(found))
    assert set(found) == wanted
    assert set(decided["outcome"]) <= {"deliver", "block", "indeterminate"}
    assert decided["reason"].notna().all()


@FEW
@given(st.lists(st.tuples(STAMPED, st.sampled_from(["A", "B", "C", "Off"])), min_size=20, max_size=40))
def test_adding_a_refusal_never_delivers(session_workspace: ck.Workspace, pairs: list[tuple[Row, str]]) -> None:
    refusing = []
    for item, category in pairs:
        other = json.loads(json.dumps(item))
        other["context"]["consent"]["categoryPreferences"][category] = False
        refusing.append(other)
    before = judged(session_workspace, [item for item, _ in pairs])
    after = judged(session_workspace, refusing)
    assert [key for key, outcome in after.items() if outcome == "deliver" and before[key] != "deliver"] == []


@FEW
@given(
    st.lists(
        st.tuples(EVENTS, st.sampled_from(["All", "X", "ex", "Both", "Warehouse", "Warehouses", "Y"])),
        min_size=20,
        max_size=60,
    )
)
def test_adding_false_to_integrations_never_delivers(
    session_workspace: ck.Workspace, pairs: list[tuple[Row, str]]
) -> None:
    pairs = [(item, name) for item, name in pairs if isinstance(item.get("integrations", {}), dict)]
    switched_off = [{**item, "integrations": {**item.get("integrations", {}), name: False}} for item, name in pairs]
    before = judged(session_workspace, [item for item, _ in pairs] or [{}])
    after = judged(session_workspace, switched_off or [{}])
    assert [key for key, outcome in after.items() if outcome == "deliver" and before[key] != "deliver"] == []


@FEW
@given(st.lists(STAMPED, min_size=20, max_size=60))
def test_only_the_literal_true_grants(session_workspace: ck.Workspace, items: list[Row]) -> None:
    found = judged(session_workspace, items)
    granted = session_workspace.rows(
        """SELECT e.line, c.category_id FROM event e JOIN signature USING (signature_id)
        JOIN stamp_category c USING (stamp_id) WHERE c.granted"""
    )
    said = [item["context"]["consent"]["categoryPreferences"] for item in items]
    loaded = {row[0] for row in session_workspace.rows("SELECT line FROM event")}
    assert set(granted) == {
        (line, name)
        for line, one in enumerate(said, start=1)
        if line in loaded
        for name, value in one.items()
        if value is True
    }
    for (line, name), outcome in found.items():
        if outcome == "deliver" and items[line - 1]["event"] == "Checkout":
            needs = {"Both": ("A", "B")}.get(name, ("A",) if name in EVERYWHERE - {"S3", "Engage"} else ())
            assert all(said[line - 1].get(need) is True for need in needs), (name, items[line - 1])


@FEW
@given(st.lists(STAMPED, min_size=10, max_size=40), st.randoms(use_true_random=False))
def test_decisions_do_not_depend_on_the_order_of_keys(
    session_workspace: ck.Workspace, items: list[Row], luck: random.Random
) -> None:
    def shuffled(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        keys = list(value)
        luck.shuffle(keys)
        return {key: shuffled(value[key]) for key in keys}

    assert judged(session_workspace, [shuffled(item) for item in items]) == judged(session_workspace, items)


@FEW
@given(st.lists(EVENTS, min_size=1, max_size=20))
def test_decisions_do_not_depend_on_the_other_events(session_workspace: ck.Workspace, items: list[Row]) -> None:
    together = judged(session_workspace, items)
    last = judged(session_workspace, items[-1:])
    assert {name: outcome for (_, name), outcome in last.items()} == {
        name: outcome for (line, name), outcome in together.items() if line == len(items)
    }


PIECES = [
    b"\n",
    b"\r\n",
    b"\r",
    b"{",
    b"}",
    b'"',
    b"{}",
    b"[]",
    b" ",
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"null",
    b"\\ud800",
]
CONTENT = st.lists(
    st.binary(max_size=8)
    | st.sampled_from(PIECES)
    | st.sampled_from(
        [b'{"messageId":"a"}\n', b'{"messageId":"a"}', b'{"messageId":"a","type":"track"}\n', b'{"messageId":"b"}\n']
    ),
    max_size=25,
).map(b"".join)


@MORE
@given(CONTENT, st.sampled_from(["plain", "gzip", "cut gzip", "gzip and plain"]), st.integers(1, 40))
def test_any_bytes_are_accounted_for(session_workspace: ck.Workspace, content: bytes, packing: str, cut: int) -> None:
    packed = gzip.compress(content, mtime=0)
    given_bytes = {"plain": content, "gzip": packed, "cut gzip": packed[:-cut], "gzip and plain": packed + content}[
        packing
    ]
    empty(session_workspace)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "any.ndjson")
        path.write_bytes(given_bytes)
        session_workspace.load_events(path)
    assert_accounted(session_workspace)
    row = ledger(session_workspace)["any.ndjson"]
    lines = content.count(b"\n") + (content != b"" and not content.endswith(b"\n"))
    if packing == "gzip" or (packing == "plain" and not content.startswith((b"\x1f\x8b", b"PK\x03\x04", b"BZh"))):
        assert row["lines"] == lines
        assert row["problem"] == (None if lines else "empty")
    if packing == "cut gzip":
        assert row["problem"] is not None


@MORE
@given(CONTENT, st.sampled_from(["log.csv", "log.ndjson"]), st.booleans())
def test_any_bytes_as_a_delivery_log_are_accounted_for_or_refused(
    session_workspace: ck.Workspace, content: bytes, name: str, header: bool
) -> None:
    empty(session_workspace)
    before = b"message_id,destination,status\nm,X,delivered\n" if header and name == "log.csv" else b""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(before + content)
        try:
            session_workspace.load_deliveries(path)
            refusal = None
        except ck.SourceError as error:
            refusal = str(error)
    if refusal:
        assert name in refusal
        assert ledger(session_workspace, "deliveries") == {}
    assert_accounted(session_workspace)


@FEW
@given(st.lists(EVENTS, min_size=1, max_size=30))
def test_every_delivery_stands_in_one_place(session_workspace: ck.Workspace, items: list[Row]) -> None:
    judged(session_workspace, items)
    log = [
        {"message_id": name, "destination": destination, "status": status}
        for name in ("m", "n", "nobody")
        for destination in ("X", "ex", "Both", "Free", "S3", "Actions", "stranger")
        for status in ("delivered", "failed")
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.ndjson")
        path.write_bytes(ndjson(log))
        session_workspace.load_deliveries(path)
    session_workspace.judge()
    stands = "SELECT destination_id, sum(deliveries) FROM standing_count GROUP BY destination_id ORDER BY 1"
    delivered = "SELECT destination_id, delivered FROM destination_count WHERE delivered > 0 ORDER BY 1"
    assert session_workspace.rows(stands) == session_workspace.rows(delivered)
    found = "SELECT count(*) FROM finding_delivery WHERE code IN ('V5', 'V6', 'V26') AND certainty = 'certain'"
    refused = "SELECT coalesce(sum(deliveries), 0) FROM standing_count WHERE standing = 'refused'"
    assert session_workspace.rows(refused) == session_workspace.rows(found)


# Loading


def _inputs(folder: Path) -> None:
    """Three files of events that repeat and contradict each other, and a log that names them in every way."""
    refused, granted = {"preferences": {"A": False}}, {"preferences": {"A": True}}
    files: dict[str, list[Row]] = {
        "1.ndjson": [
            event({"id": "once", "userId": "u1", **refused}),
            event({"id": "twin", **refused}),
            event({"id": "same", **refused}),
            event({"omit": ["messageId"], **refused}),
        ],
        "2.ndjson": [event({"id": "twin", **granted}), event({"id": "same", **refused}), event({"id": "bare"})],
        "3.ndjson": [
            event({"id": "twin", "event": "Third", **refused}),
            event({"id": "all", "event": "One", **refused}),
            event({"id": "all", **refused}),
        ],
    }
    for name, items in files.items():
        (folder / name).write_bytes(ndjson(items) + b"nonsense\n")
    log: list[Row] = [
        *(
            {"message_id": name, "destination": "X", "status": "delivered"}
            for name in ("once", "twin", "same", "all", "bare", "nobody")
        ),
        {"event_file": "1.ndjson", "event_line": 4, "destination": "X", "status": "delivered"},
        {"event_file": "2.ndjson", "event_line": 2, "destination": "ex", "status": "delivered"},
        {"event_file": "3.ndjson", "event_line": 1, "destination": "stranger", "status": "delivered"},
        {"event_file": "3.ndjson", "event_line": 4, "destination": "X", "status": "delivered", "at": NOON},
    ]
    (folder / "log.ndjson").write_bytes(ndjson(log))


ORDERS = (("1", "2", "3", "log"), ("log", "3", "2", "1"), ("2", "log", "1", "3"))


def _findings(ws: ck.Workspace) -> list[str]:
    return sorted(map(str, records(ws, "SELECT * FROM finding")))


def test_order_of_loading_is_no_matter(ws: ck.Workspace, tmp_path: Path) -> None:
    _inputs(tmp_path)
    seen = set()
    for number, order in enumerate(ORDERS):
        empty(ws)
        if number % 2:
            ws.apply(RULES)
        for name in order:
            (ws.load_deliveries if name == "log" else ws.load_events)(tmp_path / f"{name}.ndjson")
        ws.apply(RULES)
        ws.judge()
        seen.add(tuple(_findings(ws)))
    assert len(seen) == 1
    codes = {row["code"] for row in records(ws, "SELECT code FROM finding WHERE code LIKE 'V%'")}
    assert {"V5", "V20", "V1E"} <= codes


def test_loading_twice_changes_nothing(ws: ck.Workspace, tmp_path: Path) -> None:
    _inputs(tmp_path)
    lines = [line for line, _ in LINES.values() if len(line) < 10_000]
    (tmp_path / "torture.ndjson").write_bytes(b"\n".join(lines))

    def everything() -> dict[str, list[str]]:
        names = ws.rows("SELECT table_name FROM duckdb_tables() WHERE NOT temporary")
        return {name: sorted(map(str, ws.rows(f"SELECT * FROM {name}"))) for (name,) in names}

    def load() -> dict[str, list[str]]:
        ws.load_events(sorted(tmp_path.glob("[0-9t]*.ndjson")))
        ws.load_deliveries(tmp_path / "log.ndjson")
        ws.apply(RULES)
        return everything()

    first = load()
    assert load() == first
    ws.load_events([str(tmp_path / "[0-9]*.ndjson"), tmp_path / "torture.ndjson"])
    assert everything() == first


def test_a_database_file_opened_and_loaded_again_is_the_same(tmp_path: Path) -> None:
    _inputs(tmp_path)
    with ck.open(tmp_path / "audit.duckdb", threads=1) as ws:
        ws.load_events(tmp_path / "1.ndjson")
        ws.load_deliveries(tmp_path / "log.ndjson")
        ws.apply(RULES)
        first = _findings(ws)
    with ck.open(tmp_path / "audit.duckdb", threads=1) as ws:
        ws.load_events(tmp_path / "1.ndjson")
        assert _findings(ws) == first
        ws.load_events([tmp_path / "2.ndjson", tmp_path / "3.ndjson"])
        grown = _findings(ws)
    with ck.open(threads=1) as ws:
        ws.apply(RULES)
        ws.load_events([tmp_path / "1.ndjson", tmp_path / "2.ndjson", tmp_path / "3.ndjson"])
        ws.load_deliveries(tmp_path / "log.ndjson")
        ws.judge()
        assert _findings(ws) == grown
