"""Consent data of Snowplow: its own rows, compared with counts made by hand, and small exports with known answers."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from history_support import timeline
from support import records

import consentkit as ck
from consentkit.history import snowplow_counts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def snowplow(realdata: Path) -> Iterator[ck.Workspace]:
    """Snowplow's own raw rows."""
    with ck.open() as ws:
        ws.load_snowplow(realdata / "snowplow-web-consent" / "source")
        yield ws


@pytest.mark.realdata
def test_snowplow_rows_are_accounted_for(snowplow: ck.Workspace) -> None:
    rows = snowplow.rows("SELECT kind, lines, loaded, rejected, duplicates FROM input_file ORDER BY lines DESC")
    assert rows == [("events", 160, 160, 0, 0), ("contexts", 34, 33, 0, 1), ("contexts", 33, 32, 0, 1)]
    assert snowplow.rows("SELECT count(*) FROM preference_event") == [(32,)]


@pytest.mark.realdata
def test_snowplow_counts_no_repeated_context_twice(snowplow: ck.Workspace) -> None:
    counts = snowplow_counts(snowplow)
    assert counts["repeated_contexts"] == [
        {"file": "snowplow_web_consent_cmp_visible.csv", "lines": 34, "duplicates": 1},
        {"file": "snowplow_web_consent_preferences.csv", "lines": 33, "duplicates": 1},
    ]
    log = {(row["kind"], row["event_type"]): row["events"] for row in counts["log"]}
    assert log == {
        ("cmp_visible", None): 33,
        ("consent_preferences", "allow_all"): 11,
        ("consent_preferences", "allow_selected"): 12,
        ("consent_preferences", "deny_all"): 9,
    }


@pytest.mark.realdata
def test_snowplow_people_per_version_and_scope(snowplow: ck.Workspace, realdata: Path) -> None:
    counts = snowplow_counts(snowplow)
    assert [(row["version"], row["is_latest"], row["version_start"].isoformat()) for row in counts["versions"]] == [
        ("1.0", False, "2021-02-26T09:08:42.110000"),
        ("2.0", True, "2021-02-26T09:12:23.161000"),
    ]
    names = ("version", "people", "allow_all", "allow_selected", "allow", "deny_all")
    assert [tuple(row[name] for name in names) for row in counts["people_per_version"]] == [
        ("1.0", 12, 3, 5, 8, 4),
        ("2.0", 13, 4, 6, 10, 3),
    ]
    scopes = {row["scope"]: (row["listed"], row["consenting"]) for row in counts["people_per_scope"]}
    assert scopes == {"necessary": (13, 10), "statistics": (8, 8), "marketing": (7, 7), "preferences": (6, 6)}
    assert scopes == _scopes_by_hand(realdata / "snowplow-web-consent" / "source")


