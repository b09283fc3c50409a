"""JUnit XML: one suite for each suite, one case for each expectation, ``<failure>`` apart from ``<error>``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from consentkit.checks.results import WORDS

if TYPE_CHECKING:
    from consentkit.checks.results import CheckResult, Outcome

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(result: CheckResult) -> str:
    """Return the result as JUnit XML.

    A failure that counts is ``<failure>``, with its severity as its type: one that does not, as the exit code has it,
    is ``<skipped>`` and says why. What could not be checked is ``<error>``; what had nothing to check, where the suite
    allows for that, is ``<skipped>``, too.
    """
    root = ET.Element("testsuites", {"name": "consentkit check", **_counts(result, list(result.outcomes))})
    for suite in result.suites:
        outcomes = [each for each in result.outcomes if each.suite == suite.name]
        said = {"name": _text(suite.title), "file": _text(suite.file), **_counts(result, outcomes)}
        place = ET.SubElement(root, "testsuite", said)
        for each in outcomes:
            _case(place, each, result.remark(each), counts=result.counts_as_failure(each))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(place: ET.Element, each: Outcome, remark: str, *, counts: bool) -> None:
    name = each.id.partition(".")[2]
    case = ET.SubElement(place, "testcase", name=_text(name), classname=_text(each.suite), file=_text(each.file))
    case.set("line", str(each.line))
    case.set("time", "0")
    told = _text(f"{each.description}\n{each.message}\n{each.file}:{each.line}, owner {each.owner}")
    said = _text(f"{WORDS[each.status]}{f', {remark}' if remark else ''}: {each.message}")
    if each.unchecked:
        ET.SubElement(case, "error", type="could-not-check", message=said).text = told
    elif counts:
        ET.SubElement(case, "failure", type=each.severity, message=said).text = told
    elif each.status == "failed":
        ET.SubElement(case, "skipped", message=said)
        ET.SubElement(case, "system-out").text = told
    elif each.status == "nothing":
        ET.SubElement(case, "skipped", message=said)
    else:
        ET.SubElement(case, "system-out").text = _text(each.message)


def _counts(result: CheckResult, outcomes: list[Outcome]) -> dict[str, str]:
    errors = sum(each.unchecked for each in outcomes)
    failures = sum(result.counts_as_failure(each) for each in outcomes)
    skipped = sum(each.status in ("failed", "nothing") for each in outcomes) - failures
    numbers = {"tests": len(outcomes), "failures": failures, "errors": errors, "skipped": skipped}
    return {name: str(number) for name, number in numbers.items()}


def _text(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
