"""The report and the evidence pack: one file that loads nothing, names no one and cannot be broken by a name."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import unicodedata
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from report_support import SCRIPT, load_hostile
from support import event, ndjson, policy
from test_cli import run as run

import consentkit as ck
from consentkit.charts import CHARTS
from consentkit.pseudonyms import Pseudonyms
from consentkit.verifying import verify_pack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEY = b"a key for the tests only"
VOID = {"meta", "link", "br", "img", "hr", "input"}


@pytest.fixture(scope="module")
def sample(sample_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ck.Workspace]:
    """A sample of its own, which these tests report on."""
    with ck.open(shutil.copy(sample_file, tmp_path_factory.mktemp("own") / "own.duckdb")) as ws:
        yield ws


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ck.Workspace]:
    with ck.open() as ws:
        load_hostile(ws, tmp_path_factory.mktemp("hostile"))
        yield ws


@pytest.fixture(scope="module")
def pack(sample: ck.Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("packs") / "pack"
    sample.pack(path, key=KEY)
    return path


@pytest.fixture(scope="module")
def report(pack: Path) -> str:
    return (pack / "report.html").read_text(encoding="utf-8")


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the charts undrawn where a test does not look at them: drawing is most of the time."""
    monkeypatch.setattr("consentkit.report._charts", lambda seen: [])
    monkeypatch.setattr("consentkit.charts.export.svg", lambda chart, prefix="": "<svg></svg>")
    monkeypatch.setattr("consentkit.charts.export.png", lambda chart: b"")


