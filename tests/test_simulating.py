"""Simulation: what another policy would change is what judging by each of them gives, and nothing is kept of it."""

from __future__ import annotations

import copy
import json
import shutil
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from report_support import HOSTILE, SCRIPT, load_hostile
from support import SAMPLE, event, ndjson, policy
from test_cli import run as run

import consentkit as ck

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from consentkit.simulating import Simulation

KNOWN = "SELECT d.name FROM destination AS d WHERE d.known AND d.kind <> 'platform'"
VERDICTS = f"SELECT event_file, event_line, destination, outcome FROM event_decision WHERE destination IN ({KNOWN})"


def changed_policy() -> dict[str, Any]:
    """The sample's policy with TikTok mapped, Mixpanel renamed, Webhooks gone and legacy-crm known."""
    said: dict[str, Any] = yaml.safe_load((SAMPLE / "policy.yml").read_text(encoding="utf-8"))
    said["categories"][0]["destinations"].append("TikTok Conversions")
    for each in said["categories"]:
        each["destinations"] = ["Mixpanel 2" if name == "Mixpanel" else name for name in each["destinations"]]
    for each in said["destinations"]:
        if each["name"] == "Mixpanel":
            each.update(name="Mixpanel 2", aliases=[*each["aliases"], "Mixpanel"])
    said["destinations"] = [each for each in said["destinations"] if each["name"] != "Webhooks"]
    said["destinations"].append({"name": "Legacy CRM", "aliases": ["legacy-crm"], "connected": ["server"]})
    return said


@pytest.fixture(scope="module")
def sample(sample_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ck.Workspace]:
    """A sample of its own, which these tests judge by other policies."""
    with ck.open(shutil.copy(sample_file, tmp_path_factory.mktemp("own") / "own.duckdb")) as ws:
        yield ws


@pytest.fixture(scope="module")
def states() -> list[list[Any]]:
    """What the sample's database held before and after the simulation of ``found``."""
    return []


@pytest.fixture(scope="module")
def found(sample: ck.Workspace, states: list[list[Any]]) -> Simulation:
    states.append(state(sample))
    told = sample.simulate(ck.Policy.parse(changed_policy()))
    states.append(state(sample))
    return told


def state(ws: ck.Workspace) -> list[Any]:
    """Every relation by name, temporary ones too, and the rows of every table but those of events and deliveries."""
    names = [name for (name,) in ws.rows("SELECT table_name FROM duckdb_tables() WHERE NOT internal ORDER BY ALL")]
    views = ws.rows("SELECT view_name, temporary, sql FROM duckdb_views() WHERE NOT internal ORDER BY ALL")
    large = ("event", "delivery", "signature", "stamp_account")
    rows = {name: sorted(map(repr, ws.rows(f"FROM {name}"))) for name in names if name not in large}
    return [names, views, rows]


def moves(found: Simulation) -> dict[tuple[str, str, str], int]:
    return {(row["destination"], row["was"], row["becomes"]): row["events"] for row in found.changes}


def test_it_is_what_judging_by_each_policy_gives(sample: ck.Workspace, found: Simulation) -> None:
    def verdicts() -> dict[tuple[Any, ...], str]:
        repeats = {(file, line) for file, line in sample.rows(REPEATS)}
        rows = sample.rows(VERDICTS)
        return {
            (file, line, {"Mixpanel": "Mixpanel 2"}.get(name, name)): outcome
            for file, line, name, outcome in rows
            if (file, line) not in repeats
        }

    before = verdicts()
    sample.apply(ck.Policy.parse(changed_policy()))
    after = verdicts()
    sample.apply(SAMPLE / "policy.yml")
    absent = {"Legacy CRM": "not in the policy", "Webhooks": "not in the policy"}
    expected = Counter(
        (key[2], before.get(key, absent.get(key[2])), after.get(key, absent.get(key[2])))
        for key in before.keys() | after.keys()
        if before.get(key) != after.get(key)
    )
    assert moves(found) == dict(expected)
    assert sum(expected.values()) > 1000


REPEATS = "SELECT i.path, d.line FROM duplicate_line AS d INNER JOIN input_file AS i USING (file_id)"


def test_what_the_log_tells_of_it(sample: ck.Workspace, found: Simulation) -> None:
    held = next(
        row for row in found.changes if row["destination"] == "TikTok Conversions" and row["becomes"] == "block"
    )
    sample.apply(ck.Policy.parse(changed_policy()))
    (told,) = sample.rows(
        "SELECT deliveries, people FROM finding WHERE code = 'V5' AND destination = 'TikTok Conversions'"
    )
    sample.apply(SAMPLE / "policy.yml")
    assert (held["delivered"], held["people_delivered"]) == told
    rows = {(row["code"], row["destination"]): (row["before"], row["after"]) for row in found.findings}
    assert rows["V5", "TikTok Conversions"] == (0, told[0])
    assert rows["V18", "TikTok Conversions"] == (770, 0)
    assert not [key for key in rows if "Mixpanel" in str(key)], "a new name alone changes no number"


@pytest.mark.usefixtures("found")
def test_nothing_is_kept_of_it(states: list[list[Any]]) -> None:
    before, after = states
    assert len(before[2]["destination"]) > 5
    assert after == before


