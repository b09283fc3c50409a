"""A starting suite from what the data shows: a proposal to review, never a verdict on what is right.

Where something may not happen at all, such as a delivery without consent, none is proposed to be allowed,
whatever the data shows. Shares are proposed at what is usual today, rounded down.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import yaml

from consentkit.checks.reading import share
from consentkit.console import clean as without_marks
from consentkit.engine import literal
from consentkit.errors import UsageError
from consentkit.report_words import REFUSED_ANYWHERE

if TYPE_CHECKING:
    from consentkit.workspace import Workspace

_HEAD = """\
# A proposal, written by `consentkit suggest` from what the data shows today. Review every line: it says what
# is usual, not what is right. The comments say what was observed.
name: suggested
title: Suggested
description: What holds today, or nearly, for these events and deliveries. To be reviewed.
owner: to-be-named
expectations:
"""


def suggest(workspace: Workspace) -> str:
    """Return a suite as YAML text that :func:`load_suites` accepts.

    Raises :class:`UsageError` where no policy is applied or no event loaded.
    """
    workspace.judge()
    coverage = _rows(workspace, "SELECT c.* FROM coverage AS c")[0]
    if not coverage["events"]:
        raise UsageError("no event is loaded, so there is nothing to make a proposal from")
    parts = [_about_events(workspace, coverage["events"]), _about_stamps(workspace)]
    parts.append(_about_pages(workspace))
    if coverage["delivery_records"]:
        parts += [_about_deliveries(workspace), _about_destinations(workspace)]
    return _HEAD + "\n".join(part for part in parts if part)


def _about_events(workspace: Workspace, events: int) -> str:
    listed = _entry(
        "expect_table_row_count_to_be_between",
        "critical",
        "There are events, and not far fewer than usual.",
        {"min_value": max(1, events // 2)},
        [f"{events:,} events were there"],
        name="there_are_events",
        view="event",
    )
    rows = _rows(
        workspace,
        "SELECT s.source, sum(s.checked) AS checked, sum(s.failing) AS failing FROM event_slice AS s"
        " WHERE s.code = 'V1' GROUP BY s.source HAVING sum(s.checked) > 0 ORDER BY s.source",
    )
    if rows:
        kwargs: dict[str, Any] = {"mostly": 1.0}
        low = {row["source"]: _floor(row) for row in rows if row["failing"]}
        if low:
            kwargs["thresholds"] = low
        text = "Events of a source that must carry a consent object do, at least as often as today."
        listed += _entry("expect_events_to_carry_consent_object", "critical", text, kwargs, _observed(rows, "source"))
    return listed + _unstamping(workspace)


def _unstamping(workspace: Workspace) -> str:
    """Tell of sources that carry consent objects although the policy does not ask them to."""
    rows = _rows(
        workspace,
        "SELECT t.source, sum(t.events) AS checked, sum(t.events - t.stamped) AS failing FROM event_tally AS t"
        " GROUP BY t.source HAVING sum(t.must_carry) = 0 AND sum(t.stamped) * 2 > sum(t.events) ORDER BY t.source",
    )
    return "".join(
        f"  # {_plain(row['source'])} stamps {share(1 - row['failing'] / row['checked'])} of its events, but the policy"
        " does not say stamps_consent: true, so nothing is expected of it\n"
        for row in rows
    )


def _about_stamps(workspace: Workspace) -> str:
    rows = _rows(
        workspace,
        "SELECT s.source, sum(CASE WHEN s.code = 'V2' THEN s.checked ELSE 0 END) AS checked, sum(s.failing) AS failing"
        " FROM event_slice AS s WHERE s.code IN ('V2', 'V3', 'V3L', 'V28') GROUP BY s.source"
        " HAVING sum(s.checked) > 0 ORDER BY s.source",
    )
    if not rows:
        return ""
    text = "Consent objects say something that can be understood."
    kwargs = {"mostly": min(_floor(row) for row in rows)}
    listed = _entry("expect_stamps_to_be_well_formed", "warning", text, kwargs, _observed(rows, "source"))
    named = _rows(
        workspace,
        "SELECT s.source, sum(CASE WHEN s.code = 'V4' THEN s.checked ELSE 0 END) AS checked, sum(s.failing) AS failing"
        " FROM category_slice AS s WHERE s.code IN ('V4', 'V4C') GROUP BY s.source"
        " HAVING sum(s.checked) > 0 ORDER BY s.source",
    )
    if not named:
        return listed
    text = "Consent objects name only categories that the policy knows."
    kwargs = {"mostly": min(_floor(row) for row in named)}
    return listed + _entry("expect_only_known_categories", "warning", text, kwargs, _observed(named, "source"))


def _about_pages(workspace: Workspace) -> str:
    """Propose what a page may not have loaded, where events tell of that."""
    rows = _rows(
        workspace,
        "SELECT s.destination, sum(s.checked) AS checked, sum(s.failing - s.possible) AS failing FROM bundle_slice AS s"
        " WHERE s.code = 'X37' GROUP BY s.destination HAVING sum(s.checked) > 0 ORDER BY s.destination",
    )
    if not rows:
        return ""
    text = "A page does not hand events to what it loaded although they refuse it."
    failing = [row for row in rows if row["failing"]]
    kwargs = {"mostly": 1.0, "certain_only": True}
    written = "expect_nothing_loaded_on_pages_without_consent"
    return _entry(written, "critical", text, kwargs, _observed(failing, "destination"))


def _about_deliveries(workspace: Workspace) -> str:
    told = (
        ("expect_no_delivery_without_consent", REFUSED_ANYWHERE, "Nothing is sent where the person refused it."),
        ("expect_no_delivery_against_integrations", ("V7",), "Nothing is sent where the event forbids it."),
    )
    listed = ""
    for written, codes, text in told:
        rows = _sums(workspace, *codes)
        failing = [row for row in rows if row["failing"]]
        listed += _entry(written, "critical", text, {"mostly": 1.0}, _observed(failing, "destination"))
    over = _sums(workspace, "V8")
    if over:
        text = "Data that people agreed to share is held back no more often than today."
        low = {row["destination"]: _floor(row) for row in over if row["failing"]}
        kwargs = {"mostly": 1.0, **({"thresholds": low} if low else {})}
        failing = [row for row in over if row["failing"]]
        listed += _entry("expect_no_overblocking", "warning", text, kwargs, _observed(failing, "destination"))
    match = _sums(workspace, "X3")
    text = "Deliveries are of events that were read."
    kwargs = {"mostly": min((_floor(row) for row in match), default=1.0)}
    return listed + _entry("expect_deliveries_to_match_events", "warning", text, kwargs, _observed(match[:0], ""))


def _about_destinations(workspace: Workspace) -> str:
    known = _rows(
        workspace,
        "SELECT d.destination, d.known FROM destination_count AS d ORDER BY d.destination",
    )
    names = [row["destination"] for row in known if row["known"]]
    strangers = [_plain(row["destination"]) for row in known if not row["known"]]
    notes = [f"not in the policy, and left out: {name}" for name in strangers]
    if not names:
        return "".join(f"  # {note}\n" for note in notes)
    return _entry(
        "expect_column_values_to_be_in_set",
        "warning",
        "Data goes to the destinations the policy knows today, and to no other.",
        {"column": "destination", "value_set": names},
        notes,
        name="destinations_of_the_policy",
        view="destination_count",
    )


def _sums(workspace: Workspace, *codes: str) -> list[dict[str, Any]]:
    listed = ", ".join(map(literal, codes))
    query = (  # the view counts what there is once for every check
        f"SELECT s.destination, sum(s.checked - s.unclear) // {len(codes)} AS checked, sum(s.failing) AS failing"
        f" FROM delivery_slice AS s WHERE s.code IN ({listed})"
        " GROUP BY s.destination HAVING sum(s.checked - s.unclear) > 0 ORDER BY s.destination"
    )
    return _rows(workspace, query)


def _entry(
    written: str, severity: str, text: str, kwargs: dict[str, Any], notes: list[str], *, name: str = "", view: str = ""
) -> str:
    lines = [f"  # {note}" for note in notes]
    lines.append(f"  - type: {written}")
    lines += [f"    {key}: {value}" for key, value in (("name", name), ("view", view)) if value]
    lines += [f"    severity: {severity}", f"    description: {text}"]
    if kwargs:
        lines.append("    kwargs:")
        lines += [line for key, value in kwargs.items() for line in _setting(key, value)]
    return "\n".join(lines) + "\n"


def _setting(key: str, value: Any) -> list[str]:
    if isinstance(value, dict):
        return [f"      {key}:", *(f"        {_quoted(name)}: {number}" for name, number in value.items())]
    if isinstance(value, list):
        return [f"      {key}:", *(f"        - {_quoted(item)}" for item in value)]
    return [f"      {key}: {str(value).lower() if isinstance(value, bool) else value}"]


def _plain(text: str) -> str:
    """Clean a name for a comment, which ends with the line."""
    return " ".join(without_marks(text).split())


def _quoted(text: str) -> str:
    """Write a name from the data so that YAML reads back the same text, whatever it holds."""
    return str(yaml.safe_dump(text, default_style='"', width=1_000_000)).strip()


def _observed(rows: list[dict[str, Any]], per: str) -> list[str]:
    return [
        f"observed: {_plain(str(row[per]))} {int(row['failing']):,} of {int(row['checked']):,} fail"
        f" ({share(row['failing'] / row['checked'])})"
        for row in rows
    ]


def _floor(row: dict[str, Any]) -> float:
    """Return the share that holds, rounded down to a thousandth."""
    holds = 1 - float(row["failing"]) / float(row["checked"])
    return math.floor(1000 * holds + 1e-9) / 1000


def _rows(workspace: Workspace, query: str) -> list[dict[str, Any]]:
    names, rows = workspace.cells(query)
    return [
        {name: int(value) if name in ("checked", "failing") else value for name, value in zip(names, row, strict=True)}
        for row in rows
    ]
