"""The policy file: what it may say, what is refused and where, and the rows it becomes."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, datetime, timedelta, timezone
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import consentkit as ck
from consentkit.errors import PolicyError
from consentkit.names import warehouse_column_part
from consentkit.policy import Category, ConsentSetting, Destination, Policy, Source, SourceSettings
from consentkit.policy.wording import squashed

SNAKE_CASES = Path(__file__).parents[2] / "shared" / "realdata" / "segment-snakecase" / "cases.json"

SPEC_EXAMPLE = """\
version: 1
platform: segment            # segment | rudderstack
effective_from: 2026-01-01
latency: 10m
categories:
  - id: Advertising
    name: Advertising
    enabled: true
    destinations: [Facebook Pixel, Google Ads]
  - id: Analytics
    destinations: [Amplitude, facebook-pixel]
destinations:
  - name: Facebook Pixel
    aliases: [facebook-pixel, "Facebook Pixel (Actions)"]
    kind: classic
    enabled: true
    enforced: false
    connected: [web, ios]
sources:
  - name: web
    stamps_consent: true
    stamping_since: 2026-02-01
    enforcement: cloud
    consent_model: opt-in
    write_keys: [wk_abc]
    settings:
      consent_enabled: true
      all_categories: [Advertising, Analytics]
      has_unmapped_destinations: true
  - name: ios
    enforcement: swift
regime: opt-in
"""

RUDDER_EXAMPLE = """\
version: 1
platform: rudderstack
destinations:
  - name: RudderDest
    consent:
      - {provider: oneTrust, categories: [C0001, C0002]}
      - {provider: custom, categories: [C0004], strategy: or, source: web}
      - {provider: oneTrust, categories: [C0003], legacy: true}
sources:
  - name: web
