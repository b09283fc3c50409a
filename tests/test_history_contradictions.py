"""Stamps against choices (V11 to V13) and whose a choice is: the views against each event held against each choice.

The views look for the last choice before a moment, so that an id of a hundred thousand choices costs a sort. Here every
event is set against every choice, as the rules say it (RULES.md 2.4 and 10).
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from history_support import NAME, START, load
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support import empty, event, ndjson, policy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from support import Row

    import consentkit as ck

TOLERANCE = timedelta(minutes=5)
WEB = {"analytics.js", "@segment/analytics-next"}


class Line(NamedTuple):
    """One event, in steps of five minutes, as long as the tolerance, so that boundaries are met."""

    step: int
    delay: int  # steps until it arrived
    chooses: bool
    said: dict[str, bool] | None
    device: str | None
    user: str | None
    library: str
    version: int | None = None  # of the banner: where each has its own, no two stamps are worded alike

    @property
    def at(self) -> datetime:
        """When it happened."""
        return START + timedelta(minutes=5 * self.step)

    @property
    def since(self) -> datetime:
        """From when on its stamp may be."""
        return self.at - TOLERANCE

    @property
    def until(self) -> datetime:
        """Until when."""
        return self.at + timedelta(minutes=5 * self.delay) + TOLERANCE

    def written(self, number: int) -> Row:
        """The line as sent."""
        at, arrived = (f"{moment.isoformat()}Z" for moment in (self.at, self.at + timedelta(minutes=5 * self.delay)))
        more: Row = {} if self.said is None else {"consent": {"categoryPreferences": self.said}}
        if more and self.version is not None:
            more["consent"]["version"] = self.version
        who = {"anonymousId": self.device, "userId": self.user}
        name = NAME if self.chooses else "Viewed"
        more["context"], more["writeKey"] = {"library": {"name": self.library}}, "w" if self.library in WEB else "i"
        return event({"id": str(number), "event": name, "at": at, "receivedAt": arrived, **who, **more})


SAID = [None, {}, *({"A": a, "B": b} for a in (True, False) for b in (True, False)), {"A": True}, {"B": False}]
LINE = st.builds(
    Line,
    step=st.integers(0, 9),
    delay=st.sampled_from([0, 0, 0, 1, 8]),
    chooses=st.booleans(),
    said=st.sampled_from(SAID),
    device=st.sampled_from(["d1", "d1", "d2", "d3", None]),
    user=st.sampled_from(["u1", "u1", "u2", None, None, None]),
    library=st.sampled_from(["analytics.js", "analytics-swift"]),
)


def many(seed: int) -> list[Line]:
    """Lines of twenty devices and thirty people, so that what is rare on one happens on some."""
    dice = random.Random(seed)
    return [
        Line(
            step=dice.randrange(10),
            delay=dice.choice([0, 0, 0, 1, 8]),
            chooses=dice.random() < 0.4,
            said=dice.choice(SAID),
            device=dice.choice([None, *(f"d{dice.randrange(20)}" for _ in range(4))]),
            user=dice.choice([None, None, f"u{dice.randrange(30)}"]),
            library=dice.choice(["analytics.js", "analytics-swift"]),
        )
        for _ in range(600)
    ]


def worded(seed: int) -> list[Line]:
    """Lines of few devices one after the other, of which no two stamps are worded alike."""
    return [
        each._replace(step=number // 2, device=each.device and each.device[:2], version=number)
        for number, each in enumerate(many(seed))
    ]


def differ(stamp: dict[str, bool], said: dict[str, bool]) -> tuple[bool, bool]:
    """Whether a stamp grants, and refuses, what was said otherwise; an empty one refuses all."""
    if not stamp:
        return False, any(said.values())
    grants = any(granted and (not said or said.get(name) is False) for name, granted in stamp.items())
    return grants, any(not granted and said.get(name) is True for name, granted in stamp.items())


def against_device(drawn: Sequence[Line], periods: list[tuple[Any, ...]]) -> set[tuple[str, str, str]]:
    """V11: each stamped event against every period of its device."""
    found = set()
    for number, each in enumerate(drawn):
        own = [
            (choice, start, end) for kind, who, choice, start, end in periods if (kind, who) == ("device", each.device)
        ]
        if each.chooses or each.said is None or not any(start <= each.since < end for _, start, end in own):
            continue
        near = [choice for choice, start, end in own if start <= each.until and end > each.since]
        latest = next(choice for choice, start, end in own if start <= each.at < end)
        if all(any(differ(each.said, drawn[int(choice)].said or {})) for choice in near):
            grants = differ(each.said, drawn[int(latest)].said or {})[0]
            if grants or any(each.said.values()) or each.library not in WEB:
                found.add((str(number), latest, f"{'granted' if grants else 'refused'} although"))
    return found


def against_person(drawn: Sequence[Line], history: list[tuple[Any, ...]]) -> set[tuple[str, str]]:
    """V12: each granting event against every stretch of its person's history."""
    return {
        (str(number), choice)
        for number, each in enumerate(drawn)
        for who, category, value, choice, start, end in history
        if not each.chooses and each.user == who and (each.said or {}).get(category) and value != "true"
        if start <= each.since and end > each.until and drawn[int(choice)].device != each.device
    }


