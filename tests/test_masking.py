"""What is masked in names from the data, where it is, and what stays as it is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import ROOT, event, ndjson, policy
from test_cli import run as run

import consentkit as ck
from consentkit.pseudonyms import Pseudonyms

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY = b"a secret of sixteen or more"
ADDRESS, OTHER, PHONE = "jane.doe@example.com", "joe.roe@example.com", "+47 912 34 567"
MADE = "4f90a1b2c3d4e5f60718"
ONE = policy({"categories": [{"id": "A", "destinations": ["D"]}]})
SUITE = """
name: s
title: t
description: d
owner: o
expectations:
  - {type: expect_no_delivery_without_consent, severity: critical, description: d}
"""
MARK = re.compile(r"\[masked [0-9a-f]{8}\]")


@pytest.mark.parametrize(
    "secret",
    [
        *(ADDRESS, "jane%40example.com", "Ünï.x+y@sub.exämple.co.uk", "jane＠example.com"),
        *(PHONE, "+4791234567", "(555) 123-4567", "020 7946 0958", "06 12 34 56 78", "912 34 567", "0171-1234567"),
        *(MADE, "12345678901", "3fcc98dd-0e0e-4222-bc53-64649ec5646b", "V1StGXR8Z5jdHi6Bmy2Tq9"),
    ],
)
def test_what_may_name_a_person_is_masked_wherever_it_stands(secret: str) -> None:
    names = Pseudonyms(KEY)
    for text in (secret, f"signup {secret}", f"({secret})", f"{secret} signed up"):
        masked = names.masked(text)
        assert secret not in masked
        assert len(MARK.findall(masked)) == 1
        assert names.masked(masked) == masked
        assert Pseudonyms(KEY, raw=True).masked(text) == text


@pytest.mark.parametrize(
    "name",
    [
        *("Facebook Pixel", "Google Analytics 4 (GA4)", "GoogleAnalytics4ServerSideEvents", "iOS14ATTPromptShown"),
        *("FILTERED_BY_END_USER_CONSENT", "actions-google-enhanced-conversions", "@segment/analytics-next", "C0001"),
        *("2026-03-05", "2026-03-05T12:30:00Z", "05-03-2026 10:30", "1.2.3-beta.20260305123456", "202603051200"),
        *("126.0.6478.127", "analytics.js@1.2.3", "AMP12345678", "1,234,567,890 of 2,345,678,901", "Meta@Ads"),
    ],
)
def test_ordinary_names_days_versions_and_counts_stay(name: str) -> None:
    assert Pseudonyms(KEY).masked(name) == name


def test_what_consentkit_itself_says_is_never_masked() -> None:
    texts = [(ROOT / "consentkit/sql/vocabulary.sql").read_text(encoding="utf-8")]
    texts += [path.read_text(encoding="utf-8") for path in (ROOT / "consentkit").glob("report_*.py")]
    for text in texts:
        for said in re.findall(r"'([^'\n]*)'|\"([^\"\n]*)\"", text):
            assert Pseudonyms(KEY).masked("".join(said)) == "".join(said)


def test_a_mask_tells_names_apart_and_is_of_the_key() -> None:
    masks = {Pseudonyms(key).masked(name) for key in (KEY, b"x" * 16) for name in (ADDRESS, OTHER)}
    assert len(masks) == 4


def test_a_file_keeps_its_long_ids_and_loses_its_addresses() -> None:
    path = f"export/{ADDRESS}/part-0-3fcc98dd-0e0e-4222-bc53-64649ec5646b-1767225600000.gz"
    masked = Pseudonyms(KEY).row({"path": path})["path"]
    assert ADDRESS not in masked
    assert masked.startswith("export/[masked ")
    assert masked.endswith(path.partition("/part-0")[2])


@given(st.text(), st.sampled_from([ADDRESS, "912 34 567"]))
def test_masking_twice_is_masking_once(text: str, secret: str) -> None:
    names = Pseudonyms(KEY)
    once = names.masked(f"{text} {secret}")
    assert names.masked(once) == once


@pytest.mark.parametrize("text", ["a" * 300_000 + "@", "1 " * 150_000, "aB1" * 100_000, "x@" + ".a" * 150_000])
def test_a_long_name_takes_no_long_time(text: str) -> None:
    assert Pseudonyms(KEY).masked(text)


def write(folder: Path) -> None:
    said = {
        "id": "m1",
        "userId": ADDRESS,
        "at": "2026-03-01T10:00:00Z",
        "preferences": {"A": False, f"x {OTHER}": True},
    }
    named = event(said) | {"event": f"signup {ADDRESS}"}
    named["context"] |= {"library": {"name": ADDRESS, "version": PHONE}, "app": {"version": MADE}}
    (folder / "e.ndjson").write_bytes(ndjson([named, event({"id": "m2", "preferences": {"A": False}})]))
    sent = [
        {"message_id": "m1", "destination": "D", "status": "delivered"},
        *({"message_id": "m1", "destination": f"D of {who}", "status": "delivered"} for who in (ADDRESS, OTHER)),
        {"message_id": "m2", "destination": "D", "status": "filtered", "reason": f"dropped for {ADDRESS} {PHONE}"},
    ]
    (folder / "d.ndjson").write_bytes(ndjson(sent))


def fill(ws: ck.Workspace, folder: Path) -> None:
    write(folder)
    ws.load_events(folder / "e.ndjson")
    ws.load_deliveries(folder / "d.ndjson")
    ws.apply(ONE)


def texts_of(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*")) if path.is_file()}


def told_of(text: str) -> list[str]:
    return [secret for secret in (ADDRESS, OTHER, PHONE, MADE) if secret in text]


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a picture is drawn from, in its place: drawing takes seconds and adds no word."""
    monkeypatch.setattr("consentkit.report._charts", lambda seen: [])
    monkeypatch.setattr("consentkit.charts.export.svg_file", lambda chart: json.dumps(chart.to_dict(validate=False)))
    monkeypatch.setattr("consentkit.charts.export.png", lambda chart: b"")