class Page(HTMLParser):
    """Checks nesting and collects ids, links, tags and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.handlers: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value for key, value in attrs if key == "id" and value]
        self.links += [
            value for key, value in attrs if key in ("href", "src", "xlink:href", "action", "data") and value
        ]
        self.handlers += [key for key, _ in attrs if key.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_report_says_what_was_found(report: str) -> None:
    assert (
        "<h1>Consent was not kept: 64 deliveries to Braze and Facebook Pixel although it was refused, "
        "of 12 people, 1 to 30 March 2026.</h1>" in report
    )
    for told in (
        "57 of 2,994 deliveries",
        "All 349 come from ios 5.2.1, first seen 12 March 2026: 349 of 349 events there, 0 of 909 elsewhere.",
        "1,749 of 24,177 deliveries of events that say nothing of the consent their destination needs",
        "What data like this cannot show",
        "What to do first",
        "57 events, 5 of 267 people",
        "needs <bdi>Functional</bdi>",
        "First bad day 12 March 2026; first bad version ios 5.2.1, 2 versions before it had none",
        "By day: on 4 days of 30, most on 16 March: 28",
        "SELECT * FROM finding_row WHERE code = &#39;V5&#39;",
        "Facebook Pixel",
        "TikTok Conversions",
        "destinations:",
        "Glossary",
    ):
        assert told in report, told
    assert report.index("Delivered although consent was refused") < report.index(
        "Blocked for consent although it was granted"
    )


def test_the_report_is_one_sound_small_page_that_loads_nothing(report: str) -> None:
    page = Page(report)
    assert len(report.encode()) < 2_000_000
    assert len(page.ids) == len(set(page.ids))
    assert [link for link in page.links if not link.startswith(("#", "data:,"))] == []
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert page.handlers == []
    assert page.tags.count("script") == 1
    assert not re.findall(r"url\((?!#)", report)
    assert "@import" not in report
    assert not re.findall(r"https?://(?!www\.w3\.org/)", report)
    assert "default-src 'none'" in report


def test_the_basics_for_keyboard_and_screen_reader(report: str) -> None:
    assert '<html lang="en">' in report
    assert 'class="skip" href="#findings"' in report
    assert report.count("<h1>") == 1
    pictures = re.findall(r"<svg\b[^>]*>", report)
    assert sum(picture.startswith('<svg role="img"') for picture in pictures) == 2 * len(CHARTS)
    assert all('role="img" aria-label="' in picture for picture in pictures)
    assert report.count("<title>") == 1 + len(pictures)
    assert 'aria-live="polite"' in report
    assert not re.findall(r'<div class="scroll"(?! tabindex="0" role="region" aria-label=")', report)


def test_no_id_of_the_data_is_in_the_report_or_pack(sample: ck.Workspace, report: str, pack: Path) -> None:
    ids = {
        value for row in sample.rows("SELECT message_id, user_id, anonymous_id FROM event") for value in row if value
    }
    words = set(re.findall(r"[\w.@-]+", report))
    for path in pack.rglob("*"):
        if path.suffix in (".csv", ".json", ".html", ".txt", ".yml"):
            words |= set(re.findall(r"[\w.@-]+", path.read_text(encoding="utf-8")))
    assert words & ids == set()
    assert "user-" in report


def test_pseudonyms_need_the_key(sample: ck.Workspace, tmp_path: Path, report: str) -> None:
    one, same, other = Pseudonyms(KEY), Pseudonyms(KEY), Pseudonyms()
    assert one.person("u", "a") == same.person("u", None) != other.person("u", "a")
    assert one.person(None, "u") != one.person("u", None)
    assert one.person(None, None) == ""
    again = sample.report(tmp_path, key=KEY).read_text(encoding="utf-8")
    assert again == report


@pytest.mark.usefixtures("undrawn")
def test_raw_ids_only_when_asked(sample: ck.Workspace, tmp_path: Path) -> None:
    text = sample.report(tmp_path, raw_ids=True).read_text(encoding="utf-8")
    message = sample.rows("SELECT message_id FROM finding_row WHERE code = 'V8' ORDER BY event_at, event_id LIMIT 1")[
        0
    ][0]
    assert message in text
    assert "treat it as personal data" in text


def test_hostile_names_are_harmless_in_the_report(hostile: ck.Workspace, tmp_path: Path) -> None:
    text = hostile.report(tmp_path, key=KEY).read_text(encoding="utf-8")
    page = Page(text)
    assert page.tags.count("script") == 1
    assert "img" not in page.tags
    assert page.handlers == []
    assert len(text.encode()) < 2_000_000
    assert "49 {% raw %}" not in text
    shown = re.sub(r"<pre.*?</pre>", "", text, flags=re.DOTALL)
    for letter in ("\u202e", "\u200b", "\ufeff"):
        assert letter not in shown
    assert "long" * 100 not in shown
    statements = "".join(re.findall("<code>(SELECT.*?)</code>", text, flags=re.DOTALL))
    assert "|| chr(" in statements
    assert not [each for each in statements if unicodedata.category(each)[0] == "C"]


def test_the_statement_of_a_finding_lists_its_rows_whatever_the_name(hostile: ck.Workspace) -> None:
    found = [row for row in hostile.summary().findings if row["code"] == "V20"]
    assert len(found) > 10
    assert [len(hostile.rows(row["sql"])) for row in found] == [row["deliveries"] for row in found]


@pytest.mark.usefixtures("undrawn")
def test_no_cell_of_any_csv_is_a_formula(hostile: ck.Workspace, tmp_path: Path) -> None:
    hostile.pack(tmp_path / "pack", key=KEY)
    seen = 0
    for path in (tmp_path / "pack").rglob("*.csv"):
        for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8"))):
            for cell in row:
                seen += 1
                for begun in re.split("[;\t\r\n]", cell):  # a spreadsheet may be set to begin a cell there
                    kept = "".join(each for each in begun if unicodedata.category(each)[0] not in "CZ")
                    plain = unicodedata.normalize("NFKC", kept)
                    assert not plain.startswith(("=", "+", "-", "@")) or _is_number(plain), (path.name, cell[:40])
    assert seen > 500


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdigit()


def test_a_sample_says_where_it_stands_though_files_are_named_alike(pack: Path) -> None:
    with (pack / "samples.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["code"] == "V1"]
    with (pack / "inputs.csv").open(encoding="utf-8", newline="") as file:
        paths = {row["path"] for row in csv.DictReader(file)}
    assert rows
    assert {row["file"] for row in rows} <= paths
    assert all(re.fullmatch(r"2026-03-\d\dT[\d:.]+Z", row["at"]) for row in rows), "a time says its zone"
    told = (pack / "report.html").read_text(encoding="utf-8")
    assert f"ios/{Path(rows[0]['file']).name} line {rows[0]['line']}<" in told


@pytest.mark.usefixtures("undrawn")
def test_an_empty_workspace_has_a_report_too(ws: ck.Workspace, tmp_path: Path) -> None:
    ws.apply(ck.Policy.parse({"version": 1, "platform": "segment", "categories": []}))
    text = ws.report(tmp_path).read_text(encoding="utf-8")
    Page(text)
    assert "Nothing could be checked: no event could be read." in text
    assert "0 of 0" not in text.split("<main>")[1].split("Not checked")[1]


def test_one_event_and_one_delivery_are_said_as_one(ws: ck.Workspace, tmp_path: Path) -> None:
    ws.apply(policy({"categories": [{"id": "Ads", "destinations": ["X"]}]}, folder=tmp_path))
    said = {"id": "m1", "at": "2026-03-01T10:00:00Z", "preferences": {"Ads": False}}
    (tmp_path / "e.ndjson").write_bytes(ndjson([event(said)]))
    ws.load_events(tmp_path / "e.ndjson")
    (tmp_path / "d.ndjson").write_text('{"message_id": "m1", "destination": "X", "status": "delivered"}\n')
    ws.load_deliveries(tmp_path / "d.ndjson")
    page = ws.report(tmp_path / "out").read_text()
    assert "What became of 1 delivery</h2>" in page
    assert "Consent audit of the events of 1 March 2026</p>" in page
    assert "Not checked, or not fully" not in page
    assert "<div>\n</div>" not in page
    assert re.findall(r"\b1 (?:of 1 )?(?:deliveries|events|people|records|lines|delivery records)\b", page) == []


@pytest.mark.usefixtures("undrawn")
def test_what_is_left_out_of_a_long_list_is_told_and_one_is_not_many(ws: ck.Workspace, tmp_path: Path) -> None:
    (tmp_path / "e.ndjson").write_bytes(ndjson([event({"id": "m"})]) + b"[1]\n")
    ws.load_events(tmp_path / "e.ndjson")
    ws.apply(policy({"categories": [{"id": "A", "destinations": [f"D{n}" for n in range(203)]}]}))
    page = ws.report(tmp_path / "out").read_text(encoding="utf-8")
    assert "3 more are in the policy itself" in page
    assert "1 file with rejected lines" in page
    assert "<li>1 line: " in page
    assert re.findall(r"[ >]1 (?:files|lines|more kinds)\b", page) == []


@pytest.mark.slow
def test_the_same_data_and_key_give_the_same_pack(sample: ck.Workspace, pack: Path, tmp_path: Path) -> None:
    seals = {sample.pack(tmp_path / name, key=KEY) for name in ("again", "again.zip")}
    assert seals == {verify_pack(pack)[1]}
    first = (tmp_path / "again.zip").read_bytes()
    sample.pack(tmp_path / "third.zip", key=KEY)
    assert (tmp_path / "third.zip").read_bytes() == first


def test_the_pack_holds_what_it_should(pack: Path) -> None:
    names = {path.relative_to(pack).as_posix() for path in pack.rglob("*") if path.is_file()}
    assert {"report.html", "summary.json", "findings.csv", "inputs.csv", "completeness.csv", "recipients.csv"} <= names
    assert {"remediation.csv", "first_bad.csv", "causes.csv", "days.csv", "samples.csv"} <= names
    assert {"policy/version-1.yml", "sql/80_finding.sql", "sql/findings.sql", "charts/decision_flow.svg"} <= names
    assert (
        ck.Policy.load(pack / "policy/version-1.yml").digest
        == ck.Policy.load(Path(__file__).parent.parent / "data/sample/policy.yml").digest
    )
    told = (pack / "README.txt").read_text()
    assert "It cannot show" in told
    assert "15,402 of 24,177 deliveries" in told
    assert "of 4,001 events of 1 to 30 March 2026 and 32,234 delivery records." in told
    assert "certutil -hashfile" in told, "who has no consentkit can check it too"
    assert re.search("compare its own SHA-256 with the number that was\\s+printed", told)
    manifest = json.loads((pack / "MANIFEST.json").read_text())
    assert set(manifest["files"]) == names - {"MANIFEST.json"}
    assert {"consentkit", "duckdb", "python"} <= set(manifest["versions"])


def test_verify_names_what_was_altered(pack: Path, tmp_path: Path) -> None:
    changed = tmp_path / "pack"
    shutil.copytree(pack, changed)
    assert verify_pack(changed)[0] == []
    with (changed / "findings.csv").open("a") as file:
        file.write("x")
    (changed / "days.csv").unlink()
    (changed / "sql/new.sql").write_text("SELECT 1")
    (changed / "inputs.csv").unlink()
    (changed / "inputs.csv").symlink_to(pack / "inputs.csv")
    assert sorted(verify_pack(changed)[0]) == [
        "days.csv: missing",
        "findings.csv: altered",
        "inputs.csv: altered",
        "sql/new.sql: added",
    ]


def test_verify_reads_a_zip_and_nothing_outside_of_it(tmp_path: Path) -> None:
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(
            "MANIFEST.json", json.dumps({"files": {"../../etc/passwd": {"sha256": "0"}, "a": {"sha256": "0"}}})
        )
        made.writestr("a", "b")
    assert verify_pack(path)[0] == ["../../etc/passwd: missing", "a: altered"]


@pytest.mark.parametrize(("locked", "method", "why"), [(True, 8, "password"), (False, 97, "packed in a way")])
def test_a_zip_that_cannot_be_read_says_to_unpack_it(tmp_path: Path, locked: bool, method: int, why: str) -> None:
    path = tmp_path / "pack.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("MANIFEST.json", '{"files": {}}')
    held = bytearray(path.read_bytes())
    for start, at in ((held.find(b"PK\x03\x04"), 6), (held.find(b"PK\x01\x02"), 8)):
        held[start + at] |= locked
        held[start + at + 2] = method
    path.write_bytes(held)
    with pytest.raises(ck.UsageError, match=rf"{why}.*: unpack it, and name the folder"):
        verify_pack(path)


def test_a_pack_in_a_folder_of_a_zip_is_pointed_at(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "sent.zip", "w") as made:
        made.writestr("pack/MANIFEST.json", '{"files": {}}')
    with pytest.raises(ck.UsageError, match=r"but pack/MANIFEST.json: name the folder that one is in"):
        verify_pack(tmp_path / "sent.zip")


def test_what_verify_prints_is_not_what_an_altered_pack_wants(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as made:
        made.writestr("MANIFEST.json", '{"files": {}}')
        made.writestr("\x1b[2J\revery file is fine", "")
    code, printed, _ = run("verify", tmp_path / "evil.zip")
    assert code == 1
    assert not set("\x1b\r") & set(printed)
    assert "1 difference\n" in printed


@pytest.mark.parametrize("held", ["", "{}", "[]", '{"files": 1}'])
def test_what_is_no_pack_is_said_to_be_none(tmp_path: Path, held: str) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack/MANIFEST.json").write_text(held)
    with pytest.raises(ck.UsageError):
        verify_pack(tmp_path / "pack")
    with pytest.raises(ck.UsageError, match="no evidence pack"):
        verify_pack(tmp_path / "none")


def test_a_pack_is_never_written_over(sample: ck.Workspace, pack: Path) -> None:
    with pytest.raises(ck.UsageError, match="is already there"):
        sample.pack(pack)


def test_the_database_holds_no_memory_while_charts_are_drawn(
    sample_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = "SELECT CAST(sum(m.memory_usage_bytes) AS BIGINT) FROM duckdb_memory() AS m"
    limit = "SELECT current_setting('memory_limit')"
    drawing: list[int] = []
    monkeypatch.setattr("consentkit.engine._LEAST", "1MiB")  # the sample is smaller than what is otherwise left
    with ck.open(sample_copy, memory="512MB") as ws:
        allowed = ws.rows(limit)

        def draw(chart: object, prefix: str) -> str:
            assert chart
            drawing.extend(ws.rows(held)[0])
            return f"<svg id='{prefix}'></svg>"

        monkeypatch.setattr("consentkit.charts.export.svg", draw)
        ws.report(tmp_path / "out")
        assert ws.rows(limit) == allowed
        ws.rows("SELECT max(hash(e)), (SELECT max(hash(d)) FROM delivery AS d) FROM event AS e")
        assert len(drawing) == 2 * len(CHARTS)
        assert max(drawing) <= 1 << 20 < ws.rows(held)[0][0]


def test_a_summary_shows_itself(sample: ck.Workspace, hostile: ck.Workspace) -> None:
    summary = sample.summary()
    assert "Delivered although consent was refused: 64 deliveries" in repr(summary)
    Page(summary._repr_html_())
    assert "57 of 2,994" in summary._repr_html_()
    assert SCRIPT not in hostile.summary()._repr_html_()
    assert "ios 5.2.1" in sample.causes()._repr_html_()


def test_the_commands_say_what_is_wrong(run: Callable[..., tuple[int, str, str]], tmp_path: Path, pack: Path) -> None:
    assert run("chart", "list")[1].splitlines()[0] == "violations_over_time"
    assert run("chart", "pie", "--db", "none", "--out", tmp_path / "x.svg")[0] == 2
    assert run("chart", "consent_rate", "--db", tmp_path / "none", "--out", tmp_path / "x.svg")[0] == 2
    assert run("lab", tmp_path / "none")[0] == 2
    assert run("verify", pack)[0] == 0
    assert run("verify", tmp_path)[0] == 2


@pytest.mark.slow
@pytest.mark.usefixtures("undrawn")
def test_the_commands(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(__file__).parent.parent / "data/sample"
    db, out = tmp_path / "audit.duckdb", tmp_path / "chart.csv"
    words = [root / "events", "-d", root / "deliveries", "-p", root / "policy.yml", "--db", db]
    (tmp_path / "key").write_bytes(KEY)
    assert run("audit", *words, "--out", tmp_path / "out", "--key-file", tmp_path / "key")[0] == 1  # makes the database
    assert (tmp_path / "out/report.html").is_file()
    assert run("chart", "refused_heatmap", "--db", db, "--out", out)[0] == 0
    assert out.read_text().startswith("destination,category,refused,delivered,people\nBraze,Functional,1041,57,5\n")
    assert run("chart", "list")[1].splitlines()[0] == "violations_over_time"
    assert run("chart", "pie", "--db", db, "--out", out)[0] == 2
    assert run("chart", "consent_rate", "--db", tmp_path / "none", "--out", out)[0] == 2
    monkeypatch.setattr("consentkit.pack._draw", lambda seen, folder: None)
    code, _, told = run("report", "--db", db, "--pack", tmp_path / "pack.zip", "--key-file", tmp_path / "key")
    assert code == 1
    code, printed, _ = run("verify", tmp_path / "pack.zip")
    assert code == 0
    assert re.findall("sha256 ([0-9a-f]{64})", told) == re.findall("sha256 ([0-9a-f]{64})", printed)
    (tmp_path / "key").write_text("short")
    assert run("report", "--db", db, "--out", out.parent / "o", "--key-file", tmp_path / "key")[0] == 2


BROWSER = next((found for found in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if found), None)


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no chromium is installed here")
@pytest.mark.parametrize("kind", ["sample", "hostile"])
def test_a_real_browser_reports_no_error_and_asks_no_host(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    assert BROWSER is not None
    ws: ck.Workspace = request.getfixturevalue(kind)
    path = ws.report(tmp_path / "out", key=KEY)
    net = tmp_path / "net.json"
    words = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        f"--user-data-dir={tmp_path / 'profile'}",
    ]
    words += [
        "--enable-logging=stderr",
        "--v=0",
        f"--log-net-log={net}",
        "--disable-background-networking",
        "--dump-dom",
        f"file://{path}",
    ]
    done = subprocess.run([BROWSER, *words], capture_output=True, text=True, timeout=120, check=True)
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert console == []
    assert done.stdout.count("Copy SQL") > 10
    assert "<title>broken" not in done.stdout
    assert asked_by_page(net) == []


def asked_by_page(net: Path) -> list[str]:
    """Return what the page asked for on a network; the browser's own errands have no origin."""
    asked = re.findall(r'"initiator":"([^"]*)".*?"url":"((?:http|ws)s?://[^"]+)"', net.read_text(errors="replace"))
    return [url for origin, url in asked if origin != "not an origin"]


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no chromium is installed here")
@pytest.mark.parametrize(("window", "at_least", "at_most"), [(1200, 550, 1200), (500, 300, 500)])
def test_a_chart_page_draws_itself_in_a_real_browser(
    hostile: ck.Workspace, tmp_path: Path, window: int, at_least: int, at_most: int
) -> None:
    assert BROWSER is not None
    ck.charts.save(hostile, "destinations_overview", tmp_path / "chart.html")
    words = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        f"--user-data-dir={tmp_path / 'p'}",
    ]
    words += [
        "--enable-logging=stderr",
        "--virtual-time-budget=4000",
        f"--window-size={window},800",
        "--dump-dom",
        f"file://{tmp_path / 'chart.html'}",
    ]
    done = subprocess.run([BROWSER, *words], capture_output=True, text=True, timeout=120, check=True)
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
    assert "mark-rect" in done.stdout
    # before the scripts, whose library draws icons of its own
    (drawn,) = re.findall(r'viewBox="0 0 (\d+) ', done.stdout.partition("<script>")[0])
    assert at_least <= int(drawn) <= at_most, "the shape that the window has room for"
    assert "<title>broken" not in done.stdout
