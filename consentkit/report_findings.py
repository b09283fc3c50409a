"""The findings of a report: put together by code, each with its cause, days, samples and the SQL behind its number."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any

from consentkit.causes import cause_of
from consentkit.engine import sql_text
from consentkit.phrases import RECORDS, UNITS, count, day, percent, span, visible
from consentkit.report_words import REFUSED
from consentkit.shown import Table
from consentkit.summary import SEVERITIES

if TYPE_CHECKING:
    from datetime import date

    from consentkit.causes import Cause
    from consentkit.pseudonyms import Pseudonyms
    from consentkit.shown import Remembering
    from consentkit.summary import Row, Summary

_SHOWN = 12
_SHOWN_STEPS = 60
_BARS = 62
_IDS = ("user_id", "anonymous_id", "message_id")
_KEYS = ("code", "certainty", "source", "destination", "detail")
_AGAINST = (*REFUSED, "V7")  # data went where someone had said no: before anything else as severe
_EVENTS, _DELIVERIES = ("event", "events"), ("delivery", "deliveries")
# What a finding itself says of its cause, whatever the data looks like.
_BY_NATURE = {
    "V18": "The policy maps no enabled category to it, or at RudderStack it has no setting for the provider that these "
    "events name, so nothing holds them back.",
    "V19": "By its kind the platform never enforces consent for it.",
    "V20": "The policy has neither a destination nor an alias of this name.",
}


class _Behind:
    """What stands behind findings, by their key: samples, days, the first bad day and version, categories needed."""

    def __init__(self, summary: Summary, causes: list[Cause], seen: Remembering) -> None:
        self.summary, self.causes = summary, causes
        self.rejects = {row["code"]: row["message"] for row in summary.rejects}
        self.samples: dict[tuple[Any, ...], list[Row]] = {}
        short = _tails([row["path"] for row in summary.files])
        for row in samples(seen):
            place = f"{short.get(row['file'], row['file'])} line {row['line']}" if row["file"] else ""
            at = f"{row['at']:%Y-%m-%d %H:%M:%S}" if row["at"] else "undated"
            self.samples.setdefault(_key(row), []).append({**row, "at": at, "place": place})
        self.days: dict[tuple[Any, ...], dict[date, int]] = {}
        for row in seen.table("report_days"):
            self.days.setdefault(_key(row), {})[row["day"]] = row["n"]
        self.first_bad = {_key(row): row for row in seen.table("report_first_bad")}
        self.needs = {row["destination"]: row["categories"] for row in seen.table("report_mapping")}


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in _KEYS)


def finding_groups(summary: Summary, causes: list[Cause], seen: Remembering) -> list[Row]:
    """Put findings of one code together, the worst first, each with its cause, days, samples and SQL."""
    behind = _Behind(summary, causes, seen)
    totals = {(row["code"], row["certainty"]): row for row in summary.totals}
    groups: list[Row] = []
    for code, found in groupby(summary.findings, key=lambda row: row["code"]):
        rows = list(found)
        total = totals.get((code, "certain")) or totals.get((code, "possible"))
        groups.append(
            {
                **{key: rows[0][key] for key in ("code", "severity", "title", "advice", "rule")},
                "total": _total(total, summary.coverage["people"]),
                "short": _short(rows, total),
                "findings": [_finding(row, behind) for row in rows[:_SHOWN]],
                "more": len(rows) - len(rows[:_SHOWN]),
                "rank": (
                    SEVERITIES.index(rows[0]["severity"]),
                    code not in _AGAINST,
                    -sum(row["events"] or 0 for row in rows),
                ),
            }
        )
    return sorted(groups, key=lambda group: group["rank"])


def _total(row: Row | None, everyone: int) -> str:
    if row is None:
        return ""
    told = count(row["events"], "event")
    if row["deliveries"]:
        units = ("delivery record", None) if row["code"] in RECORDS else _DELIVERIES
        told = f"{count(row['deliveries'], *units)} of {told}"
    people = f" of {_people(row['people'], everyone)}" if row["people"] else ""
    unnamed = f" and {count(row['unnamed_events'], 'event')} without any id" if row["unnamed_events"] else ""
    when = span(row["first_seen"], row["last_seen"], year=True)
    return f"{told}{people}{unnamed}{', ' + when if when else ''}" + (
        "" if row["certainty"] == "certain" else " (possible)"
    )


def _short(rows: list[Row], total: Row | None) -> str:
    """Say how much it is in few words, for the list at the top: deliveries or events, and people."""
    if total is None:
        return count(sum(row["events"] or row["deliveries"] or 0 for row in rows), *UNITS.get(rows[0]["code"], _EVENTS))
    number = total["deliveries"] or total["events"]
    one, many = _DELIVERIES if total["deliveries"] else _EVENTS
    one, many = ("record", "records") if total["deliveries"] and total["code"] in RECORDS else (one, many)
    people = f", {count(total['people'], 'person', 'people')}" if total["people"] else ""
    return f"{count(number, one, many)}{people}"


def _people(number: int, everyone: int) -> str:
    return f"{number:,} of {count(everyone, 'person', 'people')}"


def _finding(row: Row, behind: _Behind) -> Row:
    where = [str(row[name]) for name in ("destination", "source", "detail") if row[name] is not None]
    where = [behind.rejects.get(row["detail"], part) for part in where] if row["code"] == "X1" else where
    if row["deliveries"] is not None:
        (number, whole), units = (row["deliveries"], row["of_deliveries"]), RECORDS.get(row["code"], _DELIVERIES)
    else:
        (number, whole), units = (row["events"], row["of_events"]), UNITS.get(row["code"], _EVENTS)
    facts = [count(row["events"], "event")] if row["deliveries"] is not None and row["events"] else []
    if row["people"]:
        facts.append(_people(row["people"], behind.summary.coverage["people"]))
    if row["unnamed_events"]:
        facts.append(f"{count(row['unnamed_events'], 'event')} without any id")
    cause = cause_of(row, behind.causes)
    return {
        "where": where or ["all input"],
        "number": count(number, *units) if whole is None else f"{number:,} of {count(whole, *units)}",
        "share": percent(number, whole) if whole else "",
        "bar": round(100 * number / whole, 2) if whole else None,
        "needs": behind.needs.get(row["destination"]) or "",
        "facts": facts,
        "when": span(row["first_seen"], row["last_seen"], year=True) or "undated",
        "began": _began(behind.first_bad.get(_key(row))),
        "days": _days(behind.days.get(_key(row), {}), behind.summary.coverage),
        "certainty": row["certainty"],
        "cause": str(cause) if cause else _BY_NATURE.get(row["code"], ""),
        "found": cause is not None,
        "samples": behind.samples.get(_key(row), []),
        "sql": row["sql"],
    }


def _began(row: Row | None) -> str:
    """Say the first bad day, and the first bad version where versions before it have nothing of the kind."""
    if row is None:
        return ""
    told = f"First bad day {day(row['first_day'], year=True)}"
    if not row["before"]:
        return told
    version = f"{visible(row['product'], 40)} {visible(row['version'], 40)}"
    return f"{told}; first bad version {version}, {count(row['before'], 'version')} before it had none"


def _days(found: dict[date, int], coverage: Row) -> Row | None:
    """Cut the period into at most some 60 equal steps of whole days, and say how much of a finding falls on each."""
    if not found or not coverage["first_event"]:
        return None
    first, last = min(coverage["first_event"].date(), *found), max(coverage["last_event"].date(), *found)
    step = -(-((last - first).days + 1) // _BARS)
    bars = [0] * (-(-((last - first).days + 1) // step))
    for each, n in found.items():
        bars[(each - first).days // step] += n
    if len(bars) < 2:
        return None
    top = max(bars)
    most = max(found, key=lambda each: (found[each], each))
    told = f"By day: on {count(len(found), 'day')} of {(last - first).days + 1}"
    return {
        "wide": len(bars),
        "bars": [(place, round(24 * n / top, 2)) for place, n in enumerate(bars) if n],
        "first": day(first),
        "last": day(last),
        "says": f"{told}, most on {day(most)}: {found[most]:,}",
    }


def samples(seen: Remembering) -> Table:
    """Return rows behind each finding as a reader sees them: with pseudonyms in place of ids."""
    rows = Table.of(seen.as_loaded(sql_text("report_samples")))
    return Table(_SAMPLE, (_sample(row, seen.names) for row in rows))


_FOUND = ("code", "certainty", "destination", "source", "detail")
_SAMPLE = (*_FOUND, "at", "event", "app", "person", "message", "file", "line", "told")


def _sample(row: Row, names: Pseudonyms) -> Row:
    row = row | names.row({name: value for name, value in row.items() if name not in _IDS})
    return {
        **{name: row[name] for name in _FOUND},
        "at": row["seen_at"],
        "event": row["event"] or row["type"] or "",
        "app": row["app_version"] or "",
        "person": names.person(row["user_id"], row["anonymous_id"]),
        "message": names.message(row["message_id"]),
        "file": row["file"],
        "line": row["line"],
        "told": ", ".join(str(row[key]) for key in ("status", "reason", "mode") if row[key]),
    }


def _tails(paths: list[str]) -> dict[str, str]:
    """Return the shortest end of each path that no other path ends in: exports by day name files alike."""
    found: dict[str, str] = {}
    left, parts = set(paths), 0
    while left:
        parts += 1
        ends = {path: "/".join(path.replace("\\", "/").split("/")[-parts:]) for path in left}
        shared = Counter(ends.values())
        found |= {path: end for path, end in ends.items() if shared[end] == 1 or len(end) == len(path)}
        left -= found.keys()
    return found


def remediation(seen: Remembering) -> Row:
    """Put the steps of each finding together: what it is, whether it is open, and what happened in which audit."""
    audits = seen.rows("SELECT audit_id, events, deliveries, last_event FROM audit ORDER BY audit_id")
    found: dict[tuple[Any, ...], Row] = {}
    for row in seen.table("ask_remediation"):
        held = found.setdefault(_key(row), {**row, "steps": []})
        held["steps"].append(row)
        held["where"] = [str(row[key]) for key in ("destination", "source", "detail") if row[key] is not None]
    rows = list(found.values())
    turned = [row for row in rows if row["steps"][-1]["audit"] == len(audits)]
    same = [row for row in rows if row["steps"][-1]["audit"] != len(audits)]
    return {
        "audits": len(audits),
        "until": audits[-1][3] if audits else None,
        "turned": turned[:_SHOWN_STEPS],
        "same": same[:_SHOWN_STEPS],
        "more": max(0, len(turned) - _SHOWN_STEPS) + max(0, len(same) - _SHOWN_STEPS),
        **{state: sum(row["state"] == state for row in rows) for state in ("open", "closed")},
        "reopened": sum(any(step["step"] == "reopened" for step in row["steps"]) for row in rows),
    }
