"""The commands as a person or a CI job uses them: output, messages and exit codes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from consentkit.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "data" / "sample"
CALM = "version: 1\nplatform: segment\ncategories: [{id: Ads, destinations: [Pixel]}]\n"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["consentkit", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            main()
        out = capsys.readouterr()
        return int(stopped.value.code or 0), out.out, out.err

    return call


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yml"
    path.write_text(CALM)
    return path


def event(tmp_path: Path, granted: bool) -> Path:
    path = tmp_path / "events.ndjson"
    consent = {"consent": {"categoryPreferences": {"Ads": granted}}}
    path.write_text(json.dumps({"messageId": "m1", "type": "track", "anonymousId": "a", "context": consent}) + "\n")
    return path


def log(tmp_path: Path, text: str = "message_id,destination,status\nm1,Pixel,delivered\n") -> Path:
    path = tmp_path / "log.csv"
    path.write_text(text)
    return path


def test_audit_of_the_sample_finds_the_planted_faults(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = [SAMPLE / "events", "--policy", SAMPLE / "policy.yml", "--deliveries", SAMPLE / "deliveries"]
    code, printed, _ = run("audit", *words, "--out", out)
    assert code == 1
    assert "Delivered although consent was refused: 64 deliveries of 64 events of 12 people" in printed
    shown = re.search(r"```text\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None, "the README shows what this audit prints"
    words_of = " ".join(printed.split())  # whatever the width of the terminal
    assert [line for line in shown[1].splitlines() if line != "..." and " ".join(line.split()) not in words_of] == []
    found = json.loads((out / "findings.json").read_text())
    assert found["schema_version"] == 1
    assert {
        (row["code"], row["destination"], row["deliveries"]) for row in found["findings"] if row["code"] == "V5"
    } == {
        ("V5", "Braze", 57),
        ("V5", "Facebook Pixel", 7),
    }
    assert (out / "findings.csv").read_text().count("\n") == len(found["findings"]) + 1


def test_the_sql_of_a_finding_lists_as_many_rows_as_it_counts(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    import consentkit as ck

    db = tmp_path / "audit.duckdb"
    assert run("load", SAMPLE / "events", "--deliveries", SAMPLE / "deliveries", "--db", db)[0] == 0
    _, printed, _ = run("report", "--db", db, "--policy", SAMPLE / "policy.yml", "--json")
    findings = json.loads(printed)["findings"]
    with ck.open(db) as workspace:
        for finding in findings:
            if finding["sql"].startswith("SELECT * FROM finding_row"):
                rows = workspace.sql(finding["sql"])
                assert len(rows) == (finding["deliveries"] or finding["events"]), finding["id"]
                assert rows["event_id"].nunique() == finding["events"], finding["id"]


@pytest.mark.parametrize(("granted", "code"), [(True, 0), (False, 1)])
def test_exit_code_says_whether_something_was_found(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, policy: Path, granted: bool, code: int
) -> None:
    assert run("audit", event(tmp_path, granted), "-p", policy, "-d", log(tmp_path))[0] == code


def test_without_a_delivery_log_the_summary_says_what_was_not_checked(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, policy: Path
) -> None:
    code, printed, _ = run("audit", event(tmp_path, False), "-p", policy)
    assert code == 0
    assert "No delivery log was given" in printed


def test_deliveries_of_other_events_are_no_clean_bill(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, policy: Path
) -> None:
    strange = log(tmp_path, "message_id,destination,status\nother,Pixel,delivered\n")
    code, printed, _ = run("audit", event(tmp_path, True), "-p", policy, "-d", strange)
    assert code == 2
    assert "Could not check" in " ".join(printed.split())


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda at: ["audit", at / "none.ndjson", "-p", at / "policy.yml"], "no such file"),
        (lambda at: ["audit", event(at, True), "-p", at / "none.yml"], "none.yml"),
        (
            lambda at: ["audit", event(at, True), "-p", at / "policy.yml", "-d", log(at, "a,b\n1,2\n")],
            "no column gives",
        ),
        (lambda at: ["audit", event(at, True), "-p", at / "policy.yml", "--map", "x"], "left=right"),
        (
            lambda at: ["audit", event(at, True), "-p", at / "policy.yml", "-d", log(at), "--map", "x=y"],
            "'y' is not a column",
        ),
        (lambda at: ["audit", event(at, True), "-p", at / "policy.yml", "--db", at / "policy.yml"], "cannot be opened"),
        (lambda at: ["load", event(at, True), "--db", ":memory:", "--source", "caf\udce9"], "not UTF-8"),
        (lambda at: ["load", event(at, True), "--db", ":memory:", "-d", log(at), "--set", "mode=\udce9"], "not UTF-8"),
        (lambda at: ["audit", event(at, True)], "--policy"),
        (lambda at: ["report", "--db", at / "none.duckdb"], "no such database"),
        (lambda at: ["decide", log(at), "-p", at / "policy.yml"], "no event could be read"),
        (lambda at: ["decide", event(at, True), "-p", at / "policy.yml", "--at", "moon"], "not an enforcement point"),
        (lambda at: ["explain", "m2", event(at, True), "-p", at / "policy.yml"], "no event with this message id"),
        (lambda at: ["conformance", at], "conformance cases"),
        (lambda at: ["sample", at / "s", "--events", "10"], "at least 2000"),
    ],
)
def test_a_mistake_ends_in_a_sentence_and_exit_code_2(
    run: Callable[..., tuple[int, str, str]],
    tmp_path: Path,
    policy: Path,
    make: Callable[[Path], list[object]],
    told: str,
) -> None:
    code, _, err = run(*make(tmp_path))
    assert code == 2
    assert told in " ".join(err.replace("│", " ").split())
    assert "Traceback" not in err


def test_a_line_that_is_no_header_is_not_repeated_in_the_message(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, policy: Path
) -> None:
    _, _, err = run("audit", event(tmp_path, True), "-p", policy, "-d", log(tmp_path, "jane@example.com,1\n"))
    assert "jane" not in err


def test_decide_writes_every_format(run: Callable[..., tuple[int, str, str]], tmp_path: Path, policy: Path) -> None:
    words = ["decide", event(tmp_path, False), "-p", policy, "--format"]
    code, printed, _ = run(*words, "ndjson")
    row = json.loads(printed)
    assert (code, row["outcome"], row["required"], row["refused"]) == (0, "block", ["Ads"], ["Ads"])
    assert run(*words, "csv")[1].splitlines()[1].split(",")[3:5] == ['"Pixel"', '"block"']
    assert "block" in run(*words, "table")[1]


def test_decide_without_a_destination_is_no_verdict_and_csv_keeps_its_header(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, policy: Path
) -> None:
    words = ["decide", event(tmp_path, False), "-p", policy, "--format"]
    head = run(*words, "csv")[1].splitlines()[0]
    policy.write_text("version: 1\nplatform: segment\ncategories: [{id: Ads}]\n")
    for form, printed in (("csv", head + "\n"), ("ndjson", "")):
        code, out, err = run(*words, form)
        assert (code, out) == (2, printed)
        assert "no verdict: the policy names no destination" in err
    assert run(*words, "table")[0] == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "name event files, or a loaded database with --db"),
        (("--db", "no.duckdb"), "no.duckdb: no such database"),
        (("--db", "there.duckdb"), "no policy is applied to this database"),
        (
            ("--db", "there.duckdb", "-d", "log.csv"),
            "--deliveries, --source, --as, --map and --set go with event files",
        ),
    ],
)
def test_explain_says_what_it_lacks_and_makes_no_database(
    run: Callable[..., tuple[int, str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("load", event(tmp_path, False), "--db", "there.duckdb")[0] == 0
    code, printed, err = run("explain", "m1", *words)
    assert (code, printed) == (2, "")
    assert told in err
    assert not (tmp_path / "no.duckdb").exists()


def test_withdrawals_of_nobody_who_chose_could_not_be_tested(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, policy: Path
) -> None:
    words = ("withdrawals", event(tmp_path, False), "-p", policy, "-d", log(tmp_path))
    code, printed, _ = run(*words)
    assert (code, "so there is no refusal to test" in printed) == (2, True)
    assert run(*words, "--json")[0] == 2


def test_explain_names_rule_and_categories(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, policy: Path
) -> None:
    code, printed, _ = run("explain", "m1", event(tmp_path, False), "-p", policy, "-d", log(tmp_path))
    assert code == 0
    assert "Pixel: do not deliver" in printed
    assert "needs Ads; refused Ads" in printed
    assert "delivered" in printed


def test_what_arrived_under_another_policy_is_a_possible_refusal_and_explained(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    """Its own time lies before the change, so that neither version alone can be held against it for certain."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "1.yml").write_text(CALM.replace("Ads", "Mail"))
    (rules / "2.yml").write_text(CALM + "effective_from: 2026-03-10\n")
    consent = {"consent": {"categoryPreferences": {"Mail": True, "Ads": False}}}
    late = {"messageId": "m1", "type": "track", "anonymousId": "a", "context": consent}
    late |= {"timestamp": "2026-03-05T00:00:00Z", "receivedAt": "2026-03-12T00:00:01Z"}
    (tmp_path / "events.ndjson").write_text(json.dumps(late) + "\n")
    db = tmp_path / "a.duckdb"
    words = (tmp_path / "events.ndjson", "-p", rules, "-d", log(tmp_path), "--db", db, "--json")
    found = json.loads(run("audit", *words)[1])["findings"]
    assert [(row["certainty"], row["deliveries"]) for row in found if row["code"] == "V5"] == [("possible", 1)]
    _, printed, _ = run("explain", "m1", "--db", db)
    assert "Pixel: deliver" in printed
    assert "arrival do not deliver, by the policy in force when the event arrived" in " ".join(printed.split())


