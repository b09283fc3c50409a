"""Writes ``report.html``: one file that loads nothing, for a reader who has not seen the data."""

from __future__ import annotations

import base64
import hashlib
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consentkit.causes import Cause, cause_of, find_causes
from consentkit.engine import sql_text
from consentkit.phrases import count, day, listing, percent, span, visible
from consentkit.pseudonyms import Pseudonyms
from consentkit.summary import SEVERITIES, csv_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consentkit.summary import Row, Summary
    from consentkit.workspace import Workspace

WIDE, NARROW = 660, 316
_SHOWN = 12
_SHOWN_FILES = 20
_SHOWN_STEPS = 60
_AGAINST = ("V5", "V6", "V26", "V7")  # data went where someone had said no: before anything else as severe
_UNITS = {"X1": "line", "X2": "file", "V22": "category"}
_CATEGORIES = {"V22": "categories"}
_RECORDS = {
    **dict.fromkeys(("V8", "V10"), "records of what was held back"),
    **dict.fromkeys(("V20", "X3", "X4", "X11"), "delivery records"),
}
# What a finding itself says of its cause, whatever the data looks like.
_BY_NATURE = {
    "V18": "The policy maps no enabled category to it, so nothing ever holds an event back.",
    "V19": "By its kind the platform never enforces consent for it.",
    "V20": "The policy has neither a destination nor an alias of this name.",
}
GLOSSARY = (
    ("Event", "One thing a person did, as one line of the event files."),
    ("Destination", "A service that events are sent to, such as an advertising network or an analytics product."),
    ("Delivery", "One record of the delivery log that says an event arrived at a destination."),
    ("Category", "A purpose people are asked about, such as Advertising; the policy says which a destination needs."),
    ("Consent object", "The part of an event that carries what the person answered in each category."),
    ("Refused", "A category the destination needs is answered with no, or left out of the answer."),
    ("Integrations object", "A part of an event that lists single destinations as allowed or not."),
    ("Unchecked", "Delivered although the event carries no consent object, so nothing was held against it."),
    ("Certain, possible", "Possible where the data leaves a doubt, such as two events that share one message id."),
    ("Cannot tell", "The rules of the platform contradict themselves or do not say: counted, never called fine."),
    ("People", "Distinct user ids, or anonymous ids where an event has none."),
    ("Lift", "How many times as often something fails in a part of the data as in all of it."),
    ("Pseudonym", "A name for a person or message made with a secret key, which is not in this report."),
)
CANNOT_SHOW = (
    "Whether the banner was lawful, or asked at all.",
    "Deliveries that no log knows of, such as those a device makes by itself.",
    "People without any id: their events are counted, they are not.",
)


