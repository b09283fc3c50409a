"""A baseline: the failures that are known, so that a check fails only for new ones and for known ones grown worse.

The file is reviewed like a suite. What could not be checked is never in it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from consentkit.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from consentkit.checks.results import CheckResult, Outcome

VERSION = 1


def baseline_text(result: CheckResult) -> str:
    """Write what fails now: per expectation and group, the failing share up to which it is known."""
    known = {each.id: _shares(each) for each in result.findings}
    return json.dumps({"baseline_version": VERSION, "known": known}, indent=2, ensure_ascii=False) + "\n"


def read_baseline(path: Path) -> dict[str, dict[str, float]]:
    """Read a baseline file. Raises :class:`UsageError` where it is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: the baseline cannot be read: {error.strerror}") from None
    except ValueError:
        raise UsageError(f"{path}: the baseline is not JSON") from None
    if not isinstance(data, dict) or data.get("baseline_version") != VERSION or not isinstance(data.get("known"), dict):
        raise UsageError(f"{path}: this is no baseline of version {VERSION}; --write-baseline writes one")
    for name, shares in data["known"].items():
        if not isinstance(shares, dict) or not all(_is_share(share) for share in shares.values()):
            raise UsageError(f"{path}: {name}: a baseline has a share between 0 and 1 for each group")
    return dict(data["known"])


def mark_known(
    result: CheckResult, known: dict[str, dict[str, float]], name: str, *, new_only: bool = True
) -> CheckResult:
    """Mark the failures of which every failing group is in the baseline, and fails no more than it says there."""
    outcomes = tuple(replace(each, known=_is_known(each, known.get(each.id, {}))) for each in result.outcomes)
    return replace(result, outcomes=outcomes, baseline=name, new_only=new_only)


def _is_known(each: Outcome, known: dict[str, float]) -> bool:
    shares = _shares(each)
    if each.status != "failed" or not shares:
        return False
    return all(group in known and share <= known[group] + 1e-9 for group, share in shares.items())


def _shares(each: Outcome) -> dict[str, float]:
    """Return the failing share of every group that fails; of an expectation without groups, its own."""
    if each.broken_groups:
        return {
            str(group["name"]): round(group["failing"] / group["checked"], 6) if group["checked"] else 1.0
            for group in each.broken_groups
        }
    return {} if each.rate is None else {"all": round(each.rate, 6)}


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