def test_policy_check_and_schema(run: Callable[..., tuple[int, str, str]], tmp_path: Path, policy: Path) -> None:
    assert run("policy", "check", policy)[0] == 0
    policy.write_text(CALM.replace("platform: segment", "platform: segmnt\nregime: optin"))
    code, _, err = run("policy", "check", policy)
    assert (code, "2 mistakes" in err, "policy.yml:2" in err, "policy.yml:3" in err) == (2, True, True, True)
    assert "properties" in json.loads(run("policy", "schema")[1])


def test_a_log_of_which_no_line_can_be_read_is_not_checked_until_its_columns_are_named(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, policy: Path
) -> None:
    db = tmp_path / "a.duckdb"
    wrong = log(tmp_path, "event,dest,status\nm1,Pixel,delivered\nm2,Pixel,delivered\n")
    words = ("load", event(tmp_path, False), "-d", wrong, "--policy", policy, "--db", db)
    for _ in range(2):  # also when it is named again
        code, _, err = run(*words, "--map", "dest=message_id", "--set", "destination= ")
        assert code == 2
        assert "log.csv: not one of its 2 lines could be loaded: the delivery record names no destination" in err
        assert "--map theirs=ours" in err
    code, _, err = run("report", "--db", db)
    assert (code, "Traceback" in err) == (2, False)
    code, _, err = run(*words, "--map", "event=message_id", "--map", "dest=destination")
    assert (code, "could be loaded" in err) == (0, False)
    code, out, _ = run("report", "--db", db)
    assert (code, "Delivered although consent was refused: 1 delivery" in out) == (1, True)