def unannounced(drawn: Sequence[Line], changes: list[tuple[Any, ...]]) -> set[str]:
    """V13: each change against every preference event."""
    return {
        changed
        for changed, device, user, since, until in changes
        if not any(
            each.chooses and each.said is not None and since <= each.at <= until
            for each in drawn
            if each.device == device or (user is not None and each.user == user)
        )
    }


def people(drawn: Sequence[Line]) -> set[tuple[str, str]]:
    """Whose each choice is: who it names, else the only one its device names, else who is named next and was before."""
    found = set()
    for number, each in enumerate(drawn):
        if not each.chooses or each.said is None:
            continue
        named = [(other.at, other.user) for other in drawn if other.user and other.device == each.device is not None]
        before = [one for one in named if one[0] <= each.at]
        after = [one for one in named if one[0] > each.at]
        around = {who for at, who in before if at == max(before)[0]} | {who for at, who in after if at == min(after)[0]}
        if each.user:
            found.add((str(number), each.user))
        elif len({who for _, who in named}) == 1:
            found.add((str(number), named[0][1]))
        elif after and len(around) == 1:
            found.add((str(number), min(after)[1]))
    return found


def asked(ws: ck.Workspace, columns: str, view: str, choice: str = "event_id") -> list[tuple[Any, ...]]:
    """Read a view with message ids in the place of numbers."""
    return ws.rows(
        f"SELECT {columns} FROM {view} AS v INNER JOIN event AS e ON e.event_id = v.event_id "
        f"LEFT JOIN event AS c ON c.event_id = v.{choice}"
    )


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(LINE, min_size=4, max_size=30))
@example(drawn=many(1))
@example(drawn=many(2))
@example(drawn=worded(3))
def test_each_event_against_each_choice(
    session_workspace: ck.Workspace, tmp_path_factory: Any, drawn: list[Line]
) -> None:
    ws = session_workspace
    empty(ws)
    load(ws, tmp_path_factory.mktemp("each"), [each.written(number) for number, each in enumerate(drawn)])
    periods = asked(ws, "subject_kind, subject_id, e.message_id, valid_from, valid_to", "preference_period")
    history = asked(ws, "v.user_id, category_id, value, e.message_id, valid_from, valid_to", "person_history")
    changes = asked(ws, "e.message_id, v.anonymous_id, v.user_id, since, until", "stamp_change")
    pair = "e.message_id, c.message_id"
    told = asked(ws, f"{pair}, detail", "stamp_against_device", "preference_event_id")
    assert {(*row[:2], row[2].rsplit(" ", 1)[0]) for row in told} == against_device(drawn, periods)
    assert set(asked(ws, pair, "stamp_against_person", "preference_event_id")) == against_person(drawn, history)
    assert {row[0] for row in asked(ws, "e.message_id", "unannounced_change")} == unannounced(drawn, changes)
    spoken = asked(ws, "e.message_id, subject_id", "(SELECT * FROM preference_subject WHERE subject_kind = 'person')")
    assert set(spoken) == people(drawn)


RULES = {
    "categories": [{"id": "A", "destinations": ["X", "Both"]}, {"id": "B", "destinations": ["Both"]}],
    "sources": [{"name": "web", "write_keys": ["w"]}, {"name": "ios", "write_keys": ["i"]}],
}
NEEDED = {"X": {"A"}, "Both": {"A", "B"}}
SUBJECT = "v.subject_kind, v.subject_id"
SENT = f"""
    SELECT {SUBJECT}, v.event_at, o.source_id FROM event_subject AS v
    INNER JOIN signature AS g ON g.signature_id = v.signature_id
    INNER JOIN signature_source AS o ON o.signature_id = v.signature_id
    WHERE g.kind = 'event'"""


def opened(stretches: list[tuple[Any, ...]], owned: set[str]) -> set[tuple[Any, ...]]:
    """Each choice after which all a destination needs is granted, against every stretch of its subject."""
    granted: dict[Any, list[tuple[Any, ...]]] = {}
    for kind, who, *stretch in stretches:
        if not (kind == "device" and who in owned):
            granted.setdefault((kind, who), []).append(tuple(stretch))
    found = set()
    for subject, own in granted.items():
        for choice, _, at, _ in own:
            for destination, needed in NEEDED.items():
                ends = {category: end for _, category, start, end in own if category in needed and start <= at < end}
                if ends.keys() == needed and any(each[0] == choice and each[1] in needed for each in own):
                    found.add((*subject, choice, destination, at, min(ends.values())))
    return found


def deliver(ws: ck.Workspace, folder: Path, drawn: Sequence[Line]) -> None:
    """Log each event twice, when it happened and when it arrived, in turns to two destinations."""
    log = [
        {"message_id": str(number), "destination": ("X", "Both")[number % 2], "status": "delivered", "at": f"{at}Z"}
        for number, each in enumerate(drawn)
        for at in (each.at.isoformat(), each.until.isoformat())
    ]
    (folder / "log.ndjson").write_bytes(ndjson(log))
    ws.load_deliveries(folder / "log.ndjson")


