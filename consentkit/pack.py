"""The evidence pack: a folder or zip with the report, its numbers and their SQL, sealed by a manifest of hashes."""

from __future__ import annotations

import hashlib
import json
import platform
import tempfile
import zipfile
from dataclasses import fields
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consentkit.causes import Cause, find_causes
from consentkit.engine import sql_names, sql_text
from consentkit.errors import UsageError
from consentkit.phrases import count, percent, span
from consentkit.report import ask_all, report_html
from consentkit.report_findings import samples
from consentkit.report_words import CANNOT_SHOW, checked_deliveries, verdict_sentence
from consentkit.shown import Remembering, Table
from consentkit.summary import csv_text
from consentkit.verifying import MANIFEST, names_in
from consentkit.writing import refuse_unwritable, told_of

if TYPE_CHECKING:
    from consentkit.pseudonyms import Pseudonyms
    from consentkit.summary import Summary
    from consentkit.workspace import Workspace

_LAYOUT = 1
_TOOLS = ("consentkit", "duckdb", "altair", "vl-convert-python", "jinja2")
_OLDEST = (1980, 1, 1, 0, 0, 0)
_HOW_TO_CHECK = (
    "Is it as it was written?",
    f"1. consentkit verify THIS compares every file with {MANIFEST}. By hand: sha256sum FILE",
    "   (macOS: shasum -a 256 FILE; Windows: certutil -hashfile FILE SHA256), and look the number up there.",
    f"2. Who changes a file can change {MANIFEST} too. So compare its own SHA-256 with the number that was",
    "   printed when the pack was written. It is in no file of the pack: ask for it by another way than the pack's.",
)


