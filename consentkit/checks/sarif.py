"""SARIF 2.1.0: failures as results at the suite's file and line; what could not be checked as notifications."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from consentkit import __version__
from consentkit.checks.results import WORDS

if TYPE_CHECKING:
    from consentkit.checks.results import CheckResult, Outcome

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"critical": "error", "warning": "warning", "info": "note"}


def sarif(result: CheckResult) -> str:
    """Return the result as SARIF. A run with anything unchecked says ``executionSuccessful: false``."""
    rules = [_rule(each) for each in result.outcomes]
    numbers = {each.id: number for number, each in enumerate(result.outcomes)}
    run = {
        "tool": {"driver": {"name": "consentkit", "version": __version__, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not result.errors,
                "exitCode": result.exit_code,
                "toolExecutionNotifications": [
                    _notification(each, numbers[each.id])
                    for each in result.sorted()
                    if each.status in ("error", "nothing")
                ],
            }
        ],
        "results": [_result(result, each, numbers[each.id]) for each in result.findings],
        "properties": {"counts": result.counts, "verdict": result.verdict},
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _rule(each: Outcome) -> dict[str, Any]:
    return {
        "id": each.id,
        "name": each.type,
        "shortDescription": {"text": each.description},
        "defaultConfiguration": {"level": _LEVELS[each.severity]},
        "properties": {"owner": each.owner, "severity": each.severity, "status": each.status, "tags": [each.suite]},
    }


def _result(result: CheckResult, each: Outcome, number: int) -> dict[str, Any]:
    counts = result.counts_as_failure(each)
    found: dict[str, Any] = {
        "ruleId": each.id,
        "ruleIndex": number,
        "kind": "fail",
        "level": _LEVELS[each.severity] if counts else "note",
        "message": {"text": f"{each.message}. {each.description}"},
        "locations": [_location(each)],
        "partialFingerprints": {"consentkitExpectation/v1": each.id},
        "properties": {"checked": each.checked, "failing": each.failing, "rate": each.rate},
    }
    if result.baseline is not None:
        found["baselineState"] = "unchanged" if each.known else "new"
    if not counts and (each.tolerated or each.known):  # what is only less severe stays in sight, as a note
        found["suppressions"] = [{"kind": "external", "status": "accepted", "justification": result.remark(each)}]
    return found


def _notification(each: Outcome, number: int) -> dict[str, Any]:
    return {
        "level": "error" if each.unchecked else "note",
        "descriptor": {"id": "nothing-to-check" if each.status == "nothing" else "could-not-check"},
        "associatedRule": {"id": each.id, "index": number},
        "message": {"text": f"{each.id}: {WORDS[each.status]}: {each.message}"},
        "locations": [_location(each)],
    }


def _location(each: Outcome) -> dict[str, Any]:
    path = Path(each.file)
    uri = path.as_uri() if path.is_absolute() else quote(each.file)
    place: dict[str, Any] = {"artifactLocation": {"uri": uri}, "region": {"startLine": each.line}}
    return {"physicalLocation": place}