def _raw(folder: Path) -> list[dict[str, str]]:
    """Read the consent events of the export with the standard library alone, each with its context, once."""

    def read(name: str) -> list[dict[str, str]]:
        with (folder / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    said = {row["root_id"]: row for row in read("snowplow_web_consent_preferences.csv")}
    shown = {row["root_id"]: row for row in read("snowplow_web_consent_cmp_visible.csv")}
    kept = {}
    for row in read("snowplow_web_events.csv"):
        if row["event_name"] in ("consent_preferences", "cmp_visible"):
            kept[row["event_id"]] = {**row, **said.get(row["event_id"], {}), **shown.get(row["event_id"], {})}
    return sorted(kept.values(), key=lambda row: row["derived_tstamp"])


def _scopes_by_hand(folder: Path) -> dict[str, tuple[int, int]]:
    """Count people per scope of version 2.0."""
    latest = {row["domain_userid"]: row for row in _raw(folder) if row["event_name"] == "consent_preferences"}
    found: dict[str, tuple[int, int]] = {}
    for row in latest.values():
        for scope in json.loads(row["consent_scopes"]) if row["consent_version"] == "2.0" else []:
            listed, consenting = found.get(scope, (0, 0))
            found[scope] = listed + 1, consenting + (row["event_type"] != "deny_all")
    return found


@pytest.mark.realdata
def test_snowplow_banners_and_the_first_choice_after_each(snowplow: ck.Workspace, realdata: Path) -> None:
    rows = _raw(realdata / "snowplow-web-consent" / "source")
    choices = [row for row in rows if row["event_name"] == "consent_preferences"]
    expected = []
    for banner in (row for row in rows if row["event_name"] == "cmp_visible"):
        later = [
            row
            for row in choices
            if row["domain_userid"] == banner["domain_userid"] and row["derived_tstamp"] > banner["derived_tstamp"]
        ]
        first = later[0] if later else None
        moments = [datetime.fromisoformat(row["derived_tstamp"]) for row in (banner, first) if row]
        seconds = round((moments[-1] - moments[0]).total_seconds(), 3) if first else None
        expected.append(
            (
                banner["event_id"],
                float(banner["elapsed_time"]),
                first and first["event_id"],
                first and first["event_type"],
                seconds,
            )
        )
    found = snowplow.rows(
        "SELECT message_id, seconds_to_show, choice_id, event_type, seconds_to_choose FROM snowplow_banner"
    )
    assert Counter(found) == Counter(expected)
    assert len(found) == 33
    again = snowplow.rows("SELECT seconds_to_choose FROM snowplow_banner WHERE shown_again")
    assert again == [(13.788,)], "of two banners before one choice, the first was not answered"


@pytest.mark.realdata
def test_snowplow_users_and_totals_by_hand(snowplow: ck.Workspace, realdata: Path) -> None:
    rows = _raw(realdata / "snowplow-web-consent" / "source")
    latest = {row["domain_userid"]: row for row in rows if row["event_name"] == "consent_preferences"}
    found = records(snowplow, "FROM snowplow_user")
    assert len(found) == len({row["domain_userid"] for row in rows})
    assert {row["domain_userid"]: (row["last_event_type"], row["last_version"]) for row in found if row["choices"]} == {
        who: (row["event_type"], row["consent_version"]) for who, row in latest.items()
    }
    for row in found:
        own = Counter(each["event_name"] for each in rows if each["domain_userid"] == row["domain_userid"])
        assert (row["banners_shown"], row["choices"]) == (own["cmp_visible"], own["consent_preferences"])
        if row["choices"]:
            assert row["expires_at"] == row["last_choice_at"].replace(year=row["last_choice_at"].year + 1)


@pytest.mark.realdata
def test_snowplow_consent_rates_by_version(snowplow: ck.Workspace, realdata: Path) -> None:
    snowplow.apply(ck.Policy.model_validate({"version": 1, "platform": "segment", "categories": [{"id": "marketing"}]}))
    rates = snowplow.rows(
        """SELECT version, sum(answers_granted), sum(answers_refused) FROM consent_rate
        WHERE grain = 'day' AND category_id = 'marketing' AND version IS NOT NULL GROUP BY 1 ORDER BY 1"""
    )
    told: Counter[tuple[str, bool]] = Counter()
    for row in _raw(realdata / "snowplow-web-consent" / "source"):
        if row["event_name"] == "consent_preferences":
            granted = row["event_type"] != "deny_all" and "marketing" in json.loads(row["consent_scopes"])
            told[row["consent_version"], granted] += 1
    assert rates == [(version, told[version, True], told[version, False]) for version in ("1.0", "2.0")]


@pytest.mark.realdata
def test_snowplow_denials_are_no_consent_in_the_history(snowplow: ck.Workspace) -> None:
    latest = dict(snowplow.rows("SELECT last_event_type, count(*) FROM snowplow_user WHERE choices > 0 GROUP BY 1"))
    assert latest == {"allow_all": 7, "allow_selected": 11, "deny_all": 7}
    query = """SELECT count(DISTINCT anonymous_id) FROM device_history
        WHERE is_current AND category_id = 'necessary' AND value = 'false'"""
    assert snowplow.rows(query) == [(latest["deny_all"],)]


def test_snowplow_late_arrivals_expiry_and_unknown_versions(tmp_path: Path) -> None:
    head = "event_id,event_name,domain_userid,user_id,derived_tstamp,collector_tstamp,load_tstamp\n"
    row = "{},consent_preferences,{},,2026-03-01 0{}:00:00,2026-03-01 0{}:00:01,2026-03-0{} 00:00:00\n"
    events = [
        ("e1", "a", 1, 1, 9),
        ("e2", "a", 2, 2, 2),
        ("e3", "b", 3, 3, 2),
        ("e4", "c", 4, 4, 2),
        ("e5", "c", 5, 5, 2),
    ]
    (tmp_path / "events.csv").write_text(head + "".join(row.format(*each) for each in events))
    context = "root_id,event_type,consent_version,consent_scopes\n{}"
    said = [
        ("e1", "allow_all", "1"),
        ("e2", "deny_all", "1"),
        ("e3", "allow_selected", "2"),
        ("e4", "allow_all", "1"),
        ("e5", "expired", "1"),
    ]
    lines = "".join(f'{root},{kind},{version},"[""necessary"",""ads""]"\n' for root, kind, version in said)
    (tmp_path / "contexts.csv").write_text(context.format(lines))
    with ck.open() as ws:
        ws.load_snowplow(tmp_path)
        users = {
            row["domain_userid"]: (row["last_event_type"], row["is_latest_version"])
            for row in records(ws, "FROM snowplow_user")
        }
        assert users == {"a": ("deny_all", True), "b": ("allow_selected", False), "c": ("expired", True)}
        assert timeline(ws, "device_history")["a", "ads"] == [(1, "true"), (2, "false")]
        assert timeline(ws, "device_history")["c", "ads"] == [(4, "true"), (5, "false")]
        assert [
            (row["version"], row["people"], row["expired"]) for row in snowplow_counts(ws)["people_per_version"]
        ] == [("1", 2, 1), (None, 1, 0)]


def test_snowplow_files_without_events_are_refused(tmp_path: Path) -> None:
    (tmp_path / "contexts.csv").write_text("root_id,elapsed_time\ne1,1.5\n")
    with ck.open() as ws, pytest.raises(ck.SourceError, match="no file holds Snowplow events"):
        ws.load_snowplow(tmp_path)


def test_snowplow_contexts_in_columns_of_the_events_alone(tmp_path: Path) -> None:
    schema = "unstruct_event_com_snowplowanalytics_snowplow_{}_1_0_0"
    said = {"event_type": "allow_all", "consent_version": "1", "consent_scopes": ["ads"]}
    names = ["event_id", "event_name", "domain_userid", "derived_tstamp", "load_tstamp"]
    rows = [
        ["b", "cmp_visible", "d", "2026-03-01 01:00:00", "2026-03-01 01:00:01", "", json.dumps({"elapsed_time": 2})],
        ["c", "consent_preferences", "d", "2026-03-01 01:00:04", "2026-03-01 01:00:05", json.dumps([said]), ""],
    ]
    with (tmp_path / "events.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*names, schema.format("consent_preferences"), schema.format("cmp_visible")])
        writer.writerows(rows)
    with ck.open() as ws:
        ws.load_snowplow(tmp_path)
        banner = ws.rows("SELECT seconds_to_show, event_type, version, seconds_to_choose FROM snowplow_banner")
        assert banner == [(2.0, "allow_all", "1", 4.0)]
        assert ws.rows("SELECT category_id, value FROM device_history") == [("ads", "true")]
        assert snowplow_counts(ws)["repeated_contexts"] == []