def write_pack(workspace: Workspace, path: Path, *, key: bytes | None = None, raw_ids: bool = False) -> str:
    """Write an evidence pack to a new folder, or a file ending in ``.zip``; return the SHA-256 of its manifest.

    Ids are pseudonyms by HMAC with ``key``, a random one unless given, which is not in the pack; ``raw_ids``
    writes them as they are. The same database and key give the same bytes. Raises :class:`UsageError` where
    something is already there, it cannot be written, or ``key`` is none.
    """
    names = workspace.names_by(key, raw_ids=raw_ids)
    refuse_there(path)
    with told_of(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as aside:
            made = Path(aside, "pack")
            seal = _fill(workspace, made, names)
            if path.suffix.lower() == ".zip":
                made = _zipped(made, Path(aside, "pack.zip"))
            made.replace(path)  # only what is whole stands where it was asked for
    return seal


def refuse_there(path: Path) -> None:
    """Raise :class:`UsageError` where a pack cannot go: something is there, or its folder cannot be written."""
    refuse_unwritable(path.parent)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UsageError(f"{path}: is already there; name a new folder or zip file for the pack")


def _zipped(folder: Path, file: Path) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in names_in(folder):
            packed.writestr(zipfile.ZipInfo(name, _OLDEST), Path(folder, name).read_bytes(), zipfile.ZIP_DEFLATED)
    return file


def _fill(workspace: Workspace, folder: Path, names: Pseudonyms) -> str:
    from consentkit.charts import every

    summary = workspace.summary()
    workspace.record_audit(summary)
    summary = summary.shown(names)
    with workspace.asking():
        seen = Remembering(workspace, names)
        asked, texts = ask_all(seen, summary), _texts(seen, summary)
        charts = every(seen)
    texts["report.html"] = report_html(asked)
    for name, text in texts.items():
        _write(folder / name, text.encode("utf-8", "backslashreplace"))
    _draw(charts, folder)
    return _seal(folder)


def _texts(seen: Remembering, summary: Summary) -> dict[str, str]:
    from consentkit.charts import CHARTS

    return {
        "summary.json": summary.as_json() + "\n",
        "findings.csv": csv_text(summary.findings),
        "destinations.csv": csv_text(summary.destinations),
        "recipients.csv": csv_text(seen.table("ask_recipients")),
        "remediation.csv": csv_text(seen.table("ask_remediation")),
        "first_bad.csv": csv_text(seen.table("report_first_bad")),
        "causes.csv": csv_text(_causes(seen)),
        "samples.csv": csv_text(samples(seen)),
        "sources.csv": csv_text(summary.sources),
        "completeness.csv": csv_text(_completeness(summary)),
        "days.csv": csv_text(seen.table("ask_days")),
        "inputs.csv": csv_text(_inputs(summary)),
        "README.txt": _readme(summary, raw=seen.names.raw),
        **{f"sql/{name}.sql": sql_text(name) for name in sql_names()},
        "sql/findings.sql": _statements(summary),
        **{f"policy/version-{row['number']}.yml": row["text"] or "" for row in seen.table("report_policy")},
        **{f"charts/{name}.csv": csv_text(picture.rows(seen)) for name, picture in CHARTS.items()},
    }


def _draw(charts: dict[str, Any], folder: Path) -> None:
    from consentkit.charts.export import png, svg_file

    for name, chart in charts.items():
        _write(folder / f"charts/{name}.svg", svg_file(chart).encode())
        _write(folder / f"charts/{name}.png", png(chart))


def _seal(folder: Path) -> str:
    files = {}
    for name in names_in(folder):
        held = Path(folder, name).read_bytes()
        files[name] = {"bytes": len(held), "sha256": hashlib.sha256(held).hexdigest()}
    versions = {tool: metadata.version(tool) for tool in _TOOLS} | {"python": platform.python_version()}
    text = json.dumps({"layout": _LAYOUT, "versions": versions, "files": files}, indent=1, sort_keys=True) + "\n"
    _write(folder / MANIFEST, text.encode())
    return hashlib.sha256(text.encode()).hexdigest()


def _write(path: Path, held: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(held)


def _causes(seen: Remembering) -> Table:
    columns = [*(each.name for each in fields(Cause)), "says"]
    return Table(columns, ({**vars(each), "says": str(each)} for each in find_causes(seen)))


def _inputs(summary: Summary) -> Table:
    wanted = ("kind", "path", "source", "lines", "bytes", "sha256", "first_at", "last_at")
    return Table(wanted, ({key: row[key] for key in wanted} for row in summary.files))


def _completeness(summary: Summary) -> Table:
    counts = ("lines", "loaded", "rejected", "rejected_because", "duplicates", "undated")
    wanted = ("kind", "path", *counts, "first_at", "last_at", "problem")
    return Table(wanted, ({key: row[key] for key in wanted} for row in summary.files))


def _statements(summary: Summary) -> str:
    parts = ["-- The statement behind the number of every finding. Run it with: consentkit, Workspace.sql"]
    parts += [f"{each['sql']};" for each in summary.findings]
    return "\n\n".join(parts) + "\n"


def _readme(summary: Summary, *, raw: bool) -> str:
    coverage = summary.coverage
    checked, deliveries = checked_deliveries(coverage), coverage["deliveries"]
    held = f"{checked:,} of {count(deliveries, 'delivery', 'deliveries')} ({percent(checked, deliveries)}) "
    held += "could be held against consent."
    when = span(coverage["first_event"], coverage["last_event"], year=True)
    read = f"{count(coverage['events'], 'event')}{' of ' + when if when else ''}"
    read += f" and {count(coverage['delivery_records'], 'delivery record')}"
    ids = "Ids are written as they are in the data: treat this pack as personal data."
    if not raw:
        ids = "Ids are pseudonyms: HMAC-SHA-256 with a key that is not in this pack. So is what is masked in names."
    lines = [
        "Evidence pack of a consent audit",
        "",
        verdict_sentence(summary),
        *([held] if deliveries else []),
        f"It is of {read}. Written by consentkit {metadata.version('consentkit')}.",
        "",
        "report.html        the report, for readers",
        "summary.json       the same numbers, for programs",
        "findings.csv       what was found; causes.csv: why; first_bad.csv: since when; samples.csv: rows behind it",
        "destinations.csv   by destination what was delivered and what was held back; recipients.csv: who got data",
        "remediation.csv    findings opened, closed and reopened, audit by audit of this database",
        "completeness.csv   what became of every line read; sources.csv: the days each source has and lacks",
        "days.csv           by source and day: events, those without delivery, deliveries without event",
        "inputs.csv         the files read, with size, SHA-256 and time range",
        "policy/            the policy as used, with nothing in it masked; sql/: the statements behind every number",
        "charts/            pictures, and the rows behind them",
        f"{MANIFEST}      the SHA-256 of every file",
        "",
        ids,
        "CSV files are UTF-8 with times in UTC; a ' before a name keeps a spreadsheet from taking it as a formula.",
        "",
        *_HOW_TO_CHECK,
        "",
        "It cannot show:",
        *(f"- {line}" for line in CANNOT_SHOW),
        "It is no legal advice.",
    ]
    return "\n".join(lines) + "\n"
