"""The sample generator: same seed same bytes, every fault present, every count true.

The counts are checked by a second reading of the written files that shares no code with the generator: it
parses the lines and the policy, and applies the documented cloud rules itself.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import zlib
from collections import Counter, defaultdict
from dataclasses import FrozenInstanceError, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from consentkit.errors import UsageError
from consentkit.sample import Fault, SampleTruth, write_sample

ROOT = Path(__file__).parents[1]
COMMITTED = ROOT / "data" / "sample"
ARGUMENTS: dict[str, Any] = {"events": 4000, "seed": 7}


def tree(folder: Path, *, unpack: bool = False) -> dict[str, bytes]:
    """Every file below a folder, by relative path."""
    return {
        path.relative_to(folder).as_posix(): gzip.decompress(path.read_bytes())
        if unpack and path.suffix == ".gz"
        else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@dataclass
class Reading:
    """A sample read back line by line, and what the documented rules say about it."""

    folder: Path
    lines: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)
    found: defaultdict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        policy = yaml.safe_load((self.folder / "policy.yml").read_text(encoding="utf-8"))
        self.needs: dict[str, list[str]] = defaultdict(list)
        for category in policy["categories"]:
            for name in category["destinations"]:
                self.needs[name].append(category["id"])
        self.kinds = {d["name"]: d["kind"] for d in policy["destinations"]}
        self.names = {alias: d["name"] for d in policy["destinations"] for alias in [d["name"], *d.get("aliases", [])]}
        self.connected = {d["name"]: d["connected"] for d in policy["destinations"]}
        self._read_events()
        self._read_deliveries()

    def _read_events(self) -> None:
        for path in sorted((self.folder / "events").rglob("*.ndjson*")):
            raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            *lines, rest = raw.removeprefix(b"\xef\xbb\xbf").split(b"\n")
            assert rest == b""
            self.lines[path.relative_to(self.folder).as_posix()] = len(lines)
            seen = set()
            for line in lines:
                event = self._parse(line)
                if isinstance(event, str):
                    self.rejected[event] += 1
                elif line in seen:
                    self.duplicates += 1
                else:
                    seen.add(line)
                    self.events.append({**event, "_source": event["writeKey"].removeprefix("wk_")})

    @staticmethod
    def _parse(line: bytes) -> dict[str, Any] | str:
        if not line.strip():
            return "blank_line"
        try:
            event = json.loads(line.decode())
        except UnicodeDecodeError:
            return "invalid_utf8"
        except json.JSONDecodeError:
            return "truncated_json"
        return event if isinstance(event, dict) else "not_an_object"

    def _read_deliveries(self) -> None:
        by_id = {str(event.get("messageId")): event for event in reversed(self.events)}
        for path in sorted((self.folder / "deliveries").rglob("*.ndjson*")):
            raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            self.lines[path.relative_to(self.folder).as_posix()] = raw.count(b"\n")
            for line in raw.splitlines():
                row = json.loads(line)
                self._judge(row, by_id[row["message_id"]])

    def _judge(self, row: dict[str, Any], event: dict[str, Any]) -> None:
        """File one delivery under the faults it shows."""
        name = self.names.get(row["destination"])
        if name is None:
            self.found[f"V20 {row['destination']}"].append(event)
            return
        assert event["_source"] in self.connected[name]
        outcome = row["status"] + {
            "FILTERED_BY_END_USER_CONSENT": "_by_consent",
            "FILTERED_BY_INTEGRATIONS_OBJECT": "_by_integrations",
        }.get(row.get("reason", ""), "")
        self.outcomes[name, outcome] += 1
        stamp = event["context"].get("consent", {}).get("categoryPreferences")
        clear = stamp is not None and all(isinstance(value, bool) for value in stamp.values())
        missing = stamp is not None and any(stamp.get(need) is not True for need in self.needs[name])
        exempt = self.kinds[name] == "aws-s3"
        preference = event.get("event") == "Segment Consent Preference Updated"
        refused = clear and missing and not exempt
        delivered = outcome == "delivered"
        if delivered and refused and not preference:
            self.found[f"V5 {name}"].append(event)
        if delivered and not refused and not exempt and self._switched_off(event, name):
            self.found[f"V7 {name}"].append(event)
        if outcome == "filtered_by_consent" and not missing:
            self.found[f"V8 {name}"].append(event)
        if delivered and not self.needs[name] and stamp and not any(v is True for v in stamp.values()):
            self.found[f"V18 {name}"].append(event)
        if delivered and exempt and clear and missing:
            self.found[f"V19 {name}"].append(event)

    def _switched_off(self, event: dict[str, Any], name: str) -> bool:
        """Does the integrations object say no?"""
        said = {self.names.get(key, key): value for key, value in event["integrations"].items()}
        default = True if self.kinds[name] == "warehouse" else said.get("All", True)
        return said.get(name, default) is False

    def stamped(self, test: Any) -> list[dict[str, Any]]:
        """Events whose consent object passes a test."""
        return [event for event in self.events if test(event["context"].get("consent"))]


def check(fault: Fault, events: list[dict[str, Any]]) -> None:
    """Compare one fault with the events found for it."""
    assert fault.events == len(events) > 0
    assert fault.people == len({event["userId"] or event["anonymousId"] for event in events})
    times = [event["timestamp"] for event in events]
    assert (fault.first, fault.last) == (min(times), max(times))
    named = [event for event in events if event.get("event") == "Segment Consent Preference Updated"]
    assert fault.preference_events == len(named)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SampleTruth]:
    folder = tmp_path_factory.mktemp("sample") / "out"
    return folder, write_sample(folder, **ARGUMENTS)


@pytest.fixture(scope="module")
def reading(written: tuple[Path, SampleTruth]) -> Reading:
    return Reading(written[0])


def test_same_seed_same_bytes(written: tuple[Path, SampleTruth], tmp_path: Path) -> None:
    again = write_sample(tmp_path, **ARGUMENTS)
    assert again == written[1]
    assert tree(tmp_path) == tree(written[0])


def test_another_seed_is_another_shop(written: tuple[Path, SampleTruth], tmp_path: Path) -> None:
    write_sample(tmp_path, **{**ARGUMENTS, "seed": 8})
    ours, other = tree(written[0]), tree(tmp_path)
    assert ours.keys() == other.keys()
    assert all(ours[name] != other[name] for name in ours if name.startswith("events/web/"))


def test_plain_files_hold_the_same_lines(written: tuple[Path, SampleTruth], tmp_path: Path) -> None:
    write_sample(tmp_path, **ARGUMENTS, gzip=False)
    packed = {name.removesuffix(".gz"): data for name, data in tree(written[0], unpack=True).items()}
    plain = tree(tmp_path)
    assert {n for n in plain if n.endswith(".ndjson")} == {n for n in packed if n.endswith(".ndjson")}
    assert all(plain[name] == packed[name] for name in plain if name.endswith(".ndjson"))


def test_truth_file_and_truth_object_agree(written: tuple[Path, SampleTruth]) -> None:
    folder, truth = written
    assert (folder / "truth.json").read_text(encoding="utf-8") == truth.to_json()
    loaded = json.loads(truth.to_json())
    assert loaded["faults"][0]["id"] == truth.faults[0].id
    with pytest.raises(FrozenInstanceError):
        truth.seed = 1  # type: ignore[misc]


def test_lines_add_up(written: tuple[Path, SampleTruth], reading: Reading) -> None:
    truth = written[1]
    assert dict(reading.lines) == truth.files
    assert dict(reading.rejected) == truth.rejected_by_kind
    assert reading.duplicates == truth.duplicate_lines
    assert len(reading.events) == truth.loaded_lines == truth.events + truth.dirt["conflicting_payload"]
    assert truth.event_lines == truth.loaded_lines + truth.rejected_lines + truth.duplicate_lines
    assert truth.delivery_lines == sum(n for name, n in truth.files.items() if name.startswith("deliveries"))


def test_events_by_source_and_version(written: tuple[Path, SampleTruth], reading: Reading) -> None:
    truth = written[1]
    assert Counter(event["_source"] for event in reading.events) == truth.events_by_source
    bare = reading.stamped(lambda consent: consent is None)
    assert Counter(event["_source"] for event in bare) == +Counter(truth.unstamped_by_source)
    apps = Counter(e["context"]["app"]["version"] for e in reading.events if e["_source"] == "ios")
    assert apps == truth.events_by_app_version
    assert Counter(e["context"]["app"]["version"] for e in bare) == +Counter(truth.unstamped_by_app_version)
    assert min(event["timestamp"] for event in bare)[:10] == "2026-03-12"
    assert max(event["timestamp"] for event in bare)[:10] > "2026-03-20"


def test_unstamped_events_seen_by_duckdb(written: tuple[Path, SampleTruth]) -> None:
    folder, truth = written
    rows = duckdb.execute(
        """
        select json_extract_string(line, '$.context.app.version') as version, count(distinct line)
        from read_csv(
            ?, columns = {'line': 'varchar'}, header = false, delim = chr(1), quote = '', escape = ''
        )
        where json_extract(line, '$.context.consent') is null
        group by all
        """,
        [str(folder / "events" / "ios" / "*.ndjson.gz")],
    ).fetchall()
    assert dict(rows) == {v: n for v, n in truth.unstamped_by_app_version.items() if n}


def test_delivery_faults_are_counted_exactly(written: tuple[Path, SampleTruth], reading: Reading) -> None:
    truth = written[1]
    planted = [fault for fault in truth.faults if fault.code in ("V5", "V7", "V8", "V18", "V19", "V20")]
    assert {f"{f.code} {f.destination}" for f in planted} == set(reading.found)
    for fault in planted:
        events = reading.found[f"{fault.code} {fault.destination}"]
        check(fault, events)
        assert fault.deliveries == len(events)
    by_rule = {name: len(reading.found.get(f"V5 {name}", [])) for name in reading.kinds}
    assert by_rule == truth.v5_by_destination
    assert reading.outcomes == +Counter(
        {(n, s): c for n, row in truth.deliveries.items() for s, c in row.items() if n != "legacy-crm"}
    )


def test_stamp_faults_are_counted_exactly(written: tuple[Path, SampleTruth], reading: Reading) -> None:
    truth = written[1]
    check(truth.fault("ios-release-drops-stamp"), reading.stamped(lambda o: o is None))
    check(truth.fault("empty-consent-object"), reading.stamped(lambda o: o == {}))
    check(truth.fault("empty-preferences"), reading.stamped(lambda o: o == {"categoryPreferences": {}}))
    check(truth.fault("singular-key"), reading.stamped(lambda o: o and "categoryPreference" in o))
    text = reading.stamped(lambda o: o and "true" in o.get("categoryPreferences", {}).values())
    check(truth.fault("non-boolean-preference"), text)


def test_ignored_withdrawals_last_two_days(reading: Reading) -> None:
    withdrawn = defaultdict(list)
    for event in reading.events:
        named = event.get("event") == "Segment Consent Preference Updated"
        if named and not event["context"]["consent"]["categoryPreferences"]["Functional"]:
            withdrawn[event["anonymousId"]].append(datetime.fromisoformat(event["timestamp"]))
    for event in reading.found["V5 Braze"]:
        at = datetime.fromisoformat(event["timestamp"])
        before = [moment for moment in withdrawn[event["anonymousId"]] if moment < at]
        if before:
            assert max(before).day in (15, 16, 17)
            assert at - max(before) < timedelta(days=2)
        else:  # an order from the app, whose broken version loses the preference event
            assert event["_source"] == "server"


@pytest.mark.parametrize("seed", [0, 7, 2026])
def test_smallest_sample_has_everything(tmp_path: Path, seed: int) -> None:
    truth = write_sample(tmp_path, events=2000, seed=seed)
    assert all(fault.events > 0 for fault in truth.faults)
    assert all(count >= 1 for count in truth.dirt.values())
    found = Reading(tmp_path)
    ids = Counter(event.get("messageId") for event in found.events)
    times = [event["timestamp"] for event in found.events]
    assert ids[None] == truth.dirt["missing_message_id"]
    assert sum(count - 1 for name, count in ids.items() if name) == truth.dirt["conflicting_payload"]
    assert sum(e["type"] == "Track" for e in found.events) == truth.dirt["capital_type"]
    assert sum(time.endswith("+02:00") for time in times) == truth.dirt["timestamp_with_offset"]
    assert sum(time[-1] not in "Z0" for time in times) <= truth.dirt["timestamp_without_zone"]
    assert len([t for t in times if len(t) == 23]) == truth.dirt["timestamp_without_zone"]
    bom, crlf = (tree(tmp_path, unpack=True)[name] for name in truth.odd_files)
    assert bom.startswith(b"\xef\xbb\xbf{")
    assert crlf.count(b"\r\n") == crlf.count(b"\n") > 0


def test_committed_sample_is_what_the_generator_writes(written: tuple[Path, SampleTruth]) -> None:
    # Lines, not compressed bytes: zlib's variants may pack the same lines differently.
    assert tree(written[0], unpack=True) == tree(COMMITTED, unpack=True)


@pytest.mark.skipif(zlib.ZLIB_RUNTIME_VERSION != "1.2.13", reason="packed with zlib 1.2.13")
def test_committed_sample_byte_for_byte(written: tuple[Path, SampleTruth]) -> None:
    assert tree(written[0]) == tree(COMMITTED)


def test_gzip_files_carry_no_name_and_no_time(written: tuple[Path, SampleTruth]) -> None:
    packed = [data for name, data in tree(written[0]).items() if name.endswith(".gz")]
    assert {data[:10] for data in packed} == {b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"}


def test_committed_sample_is_small_and_its_readme_true(written: tuple[Path, SampleTruth]) -> None:
    assert sum(map(len, tree(COMMITTED).values())) < 1_000_000
    readme = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    for fault in written[1].faults:
        start = f"| `{fault.id}` | {fault.code} | {fault.destination or ''} |"
        assert f"{start} {fault.deliveries} | {fault.events} | {fault.people} |" in readme


def test_progress_ends_at_the_total(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    write_sample(tmp_path, events=2000, progress=lambda done, total: calls.append((done, total)))
    assert calls == sorted(calls)
    assert calls[-1] == (2000, 2000)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"events": 1999}, "events"),
        ({"days": 21}, "days"),
        ({"start": "1 March"}, "start"),
        ({"seed": -1}, "seed"),
    ],
)
def test_arguments_out_of_range(tmp_path: Path, arguments: dict[str, Any], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        write_sample(tmp_path / "new", **arguments)
    assert not (tmp_path / "new").exists()


def test_other_event_files_are_never_mixed_in(tmp_path: Path) -> None:
    write_sample(tmp_path, events=2000)
    write_sample(tmp_path, events=2000, seed=8)  # the same file names: replaced
    with pytest.raises(UsageError, match="choose an empty folder"):
        write_sample(tmp_path, events=2000, start="2026-03-02")


@pytest.mark.slow
def test_memory_stays_bounded(tmp_path: Path) -> None:
    # On Linux ru_maxrss of a child begins at what its parent held when it forked; VmHWM is the child's own.
    code = (
        "import pathlib, resource, sys; from consentkit.sample import write_sample; "
        "write_sample(sys.argv[1], events=300_000); "
        "status = pathlib.Path('/proc/self/status'); "
        "own = [line.split()[1] for line in status.read_text().splitlines() if line.startswith('VmHWM')] "
        "if status.exists() else []; "
        "print(own[0] if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    peak = int(done.stdout) * (1 if sys.platform == "darwin" else 1024)
    assert peak < 250_000_000
