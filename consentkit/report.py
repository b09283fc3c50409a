"""Writes ``report.html``: one file that loads nothing, for a reader who has not seen the data."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from consentkit.causes import find_causes
from consentkit.phrases import count, day, percent, span, visible
from consentkit.report_findings import finding_groups, remediation
from consentkit.report_words import CANNOT_SHOW, GLOSSARY, deliveries_parts, facts, unchecked, verdict_sentence
from consentkit.shown import Remembering
from consentkit.summary import SEVERITIES, csv_text
from consentkit.writing import refuse_unwritable, write_files

if TYPE_CHECKING:
    from pathlib import Path

    from consentkit.summary import Row, Summary
    from consentkit.workspace import Workspace

WIDE = 660
_SHOWN_FILES = 20


def write_report(workspace: Workspace, folder: Path, *, key: bytes | None = None, raw_ids: bool = False) -> Path:
    """Write report.html, the lists beside it and those of :meth:`Summary.texts`; return the report's path.

    Raises :class:`UsageError` where they cannot be written.
    """
    refuse_unwritable(folder)
    summary = workspace.summary()
    workspace.record_audit(summary)
    names = workspace.names_by(key, raw_ids=raw_ids)
    summary = summary.shown(names)
    with workspace.asking():
        seen = Remembering(workspace, names)
        asked = ask_all(seen, summary)
        texts = {
            "recipients.csv": csv_text(seen.table("ask_recipients")),
            "remediation.csv": csv_text(seen.table("ask_remediation")),
            "days.csv": csv_text(seen.table("ask_days")),
        }
    texts["report.html"] = report_html(asked)
    write_files(folder, summary.texts() | texts)
    return folder / "report.html"


def ask_all(seen: Remembering, summary: Summary) -> Row:
    """Ask all that the report shows; :func:`report_html` then needs the database no more, nor the memory it held."""
    groups = finding_groups(summary, find_causes(seen), seen)
    return {
        "verdict": verdict_sentence(summary),
        "worst": summary.worst(),
        "coverage": summary.coverage,
        "facts": facts(summary),
        "unchecked": unchecked(summary),
        "groups": groups,
        "kinds": {each: sum(group["severity"] == each for group in groups) for each in SEVERITIES},
        "parts": deliveries_parts(summary),
        "charts": _charts(seen),
        "recipients": seen.table("ask_recipients"),
        "remediation": remediation(seen),
        "files": _files(summary),
        "sources": summary.sources,
        "rejects": summary.rejects,
        "mapping": seen.table("report_mapping"),
        "versions": seen.table("report_policy"),
        "raw_ids": seen.names.raw,
    }


def report_html(asked: Row) -> str:
    """Return the report as one HTML page. Names from the data are escaped, masked, and shown without hidden letters."""
    import consentkit
    from consentkit.charts.export import WIDE_FONTS

    script = _template("report.js")
    fixed = {
        "version": consentkit.__version__,
        "css": f"{WIDE_FONTS}\n{_template('report.css')}",
        "js": script,
        "js_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        "glossary": GLOSSARY,
        "cannot_show": CANNOT_SHOW,
    }
    page = _environment().get_template("report.html.j2")
    return str(page.render(**fixed, **{**asked, "charts": map(_drawn, asked["charts"])}))


def _files(summary: Summary) -> Row:
    """Add up the files by kind, and list those with a problem."""
    kinds = []
    for kind in ("events", "warehouse", "deliveries", "counts"):
        rows = [row for row in summary.files if row["kind"] == kind]
        if rows:
            sums = {
                name: sum(row[name] for row in rows)
                for name in ("bytes", "lines", "loaded", "rejected", "duplicates", "undated")
            }
            dated = [row for row in rows if row["first_at"]]
            when = (
                span(min(row["first_at"] for row in dated), max(row["last_at"] for row in dated), year=True)
                if dated
                else "undated"
            )
            kinds.append({"kind": kind, "files": len(rows), "when": when, **sums})
    damaged = [row for row in summary.files if row["problem"] or row["rejected"]]
    return {"kinds": kinds, "damaged": damaged[:_SHOWN_FILES], "more": max(0, len(damaged) - _SHOWN_FILES)}


def _charts(seen: Remembering) -> list[Row]:
    from consentkit.charts import every
    from consentkit.charts.export import NARROW

    wide, narrow = every(seen, WIDE), every(seen, NARROW)
    return [{"name": name, "wide": wide[name], "narrow": narrow[name]} for name in wide]


def _drawn(chart: Row) -> Row:
    from consentkit.charts.export import svg

    name = chart["name"]
    return {"name": name, "wide": svg(chart["wide"], f"{name}-w"), "narrow": svg(chart["narrow"], f"{name}-n")}


def _template(name: str) -> str:
    from importlib import resources

    return resources.files("consentkit").joinpath("templates", name).read_text(encoding="utf-8")


def _environment() -> Any:
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters["seen"] = lambda value, longest=120: visible(str(value), longest)
    made.filters["share"] = percent
    made.filters["number"] = lambda value: f"{value:,}"
    made.filters["things"] = count
    made.filters["span"] = lambda first, last: span(first, last, year=True)
    made.filters["day"] = lambda value: day(value, year=True) if value else "undated"
    return made
