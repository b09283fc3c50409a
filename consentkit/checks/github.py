"""For GitHub's workflows: annotations at the suite's file and line, and a step summary in Markdown."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from consentkit.checks.reading import share
from consentkit.checks.results import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from consentkit.checks.results import CheckResult, Outcome
    from consentkit.errors import Mistake

_LEVELS = {"critical": "error", "warning": "warning", "info": "notice"}
_SPECIAL = str.maketrans({each: f"&#{ord(each)};" for each in "\\`*_{}[]()#+!|~@:"})


def annotation_lines(result: CheckResult) -> str:
    """Return one workflow command a line: what could not be checked as errors, failures by their severity."""
    lines = []
    for each in result.sorted():
        if each.unchecked:
            lines.append(_annotation("error", each, f"{WORDS[each.status]}: {each.message}"))
        elif each.status == "failed":
            remark = f" ({result.remark(each)})" if result.remark(each) else ""
            level = _LEVELS[each.severity] if result.counts_as_failure(each) else "notice"
            lines.append(_annotation(level, each, f"{each.message}{remark}. {each.description}"))
        elif each.status == "nothing":
            lines.append(_annotation("notice", each, f"{WORDS[each.status]}: {each.message}"))
    return "".join(f"{line}\n" for line in lines)


def mistake_lines(mistakes: Iterable[Mistake]) -> str:
    """Return one workflow command for each mistake in suites that were refused."""
    lines = []
    for each in mistakes:
        place = f"file={_property(each.file)}" + (f",line={each.line}" if each.line else "")
        lines.append(f"::error {place},title=suite refused::{_data(f'{each.path}: {each.message}')}\n")
    return "".join(lines)


def step_summary(result: CheckResult) -> str:
    """Return the result as Markdown: the verdict, a table of what did not pass, then what passed."""
    icon = {0: "✅", 1: "❌", 2: "⚠️"}[result.exit_code]
    lines = ["## Consent expectations", "", f"{icon} **{_escaped(result.verdict)}**", ""]
    told = [each for each in result.sorted() if each.status != "passed"]
    if told:
        lines += ["| | severity | expectation | result | failing | where |", "|---|---|---|---|---:|---|"]
        lines += [_row(each, result.remark(each), counts=result.counts_as_failure(each)) for each in told]
    passed = [each for each in result.sorted() if each.status == "passed"]
    if passed:
        lines += ["", "<details><summary>" + f"{len(passed)} passed</summary>", ""]
        lines += [f"- {_escaped(each.description)} {_escaped(each.message)}" for each in passed]
        lines += ["", "</details>"]
    return "\n".join(lines) + "\n"


def _row(each: Outcome, remark: str, *, counts: bool) -> str:
    icon = "⚠️" if each.unchecked else "❌" if counts else "➖"
    said = WORDS[each.status] + (f", {remark}" if remark else "")
    rate = "" if each.rate is None else f"{each.failing:,} of {each.checked:,} ({share(each.rate)})"
    place = f"<code>{_escaped(each.file)}</code>, line {each.line}"
    cells = [icon, each.severity, _escaped(each.description), f"{said}: {_escaped(each.message)}", rate, place]
    return "| " + " | ".join(cells) + " |"


def _annotation(level: str, each: Outcome, message: str) -> str:
    title = _property(f"{each.severity}: {each.id}")
    return f"::{level} file={_property(each.file)},line={each.line},title={title}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _escaped(text: str) -> str:
    """Write text so that Markdown and HTML take it as it stands."""
    return html.escape(" ".join(text.split()), quote=False).replace("&", "\0").translate(_SPECIAL).replace("\0", "&")