def test_the_same_policy_changes_nothing(sample: ck.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    found = sample.simulate(SAMPLE / "policy.yml")
    assert found.changes == found.findings == []
    assert found.verdict.startswith("Nothing would change")
    monkeypatch.setattr(sample, "simulate", lambda _: found)
    chart = ck.charts.simulated_change(sample, SAMPLE / "policy.yml").to_dict()
    assert chart["title"]["text"] == ["The new policy changes nothing"]


def test_it_needs_no_more_memory_than_is_allowed(sample_copy: Path, found: Simulation) -> None:
    with ck.open(sample_copy, memory="256MB") as ws:
        assert ws.simulate(ck.Policy.parse(changed_policy())).outcomes == found.outcomes


def test_each_event_is_judged_by_the_version_of_its_time(ws: ck.Workspace, tmp_path: Path) -> None:
    days = ("2026-03-01", "2026-03-05", "2026-03-09")
    said = [event({"id": day, "at": f"{day}T12:00:00Z", "preferences": {"A": False}}) for day in days]
    (tmp_path / "e.ndjson").write_bytes(ndjson(said))
    ws.load_events(tmp_path / "e.ndjson")
    mapped = {"categories": [{"id": "A", "destinations": ["D"]}]}
    ws.apply(policy({"destinations": [{"name": "D"}], "effective_from": "2026-03-03"}))
    later = policy({"destinations": [{"name": "D"}], **mapped, "effective_from": "2026-03-07"})
    assert moves(ws.simulate(later)) == {("D", "deliver", "block"): 1, ("D", "deliver", "indeterminate"): 1}
    assert moves(ws.simulate(policy({"destinations": [{"name": "D"}], **mapped}))) == {
        ("D", "deliver", "block"): 2,
        ("D", "indeterminate", "block"): 1,
    }


def test_mistakes_are_said(ws: ck.Workspace, tmp_path: Path) -> None:
    with pytest.raises(ck.UsageError, match="no policy is applied"):
        ws.simulate(SAMPLE / "policy.yml")
    ws.apply(SAMPLE / "policy.yml")
    with pytest.raises(ck.UsageError, match="no event is loaded"):
        ws.simulate(SAMPLE / "policy.yml")
    (tmp_path / "bad.yml").write_text("version: 1\nplatform: other\n")
    with pytest.raises(ck.PolicyError, match="platform"):
        ws.simulate(tmp_path / "bad.yml")


def test_it_shows_itself(found: Simulation) -> None:
    for text in (repr(found), found._repr_html_()):
        assert "TikTok Conversions" in text
        assert "1,041" in text
        assert "held back" in text
    assert json.loads(found.as_json())["verdict"] == found.verdict


def test_the_chart_states_it_and_counts_stand_on_its_bars(
    sample: ck.Workspace, found: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "simulate", lambda _: found)
    chart = ck.charts.simulated_change(sample, ck.Policy.parse(changed_policy())).to_dict()
    assert "Counted at each destination, 1,204 events would no longer be sent" in " ".join(chart["title"]["text"])
    assert "4,001 events, 1 to 30 March 2026" in " ".join(chart["title"]["subtitle"])
    assert chart["description"]
    words = json.dumps(chart)
    assert "2,726 sent" in words
    assert "1,058 held back" in words


def test_hostile_names_are_harmless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ck.open() as ws:
        load_hostile(ws, tmp_path)
        said = {
            "version": 1,
            "platform": "segment",
            "categories": [{"id": "A", "destinations": ["Known"]}],
            "destinations": [{"name": name} for name in HOSTILE[:8] if name.strip() == name],
            "sources": [{"name": "web", "stamps_consent": True}],
        }
        found = ws.simulate(ck.Policy.parse(copy.deepcopy(said)))
        assert found.changes
        assert SCRIPT not in found._repr_html_()
        assert "\u202e" not in found._repr_html_() + repr(found)
        monkeypatch.setattr(ws, "simulate", lambda _: found)
        ck.charts.save_simulated(ws, ck.Policy.parse(said), tmp_path / "c.svg")
        assert "<script" not in (tmp_path / "c.svg").read_text(encoding="utf-8")
        ck.charts.save_simulated(ws, ck.Policy.parse(said), tmp_path / "c.csv")
        lines = (tmp_path / "c.csv").read_text(encoding="utf-8").splitlines()
        assert not [line for line in lines if line.startswith(("=", "+", "@", '"=', '"+', '"@'))]


def test_the_command(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    (tmp_path / "new.yml").write_text(yaml.safe_dump(changed_policy()), encoding="utf-8")
    events, database = str(SAMPLE / "events/server"), str(tmp_path / "a.duckdb")
    given = (events, "--against", str(SAMPLE / "policy.yml"), "--db", database)
    code, out, _ = run("simulate", *given, "--policy", str(tmp_path / "new.yml"), "--json")
    assert code == 1
    assert {row["destination"] for row in json.loads(out)["outcomes"]} >= {"TikTok Conversions", "Legacy CRM"}
    picture = tmp_path / "change.svg"
    code, out, told = run("simulate", "--db", database, "-p", str(SAMPLE / "policy.yml"), "--out", str(picture))
    assert (code, picture.is_file()) == (0, True)
    assert "Nothing would change" in out
    code, _, told = run("simulate", events, "--policy", str(tmp_path / "new.yml"))
    assert code == 2
    assert "--against" in told
    code, _, told = run("simulate", "--db", str(tmp_path / "none"), "--policy", str(tmp_path / "new.yml"))
    assert code == 2
    assert "no such database" in told