def test_a_file_of_blank_lines_is_empty_and_no_failure(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, policy: Path
) -> None:
    (tmp_path / "blank.ndjson").write_text("\n\n")
    (tmp_path / "prose.ndjson").write_text("not an event\nnor this\n")
    kept = ("load", event(tmp_path, True), "--db")
    assert run(*kept, tmp_path / "a.duckdb", tmp_path / "blank.ndjson")[0] == 0
    code, _, err = run(*kept, tmp_path / "b.duckdb", tmp_path / "prose.ndjson")
    assert (code, "prose.ndjson: not one of its 2 lines could be loaded: the line is not JSON" in err) == (2, True)


def test_a_load_without_an_event_says_why_and_what_to_do(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    (tmp_path / "array.json").write_text('[{"messageId": "m1"}, {"messageId": "m2"}]')
    code, _, err = run("load", tmp_path / "array.json", "--db", ":memory:")
    assert (code, "JSON but not an object" in err, "jq -c '.[]'" in err) == (2, True, True)


def test_a_file_that_could_not_be_read_fails_the_load_it_was_named_to_and_no_later_one(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    db, bad = tmp_path / "a.duckdb", tmp_path / "bad.ndjson"
    bad.write_text("not an event\n")
    assert run("load", event(tmp_path, True), "--db", db)[0] == 0
    for _ in range(2):  # also when it is named again
        code, _, err = run("load", bad, "--db", db)
        assert (code, "bad.ndjson: not one of its 1 line could be loaded" in err) == (2, True)
    code, _, err = run("load", event(tmp_path, True), "-d", log(tmp_path), "--db", db)
    assert (code, "bad.ndjson" in err) == (0, False)


def test_a_log_is_added_to_a_loaded_database_without_its_events(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, policy: Path
) -> None:
    db, late = tmp_path / "a.duckdb", log(tmp_path)
    code, _, err = run("load", "-d", late, "--db", db)
    assert (code, "no events were named" in err, db.exists()) == (2, True, False)
    assert run("load", event(tmp_path, False), "--db", db)[0] == 0
    code, _, err = run("audit", "-p", policy, "--db", db)
    assert (code, "no events were named" in err) == (2, True)
    code, _, err = run("report", "--db", db)
    assert (code, "policy" in err) == (2, True), "a command that was refused leaves no policy"
    assert run("load", "-d", late, "--db", db)[0] == 0
    code, out, _ = run("audit", "-d", late, "-p", policy, "--db", db)
    assert (code, "Delivered although consent was refused: 1 delivery" in out) == (1, True)


def test_what_a_page_had_loaded_is_explained_and_its_unknown_names_are_listed(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    rules, db = tmp_path / "p.yml", tmp_path / "a.duckdb"
    rules.write_text(CALM + "sources: [{name: web, enforcement: analytics.js, consent_model: opt-in}]\n")
    line = json.loads(event(tmp_path, False).read_text())
    line["_metadata"] = {"bundled": ["Segment.io", "Pixel", "Stranger"], "unbundled": ["Cloudy"]}
    (tmp_path / "events.ndjson").write_text(json.dumps(line) + "\n")
    code, printed, _ = run(
        "audit", tmp_path / "events.ndjson", "--policy", rules, "--db", db, "--out", tmp_path / "out"
    )
    assert code == 1
    assert "Page had loaded a destination although consent was refused: 1 event of 1 person" in printed
    assert "1 file, 1 line = 1 loaded" in printed
    assert "Consent was not kept on the page: 1 event of 1 person" in (tmp_path / "out" / "report.html").read_text()
    code, printed, _ = run("explain", "m1", "--db", db)
    assert (code, printed.count("the page had loaded it")) == (0, 1)
    code, printed, _ = run("policy", "names", "--db", db)
    assert (code, "Stranger  in lists of what a page had loaded" in printed, "Cloudy" in printed) == (0, True, False)


RUDDER = """
version: 1
platform: rudderstack
sources: [{name: web, enforcement: rudder-server}, {name: app, write_keys: [nobody]}]
destinations:
  - name: Pixel
    consent:
      - {provider: oneTrust, categories: [C0002, C0009]}
      - {provider: custom, categories: [C0001], source: web}
      - {provider: oneTrust, categories: [C0003], source: app}
"""


@pytest.mark.realdata
def test_policy_check_looks_for_the_ids_rudderstack_is_configured_for(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, realdata: Path
) -> None:
    db, rules = tmp_path / "a.duckdb", tmp_path / "p.yml"
    rules.write_text(RUDDER)
    assert run("load", realdata / "rudder-sdk-js-sanity" / "events.ndjson", "--source", "web", "--db", db)[0] == 0
    code, out, err = run("policy", "check", rules, "--db", db, "--strict")
    assert (code, "2 not checked" in out) == (1, True)
    assert "no event names consent id 'C0009' of provider 'oneTrust', among 1 different" in err
    assert "no event of source 'web' names consent id 'C0001' of provider 'custom', among 1 different" in err
    assert "'C0002'" not in err
    assert "'C0003'" not in err
    assert "not checked: whether events name the consent ids of its settings" in err


def test_policy_check_tells_what_data_does_not_show_from_what_nobody_looked_for(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, policy: Path
) -> None:
    db, wider = tmp_path / "a.duckdb", tmp_path / "wider.yml"
    wider.write_text(CALM.replace("}]", "}, {id: Unheard, destinations: [Silent]}]"))
    assert run("policy", "check", wider, "--db", db)[0] == 2
    assert run("load", event(tmp_path, False), "--db", db)[0] == 0
    code, out, err = run("policy", "check", wider, "--db", db, "--strict")
    assert (code, "not checked: whether its destinations" in err, "1 not checked" in out) == (1, True, True)
    assert "no event names category 'Unheard', among 1 different" in err
    assert run("load", event(tmp_path, False), "-d", log(tmp_path), "--policy", policy, "--db", db)[0] == 0
    code, out, err = run("policy", "check", wider, "--db", db)
    assert (code, "not checked" in out + err) == (0, False)
    assert "no delivery is of destination 'Silent', among 1 records" in err
    import consentkit as ck

    with ck.open(db) as kept:
        assert kept.rows("SELECT category_id FROM category") == [("Ads",)]
        assert kept.rows("SELECT count(*) FROM event") == [(1,)]


def test_loading_again_through_the_command_changes_nothing(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, policy: Path
) -> None:
    words = [
        "audit",
        event(tmp_path, False),
        "-p",
        policy,
        "-d",
        log(tmp_path),
        "--db",
        tmp_path / "a.duckdb",
        "--json",
    ]
    assert run(*words)[:2] == run(*words)[:2]


def test_the_version_is_told(run: Callable[..., tuple[int, str, str]]) -> None:
    import consentkit as ck

    assert run("--version") == (0, f"consentkit {ck.__version__}\n", "")


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ((), "--version Print the version"),
        (("load",), "The DuckDB file to load into"),
        (("report",), "A loaded database. [required]"),
        (("chart",), "--memory <str>"),
        (("simulate",), "--memory <str>"),
        (("explain",), "--memory <str>"),
        (("policy", "check"), "--strict Warnings also"),
    ],
)
def test_the_help_says_what_an_option_takes(
    run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], told: str
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    code, out, _ = run(*command, "--help")
    said = " ".join(out.replace("│", " ").split())
    assert code == 0
    assert told in said
    assert "--help Show this message and exit." in said, "a flag takes no value"


def test_help_costs_little_and_imports_no_heavy_package() -> None:
    code = "import sys; sys.argv = ['consentkit', '--help']\nfrom consentkit.cli import main\n"
    code += "try: main()\nexcept SystemExit: pass\n"
    code += "print({'pandas', 'pyarrow', 'duckdb', 'pydantic', 'great_expectations', 'altair'} & set(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip().endswith("set()")


@pytest.mark.parametrize(
    ("at", "named"),
    [("consent", "context.consent"), ("integrations", "the names in the integrations object"), ("", "")],
)
def test_events_that_all_differ_for_the_rules_are_said_to_take_long(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, at: str, named: str
) -> None:
    lines = []
    for number in range(20_001):
        consent = {"categoryPreferences": {"Ads": True}, "at": number if at == "consent" else 0}
        names = {f"tool {number if at == 'integrations' else 0}": False}
        said = {"type": "track", "messageId": f"m{number}", "context": {"consent": consent}, "integrations": names}
        lines.append(json.dumps(said) + "\n")
    (tmp_path / "events.ndjson").write_text("".join(lines))
    code, _, err = run("load", tmp_path / "events.ndjson", "--db", tmp_path / "x.duckdb")
    warned = f"20,001 routing situations among 20,001 events, by {named}"
    assert (code, warned in err) == (0, bool(at))
    assert ("routing situations" in err) == bool(at)
