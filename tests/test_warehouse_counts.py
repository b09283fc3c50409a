"""Delivery counts against the rules, imported policies, and names the policy does not know."""

from __future__ import annotations

import csv
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support import SAMPLE, event, ndjson, policy
from typer.testing import CliRunner

import consentkit as ck
from consentkit.cli import app
from consentkit.console import verdict
from consentkit.policy.importing import as_file, import_policy
from consentkit.report_words import verdict_sentence

if TYPE_CHECKING:
    from pathlib import Path

RUN = CliRunner()


def overview(ws: ck.Workspace, path: Path) -> Path:
    """Count the sample's delivery records as an overview would, by the day their events arrived."""
    query = """
        SELECT
            r.destination, CAST(coalesce(e.received_at, e.event_at) AS DATE) AS day, r.status, r.reason,
            count(*) AS count
        FROM delivery AS d INNER JOIN route AS r USING (route_id) INNER JOIN event AS e USING (event_id) GROUP BY ALL
    """
    ws.sql(query).to_csv(path, index=False)
    return path


def test_counts_alone_find_what_the_log_finds_and_nothing_more(sample: ck.Workspace, tmp_path: Path) -> None:
    counts = overview(sample, tmp_path / "overview.csv")
    with ck.open() as ws:
        ws.apply(SAMPLE / "policy.yml")
        ws.load_events(SAMPLE / "events")
        ws.load_delivery_counts(counts)
        assert_accounted_counts(ws)
        found = ws.rows(
            "SELECT destination, sum(n) FROM finding_count WHERE code = 'X25' AND certainty = 'certain' GROUP BY 1"
        )
        refused = """
            SELECT d.name, count(*) FROM finding_delivery AS f
            INNER JOIN destination AS d USING (version_id, destination_id)
            WHERE f.code IN ('V5', 'V6', 'V7', 'X7') AND f.certainty = 'certain' GROUP BY 1
        """
        truth = dict(sample.rows(refused))
        assert {name for name, _ in found} <= truth.keys()
        assert all(0 < n <= truth[name] for name, n in found)
        assert dict(found)["Braze"] > truth["Braze"] / 2
        rows = ws.summary().findings
        shown = next(row for row in rows if row["code"] == "X25" and row["destination"] == "Braze")
        assert sum(row[5] for row in ws.rows(shown["sql"])) == shown["deliveries"]
        assert shown["severity"] == "critical"
        assert [row["detail"] for row in rows if row["code"] == "X29"] == ["legacy-crm"]
        too_many = sum(n for _, n in found)
        told = verdict_sentence(ws.summary())
        assert told.startswith("More was delivered to Braze")
        assert told.endswith(f"than the rules allow: by the counts alone {too_many} deliveries too many.")
        assert all(name in told for name, _ in found)
        assert told in [line for line, _ in verdict(ws.summary())]
        assert any("how many were sent where on each day" in line for line, _ in verdict(ws.summary()))


def assert_accounted_counts(ws: ck.Workspace) -> None:
    [(lines, loaded, rejected)] = ws.rows("SELECT lines, loaded, rejected FROM input_file WHERE kind = 'counts'")
    assert lines == loaded + rejected
    assert loaded == ws.rows("SELECT count(*) FROM delivery_count")[0][0]