class Remembering:
    """A workspace for reading, which runs each query once."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: dict[Any, tuple[list[str], list[tuple[Any, ...]]]] = {}

    def cells(self, query: str, params: Sequence[object] = ()) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run a query, or return what it gave before."""
        key = (query, tuple(params))
        if key not in self._known:
            self._known[key] = self._workspace.cells(query, params)
        return self._known[key]

    def rows(self, query: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run a query, or return the rows it gave before."""
        return self.cells(query, params)[1]

    def table(self, name: str) -> list[Row]:
        """Return the rows of ``consentkit/sql/<name>.sql`` as dicts."""
        names, rows = self.cells(sql_text(name))
        return [dict(zip(names, row, strict=True)) for row in rows]


def write_report(workspace: Workspace, folder: Path, *, key: bytes | None = None, raw_ids: bool = False) -> Path:
    """Write report.html, the lists beside it and the files of :meth:`Summary.write`; return the report's path."""
    summary = workspace.summary()
    workspace.record_audit(summary)
    summary.write(folder)
    seen = Remembering(workspace)
    path = folder / "report.html"
    texts = {
        "report.html": report_html(seen, summary, Pseudonyms(key, raw=raw_ids)),
        "recipients.csv": csv_text(seen.table("ask_recipients")),
        "remediation.csv": csv_text(seen.table("ask_remediation")),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return path


def report_html(seen: Remembering, summary: Summary, names: Pseudonyms) -> str:
    """Return the report as one HTML page. Every name from the data is escaped, and shown without hidden letters."""
    import consentkit

    causes = find_causes(seen)
    text = _template("report.css"), _template("report.js")
    return str(
        _environment()
        .get_template("report.html.j2")
        .render(
            version=consentkit.__version__,
            css=text[0],
            js=text[1],
            js_hash=base64.b64encode(hashlib.sha256(text[1].encode()).digest()).decode(),
            verdict=verdict_sentence(summary),
            worst=summary.worst(),
            coverage=summary.coverage,
            facts=_facts(summary),
            unchecked=_unchecked(summary),
            groups=_groups(summary, causes, seen, names),
            charts=_charts(seen),
            recipients=seen.table("ask_recipients"),
            remediation=_remediation(seen),
            files=_files(summary),
            rejects=summary.rejects,
            mapping=seen.table("report_mapping"),
            versions=seen.table("report_policy"),
            glossary=GLOSSARY,
            cannot_show=CANNOT_SHOW,
            raw_ids=names.raw,
        )
    )


def verdict_sentence(summary: Summary) -> str:
    """Say in one sentence what the audit found."""
    if summary.unchecked:
        return f"Nothing could be checked: {summary.unchecked}."
    refused = [row for row in summary.findings if row["code"] in ("V5", "V6", "V26") and row["certainty"] == "certain"]
    totals = {row["code"]: row for row in summary.totals if row["certainty"] == "certain"}
    coverage = summary.coverage
    if refused:
        deliveries = sum(row["deliveries"] for row in refused)
        people = max(totals[code]["people"] for code in {row["code"] for row in refused})
        places = list(dict.fromkeys(visible(row["destination"], 40) for row in refused))
        where = listing(places) if len(places) <= 3 else count(len(places), "destination")
        dated = [row for row in refused if row["first_seen"]]
        first, last = (min, "first_seen"), (max, "last_seen")
        ends = [pick((row[key] for row in dated), default=None) for pick, key in (first, last)]
        when = span(ends[0], ends[1], year=True)
        told = f"Consent was not kept: {count(deliveries, 'delivery', 'deliveries')} to {where} although it was refused"
        least = "at least " if len({row["code"] for row in refused}) > 1 else ""
        return f"{told}, of {least}{count(people, 'person', 'people')}{', ' + when if when else ''}."
    if "V7" in totals:
        told = count(totals["V7"]["deliveries"], "delivery", "deliveries")
        return f"No delivery against a refused category was found, but {told} although the integrations object said no."
    if not coverage["delivery_records"]:
        lacking = coverage["events_without_consent_object"]
        lack = f"{lacking:,} of {coverage['events']:,} carry no consent object"
        return f"No delivery log was given, so only the events were checked: {lack}."
    checked = coverage["deliveries"] - coverage["deliveries_without_event"] - coverage["deliveries_unchecked"]
    if not checked:
        return "Not one delivery carries a consent object, so none could be held against a refusal."
    return f"No delivery against a refusal was found among the {checked:,} that could be checked."


def _facts(summary: Summary) -> list[tuple[str, str, str]]:
    """Say what was checked: a name, a number and what it is out of."""
    coverage = summary.coverage
    events, deliveries = coverage["events"], coverage["deliveries"]
    stamped = events - coverage["events_without_consent_object"]
    checked = deliveries - coverage["deliveries_without_event"] - coverage["deliveries_unchecked"]
    period = span(coverage["first_event"], coverage["last_event"], year=True) or "undated"
    return [
        ("Events", f"{events:,}", period),
        ("With a consent object", percent(stamped, events), f"{stamped:,} of {events:,} events"),
        ("Deliveries", f"{deliveries:,}", f"of {coverage['delivery_records']:,} delivery records"),
        ("Held against consent", percent(checked, deliveries), f"{checked:,} of {deliveries:,} deliveries"),
        (
            "People",
            f"{coverage['people']:,}",
            f"{events - coverage['events_without_person']:,} of {events:,} events name one",
        ),
    ]


def _unchecked(summary: Summary) -> list[str]:
    """Say what could not be checked, each with its number."""
    coverage = summary.coverage
    found = [
        (
            coverage["deliveries_unchecked"],
            coverage["deliveries"],
            "deliveries were of events without a consent object: nothing was held against them",
        ),
        (coverage["deliveries_without_event"], coverage["deliveries"], "deliveries are of events that were not loaded"),
        (coverage["undated_events"], coverage["events"], "events carry no readable time"),
        (coverage["events_without_person"], coverage["events"], "events name no person"),
        (
            sum(row["lines"] for row in summary.rejects),
            sum(row["lines"] for row in summary.files),
            "lines could not be read",
        ),
        (
            sum(row["deliveries"] or 0 for row in summary.findings if row["code"] == "X8"),
            coverage["deliveries"],
            "deliveries cannot be judged by the rules",
        ),
    ]
    told = [f"{n:,} of {whole:,} {what} ({percent(n, whole)})." for n, whole, what in found if n]
    if not coverage["delivery_records"]:
        told.insert(0, "No delivery log was given: where the events were sent is not known.")
    if summary.unchecked:
        told.insert(0, f"{summary.unchecked[0].upper()}{summary.unchecked[1:]}.")
    return told


def _groups(summary: Summary, causes: list[Cause], seen: Remembering, names: Pseudonyms) -> list[Row]:
    """Put findings of one code together, the worst first, each with its cause, samples and SQL."""
    samples: dict[tuple[Any, ...], list[Row]] = {}
    for row in seen.table("report_samples"):
        samples.setdefault(
            tuple(row[key] for key in ("code", "certainty", "source", "destination", "detail")), []
        ).append(sample_row(row, names))
    totals = {(row["code"], row["certainty"]): row for row in summary.totals}
    rejects = {row["code"]: row["message"] for row in summary.rejects}
    groups: list[Row] = []
    for code, found in groupby(summary.findings, key=lambda row: row["code"]):
        rows = list(found)
        shown = [_finding(row, cause_of(row, causes), samples, rejects) for row in rows[:_SHOWN]]
        groups.append(
            {
                **{key: rows[0][key] for key in ("code", "severity", "title", "advice", "rule")},
                "total": _total(totals.get((code, "certain")) or totals.get((code, "possible"))),
                "findings": shown,
                "more": len(rows) - len(shown),
                "rank": (
                    SEVERITIES.index(rows[0]["severity"]),
                    code not in _AGAINST,
                    -sum(row["events"] or 0 for row in rows),
                ),
            }
        )
    return sorted(groups, key=lambda group: group["rank"])


def _total(row: Row | None) -> str:
    if row is None:
        return ""
    told = count(row["events"], "event")
    if row["deliveries"]:
        units = ("delivery record", None) if row["code"] in _RECORDS else ("delivery", "deliveries")
        told = f"{count(row['deliveries'], *units)} of {told}"
    people = f" of {count(row['people'], 'person', 'people')}" if row["people"] else ""
    unnamed = f" and {count(row['unnamed_events'], 'event')} without any id" if row["unnamed_events"] else ""
    when = span(row["first_seen"], row["last_seen"], year=True)
    return f"{told}{people}{unnamed}{', ' + when if when else ''}" + (
        "" if row["certainty"] == "certain" else " (possible)"
    )


def _finding(row: Row, cause: Cause | None, samples: dict[tuple[Any, ...], list[Row]], told: dict[str, str]) -> Row:
    key = tuple(row[name] for name in ("code", "certainty", "source", "destination", "detail"))
    where = [str(row[name]) for name in ("destination", "source", "detail") if row[name] is not None]
    where = [told.get(row["detail"], part) for part in where] if row["code"] == "X1" else where
    if row["destination"]:
        unit = _RECORDS.get(row["code"], "deliveries")
        whole = "" if row["of_deliveries"] is None else f" of {row['of_deliveries']:,}"
        number = f"{row['deliveries']:,}{whole} {unit}"
    else:
        unit = _UNITS.get(row["code"], "event")
        number = count(row["events"], unit, _CATEGORIES.get(row["code"]))
        if row["of_events"] is not None:
            number = f"{row['events']:,} of {count(row['of_events'], unit, _CATEGORIES.get(row['code']))}"
    facts = [number]
    if row["destination"] and row["events"]:
        facts.append(count(row["events"], "event"))
    if row["people"]:
        facts.append(count(row["people"], "person", "people"))
    if row["unnamed_events"]:
        facts.append(f"{count(row['unnamed_events'], 'event')} without any id")
    return {
        "where": where or ["all input"],
        "facts": facts,
        "when": span(row["first_seen"], row["last_seen"], year=True) or "undated",
        "since": day(row["first_seen"], year=True) if row["first_seen"] else "",
        "certainty": row["certainty"],
        "cause": str(cause) if cause else _BY_NATURE.get(row["code"], ""),
        "found": cause is not None,
        "samples": samples.get(key, []),
        "sql": row["sql"],
    }


def sample_row(row: Row, names: Pseudonyms) -> Row:
    """Return one row behind a finding as a reader sees it: with pseudonyms in place of ids."""
    return {
        "at": f"{row['seen_at']:%Y-%m-%d %H:%M:%S}" if row["seen_at"] else "undated",
        "event": row["event"] or row["type"] or "",
        "app": row["app_version"] or "",
        "person": names.person(row["user_id"], row["anonymous_id"]),
        "message": names.message(row["message_id"]),
        "place": f"{Path(row['file']).name} line {row['line']}" if row["file"] else "",
        "told": ", ".join(str(row[key]) for key in ("status", "reason", "mode") if row[key]),
    }


def _remediation(seen: Remembering) -> Row:
    """Put the steps of each finding together: what it is, whether it is open, and what happened in which audit."""
    audits = seen.rows("SELECT audit_id, events, deliveries, last_event FROM audit ORDER BY audit_id")
    keys = ("code", "certainty", "source", "destination", "detail")
    found: dict[tuple[Any, ...], Row] = {}
    for row in seen.table("ask_remediation"):
        held = found.setdefault(tuple(row[key] for key in keys), {**row, "steps": []})
        held["steps"].append(row)
        held["where"] = [str(row[key]) for key in keys[:1:-1] if row[key] is not None][::-1]
    rows = list(found.values())
    return {
        "audits": len(audits),
        "until": audits[-1][3] if audits else None,
        "rows": rows[:_SHOWN_STEPS],
        "more": max(0, len(rows) - _SHOWN_STEPS),
        **{state: sum(row["state"] == state for row in rows) for state in ("open", "closed")},
        "reopened": sum(any(step["step"] == "reopened" for step in row["steps"]) for row in rows),
    }


def _files(summary: Summary) -> Row:
    """Add up the files by kind, and list those with a problem."""
    kinds = []
    for kind in ("events", "deliveries"):
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
    from altair.utils.schemapi import debug_mode

    from consentkit.charts import CHARTS
    from consentkit.charts.export import svg

    drawn = []
    with debug_mode(False):  # each chart is checked against the schema by its test, not again for every reader
        for name, picture in CHARTS.items():
            wide, narrow = (picture.draw(seen, width=width) for width in (WIDE, NARROW))
            drawn.append({"name": name, "wide": svg(wide, f"{name}-w"), "narrow": svg(narrow, f"{name}-n")})
    return drawn


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
    made.filters["number"] = lambda value: f"{value:,}"
    made.filters["day"] = lambda value: day(value, year=True) if value else "undated"
    return made
