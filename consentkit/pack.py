"""The evidence pack: a folder or zip with the report, its numbers and their SQL, sealed by a manifest of hashes."""

from __future__ import annotations

import hashlib
import json
import platform
import tempfile
import zipfile
from contextlib import contextmanager
from dataclasses import fields
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consentkit.causes import Cause, find_causes
from consentkit.engine import sql_names, sql_text
from consentkit.errors import UsageError
from consentkit.phrases import count, percent
from consentkit.report import ask_all, report_html
from consentkit.report_findings import samples
from consentkit.report_words import CANNOT_SHOW, checked_deliveries, verdict_sentence
from consentkit.shown import Remembering, Table
from consentkit.summary import csv_text
from consentkit.writing import refuse_unwritable, told_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consentkit.pseudonyms import Pseudonyms
    from consentkit.summary import Summary
    from consentkit.workspace import Workspace

MANIFEST = "MANIFEST.json"
_LAYOUT = 1
_TOOLS = ("consentkit", "duckdb", "altair", "vl-convert-python", "jinja2")
_OLDEST = (1980, 1, 1, 0, 0, 0)
_CHUNK = 1 << 20


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
        for name in _names(folder):
            packed.writestr(zipfile.ZipInfo(name, _OLDEST), Path(folder, name).read_bytes(), zipfile.ZIP_DEFLATED)
    return file


def verify_pack(path: Path) -> tuple[list[str], str]:
    """Compare a pack with its manifest: return what was altered, removed or added, and the manifest's SHA-256.

    The manifest itself is only proved by comparing that number with the one printed when the pack was written.
    Raises :class:`UsageError` where there is no pack that can be read.
    """
    with _opened(path) as found:
        if MANIFEST not in found:
            raise UsageError(f"{path}: is no evidence pack; it holds no {MANIFEST}")
        raw = b"".join(found[MANIFEST]())
        try:
            listed: dict[str, Any] = json.loads(raw)["files"]
            wanted = {name: str(each["sha256"]) for name, each in listed.items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UsageError(f"{path}: its {MANIFEST} cannot be read") from None
        told = [f"{name}: added" for name in sorted(found.keys() - wanted.keys() - {MANIFEST})]
        for name, digest in sorted(wanted.items()):
            if name not in found:
                told.append(f"{name}: missing")
            elif _digest(found[name]()) != digest:
                told.append(f"{name}: altered")
    return told, hashlib.sha256(raw).hexdigest()


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
    for name in _names(folder):
        held = Path(folder, name).read_bytes()
        files[name] = {"bytes": len(held), "sha256": hashlib.sha256(held).hexdigest()}
    versions = {tool: metadata.version(tool) for tool in _TOOLS} | {"python": platform.python_version()}
    text = json.dumps({"layout": _LAYOUT, "versions": versions, "files": files}, indent=1, sort_keys=True) + "\n"
    _write(folder / MANIFEST, text.encode())
    return hashlib.sha256(text.encode()).hexdigest()


def _write(path: Path, held: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(held)


def _names(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() or path.is_symlink()
    )


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
    ids = "Ids are written as they are in the data: treat this pack as personal data."
    if not raw:
        ids = "Ids are pseudonyms: HMAC-SHA-256 with a key that is not in this pack. So is what is masked in names."
    lines = [
        "Evidence pack of a consent audit",
        "",
        verdict_sentence(summary),
        f"{checked:,} of {count(deliveries, 'delivery', 'deliveries')} ({percent(checked, deliveries)}) "
        "could be held against consent.",
        "",
        "report.html        the report, for readers",
        "summary.json       the same numbers, for programs",
        "findings.csv, destinations.csv, recipients.csv, causes.csv, first_bad.csv, samples.csv",
        "remediation.csv    findings opened, closed and reopened, audit by audit of this database",
        "completeness.csv   what became of every line read; sources.csv: the days each source has and lacks",
        "days.csv           by source and day: events, those without delivery, deliveries without event",
        "inputs.csv         the files read, with size, SHA-256 and time range",
        "policy/            the policy as used; sql/: the statements behind every number",
        "charts/            pictures, and the rows behind them",
        f"{MANIFEST}      the SHA-256 of every file: consentkit verify THIS",
        "",
        ids,
        "",
        "It cannot show:",
        *(f"- {line}" for line in CANNOT_SHOW),
        "It is no legal advice.",
    ]
    return "\n".join(lines) + "\n"


@contextmanager
def _opened(path: Path) -> Iterator[dict[str, Any]]:
    """Open a pack: what it holds by name, each a function that yields its bytes in pieces."""
    if path.is_dir():
        yield {name: (lambda at=path / name: _pieces_of_file(at)) for name in _names(path)}
        return
    try:
        with zipfile.ZipFile(path) as packed:
            members = [each for each in packed.infolist() if not each.is_dir()]
            if len({each.filename for each in members}) != len(members):
                raise UsageError(f"{path}: holds two files of one name")
            yield {each.filename: (lambda each=each: _pieces_of_member(packed, each)) for each in members}
    except (OSError, zipfile.BadZipFile):
        raise UsageError(f"{path}: is no evidence pack: neither a folder nor a zip file that can be read") from None


def _pieces_of_file(path: Path) -> Iterator[bytes]:
    if path.is_symlink():
        yield b"a link is not the file it points to"
        return
    with path.open("rb") as held:
        while piece := held.read(_CHUNK):
            yield piece


def _pieces_of_member(packed: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with packed.open(member) as held:
            while piece := held.read(_CHUNK):
                yield piece
    except (zipfile.BadZipFile, zipfile.zlib.error):  # type: ignore[attr-defined]
        yield b"what cannot be unpacked is not what was packed"


def _digest(pieces: Iterator[bytes]) -> str:
    seen = hashlib.sha256()
    for piece in pieces:
        seen.update(piece)
    return seen.hexdigest()