def test_counts_are_read_from_every_format_with_names_mapped(ws: ck.Workspace, tmp_path: Path) -> None:
    ws.apply(policy({"categories": [{"id": "A", "destinations": ["X"]}]}))
    (tmp_path / "e.ndjson").write_bytes(ndjson([event({"id": "a", "preferences": {"A": False}})]))
    ws.load_events(tmp_path / "e.ndjson")
    rows = [{"Name": "X", "date": "2026-03-01T23:30:00-01:00", "status": "delivered", "events": "1,000"}]
    rows += [{"Name": "X", "date": "2026-03-01", "status": "delivered", "events": bad} for bad in ("many", "1.5", "-1")]
    rows += [{"Name": "", "date": "2026-03-01", "status": "delivered", "events": "1"}]
    rows += [{"Name": "X", "date": "March", "status": "delivered", "events": "1"}]
    with (tmp_path / "c.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (tmp_path / "c.ndjson").write_bytes(ndjson([{**rows[0], "status": "filtered"}, "nonsense", "[]"]))
    pq.write_table(pa.table({"Name": ["X"], "date": ["2026-03-01"], "events": [7]}), tmp_path / "c.parquet")
    mapping = {"Name": "destination"}
    for path, constants in (("c.csv", {}), ("c.ndjson", {}), ("c.parquet", {"status": "delivered"})):
        ws.load_delivery_counts(tmp_path / path, columns=mapping, constants=constants)
    assert ws.rows("SELECT sum(records) FROM delivery_count") == [(2007,)]
    codes = Counter(code for (code,) in ws.rows("SELECT code FROM rejected_line"))
    assert codes == {"no_number": 3, "no_destination": 1, "no_day": 1, "not_json": 1, "not_object": 1}
    (tmp_path / "bad.csv").write_text("destination,day,status\n")
    with pytest.raises(ck.SourceError, match="no column gives the count of the counts; name it with --count-map"):
        ws.load_delivery_counts(tmp_path / "bad.csv")
    with pytest.raises(ck.UsageError, match="'when' is not a column of delivery counts"):
        ws.load_delivery_counts(tmp_path / "c.csv", columns={"date": "when"})


@pytest.mark.realdata
def test_files_that_count_the_same_days_are_told_and_make_no_excess_certain(tmp_path: Path) -> None:
    rules, events = tmp_path / "p.yml", tmp_path / "e.ndjson"
    rules.write_text("version: 1\nplatform: segment\ncategories: []\ndestinations: [{name: X}]\n")
    events.write_bytes(ndjson([event({"id": f"m{n}", "at": "2026-03-01T12:00:00Z"}) for n in range(3)]))
    head = "destination,day,status,count\n"
    files = {"one": "X,2026-03-01,delivered,3\n", "grown": "X,2026-03-01,delivered,3\nX,2026-03-02,delivered,0\n"}
    files["more"] = "X,2026-03-01,delivered,5\n"
    for name, rows in files.items():
        (tmp_path / f"{name}.csv").write_text(head + rows)

    def audit(*names: str) -> tuple[str, Any]:
        counts = [word for name in names for word in ("--counts", str(tmp_path / f"{name}.csv"))]
        said = RUN.invoke(app, ["audit", str(events), "-p", str(rules), *counts, "--json"])
        found = [row for row in json.loads(said.stdout)["findings"] if row["code"] == "X25"]
        return said.stderr, [(row["certainty"], row["deliveries"]) for row in found]

    err, found = audit("one")
    assert ("more than one file" in err, found) == (False, [])
    err, found = audit("one", "grown")
    assert "1 count of a destination, day, status and reason in more than one file: they are added up" in err
    assert found == [("possible", 3)]
    assert audit("one", "more")[1] == [("certain", 2)]


@pytest.mark.parametrize("count", ["1e30", "1e400", "nan", "-1", "1.5", "", "9007199254740993"])
def test_a_count_that_is_none_is_set_aside(ws: ck.Workspace, tmp_path: Path, count: str) -> None:
    (tmp_path / "n.csv").write_text(f"destination,day,status,count\nX,2026-03-01,delivered,{count}\n")
    ws.load_delivery_counts(tmp_path / "n.csv")
    assert ws.rows("SELECT code FROM rejected_line") == [("no_number",)]


def test_every_discard_code_of_the_catalogue_is_known(ws: ck.Workspace, realdata: Path, tmp_path: Path) -> None:
    with (realdata / "segment-destinations-catalog" / "discard_reasons.csv").open(encoding="utf-8") as stream:
        codes = [row["code"] for row in csv.DictReader(stream)]
    assert len(codes) == 87
    ws.apply(policy({"destinations": [{"name": "X"}], "categories": []}))
    (tmp_path / "e.ndjson").write_bytes(ndjson([event({"id": "a"})]))
    ws.load_events(tmp_path / "e.ndjson")
    same = {"destination": "X", "day": "2026-03-01", "status": "filtered", "count": 1}
    (tmp_path / "c.ndjson").write_bytes(ndjson([{**same, "reason": code} for code in [*codes, "no such code"]]))
    ws.load_delivery_counts(tmp_path / "c.ndjson")
    assert ws.rows("SELECT detail FROM finding_completeness WHERE code = 'X29'") == [("no such code",)]


@pytest.mark.realdata
@pytest.mark.parametrize("folder", ["segment-consent-settings", "rudder-sdk-js-sanity"])
def test_real_settings_become_policies_that_load_again(realdata: Path, folder: str, tmp_path: Path) -> None:
    paths = sorted((realdata / folder).glob("*.json"))
    assert len(paths) == {"segment-consent-settings": 6, "rudder-sdk-js-sanity": 3}[folder]
    for path in paths:
        imported, notes = import_policy(path)
        (tmp_path / "p.yml").write_text(as_file(imported, str(path), notes))
        assert ck.Policy.load(tmp_path / "p.yml") == imported
        written = json.loads(path.read_text())
        if folder == "segment-consent-settings":
            said = {
                (category, name)
                for name, each in written["integrations"].items()
                for category in each.get("consentSettings", {}).get("categories", [])
            }
            assert {(row.category_id, row.destination) for row in imported.mapping_rows()} == said
            settings = imported.sources[0].settings
            assert settings is not None
            assert settings.consent_enabled == ("consentSettings" in written)
            assert list(settings.all_categories or ()) == written.get("consentSettings", {}).get("allCategories", [])
        else:
            names = [each["name"] for each in written["source"]["destinations"]]
            assert [each.name for each in imported.destinations] == names


def test_rudderstack_settings_of_every_kind_are_imported(tmp_path: Path) -> None:
    config = {
        "consentManagement": [
            {"provider": "custom", "resolutionStrategy": "or", "consents": [{"consent": "C1"}, {"consent": ""}]},
            {"provider": "oneTrust", "consents": []},
        ],
        "oneTrustCookieCategories": [{"oneTrustCookieCategory": "C2"}],
        "ketchConsentPurposes": [{"purpose": "ads"}],
    }
    kind = {"displayName": "Amplitude"}
    destinations = [{"name": "One", "config": config, "destinationDefinition": kind}, {"name": "Two", "enabled": False}]
    (tmp_path / "s.json").write_text(
        json.dumps({"source": {"name": "web", "writeKey": "k", "destinations": destinations}})
    )
    imported, _ = import_policy(tmp_path / "s.json")
    found = [
        (each.provider, each.category_id, each.legacy, each.strategy, each.source) for each in imported.consent_rows()
    ]
    assert found == [
        ("custom", "C1", False, "or", "web"),
        ("oneTrust", "C2", True, None, None),
        ("ketch", "ads", True, None, None),
    ]
    assert imported.owners()["Amplitude"] == "One"
    assert [each.enabled for each in imported.destinations] == [True, False]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '{"integrations": {"A": {"consentSettings": {"categories": "Ads"}}}}',
            "A: `categories` is no list of category",
        ),
        ('{"integrations": {"A": {"consentSettings": {"categories": [{"id": 1}]}}}}', "A: `categories` is no list"),
        ('{"integrations": {}, "consentSettings": {"allCategories": "Ads"}}', "`allCategories` is no list"),
        ('{"integrations": {}, "consentSettings": []}', "`consentSettings` is no object"),
        ('{"integrations": {\n', "f:2: this begins like JSON and is none; is it whole?"),
        ("[1]", "Segment settings have an object `integrations`, a RudderStack source a list"),
        (f"category,destination\nA,{'x' * 200_000}\n", "this is not CSV: field larger"),
    ],
)
def test_settings_of_another_shape_are_refused_and_never_taken_for_no_consent(
    tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "f").write_text(text)
    with pytest.raises(ck.SourceError, match=told):
        import_policy(tmp_path / "f")