"""

BASE: dict[str, Any] = {"version": 1, "platform": "segment", "categories": []}


def load(tmp_path: Path, text: str | bytes, name: str = "policy.yml") -> Policy:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Policy.load(path)


def refusal(tmp_path: Path, text: str | bytes) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        load(tmp_path, text)
    return caught.value


def mistakes_of(**content: Any) -> dict[str, str]:
    """Parse a policy that is wrong, and give its mistakes by key path."""
    with pytest.raises(PolicyError) as caught:
        Policy.parse({**BASE, **content})
    return {mistake.path: mistake.message for mistake in caught.value.mistakes}


def warnings_of(**content: Any) -> dict[str, str]:
    return {mistake.path: mistake.message for mistake in Policy.parse({**BASE, **content}).warnings()}


# What a policy says


def test_the_example_of_the_specification_is_read(tmp_path: Path) -> None:
    policy = load(tmp_path, SPEC_EXAMPLE)
    assert policy.effective_from == datetime(2026, 1, 1)
    assert policy.latency == timedelta(minutes=10)
    assert [tuple(row) for row in policy.mapping_rows()] == [
        ("Advertising", "Facebook Pixel"),
        ("Advertising", "Google Ads"),
        ("Analytics", "Amplitude"),
        ("Analytics", "Facebook Pixel"),
    ]
    assert set(policy.destination_rows()) == {
        ("Facebook Pixel", True, "classic", True, False, False, False),
        ("Google Ads", False, None, True, False, False, True),
        ("Amplitude", False, None, True, False, False, True),
    }
    assert set(policy.alias_rows()) == {
        ("Facebook Pixel", "Facebook Pixel"),
        ("Facebook Pixel", "facebook-pixel"),
        ("Facebook Pixel", "Facebook Pixel (Actions)"),
        ("Google Ads", "Google Ads"),
        ("Amplitude", "Amplitude"),
    }
    assert policy.category_rows() == [
        ("Advertising", "Advertising", True, "advertising"),
        ("Analytics", None, True, "analytics"),
    ]
    assert policy.source_rows() == [
        ("web", True, True, datetime(2026, 2, 1), "cloud", "opt-in", True, True, True),
        ("ios", True, False, None, "swift", None, None, None, False),
    ]
    assert policy.source_category_rows() == [("web", "Advertising"), ("web", "Analytics")]
    assert policy.write_key_rows() == [("wk_abc", "web")]
    assert policy.connection_rows() == [("Facebook Pixel", "web"), ("Facebook Pixel", "ios")]
    assert policy.warnings() == ()


def test_rudderstack_settings_become_rows_and_cloud_means_its_server(tmp_path: Path) -> None:
    policy = load(tmp_path, RUDDER_EXAMPLE)
    assert policy.consent_rows() == [
        ("RudderDest", "oneTrust", None, False, None, "C0001"),
        ("RudderDest", "oneTrust", None, False, None, "C0002"),
        ("RudderDest", "custom", "web", False, "or", "C0004"),
        ("RudderDest", "oneTrust", None, True, None, "C0003"),
    ]
    assert policy.source_rows()[0].enforcement == "rudder-server"
    assert policy.warnings() == ()


@pytest.mark.parametrize(("platform", "point"), [("segment", "cloud"), ("rudderstack", "rudder-server")])
def test_without_sources_there_is_one_called_default(platform: str, point: str) -> None:
    policy = Policy.parse({**BASE, "platform": platform, "destinations": [{"name": "A", "connected": ["default"]}]})
    assert policy.source_rows() == [("default", False, False, None, point, None, None, None, False)]
    assert policy.connection_rows() == [("A", "default")]


def test_connected_to_nothing_is_not_connected_to_everything() -> None:
    policy = Policy.parse({**BASE, "destinations": [{"name": "A", "connected": []}, {"name": "B"}]})
    assert [(row.destination, row.all_sources) for row in policy.destination_rows()] == [
        ("A", False),
        ("B", True),
    ]
    assert policy.connection_rows() == []


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ("2026-03-01", datetime(2026, 3, 1)),
        ("2026-03-01T08:00:00", datetime(2026, 3, 1, 8)),
        ("2026-03-01 08:00:00 +02:00", datetime(2026, 3, 1, 6)),
        ("2026-03-01T08:00:00Z", datetime(2026, 3, 1, 8)),
        ("2026-01-01T00:30:00+01:00", datetime(2025, 12, 31, 23, 30)),
        (date(2026, 3, 1), datetime(2026, 3, 1)),
        (datetime(2026, 3, 1, 8, tzinfo=timezone(timedelta(hours=-5))), datetime(2026, 3, 1, 13)),
    ],
)
def test_moments_become_naive_utc(found: object, expected: datetime) -> None:
    policy = Policy.parse({**BASE, "effective_from": found, "sources": [{"name": "s", "stamping_since": found}]})
    assert policy.effective_from == expected
    assert policy.source_rows()[0].stamping_since == expected


@pytest.mark.parametrize(
    ("found", "seconds"),
    [
        ("10m", 600),
        ("1h30m", 5400),
        ("45s", 45),
        ("2d", 172800),
        ("0.5s", 0.5),
        ("PT10M", 600),
        ("00:10:00", 600),
        (timedelta(minutes=1), 60),
        ("0", 0),
        ("", 0),
    ],
)
def test_durations(found: object, seconds: float) -> None:
    assert Policy.parse({**BASE, "latency": found}).latency == timedelta(seconds=seconds)


@pytest.mark.parametrize("found", ["10", 10, "m", "-5m", "10 minutes", "5m1h", timedelta(-1), "999999999999d", "1001d"])
def test_a_duration_nobody_can_be_sure_of_is_refused(found: object) -> None:
    assert "allowed: a duration" in mistakes_of(latency=found)["latency"]


@pytest.mark.parametrize("found", ["0206-03-01", date(1, 1, 1), "9999-12-31", "0001-01-01T00:00:00+14:00", "2026-3-1"])
def test_a_time_of_no_year_in_use_is_refused_and_shown_as_it_was_written(found: object) -> None:
    said = mistakes_of(effective_from=found)["effective_from"]
    assert str(found) in said or repr(found) in said
    assert "allowed: a date such as 2026-01-31" in said


@pytest.mark.parametrize("word", ["true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"])
def test_booleans_in_the_spellings_of_yaml(tmp_path: Path, word: str) -> None:
    text = f"version: 1\nplatform: segment\ncategories: []\nsources: [{{name: s, stamps_consent: {word}}}]\n"
    assert load(tmp_path, text).source_rows()[0].stamps_consent is True


@pytest.mark.parametrize("word", ["1", "y", "t", "tRUE", "ja"])
def test_other_booleans_are_refused(tmp_path: Path, word: str) -> None:
    text = f"version: 1\nplatform: segment\ncategories: []\nsources:\n- name: s\n  stamps_consent: {word}\n"
    (mistake,) = refusal(tmp_path, text).mistakes
    assert (mistake.line, mistake.path) == (6, "sources[0].stamps_consent")
    assert mistake.message == f"found '{word}'; allowed: true or false"


# YAML's traps

TRAPS = [
    "no",
    "on",
    "1e3",
    "0123",
    "null",
    "~",
    "2026-01-01",
    "12:30",
    "0x1F",
    "1_000",
    ".inf",
    "true",
    "=",
    "<<",
]


@pytest.mark.parametrize("trap", TRAPS)
def test_ids_names_and_aliases_stay_the_text_that_was_written(tmp_path: Path, trap: str) -> None:
    policy = load(
        tmp_path,
        f"version: 1\nplatform: rudderstack\ncategories:\n- id: {trap}\n  destinations: [{trap}]\n"
        f"destinations:\n- name: D\n  aliases: [{trap}]\n  connected: [{trap}]\nsources:\n- name: {trap}\n",
    )
    assert policy.mapping_rows() == [(trap, "D")]
    assert policy.connection_rows() == [("D", trap)]
    assert yaml.safe_load(policy.as_yaml())["categories"][0]["id"] == trap


def test_empty_values_are_absent_where_optional_and_a_mistake_where_required(tmp_path: Path) -> None:
    head = "version: 1\nplatform: segment\neffective_from:\nlatency: ~\nregime: null\ncategories:\n"
    policy = load(tmp_path, head + "- id: A\n  name:\n  enabled:\n  destinations:\n")
    assert policy == Policy.parse({**BASE, "categories": [{"id": "A"}]})
    error = refusal(tmp_path, head + "- id:\n  destinations: [X, '']\n")
    assert [(each.line, each.path) for each in error.mistakes] == [
        (7, "categories[0].id"),
        (8, "categories[0].destinations[1]"),
    ]


def test_anchors_and_merge_keys(tmp_path: Path) -> None:
    policy = load(
        tmp_path,
        "version: 1\nplatform: segment\ncategories: []\nsources:\n"
        "- &web {name: web, stamps_consent: yes, enforcement: analytics.js}\n"
        "- <<: *web\n  name: shop\n  enforcement: cloud\n",
    )
    assert [(row.source, row.stamps_consent, row.enforcement) for row in policy.source_rows()] == [
        ("web", True, "analytics.js"),
        ("shop", True, "cloud"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", None, "the file is empty"),
        ("# nothing\n---\n", None, "the file is empty"),
        ("- version: 1\n", 1, "found a list; allowed: keys and values with version, platform"),
        ("hello", 1, "found 'hello'; allowed: keys and values"),
        (b"version: 1\nplatform: \xff\n", 2, "not UTF-8"),
        ("version: 1\nregime: 'opt-in\n", 2, "a quote is opened and not closed"),
        ("version: 1\ncategories: [a,\nb: 1", 2, "a bracket is opened and not closed"),
        ("version: 1\ncategories:\n\t- id: x\n", 3, "a tab is used"),
        ("version: 1\nregime: a: b\n", 2, "a ':' where none can stand"),
        ("version: 1\nregime: *x\n", 2, "anchor"),
        ("version: 1\nregime: [*]\n", 2, "put text that begins with * in quotes"),
        ("version: 1\ncategories:\n  Ads: [X]\n", 2, "allowed: a list, each item on a line that begins with '- '"),
        ("# events\n" * 600_000, None, "the file is over 5 MB, which no policy is"),
        ("version: 1\n---\nversion: 1\n", 2, "two documents"),
        ("version: 1\nregime: \x07\n", 2, "control character U+0007"),
        ("version: 1\nregime: @x\n", 2, "must stand in quotes"),
        ('a: "\\U99999999"', None, "names no character"),
        ("[" * 5000, None, "nested too deeply"),
        ("version: &v [*v]\n", 1, "refers to itself"),
        ("<<: &m\n  <<: *m\n", 1, "refers to itself"),
        ("version: 1\n<<: 3\n", 2, "only keys and values can be merged"),
        ("version: 1\n? [a, b]\n: 1\n", 2, "a key must be plain text"),
        (
            "version: 1\nplatform: segment\nplatform: segment\ncategories: []\n",
            3,
            "given twice, first in line 2",
        ),
        (
            "version: 1\nregime: !!python/object/apply:os.getcwd []\n",
            2,
            "found the tag !!python/object/apply:os.getcwd",
        ),
        ("version: !!int 1\n", 1, "found the tag !!int"),
    ],
)
def test_files_that_are_no_policy(tmp_path: Path, text: str | bytes, line: int | None, words: str) -> None:
    error = refusal(tmp_path, text)
    told = [each for each in error.mistakes if words in each.message]
    assert [each.line for each in told] == [line]
    assert told[0].file == str(tmp_path / "policy.yml")
    assert not any(jargon in str(error) for jargon in ("Input should", "pydantic", "while parsing", "<block", "token"))


def test_shared_nodes_cannot_blow_up(tmp_path: Path) -> None:
    laughs = "".join(
        f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert "refers to itself" in str(refusal(tmp_path, f"a: &a [x,x,x,x,x,x,x,x,x]\n{laughs}"))


@pytest.mark.parametrize("path", ["missing.yml", "nul\0byte.yml"])
def test_a_path_without_a_file(path: str) -> None:
    with pytest.raises(PolicyError, match=r"no such file|cannot be read"):
        Policy.load(path)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    assert load(tmp_path, b"\xef\xbb\xbf" + SPEC_EXAMPLE.encode()) == load(tmp_path, SPEC_EXAMPLE)


# Mistakes

EVERYTHING_WRONG = """\
version: 2
platform: segment
effective_form: 2026-01-01
latency: 10
categories:
  - id: 1Advertising
    destinations: Facebook Pixel
  - id: Data Sharing
    enabled: maybe
    destinations: [Amplitude, ""]
  - id: data-sharing
  - id:
  - name: no id
  - just text
  - id: an id of many more than 34 characters
  - id: " padded "
