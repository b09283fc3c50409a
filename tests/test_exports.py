"""A destination's own export is delivery evidence: each row says that an event arrived there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from support import assert_accounted, empty, event, ndjson, rejected
from typer.testing import CliRunner

import consentkit as ck
from consentkit.cli import app

if TYPE_CHECKING:
    from collections.abc import Iterator

ARRIVED = """
    SELECT e.message_id, r.destination, r.status, strftime(d.logged_at, '%Y-%m-%d %H:%M:%S')
    FROM delivery AS d
    INNER JOIN route AS r ON r.route_id = d.route_id
    LEFT JOIN event AS e ON e.event_id = d.event_id
    ORDER BY d.line
"""
MIXPANEL = [
    {"event": "Paid", "properties": {"time": 1772366400, "$insert_id": "m0", "distinct_id": "p"}},
    {"event": "Paid", "properties": {"time": "soon", "$insert_id": "m1"}},
    {"event": "Paid", "properties": {"time": 1e300, "$insert_id": "of nobody"}},
]
GARBAGE = ['{"properties": "text"}', '{"properties": [1]}', '{"properties": {"$insert_id": null}}', "{}", "[]", "{"]


@pytest.fixture(scope="module")
def shared() -> Iterator[ck.Workspace]:
    with ck.open() as ws:
        yield ws


@pytest.fixture
def two(shared: ck.Workspace, tmp_path: Path) -> ck.Workspace:
    empty(shared)
    path = tmp_path / "events.ndjson"
    path.write_bytes(ndjson([event({"id": "m0"}), event({"id": "m1"})]))
    shared.load_events(path)
    return shared


def test_mixpanel_lines_with_fields_inside_properties(two: ck.Workspace, tmp_path: Path) -> None:
    (tmp_path / "log.ndjson").write_bytes(ndjson([*MIXPANEL, *GARBAGE]))
    two.load_deliveries(tmp_path / "log.ndjson", export="mixpanel")
    assert two.rows(ARRIVED) == [
        ("m0", "Mixpanel", "delivered", "2026-03-01 12:00:00"),
        ("m1", "Mixpanel", "delivered", None),
        (None, "Mixpanel", "delivered", None),
    ]
    codes = rejected(two)
    assert [codes[line] for line in range(4, 10)] == ["no_event_named"] * 4 + ["not_object", "not_json"]
    assert_accounted(two)


@pytest.mark.parametrize("name", ["insert_id", "$insert_id"])
def test_amplitude_rows_as_lines_and_as_csv(two: ck.Workspace, tmp_path: Path, name: str) -> None:
    (tmp_path / "1.json").write_bytes(ndjson([{name: "m0", "event_time": "2026-03-01 12:00:00.5", "app": 1}]))
    (tmp_path / "2.csv").write_text(f"event_time,{name}\n2026-03-01 12:00:01,m1\n", encoding="utf-8")
    two.load_deliveries([tmp_path / "1.json", tmp_path / "2.csv"], export="amplitude")
    assert two.rows(ARRIVED) == [
        ("m0", "Amplitude", "delivered", "2026-03-01 12:00:00"),
        ("m1", "Amplitude", "delivered", "2026-03-01 12:00:01"),
    ]


def test_what_is_said_goes_before_the_mapping(two: ck.Workspace, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("event_id,event_time\nm1,1772366400\n", encoding="utf-8")
    said = {"destination": "Meta"}
    two.load_deliveries(tmp_path / "log.csv", export="facebook-conversions", constants=said)
    assert two.rows(ARRIVED) == [("m1", "Meta", "delivered", "2026-03-01 12:00:00")]


def test_a_mapping_of_your_own(two: ck.Workspace, tmp_path: Path) -> None:
    said = {
        "columns": {"a.b/c'~.d": "message_id", "ms": "at", "tool": "destination"},
        "constants": {"status": "delivered"},
        "time_unit": "milliseconds",
    }
    (tmp_path / "my.yml").write_text(json.dumps(said), encoding="utf-8")
    (tmp_path / "log.ndjson").write_bytes(ndjson([{"a": {"b/c'~": {"d": "m0"}}, "ms": 1772366400000, "tool": "X"}]))
    two.load_deliveries(tmp_path / "log.ndjson", export=str(tmp_path / "my.yml"))
    assert two.rows(ARRIVED) == [("m0", "X", "delivered", "2026-03-01 12:00:00")]


NESTED = {"a": [{"ids": {"$insert_id": "m0"}}, {"ids": {"$insert_id": "m1"}}, None], "ok": [True, False, True]}
AS_TEXT = {"a": ['{"ids": {"$insert_id": "m0"}}', '{"ids": {"$insert_id": "m1"}}', "no JSON"], "ok": NESTED["ok"]}
MAPPED = """
columns: {a.ids.$insert_id: message_id}
status: {column: ok, delivered: [true], failed: [false]}
constants: {destination: Tool}
"""


@pytest.mark.parametrize("form", ["struct.parquet", "text.parquet", "lines.ndjson", "rows.csv"])
def test_a_field_inside_another_in_every_form(two: ck.Workspace, tmp_path: Path, form: str) -> None:
    (tmp_path / "my.yml").write_text(MAPPED, encoding="utf-8")
    path = tmp_path / form
    if form.endswith(".parquet"):
        pq.write_table(pa.table(NESTED if form.startswith("struct") else AS_TEXT), path)
    elif form.endswith(".ndjson"):
        path.write_bytes(ndjson([{"a": a, "ok": ok} for a, ok in zip(*NESTED.values(), strict=True)]))
    else:
        lines = ['"' + a.replace('"', '""') + f'",{str(ok).lower()}' for a, ok in zip(*AS_TEXT.values(), strict=True)]
        path.write_text("a,ok\n" + "\n".join(lines) + "\n", encoding="utf-8")
    two.load_deliveries(path, export=str(tmp_path / "my.yml"))
    assert two.rows(ARRIVED) == [("m0", "Tool", "delivered", None), ("m1", "Tool", "failed", None)]
    assert list(rejected(two).values()) == ["no_event_named"]
    assert_accounted(two)


def test_words_for_what_became_of_an_event(two: ck.Workspace, tmp_path: Path) -> None:
    words = "status: {column: state, delivered: [ok, 200, accepted], filtered: 'no consent', failed: [5xx]}"
    (tmp_path / "log.csv.yml").write_text(f"{words}\ncolumns: {{id: message_id}}\n", encoding="utf-8")
    states = ["ok", "200", "no consent", "5xx", "OK", "delivered"]
    (tmp_path / "log.csv").write_text("id,state\n" + "".join(f"m0,{each}\n" for each in states), encoding="utf-8")
    two.load_deliveries(tmp_path / "log.csv", constants={"destination": "Tool"})
    found = [status for _, _, status, _ in two.rows(ARRIVED)]
    assert found == ["delivered", "delivered", "filtered", "failed", "OK", "delivered"]  # never guessed: X4 tells of OK
    two.apply({"version": 1, "platform": "segment", "categories": [], "destinations": [{"name": "Tool"}]})
    assert two.rows("SELECT count(*) FROM finding_record WHERE code = 'X4'") == [(1,)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("status: {column: s, blocked: [no]}", "'blocked' is no status; they are delivered, filtered"),
        ("status: {delivered: [a], failed: [a]}", "the word 'a' is given two statuses: delivered and failed"),
        ("colums: {a: message_id}", "a mapping has no colums; there are columns, constants, status, time_unit"),
    ],
)
def test_a_slip_in_a_mapping_is_told(two: ck.Workspace, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "my.yml").write_text(text, encoding="utf-8")
    (tmp_path / "log.csv").write_text("a\nb\n", encoding="utf-8")
    with pytest.raises(ck.UsageError, match=f"my.yml: {said}"):
        two.load_deliveries(tmp_path / "log.csv", export=str(tmp_path / "my.yml"))


def test_braze_currents_by_a_property_that_holds_the_message_id(two: ck.Workspace, tmp_path: Path) -> None:
    """The mapping of the README: Currents keeps a custom event's properties as JSON text."""
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    mapping = readme[readme.index("columns:\n  properties.message_id") :].partition("```")[0]
    (tmp_path / "braze.yml").write_text(mapping, encoding="utf-8")
    rows = {
        "id": ["7e1b", "7e1c"],
        "name": ["Order Completed", "Order Completed"],
        "time": [1772366400, 1772366401],
        "properties": ['{"message_id": "m0", "total": 12.5}', '{"total": 3}'],
    }
    pq.write_table(pa.table(rows), tmp_path / "currents.parquet")
    two.load_deliveries(tmp_path / "currents.parquet", export=str(tmp_path / "braze.yml"))
    assert two.rows(ARRIVED) == [("m0", "Braze", "delivered", "2026-03-01 12:00:00")]
    assert list(rejected(two).values()) == ["no_event_named"]


