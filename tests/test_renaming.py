"""A destination that a later version of the policy renames is one destination, with all its deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support import event, ndjson, policy

from consentkit.policy.numbering import destination_numbers, names_elsewhere

if TYPE_CHECKING:
    from pathlib import Path

    import consentkit as ck

FROM = "2026-03-02"
DAYS = ("2026-03-01T12:00:00Z", "2026-03-03T12:00:00Z")


def version(*named: dict[str, Any], since: str | None = None) -> dict[str, Any]:
    begins = {"effective_from": since} if since else {}
    needed = [{"id": "A", "destinations": [each["name"] for each in named]}]
    return {"categories": needed, "destinations": list(named), **begins}


OLD, NEW = {"name": "Pixel"}, {"name": "Meta Pixel", "aliases": ["Pixel"]}
ANNOUNCED = {"name": "Pixel", "aliases": ["Meta Pixel"]}


@pytest.mark.parametrize(
    "versions",
    [(version(OLD), version(NEW, since=FROM)), (version(ANNOUNCED), version({"name": "Meta Pixel"}, since=FROM))],
    ids=["the new version knows the old name", "the old version knows the new name"],
)
@pytest.mark.parametrize("logged", [("Pixel", "Meta Pixel"), ("Meta Pixel", "Meta Pixel"), ("Pixel", "Pixel")])
def test_what_went_to_it_before_and_after_counts_together(
    ws: ck.Workspace, tmp_path: Path, versions: tuple[dict[str, Any], ...], logged: tuple[str, str]
) -> None:
    ws.apply(policy(*versions, folder=tmp_path))
    sent = [
        event({"id": f"m{day}", "at": at, "userId": "u", "preferences": {"A": False}}) for day, at in enumerate(DAYS)
    ]
    log = [{"message_id": f"m{day}", "destination": name, "status": "delivered"} for day, name in enumerate(logged)]
    (tmp_path / "events.ndjson").write_bytes(ndjson(sent))
    (tmp_path / "log.ndjson").write_bytes(ndjson(log))
    ws.load_events(tmp_path / "events.ndjson")
    ws.load_deliveries(tmp_path / "log.ndjson")
    summary = ws.summary()
    found = [(row["code"], row["destination"], row["deliveries"], row["of_deliveries"]) for row in summary.findings]
    assert [row for row in found if row[0] in ("V5", "V20")] == [("V5", "Meta Pixel", 2, 2)]
    told = [(row["destination"], row["delivered"], row["delivered_although_refused"]) for row in summary.destinations]
    assert told == [("Meta Pixel", 2, 2)]
    assert ws.rows("SELECT destination, deliveries, people FROM recipient") == [("Meta Pixel", 2, 1)]
    asked = (
        "SELECT destination, sum(checked), sum(unclear), sum(failing) FROM delivery_slice WHERE code = 'V5' GROUP BY 1"
    )
    assert ws.rows(asked) == [("Meta Pixel", 2, 0, 2)]
    beyond = "SELECT destination, sum(checked), sum(failing) FROM allowance_slice GROUP BY 1"
    assert ws.rows(beyond) == [("Meta Pixel", 2, 2)]


def test_two_that_one_version_tells_apart_stay_two(tmp_path: Path) -> None:
    apart = version({"name": "Pixel"}, {"name": "Meta Pixel"})
    versions = policy(apart, version(NEW, since=FROM), folder=tmp_path).versions
    numbers = destination_numbers(versions)
    assert numbers[1]["Meta Pixel"] == numbers[0]["Meta Pixel"] != numbers[0]["Pixel"]
    assert names_elsewhere(versions, numbers) == [[], []]


def test_what_no_version_connects_stays_apart(tmp_path: Path) -> None:
    versions = policy(version(OLD), version({"name": "Meta Pixel"}, since=FROM), folder=tmp_path).versions
    numbers = destination_numbers(versions)
    assert numbers[0]["Pixel"] != numbers[1]["Meta Pixel"]