@pytest.mark.parametrize("seed", [1, 2])
def test_each_delivery_against_each_refusal_and_grant(ws: ck.Workspace, tmp_path: Path, seed: int) -> None:
    drawn = many(seed)
    ws.apply(policy(RULES))
    load(ws, tmp_path, [each.written(number) for number, each in enumerate(drawn)])
    deliver(ws, tmp_path, drawn)
    left = ws.rows(
        f"SELECT {SUBJECT}, e.destination_id, e.left_at, e.event_at, e.delivery_id FROM delivered_event AS e "
        "INNER JOIN chooser AS v ON v.number = e.number"
    )
    span = f"SELECT {SUBJECT}, v.destination_id"
    refusals = ws.rows(f"{span}, v.refused_at, v.ended_at, v.refusal_event_id FROM destination_refusal AS v")
    grants = ws.rows(f"{span}, v.granted_at, v.ended_at, v.grant_event_id FROM destination_grant AS v")

    told = ws.rows(f"SELECT {SUBJECT}, v.refusal_event_id, v.delivery_id, v.collected FROM delivery_after_refusal AS v")
    late = [
        (*closed[:2], closed[5], delivery, "before" if at < closed[3] else "after")
        for closed in refusals
        for *to, gone, at, delivery in left
        if closed[:3] == tuple(to) and closed[3] <= gone < closed[4]
    ]
    assert sorted(told) == sorted(late)
    assert max(Counter(row[3] for row in told).values()) > 1, "something left after two refusals"

    named = ws.rows(
        f"SELECT {SUBJECT}, v.grant_event_id, d.name, v.granted_at, v.ended_at "
        "FROM destination_grant AS v INNER JOIN destination AS d ON d.destination_id = v.destination_id"
    )
    stretches = f"SELECT {SUBJECT}, event_id, category_id, valid_from, valid_to FROM consent_interval AS v"
    owned = {row[0] for row in ws.rows("SELECT anonymous_id FROM device_person WHERE users = 1")}
    assert set(named) == opened(ws.rows(f"{stretches} WHERE value = 'true'"), owned)

    events = ws.rows(SENT)
    sent: dict[Any, list[datetime]] = {}
    for choice, spans in (("refusal", refusals), ("grant", grants)):
        for kind, who, start, end in {(*each[:2], *each[3:5]) for each in spans}:
            for *subject, at, source in events:
                if subject == [kind, who] and start <= at < end:
                    sent.setdefault((choice, kind, who, start, end, source), []).append(at)
    counted = ws.rows(f"SELECT choice, {SUBJECT}, from_at, to_at, source_id, events, last_at FROM stretch_events AS v")
    assert sorted(counted) == sorted((*key, len(at), max(at)) for key, at in sent.items())

    first: dict[Any, datetime] = {}
    for *to, gone, at, _ in left:
        for *granted, start, end, grant in grants:
            if to == granted and start <= at < end:
                first[*to, grant] = min(gone, first.get((*to, grant), gone))
    reached = ws.rows(f"{span}, v.grant_event_id, v.first_at FROM consent_grant AS v")
    assert {row[:4]: row[4] for row in reached if row[4]} == first


@pytest.mark.parametrize(("people", "calls"), [(30, 20), (20, 40), (5, 60), (60, 0)])
def test_people_become_one_when_the_last_call_between_them_says_so(
    ws: ck.Workspace, tmp_path: Path, people: int, calls: int
) -> None:
    dice = random.Random(people)
    between = [dice.sample(range(people), 2) for _ in range(calls)] or [[0, other] for other in range(1, people)]
    minutes = dice.sample(range(10_000), len(between))
    times = [START + timedelta(minutes=each) for each in minutes]
    lines = [event({"id": f"m{number}", "userId": f"u{number}"}) for number in range(people)]
    for number, ((one, other), at) in enumerate(zip(between, times, strict=True)):
        call = {"type": "alias", "previousId": f"u{one}", "userId": f"u{other}", "at": f"{at.isoformat()}Z"}
        lines.append(event({"id": f"a{number}", **call}))
    load(ws, tmp_path, lines)

    group, expected = {number: {number} for number in range(people)}, set[tuple[int, int, datetime, int]]()
    for at, number in sorted(zip(times, range(len(times)), strict=True)):
        mine, theirs = (group[each] for each in between[number])
        if mine is not theirs:
            for first in mine:
                expected |= {pair for each in theirs for pair in ((first, each, at, number), (each, first, at, number))}
            joined = mine | theirs
            group.update(dict.fromkeys(joined, joined))
    found = asked(ws, "v.user_id, v.other_id, merged_at, e.message_id", "person_merge")
    assert len(found) == len(expected)
    assert set(found) == {(f"u{first}", f"u{each}", at, f"a{number}") for first, each, at, number in expected}