@pytest.mark.usefixtures("undrawn")
def test_nothing_that_is_handed_on_holds_an_address(ws: ck.Workspace, tmp_path: Path) -> None:
    fill(ws, tmp_path)
    ws.report(tmp_path / "out")
    ws.pack(tmp_path / "pack")
    summary = ws.summary()
    said = {
        f"{folder}/{name}": text for folder in ("out", "pack") for name, text in texts_of(tmp_path / folder).items()
    }
    said["json"], said["text"], said["html"] = summary.as_json(), repr(summary), summary._repr_html_()
    said["causes"] = repr(ws.causes())
    assert {name: told for name, text in said.items() if (told := told_of(text))} == {}
    marks = set(MARK.findall(said["json"]))
    assert marks
    assert marks <= set(MARK.findall(said["out/findings.csv"])) | set(MARK.findall(said["out/destinations.csv"]))
    shown = {row["destination"] for row in summary.findings if row["code"] == "V20"}
    assert len(shown) == 2, "two names stay two"


def test_checks_mask_what_they_publish(ws: ck.Workspace, tmp_path: Path) -> None:
    from consentkit.checks.sarif import sarif

    fill(ws, tmp_path)
    ws.apply(policy({"categories": [{"id": "A", "destinations": [f"D of {ADDRESS}"]}]}))
    (tmp_path / "s.yml").write_text(SUITE, encoding="utf-8")
    result = ws.check(tmp_path / "s.yml")
    assert result.exit_code == 1
    assert told_of(result.as_json() + sarif(result)) == []
    assert "[masked " in result.as_json()
    assert ADDRESS in str(result.findings[0].rows().to_dict()), "the rows are asked for to be seen as they are"


@pytest.mark.usefixtures("undrawn")
def test_raw_ids_shows_names_and_statements_that_run(tmp_path: Path) -> None:
    with ck.open(tmp_path / "x.duckdb") as ws:
        fill(ws, tmp_path)
        hidden = [row for row in ws.summary().findings if row["code"] == "V20"]
        assert all("--raw-ids" in row["sql"] for row in hidden)
    with ck.open(tmp_path / "x.duckdb", raw_ids=True) as ws:
        found = [row for row in ws.summary().findings if row["code"] == "V20"]
        assert {row["destination"] for row in found} == {f"D of {ADDRESS}", f"D of {OTHER}"}
        assert [len(ws.rows(row["sql"])) for row in found] == [1, 1]
        ws.report(tmp_path / "raw")
    assert ADDRESS in (tmp_path / "raw" / "findings.csv").read_text(encoding="utf-8")


def test_the_same_finding_keeps_its_id(tmp_path: Path) -> None:
    def ids(**how: bytes) -> set[str]:
        with ck.open(tmp_path / "x.duckdb", **how) as ws:  # type: ignore[arg-type]
            summary = ws.summary()
            ws.record_audit(summary)
            return {row["id"] for row in summary.findings}

    with ck.open(tmp_path / "x.duckdb") as ws:
        fill(ws, tmp_path)
    assert ids() == ids(), "one database has one key"
    assert ids(key=KEY) == ids(key=KEY) != ids()
    with ck.open(tmp_path / "x.duckdb") as ws:
        assert ws.rows("SELECT count(*) FROM audit") == [(1,)], "another key is no other finding"
        assert ws.rows("SELECT DISTINCT step FROM remediation") == [("opened",)]
        kept = {name for (name,) in ws.rows("SELECT destination FROM audit_finding WHERE code = 'V20'")}
    assert kept == {f"D of {ADDRESS}", f"D of {OTHER}"}


def test_commands_mask_and_show(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    write(tmp_path)
    rules = tmp_path / "p.yml"
    rules.write_text("version: 1\nplatform: segment\ncategories: [{id: A, destinations: [D]}]\n", encoding="utf-8")
    suite = tmp_path / "s.yml"
    suite.write_text(SUITE.replace("no_delivery_without_consent", "destinations_to_be_known"), encoding="utf-8")
    given = (tmp_path / "e.ndjson", "--policy", rules, "--deliveries", tmp_path / "d.ndjson")
    for words in (("audit", *given), ("audit", *given, "--json"), ("check", *given, "--suite", suite)):
        shown = run(*words)[1]
        assert told_of(shown) == []
        assert "[masked " in shown
    assert ADDRESS in run("audit", *given, "--json", "--raw-ids")[1]
    for name, more in (("a.csv", ()), ("b.csv", ("--raw-ids",))):
        assert run("chart", "destinations_overview", *given, "--out", tmp_path / name, *more)[0] == 0
    assert told_of((tmp_path / "a.csv").read_text(encoding="utf-8")) == []
    assert ADDRESS in (tmp_path / "b.csv").read_text(encoding="utf-8")
