"""What is kept of deliveries is extended by what a load changes, and is then what the rule says of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import empty, event, ndjson

from consentkit.judging import KEPT
from consentkit.kept import has_changed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import consentkit as ck

POLICY: dict[str, Any] = {
    "version": 1,
    "platform": "segment",
    "categories": [{"id": "A", "destinations": ["X", "Y"]}],
    "destinations": [{"name": "X"}, {"name": "Y"}],
}
# What a user sees. Which of several equal lines an event is depends on the order of loading, and no user sees it.
SEEN = ("finding", "finding_total", "coverage", "destination_count", "source_count")


class Loading:
    """A workspace to which files are added one by one, with a note of the steps it took."""

    def __init__(self, ws: ck.Workspace, folder: Path, steps: list[str]) -> None:
        self.ws, self.folder, self.steps, self.files = ws, folder, steps, 0

    def add(self, kind: str, rows: Sequence[dict[str, Any]]) -> None:
        """Load a file of events or of deliveries."""
        self.files += 1
        path = self.folder / f"{kind}-{self.files:02}.ndjson"
        path.write_bytes(ndjson(rows))
        (self.ws.load_events if kind == "events" else self.ws.load_deliveries)(path)

    def judge(self) -> list[Any]:
        """Judge, hold what is kept of deliveries against the rule, and return the findings of deliveries."""
        self.ws.judge()
        assert differing(self.ws, "finding_delivery") == []
        query = "SELECT code, certainty, destination, deliveries FROM finding WHERE deliveries > 0 ORDER BY ALL"
        return self.ws.rows(query)

    def extended(self) -> bool:
        """Tell whether the last judgement extended what was kept."""
        return "keep more of finding_delivery" in self.steps


def differing(ws: ck.Workspace, view: str) -> list[Any]:
    kept, rule = f"SELECT k.* FROM main.{view} AS k", f'SELECT r.* FROM main."{view} (rule)" AS r'
    return ws.rows(f"({kept} EXCEPT ALL {rule}) UNION ALL ({rule} EXCEPT ALL {kept})")


@pytest.fixture
def loading(ws: ck.Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loading:
    """Three records, judged: of an event that refused, of one that did not, and of one that is not there."""
    steps: list[str] = []
    monkeypatch.setattr(ws._engine, "_tracer", lambda step, _: steps.append(step))
    ws.apply(POLICY)
    made = Loading(ws, tmp_path, steps)
    made.add("events", [refusing("m1"), event({"id": "m3", "preferences": {"A": True}})])
    made.add("deliveries", delivered("m1", "m2", "m3"))
    assert made.judge() == [("V5", "certain", "X", 1), ("X3", "certain", "X", 1)]
    steps.clear()
    return made


def refusing(name: str, **more: Any) -> dict[str, Any]:
    return event({"id": name, "preferences": {"A": False}, **more})


def delivered(*ids: str, to: str = "X") -> list[dict[str, Any]]:
    return [{"message_id": each, "destination": to, "status": "delivered"} for each in ids]


def test_a_day_more_of_both_is_added_to_what_was_found(loading: Loading) -> None:
    loading.add("events", [refusing("m4")])
    loading.add("deliveries", delivered("m4", "m1"))
    # the record of m1 stands in both logs and counts once
    assert loading.judge() == [("V5", "certain", "X", 2), ("X3", "certain", "X", 1)]
    assert loading.extended()


def test_an_event_that_comes_after_its_delivery_is_judged_then(loading: Loading) -> None:
    loading.add("events", [refusing("m2")])
    assert loading.judge() == [("V5", "certain", "X", 2)]
    assert loading.extended()


def test_another_payload_of_the_same_id_makes_what_was_certain_possible(loading: Loading) -> None:
    loading.add("events", [event({"id": "m1", "preferences": {"A": True}}), refusing("m3")])
    assert loading.judge() == [("V5", "possible", "X", 2), ("X3", "certain", "X", 1)]
    assert loading.extended()


def test_a_destination_that_gets_another_number_is_judged_anew(loading: Loading) -> None:
    """The log names destinations the policy does not; they are numbered by name."""
    loading.add("events", [refusing("m4", integrations={"Unknown": False})])
    loading.add("deliveries", delivered("m4", to="Unknown"))
    assert ("V7", "certain", "Unknown", 1) in loading.judge()
    loading.steps.clear()
    loading.add("deliveries", delivered("m1", to="Earlier"))
    assert ("V7", "certain", "Unknown", 1) in loading.judge()
    assert not loading.extended()


def test_what_was_written_by_hand_before_or_after_a_load_is_judged_anew(loading: Loading) -> None:
    gone = "DELETE FROM delivery WHERE event_id = (SELECT e.event_id FROM event AS e WHERE e.message_id = 'm1')"
    loading.add("events", [refusing("m2")])
    loading.ws.rows(gone)
    assert loading.judge() == [("V5", "certain", "X", 1)]
    assert not loading.extended()


def test_the_same_policy_again_leaves_what_was_found(loading: Loading) -> None:
    loading.ws.apply(POLICY)
    assert not has_changed(loading.ws._engine, KEPT[0])
    loading.add("events", [refusing("m2")])
    loading.ws.apply(POLICY)
    assert loading.judge() == [("V5", "certain", "X", 2)]
    assert loading.extended()


def test_another_policy_leaves_nothing_to_extend(loading: Loading) -> None:
    loading.add("events", [refusing("m2")])
    loading.ws.apply({**POLICY, "categories": [{"id": "A", "destinations": ["Y"]}]})
    assert [row for row in loading.judge() if row[0] == "V5"] == []
    assert not loading.extended()


EVENTS = st.tuples(
    st.sampled_from(["m1", "m2", "m3", "m4", None]),
    st.sampled_from([{"preferences": {"A": True}}, {"preferences": {"A": False}}, {}, {"integrations": {"X": False}}]),
    st.sampled_from(["2026-03-01T12:00:00Z", "2026-03-03T12:00:00Z", "2026-02-01T00:00:00Z", "never"]),
    st.sampled_from(["d1", "d2"]),
    st.sampled_from(["Checkout", "Segment Consent Preference Updated"]),
)
DELIVERIES = st.tuples(
    st.sampled_from(["m1", "m2", "m3", "m4", "m5", 1, 2]),
    st.sampled_from(["X", "Y", "Zeta", "Eta"]),
    st.sampled_from(["delivered", "delivered", "filtered", "unheard"]),
)
FILES = st.one_of(
    st.tuples(st.just("events"), st.lists(EVENTS, min_size=1, max_size=4)),
    st.tuples(st.just("deliveries"), st.lists(DELIVERIES, min_size=1, max_size=5)),
)


def lines(kind: str, drawn: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Write out what was drawn: events, or records that name one by its id or its line."""
    if kind == "events":
        return [
            event({"id": name, "at": at, "anonymousId": device, "event": called, **said})
            for name, said, at, device, called in drawn
        ]
    return [
        {("event_line" if isinstance(name, int) else "message_id"): name, "destination": destination, "status": status}
        for name, destination, status in drawn
    ]


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(st.tuples(FILES, st.booleans()), min_size=2, max_size=6))
def test_what_is_extended_is_what_is_found_when_all_is_loaded_at_once(
    session_workspace: ck.Workspace, tmp_path_factory: Any, files: list[Any]
) -> None:
    ws = session_workspace
    found = []
    for at_once in (False, True):
        empty(ws)
        ws.apply(POLICY)
        made = Loading(ws, tmp_path_factory.mktemp("files"), [])
        for (kind, drawn), judged in sorted(files, key=lambda file: file[0][0] != "events") if at_once else files:
            made.add(kind, lines(kind, drawn))
            if judged and not at_once:
                made.judge()
        made.judge()
        for view in () if at_once else KEPT:
            assert differing(ws, view) == [], view
        found.append([ws.rows(f"SELECT * FROM {view} ORDER BY ALL") for view in SEEN])
    assert found[0] == found[1]