def test_an_id_of_rudderstack_that_is_no_text_is_a_mistake_and_a_name_stays_a_comment(tmp_path: Path) -> None:
    config = {"oneTrustCookieCategories": [{"oneTrustCookieCategory": {"a": 1}}]}
    (tmp_path / "f").write_text(json.dumps({"destinations": [{"name": "One", "config": config}]}))
    with pytest.raises(ck.PolicyError, match=r"consent\[0\].categories\[0\]: found keys and values"):
        import_policy(tmp_path / "f")
    settings = {"integrations": {}, "consentSettings": {"allCategories": ["A\nregime: opt-out"]}}
    (tmp_path / "g").write_text(json.dumps(settings))
    imported, notes = import_policy(tmp_path / "g")
    (tmp_path / "p.yml").write_text(as_file(imported, "g", notes))
    assert ck.Policy.load(tmp_path / "p.yml") == imported


def test_a_spreadsheet_becomes_a_policy(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("Category;Destination\nno;Facebook Pixel\nAds;Facebook Pixel\n;Webhooks\nAds;\n")
    done = RUN.invoke(app, ["policy", "import", str(tmp_path / "m.csv"), "--out", str(tmp_path / "p.yml")])
    assert done.exit_code == 0
    loaded = ck.Policy.load(tmp_path / "p.yml")
    assert {(row.category_id, row.destination) for row in loaded.mapping_rows()} == {
        ("no", "Facebook Pixel"),
        ("Ads", "Facebook Pixel"),
    }
    assert "Webhooks" in loaded.owners()
    again = RUN.invoke(app, ["policy", "import", str(tmp_path / "m.csv"), "--out", str(tmp_path / "p.yml")])
    assert isinstance(again.exception, ck.UsageError)


def test_several_categories_in_a_cell_are_read_as_several_and_told(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(
        'Category,Destination\nAds;Analytics,Facebook Pixel\n"Ads | Maps",Braze\n"Sale, share",Braze\nAds,Mixpanel\n'
    )
    imported, notes = import_policy(tmp_path / "m.csv")
    assert {(row.category_id, row.destination) for row in imported.mapping_rows()} == {
        ("Ads", "Facebook Pixel"),
        ("Analytics", "Facebook Pixel"),
        ("Ads", "Braze"),
        ("Maps", "Braze"),
        ("Sale, share", "Braze"),
        ("Ads", "Mixpanel"),
    }
    assert notes[1:] == [
        "whether 'Ads;Analytics' is one category or several; it was read as several categories, all of them needed",
        "whether 'Ads | Maps' is one category or several; it was read as several categories, all of them needed",
        "whether 'Sale, share' is one category or several; it was read as one category",
    ]
    done = RUN.invoke(app, ["policy", "import", str(tmp_path / "m.csv"), "--out", str(tmp_path / "p.yml")])
    assert "not said there: whether 'Ads;Analytics' is one category or several" in done.stderr.replace("\n", " ")


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"category,destination\n", "no line below the first names a category or a destination"),
        (b"category,destination\n,\n", "no line below the first names a category or a destination"),
        ("category,destination\nAds,Braze\nNötig,Braze\n".encode("latin-1"), "f:3: this is not UTF-8 text; save"),
        (None, "it cannot be read: No such file"),
    ],
)
def test_a_spreadsheet_that_says_nothing_is_refused_with_what_to_do(
    tmp_path: Path, raw: bytes | None, told: str
) -> None:
    if raw is not None:
        (tmp_path / "f").write_bytes(raw)
    with pytest.raises(ck.SourceError, match=told):
        import_policy(tmp_path / "f")