destinations:
  - name: Facebook Pixel
    aliases: [fb, Amplitude]
    kind: clasic
  - name: Amplitude
    aliases: [fb]
    connected: [wbe, ios]
    enforced: yes
  - name: Facebook Pixel
    consent: [{provider: oneTrust, categories: []}]
sources:
  - name: web
    write_keys: [k1]
    enforcement: rudder-js
    stamping_since: soon
  - name: ios
    write_keys: [k1]
    settings: {consent_enabld: yes}
  - name: web
    x: !!python/name:os.system
regime: optin
"""


def test_everything_wrong_at_once(tmp_path: Path) -> None:
    error = refusal(tmp_path, EVERYTHING_WRONG)
    assert [(each.line, each.path) for each in error.mistakes] == [
        (1, "version"),
        (3, "effective_form"),
        (4, "latency"),
        (6, "categories[0].id"),
        (7, "categories[0].destinations"),
        (9, "categories[1].enabled"),
        (10, "categories[1].destinations[1]"),
        (11, "categories[2].id"),
        (12, "categories[3].id"),
        (13, "categories[4].id"),
        (14, "categories[5]"),
        (15, "categories[6].id"),
        (16, "categories[7].id"),
        (19, "destinations[0].aliases[1]"),
        (20, "destinations[0].kind"),
        (22, "destinations[1].aliases[0]"),
        (23, "destinations[1].connected[0]"),
        (24, "destinations[1].enforced"),
        (25, "destinations[2].name"),
        (26, "destinations[2].consent"),
        (26, "destinations[2].consent[0].categories"),
        (30, "sources[0].enforcement"),
        (31, "sources[0].stamping_since"),
        (33, "sources[1].write_keys[0]"),
        (34, "sources[1].settings.consent_enabld"),
        (35, "sources[2].name"),
        (36, "sources[2].x"),
        (37, "regime"),
    ]
    text = str(error)
    assert text.startswith("28 mistakes in the policy\n")
    assert f"{tmp_path / 'policy.yml'}:3: effective_form: unknown key; did you mean 'effective_from'?" in text
    assert (
        "found 'clasic'; allowed: classic, actions, warehouse, aws-s3, engage, other; did you mean 'classic'?" in text
    )
    assert "found 'Facebook Pixel'; allowed: a list, such as [Facebook Pixel]" in text
    assert "no source is named 'wbe'; declared: web, ios; did you mean 'web'?" in text
    assert "found 'optin'; allowed: opt-in, opt-out; did you mean 'opt-in'?" in text
    assert not any(jargon in text for jargon in ("Input should", "pydantic", "Value error", "tuple"))


@pytest.mark.parametrize("way", [Policy.parse, Policy.model_validate, lambda data: Policy(**data)])
def test_every_way_in_raises_the_same_error(way: Any) -> None:
    data = {
        "version": 1,
        "platform": "segment",
        "categories": [{"id": 5}, {"id": "A"}, {"id": "A"}],
        "regim": "x",
    }
    with pytest.raises(PolicyError) as caught:
        way(data)
    assert [(each.file, each.line, each.path) for each in caught.value.mistakes] == [
        ("<policy>", None, "categories[0].id"),
        ("<policy>", None, "categories[2].id"),
        ("<policy>", None, "regim"),
    ]


@pytest.mark.parametrize("data", [[], None, 3, "text"])
def test_what_is_no_mapping_is_refused(data: Any) -> None:
    with pytest.raises(PolicyError, match="allowed: keys and values with version, platform"):
        Policy.parse(data, file="mine")


def test_a_policy_may_be_built_from_its_parts() -> None:
    built = Policy.parse({**BASE, "categories": [Category(id="A"), Category(id="B", destinations=("X",))]})
    assert built.mapping_rows() == [("B", "X")]
    assert "categories[1].id" in mistakes_of(categories=[Category(id="A"), Category(id="A")])


def test_required_keys_and_keys_that_are_not_text() -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.parse({7: 8})  # type: ignore[dict-item]
    assert {each.path for each in caught.value.mistakes} == {"version", "platform", "[7]"}
    assert "Allowed: segment, rudderstack" in str(caught.value)


def test_segment_needs_categories_and_rudderstack_does_not() -> None:
    with pytest.raises(PolicyError, match="categories: the key is missing"):
        Policy.parse({"version": 1, "platform": "segment"})
    with pytest.raises(PolicyError, match="categories: the value is empty"):
        Policy.parse({"version": 1, "platform": "segment", "categories": ""})
    assert Policy.parse({"version": 1, "platform": "rudderstack"}).category_rows() == []


@pytest.mark.parametrize("wrong", ["1A", "A" * 35, " A", "A "])
def test_limits_of_category_ids_are_segments_own(wrong: str) -> None:
    assert list(mistakes_of(categories=[{"id": wrong}])) == ["categories[0].id"]
    assert Policy.parse({**BASE, "platform": "rudderstack", "categories": [{"id": wrong}]})
    assert Policy.parse({**BASE, "categories": [{"id": "A" * 34}]})


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("Data Sharing", "data-sharing", "share the warehouse column 'data_sharing'"),
        ("ADVERTISING", "Advertising", "share the warehouse column 'advertising'"),
        ("Überblick", "Überblick-", "share the warehouse column"),
        ("DataSharing", "Datasharing", "differ only by case or separators"),
    ],
)
def test_ids_that_collide_are_refused(first: str, second: str, words: str) -> None:
    assert words in mistakes_of(categories=[{"id": first}, {"id": second}])["categories[1].id"]


def test_ids_that_do_not_collide() -> None:
    ids = ["C0001", "C0002", "BG1_1", "BG11", "Advertising", "Ads"]
    assert len(Policy.parse({**BASE, "categories": [{"id": each} for each in ids]}).category_rows()) == 6
    japanese = Policy.parse({**BASE, "platform": "rudderstack", "categories": [{"id": "必須"}, {"id": "広告"}]})
    assert len(japanese.category_rows()) == 2


def test_aliases_belong_to_one_destination() -> None:
    found = mistakes_of(destinations=[{"name": "A", "aliases": ["x", "B", "A"]}, {"name": "B", "aliases": ["x"]}])
    assert found == {
        "destinations[0].aliases[1]": "the alias 'B' is the name of destinations[1]",
        "destinations[1].aliases[0]": "the alias 'x' is already claimed by destinations[0].aliases[0]",
    }


def test_connected_without_a_sources_block_can_only_name_default() -> None:
    found = mistakes_of(destinations=[{"name": "A", "connected": ["web"]}])
    assert found == {"destinations[0].connected[0]": "no source is named 'web'; declared: default"}


def test_enforced_is_for_engage_and_false_is_allowed_everywhere() -> None:
    assert "only kind engage" in mistakes_of(destinations=[{"name": "A", "enforced": True}])["destinations[0].enforced"]
    policy = Policy.parse(
        {
            **BASE,
            "destinations": [
                {"name": "A", "kind": "classic", "enforced": False},
                {"name": "B", "kind": "engage", "enforced": True},
                {"name": "C", "kind": "engage"},
                {"name": "D", "kind": "aws-s3"},
                {"name": "E", "kind": "warehouse"},
            ],
        }
    )
    assert [row.destination for row in policy.destination_rows() if row.exempt] == ["C", "D"]


@pytest.mark.parametrize(
    ("platform", "point"),
    [("segment", "rudder-server"), ("rudderstack", "analytics.js"), ("rudderstack", "kotlin")],
)
def test_enforcement_points_belong_to_a_platform(platform: str, point: str) -> None:
    found = mistakes_of(platform=platform, sources=[{"name": "s", "enforcement": point}])
    assert f"allowed under platform {platform}: cloud, " in found["sources[0].enforcement"]


def test_mistakes_in_rudderstack_settings() -> None:
    one = {"provider": "oneTrust", "categories": ["C1"]}
    found = mistakes_of(
        platform="rudderstack",
        destinations=[
            {"name": "A", "consent": [one, one, {**one, "provider": "custom", "legacy": True, "source": "w"}]}
        ],
    )
    assert found == {
        "destinations[0].consent[1]": "provider 'oneTrust' is already configured"
        " in destinations[0].consent[0] for the same source",
        "destinations[0].consent[2].legacy": "found provider 'custom'; only oneTrust and ketch have legacy settings",
        "destinations[0].consent[2].source": "no source is named 'w'; declared: default",
    }


def test_half_a_character_is_refused_and_the_message_can_be_printed(tmp_path: Path) -> None:
    error = refusal(tmp_path, 'version: 1\nplatform: segment\ncategories: [{id: "\\ud800", "\\udfff": 1}]\n')
    assert len(str(error).encode()) > 0
    assert "allowed: whole characters" in str(error)


def test_a_policy_written_as_json_may_name_any_character(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    said = {"version": 1, "platform": "segment", "categories": [{"id": "A", "destinations": ["\U0001f600"]}]}
    path.write_text(json.dumps(said))
    assert "\\ud83d" in path.read_text()
    assert ck.Policy.load(path).digest == ck.Policy.parse(said).digest


# Several versions


def test_a_folder_is_several_versions(tmp_path: Path) -> None:
    for name, begin in (("b.yaml", "2026-03-01"), ("a.yml", "2026-06-01"), ("c.yml", None)):
        text = SPEC_EXAMPLE.replace("effective_from: 2026-01-01\n", f"effective_from: {begin}\n" if begin else "")
        (tmp_path / name).write_text(text)
    (tmp_path / "notes.txt").write_text("not a policy")
    (tmp_path / ".hidden.yml").write_text("not: [a policy")
    newest = Policy.load(tmp_path)
    assert newest.effective_from == datetime(2026, 6, 1)
    assert [each.effective_from for each in newest.versions] == [
        None,
        datetime(2026, 3, 1),
        datetime(2026, 6, 1),
    ]
    assert [row[:3] for row in newest.version_rows()] == [
        (1, None, datetime(2026, 3, 1)),
        (2, datetime(2026, 3, 1), datetime(2026, 6, 1)),
        (3, datetime(2026, 6, 1), None),
    ]
    again = Policy.load([tmp_path / "c.yml", tmp_path / "a.yml", str(tmp_path / "b.yaml")])
    assert again.versions == newest.versions
    assert again.digest == newest.digest
    assert Policy.load(tmp_path / "a.yml").versions == (newest,)
    assert Policy.load(tmp_path / "a.yml").digest != newest.digest


def test_mistakes_of_all_files_are_reported_together(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(SPEC_EXAMPLE + "extra: 1\n")
    (tmp_path / "b.yml").write_text("version: 1\nregime: 'open\n")
    (tmp_path / "c.yml").write_text(SPEC_EXAMPLE)
    (tmp_path / "d.yml").write_text(SPEC_EXAMPLE)
    with pytest.raises(PolicyError) as caught:
        Policy.load([tmp_path, tmp_path / "e.yml"])
    assert [(Path(each.file).name, each.line, each.path) for each in caught.value.mistakes] == [
        ("a.yml", 33, "extra"),
        ("b.yml", 2, ""),
        ("e.yml", None, ""),
        ("d.yml", 3, "effective_from"),
    ]
    assert "the same effective_from 2026-01-01, like " in caught.value.mistakes[-1].message


def test_only_one_version_may_begin_nowhere(tmp_path: Path) -> None:
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text(RUDDER_EXAMPLE)
    with pytest.raises(PolicyError, match="no effective_from, like"):
        Policy.load(tmp_path)


def test_a_folder_without_policies_and_an_empty_list(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"holds no \.yml or \.yaml file"):
        Policy.load(tmp_path)
    with pytest.raises(PolicyError, match="no policy file is given"):
        Policy.load([])


# Warnings


def test_a_near_miss_is_a_warning_that_names_the_candidate(tmp_path: Path) -> None:
    text = SPEC_EXAMPLE.replace("[Facebook Pixel, Google Ads]", "[Facebok Pixel, google ads]").replace(
        "[Amplitude, facebook-pixel]", "[Google Ads, facebook-pixel]"
    )
    policy = load(tmp_path, text)
    assert [(each.line, each.path) for each in policy.warnings()] == [
        (9, "categories[0].destinations[0]"),
        (11, "categories[1].destinations[0]"),
    ]
    assert policy.warnings()[0].message.endswith("did you mean 'Facebook Pixel'?")
    assert policy.warnings()[1].message.endswith("did you mean 'google ads'?")
    assert ("Advertising", "Facebok Pixel") in policy.mapping_rows()  # a warning changes nothing


def test_names_that_differ_by_a_number_are_no_near_miss() -> None:
    categories = [{"id": "A", "destinations": ["Webhook 1", "Webhook 2", "GA3", "GA4"]}]
    assert warnings_of(categories=categories) == {}


def test_warnings_about_mappings_without_effect() -> None:
    found = warnings_of(
        categories=[
            {"id": "Empty"},
            {"id": "Off", "enabled": False, "destinations": ["X", "Y"]},
            {"id": "On", "destinations": ["Y", "Bucket", "Space"]},
        ],
        destinations=[
            {"name": "Bucket", "kind": "aws-s3"},
            {"name": "Space", "kind": "engage", "enforced": True},
            {"name": "Unmapped"},
            {"name": "Other Bucket", "kind": "aws-s3", "aliases": ["Buckett"]},
        ],
        sources=[
            {
                "name": "s",
                "stamping_since": "2026-01-01",
                "settings": {"all_categories": ["On", "of", "Later"]},
            }
        ],
    )
    assert {path: words.split(":")[0] for path, words in found.items()} == {
        "categories[0]": "category 'Empty' has no destinations",
        "categories[1].destinations[0]": "destination 'X' needs no consent now",
        "destinations[0]": "destination 'Bucket' is exempt",
        "destinations[2]": "no category maps destination 'Unmapped'",
        "destinations[3].aliases[0]": "'Buckett' is almost 'Bucket', a name of destination 'Bucket'",
        "sources[0].stamping_since": "has no effect without stamps_consent",
        "sources[0].settings.all_categories[1]": "no category has the id 'of'",
        "sources[0].settings.all_categories[2]": "no category has the id 'Later'",
    }


def test_warnings_about_rudderstack_settings() -> None:
    found = warnings_of(
        platform="rudderstack",
        categories=[{"id": "C0001"}],
        sources=[{"name": "w"}],
        destinations=[
            {
                "name": "A",
                "consent": [
                    {"provider": "onetrust", "categories": ["c0001"], "strategy": "or"},
                    {"provider": "ketch", "categories": ["C0001"], "strategy": "or"},
                    {"provider": "ketch", "categories": ["C0001"], "source": "w", "legacy": True},
                ],
            }
        ],
    )
    assert list(found) == [
        "destinations[0].consent[0].provider",
        "destinations[0].consent[0].categories[0]",
        "destinations[0].consent[1].strategy",
        "destinations[0].consent[2].source",
    ]
    assert "did you mean 'oneTrust'?" in found["destinations[0].consent[0].provider"]
    assert "did you mean 'C0001'?" in found["destinations[0].consent[0].categories[0]"]


def test_a_word_for_many_destinations_is_a_warning_and_so_is_a_latency_without_a_beginning() -> None:
    found = warnings_of(
        latency="1h",
        categories=[{"id": "A", "destinations": ["All", "X"]}, {"id": "B", "destinations": ["Warehouses"]}],
    )
    assert {path: words.split(", not ")[-1].split(";")[0] for path, words in found.items()} == {
        "latency": "has no effect without effective_from",
        "categories[0].destinations[0]": "as every destination",
        "categories[1].destinations[0]": "as every warehouse",
    }


def test_a_mapping_that_rudderstack_does_not_look_at_is_a_warning() -> None:
    found = warnings_of(
        platform="rudderstack",
        categories=[{"id": "C1", "destinations": ["A", "B"]}],
        destinations=[{"name": "B", "consent": [{"provider": "oneTrust", "categories": ["C1"]}]}],
    )
    assert found == {
        "categories[0].destinations[0]": "no category holds anything back from destination 'A': "
        "RudderStack goes by the settings under consent, and this destination has none"
    }


# Writing, comparing, the schema


def test_policies_are_frozen_and_equal_by_content(tmp_path: Path) -> None:
    policy = load(tmp_path, SPEC_EXAMPLE)
    same = Policy.parse(yaml.safe_load(SPEC_EXAMPLE))
    assert policy == same
    assert hash(policy) == hash(same)
    assert policy.digest == same.digest
    assert len(policy.digest) == 64
    assert policy != Policy.parse(BASE)
    with pytest.raises(ValueError, match="frozen"):
        policy.regime = "opt-out"


def test_list_order_does_not_change_the_rows() -> None:
    data = yaml.safe_load(SPEC_EXAMPLE)
    rudder = yaml.safe_load(RUDDER_EXAMPLE)

    def rows(policy: Policy) -> list[set[Any]]:
        tables = [name for name in dir(Policy) if name.endswith("_rows")]
        assert len(tables) == 10
        return [set(getattr(policy, table)()) for table in tables]

    expected = rows(Policy.parse(data))
    for order in permutations(range(2)):
        for key in ("categories", "sources"):
            shuffled = {**data, key: [data[key][place] for place in order]}
            assert rows(Policy.parse(shuffled)) == expected
    settings_ = rudder["destinations"][0]["consent"]
    for each in permutations(settings_):
        changed = {**rudder, "destinations": [{"name": "RudderDest", "consent": list(each)}]}
        assert rows(Policy.parse(changed)) == rows(Policy.parse(rudder))


def test_the_schema_describes_every_key() -> None:
    schema = Policy.json_schema()
    json.dumps(schema)
    assert schema["title"] == "Policy"
    assert set(schema["required"]) == {"version", "platform"}
    for part in (schema, *schema["$defs"].values()):
        assert part["additionalProperties"] is False
        for name, field in part["properties"].items():
            assert field["description"].endswith("."), name


def test_importing_the_package_stays_light() -> None:
    code = "import sys, consentkit; print(sorted({'yaml', 'pydantic', 'duckdb', 'pandas'} & set(sys.modules)))"
    code += "; import consentkit.policy; print('yaml' in sys.modules)"
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "False"]


NASTY = st.sampled_from(
    [*TRAPS, "- a", "a: b", "a #b", "'", '"', "\n", " ", "\u2028", "\x85", "\ufeff", "é", "\x00", "|", "%x"]
)
TEXT = st.one_of(NASTY, st.text(min_size=1, max_size=12))
FLAG = st.booleans()
MOMENT = st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2999, 12, 31))
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "consent_enabled": FLAG,
        "all_categories": st.lists(TEXT, max_size=3),
        "has_unmapped_destinations": FLAG,
    },
)


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    platform = draw(st.sampled_from(["segment", "rudderstack"]))
    identifier = TEXT
    if platform == "segment":
        identifier = TEXT.filter(lambda text: not text[0].isdigit() and text == text.strip())
    ids = draw(st.lists(identifier, max_size=4, unique_by=(squashed, warehouse_column_part)))
    sources = draw(st.lists(TEXT, min_size=1, max_size=3, unique=True))
    names = draw(st.lists(TEXT, max_size=8, unique=True))
    consent = st.fixed_dictionaries(
        {"provider": TEXT, "categories": st.lists(TEXT, min_size=1, max_size=3)},
        optional={"strategy": st.sampled_from(["and", "or"]), "source": st.sampled_from(sources)},
    )
    destinations = [
        {
            "name": name,
            "aliases": names[place + 4 : place + 5],
            "kind": draw(st.sampled_from([None, "classic", "actions", "warehouse", "aws-s3", "engage", "other"])),
            "enabled": draw(FLAG),
            "connected": draw(st.none() | st.lists(st.sampled_from(sources), max_size=2)),
            "consent": draw(st.lists(consent, max_size=1)) if platform == "rudderstack" else [],
        }
        for place, name in enumerate(names[:4])
    ]
    return {
        "version": 1,
        "platform": platform,
        "effective_from": draw(MOMENT),
        "latency": draw(st.timedeltas(timedelta(0), timedelta(1000))),
        "categories": [
            {
                "id": each,
                "name": draw(st.none() | TEXT),
                "enabled": draw(FLAG),
                "destinations": draw(st.lists(TEXT, max_size=4)),
            }
            for each in ids
        ],
        "destinations": destinations,
        "sources": [
            {
                "name": name,
                "stamps_consent": draw(FLAG),
                "stamping_since": draw(MOMENT),
                "enforcement": draw(st.sampled_from(["cloud", "swift" if platform == "segment" else "rudder-js"])),
                "consent_model": draw(st.sampled_from([None, "opt-in", "opt-out"])),
                "write_keys": [f"{place}{key}" for key in draw(st.lists(TEXT, max_size=2))],
                "settings": draw(st.none() | SETTINGS),
            }
            for place, name in enumerate(sources)
        ],
        "regime": draw(st.sampled_from(["opt-in", "opt-out"])),
    }


@settings(deadline=None)
@given(data=policies())
def test_canonical_yaml_loads_again_to_an_equal_policy(data: dict[str, Any], tmp_path_factory: Any) -> None:
    policy = Policy.parse(data)
    path = tmp_path_factory.mktemp("round") / "policy.yml"
    path.write_bytes(policy.as_yaml().encode())
    again = Policy.load(path)
    assert again == policy
    assert again.digest == policy.digest
    assert again.as_yaml() == policy.as_yaml()
    assert Policy.parse(yaml.safe_load(policy.as_yaml())) == policy  # other YAML tools keep text as text
    assert {row.destination for row in policy.mapping_rows()} <= {row.destination for row in policy.destination_rows()}
    policy.warnings()


KEYS = st.sampled_from(
    sorted(
        {
            key
            for model in (Policy, Category, Destination, ConsentSetting, Source, SourceSettings)
            for key in model.model_fields
        }
    )
)
SCALARS = st.sampled_from([None, "", 1, 1.5, True, b"x", "segment", "rudderstack", "A", "a", "yes", "\ud800"])
JUNK = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(data=st.dictionaries(KEYS, JUNK, max_size=5), platform=st.sampled_from(["segment", "rudderstack"]))
def test_no_shape_of_data_breaks_the_checks(data: dict[str, Any], platform: str) -> None:
    try:
        Policy.parse({"version": 1, "platform": platform, "categories": [], **data}).as_yaml().encode()
    except PolicyError as error:
        assert str(error).encode()  # noqa: PT017
        assert "pydantic" not in str(error)  # noqa: PT017
        assert "Input should" not in str(error)  # noqa: PT017


@settings(deadline=None)
@given(text=st.text(alphabet="ab:-[]{}&*!'\"|>%@#,?<~ \n\t\\", max_size=30))
def test_no_text_breaks_the_reader(text: str, tmp_path_factory: Any) -> None:
    with pytest.raises(PolicyError):
        load(tmp_path_factory.mktemp("text"), text)


def test_text_that_looks_like_something_else_is_quoted() -> None:
    ids = ["no", "1e3", "0123", "null", "~", "2026-01-01", "12:30", "Advertising", "C0001"]
    text = Policy.parse({**BASE, "platform": "rudderstack", "categories": [{"id": each} for each in ids]}).as_yaml()
    written = [line.split("id: ")[1] for line in text.splitlines() if "id: " in line]
    assert written == [*(f'"{each}"' for each in ids[:-2]), "Advertising", "C0001"]


# Warehouse column names


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("DataSharing", "data_sharing"),
        ("dataSharing", "data_sharing"),
        ("data-sharing", "data_sharing"),
        ("C0001", "c0001"),
        ("Strictly Necessary", "strictly_necessary"),
        ("Advertising", "advertising"),
        ("ADVERTISING", "advertising"),
        ("GPCOptOut", "gpcopt_out"),
        ("IABV2_1", "iabv2_1"),
        ("Über", "ber"),
        ("", ""),
        ("日本", ""),
    ],
)
def test_warehouse_columns_of_category_ids(name: str, column: str) -> None:
    assert warehouse_column_part(name) == column


@pytest.mark.realdata
@pytest.mark.skipif(not SNAKE_CASES.exists(), reason="../shared/realdata/segment-snakecase is not here")
def test_warehouse_columns_match_every_published_pair() -> None:
    pairs = json.loads(SNAKE_CASES.read_text(encoding="utf-8"))
    assert len(pairs) == 32
    assert [(each["in"], warehouse_column_part(each["in"])) for each in pairs] == [
        (each["in"], each["out"]) for each in pairs
    ]


@given(st.text())
def test_a_column_part_is_its_own_column_part(name: str) -> None:
    part = warehouse_column_part(name)
    assert warehouse_column_part(part) == part
    assert part.isascii()
    assert part == part.lower()


def test_a_policy_may_be_given_as_a_mapping(tmp_path: Path) -> None:
    said = {"version": 1, "platform": "segment", "categories": [{"id": "A", "destinations": ["X"]}]}
    (tmp_path / "policy.yml").write_text(yaml.safe_dump(said))
    given = [ck.Policy.of(each).digest for each in (said, tmp_path / "policy.yml", str(tmp_path / "policy.yml"))]
    assert len({*given, ck.Policy.of(ck.Policy.parse(said)).digest}) == 1
    assert list(ck.decide([{"messageId": "m"}], said)["destination"]) == ["X"]
