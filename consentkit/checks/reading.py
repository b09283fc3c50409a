"""Reads one result of Great Expectations into counts and a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consentkit.console import clean
from consentkit.engine import literal
from consentkit.phrases import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from consentkit.checks.slices import SliceExpectation
    from consentkit.checks.suites import Entry

_PATHS = ("path",)


def read_own(own: type[SliceExpectation], entry: Entry, told: dict[str, Any]) -> dict[str, Any]:
    """Read the result of one of our expectations, whose shape we know."""
    result = told["result"]
    details = result["details"]
    groups = tuple(_cleaned(group) for group in details["groups"])
    broken = [group["name"] for group in details["groups"] if not group["ok"]]
    facts = {
        "status": "passed" if told["success"] else "failed",
        "unit": own.unit[1],
        "checked": result["element_count"],
        "failing": result["unexpected_count"],
        "possible": details["possible"],
        "undecidable": details["undecidable"],
        "tolerance": 1 - entry.kwargs.get("mostly", 1.0),
        "per": own.per,
        "groups": groups,
        "slices": tuple(_cleaned(row) for row in result["partial_unexpected_list"]),
        "slice_count": details["slices"],
        "samples": tuple(details["samples"]),
    }
    facts["rows_sql"] = rows_query(own.rows_sql(entry.kwargs), own.per, broken) if result["unexpected_count"] else None
    facts["message"] = _sentence(own, facts)
    return facts


def read_core(entry: Entry, told: dict[str, Any], rows: int) -> dict[str, Any]:
    """Read the result of any other expectation: counts only, never a value, which may be a person's."""
    result = told["result"]
    missing = result.get("missing_count") or 0
    checked, failing = result.get("element_count"), result.get("unexpected_count")
    passed = bool(told["success"])
    if checked is not None and checked - missing <= 0 and not _about_missing(entry.type):
        return {"status": "nothing", "message": f"none of the {rows:,} rows of {entry.view} has a value to check"}
    facts: dict[str, Any] = {"status": "passed" if passed else "failed", "checked": checked, "failing": failing}
    observed = result.get("observed_value")
    if entry.type == "unexpected_rows_expectation":
        facts |= {"checked": rows, "failing": observed if isinstance(observed, int) else None}
        query = entry.kwargs["unexpected_rows_query"].replace("{batch}", entry.view)
        facts["rows_sql"] = query if facts["failing"] else None
    if isinstance(entry.kwargs.get("mostly"), int | float):
        facts["tolerance"] = 1 - entry.kwargs["mostly"]
    facts["message"] = _core_sentence(facts, observed, missing)
    return facts


def _about_missing(written: str) -> bool:
    return written in ("expect_column_values_to_not_be_null", "expect_column_values_to_be_null")


def _sentence(own: type[SliceExpectation], facts: dict[str, Any]) -> str:
    checked, failing = facts["checked"], facts["failing"]
    one, many = own.unit
    noun = one if checked == 1 else many
    unclear = f"; the rules cannot judge {facts['undecidable']:,} more" if facts["undecidable"] else ""
    if not failing:
        return f"{checked:,} {noun} checked, none fails{unclear}"
    rate = f" ({share(failing / checked)})" if checked else ""
    doubt = f"; {facts['possible']:,} of them possible, not certain" if facts["possible"] else ""
    broken = [group for group in facts["groups"] if not group["ok"]]
    where = _where(own.per, broken)
    return f"{failing:,} of {checked:,} {noun}{rate} {own.says}{where}{doubt}{unclear}"


def _where(per: str, broken: list[dict[str, Any]]) -> str:
    worst = sorted(broken, key=lambda group: -group["failing"])[:3]
    if not worst:
        return ", within what is allowed"
    told = [f"{group['name'] or 'no ' + per} {group['failing']:,}" for group in worst]
    more = f" and {len(broken) - len(worst)} more" if len(broken) > len(worst) else ""
    return f": {', '.join(told)}{more}"


def _core_sentence(facts: dict[str, Any], observed: Any, missing: int) -> str:
    skipped = f"; not checked: {count(missing, 'row')} without a value" if missing else ""
    if facts["failing"] == 0 and facts["checked"]:
        return f"{count(facts['checked'], 'row')} checked, none fails{skipped}"
    if facts["failing"] is not None and facts["checked"]:
        rate = share(facts["failing"] / facts["checked"])
        return f"not as expected: {facts['failing']:,} of {count(facts['checked'], 'row')} ({rate}){skipped}"
    if isinstance(observed, bool | int | float):
        return f"the value observed is {observed:,}{skipped}"
    return ("as expected" if facts["status"] == "passed" else "not as expected") + skipped


def rows_query(query: str, per: str, groups: Sequence[str | None]) -> str:
    """Narrow a query for rows to the groups that fail."""
    if per not in ("source", "destination") or not all(groups):
        return query
    if any(clean(str(name)) != name for name in groups):
        return query  # a name that cannot be shown as it is stays out of the text, and the query is the wider one
    names = [literal(str(name)) for name in groups]
    return f"SELECT r.* FROM ({query}) AS r WHERE r.{per} IN ({', '.join(names)})"


def share(rate: float) -> str:
    """Write a share as a percentage; a small one is never rounded to nothing, a large one never to all."""
    percent = 100 * rate
    if 0 < percent < 0.01:
        return "under 0.01 %"
    if 99.99 < percent < 100:
        return "over 99.99 %"
    return f"{percent:.2f}".rstrip("0").rstrip(".") + " %"


def place_of(row: Mapping[str, Any]) -> str:
    """Say where a slice is: its names, from the destination or source down to the version."""
    told = ("destination", "kind", "path", "source", "detail", "app_version", "library", "library_version")
    return ", ".join(str(row[name]) for name in told if row.get(name)) or "everywhere"


def days_of(row: Mapping[str, Any]) -> str:
    """Say on which days a slice was seen failing."""
    first, last = row.get("first_day"), row.get("last_day")
    if not first:
        return "undated" if "first_day" in row else ""
    if first == last:
        return str(first)
    return f"{first} to {str(last)[5:] if str(first)[:4] == str(last)[:4] else last}"


def _cleaned(row: dict[str, Any]) -> dict[str, Any]:
    """Clean the names in a row, which come from the data; of a path only the file's name is told."""
    plain = {}
    for name, value in row.items():
        text = value.replace("\\", "/").rsplit("/", 1)[-1] if name in _PATHS and isinstance(value, str) else value
        plain[name] = clean(text) if isinstance(text, str) else text
    return plain