@pytest.mark.parametrize("text", ["[1, 2]", "{}", "a,b\n1,2\n", '{"integrations": []}'])
def test_what_is_no_policy_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "f").write_text(text)
    with pytest.raises(ck.SourceError):
        import_policy(tmp_path / "f")
    with pytest.raises(ck.UsageError, match="'xml' is not a form"):
        import_policy(tmp_path / "f", form="xml")


def test_unknown_names_come_once_with_counts_and_aliases_to_paste(tmp_path: Path) -> None:
    (tmp_path / "p.yml").write_text(
        "{version: 1, platform: segment, categories: [{id: A, destinations: [Braze, Mixpanel]}]}"
    )
    (tmp_path / "e.ndjson").write_bytes(
        ndjson([event({"id": "a", "preferences": {"A": True}, "integrations": {"Appboy": False, "All": True}})])
    )
    log = [
        {"message_id": "a", "destination": name, "status": "delivered"} for name in ("mix-panel", "mix-panel", "Other")
    ]
    log.append({**log[0], "destination": "Mxipanel"})
    (tmp_path / "d.ndjson").write_bytes(ndjson(log))
    catalogue = [{"name": "Braze", "slug": "braze", "previous_names": ["Appboy"]}]
    (tmp_path / "c.json").write_text(json.dumps(catalogue))
    db, at = str(tmp_path / "x.duckdb"), str(tmp_path / "p.yml")
    RUN.invoke(app, ["load", str(tmp_path / "e.ndjson"), "--db", db, "-d", str(tmp_path / "d.ndjson"), "-p", at])
    done = RUN.invoke(app, ["policy", "names", "--db", db, "--catalogue", str(tmp_path / "c.json")])
    assert done.exit_code == 0
    lines = [" ".join(line.split()) for line in done.output.splitlines()]
    assert "2 mix-panel in deliveries: Mixpanel (differs only by case or separators)" in lines
    assert "1 Appboy in integrations objects: Braze (another name of it in the catalogue)" in lines
    assert "1 Mxipanel in deliveries: Mixpanel (spelt almost alike)" in lines
    assert "1 Other in deliveries: nothing alike" in lines
    absent = RUN.invoke(app, ["policy", "names", "--db", db, "--catalogue", str(tmp_path / "none.json")])
    assert "it cannot be read: No such file" in str(absent.exception)
    pasted = done.output.partition("each:\n")[2]
    (tmp_path / "q.yml").write_text(
        "version: 1\nplatform: segment\ncategories: [{id: A, destinations: [Braze, Mixpanel]}]\n" + pasted
    )
    assert ck.Policy.load(tmp_path / "q.yml").owners() == {
        "Appboy": "Braze",
        "Braze": "Braze",
        "mix-panel": "Mixpanel",
        "Mixpanel": "Mixpanel",
        "Mxipanel": "Mixpanel",
    }


def test_the_commands_take_a_warehouse(sample: ck.Workspace, tmp_path: Path) -> None:
    from support import write_tables

    tables = write_tables(tmp_path / "w", {"web.tracks": [{"id": "a"}], "web.notes": [{"id": "b"}]})
    (tables / "web.notes.csv").write_text("a\n1\n")
    arguments = ["--warehouse", str(tables), "-p", str(SAMPLE / "policy.yml")]
    done = RUN.invoke(app, ["audit", *arguments, "--json", "--since", "2026-02-01"])
    assert done.exit_code == 1
    shown = json.loads(done.stdout)
    assert [row["kind"] for row in shown["inputs"]] == ["warehouse"]
    assert {"X20", "X23", "X24"} <= {row["code"] for row in shown["findings"]}
    assert "left out: web.notes: it has no column id" in done.stderr
    kept = RUN.invoke(app, ["load", *arguments, "--db", str(tmp_path / "k.duckdb"), "--tables", "web.tracks"])
    assert kept.exit_code == 0
    for wrong in (
        ["audit", "-p", "x"],
        ["audit", "-p", str(SAMPLE / "policy.yml"), "e.ndjson", "--tables", "web.tracks"],
    ):
        assert RUN.invoke(app, wrong).exit_code != 0