@pytest.mark.parametrize(
    "text", ["[]", "columns: [a]", "\t", "columns: {a: nothing}", "time_unit: years", "status: [a]"]
)
def test_a_mapping_that_is_none_is_refused(two: ck.Workspace, tmp_path: Path, text: str) -> None:
    (tmp_path / "my.yml").write_text(text, encoding="utf-8")
    (tmp_path / "log.csv").write_text("a\nb\n", encoding="utf-8")
    with pytest.raises(ck.ConsentkitError):
        two.load_deliveries(tmp_path / "log.csv", export=str(tmp_path / "my.yml"))
    with pytest.raises(ck.ConsentkitError, match="amplitude"):
        two.load_deliveries(tmp_path / "log.csv", export="no such export")


COMMANDS: dict[str, list[str]] = {
    "audit": ["audit", "EVENTS", "-p", "POLICY"],
    "withdrawals": ["withdrawals", "EVENTS", "-p", "POLICY"],
    "explain": ["explain", "m0", "EVENTS", "-p", "POLICY"],
    "simulate": ["simulate", "EVENTS", "-p", "POLICY", "--against", "POLICY"],
    "chart": ["chart", "violations_over_time", "EVENTS", "-p", "POLICY", "--out", "CHART"],
}


def test_every_command_that_takes_deliveries_is_told_whose_export_they_are() -> None:
    commands = typer.main.get_command(app).commands.items()  # type: ignore[attr-defined]
    options = {name: {option for each in command.params for option in each.opts} for name, command in commands}
    taking = {name for name, given in options.items() if "--deliveries" in given}
    assert taking >= {*COMMANDS, "load", "check", "suggest", "person"}
    assert {name for name in taking if "--as" not in options[name]} == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_an_export_is_loaded_by_the_command(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choice = {"id": "m0", "user": "u", "event": "Segment Consent Preference Updated", "preferences": {"A": True}}
    (tmp_path / "e.ndjson").write_bytes(ndjson([event(choice)]))
    (tmp_path / "d.ndjson").write_bytes(ndjson(MIXPANEL[:1]))
    (tmp_path / "p.yml").write_text("{version: 1, platform: segment, categories: [{id: A, destinations: [Mixpanel]}]}")
    files = {"EVENTS": "e.ndjson", "POLICY": "p.yml", "DB": "x.duckdb", "CHART": "c.csv"}
    arguments = [str(tmp_path / files[each]) if each in files else each for each in COMMANDS[name]]
    loaded: list[int] = []
    load = ck.Workspace.load_deliveries

    def spy(self: ck.Workspace, *args: Any, **options: Any) -> None:
        load(self, *args, **options)
        loaded.append(self.rows("SELECT count(*) FROM delivery WHERE event_id IS NOT NULL")[0][0])

    monkeypatch.setattr(ck.Workspace, "load_deliveries", spy)
    done = CliRunner().invoke(app, [*arguments, "--deliveries", str(tmp_path / "d.ndjson"), "--as", "mixpanel"])
    assert done.exit_code in (0, 1), done.output
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert loaded == [1]


def test_whose_export_is_told_with_deliveries_only(tmp_path: Path) -> None:
    (tmp_path / "e.ndjson").write_bytes(ndjson([event({"id": "m0"})]))
    (tmp_path / "p.yml").write_text("{version: 1, platform: segment, categories: [{id: A, destinations: [Mixpanel]}]}")
    done = CliRunner().invoke(
        app, ["audit", str(tmp_path / "e.ndjson"), "-p", str(tmp_path / "p.yml"), "--as", "mixpanel"]
    )
    assert isinstance(done.exception, ck.UsageError)
    assert "--as, --map and --set say how to read --deliveries; name the delivery log with it" in str(done.exception)
