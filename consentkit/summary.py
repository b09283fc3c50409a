"""What an audit found, as one value: counts with their denominators, findings with their SQL.

Everything here is read from views; nothing is judged. The shape of :meth:`Summary.as_dict` is the
documented JSON of ``consentkit audit --json``; ``schema_version`` changes when a name in it does.
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from consentkit.engine import literal, sql_text
from consentkit.errors import UsageError
from consentkit.shown import Table
from consentkit.unjudged import why_unchecked

if TYPE_CHECKING:
    from consentkit.pseudonyms import Pseudonyms
    from consentkit.workspace import Workspace

SCHEMA_VERSION = 1
SEVERITIES = ("critical", "warning", "info")
_MASKED_SQL = "/* a name in it is masked: --raw-ids writes the statement as it runs */"
_UNSEEN = r"\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f"
# What a spreadsheet may read as a formula: its sign, also a wide one, after blanks and hidden letters, where a cell
# begins, or where one begins inside it for a spreadsheet that parts cells by semicolons or tabs.
_FORMULA = re.compile(rf"(^|[;\t\r\n])([\s{_UNSEEN}]*[=+\-@\uff0b\uff0d\uff1d\uff20])")
Row = dict[str, Any]


@dataclass(frozen=True, repr=False)
class Summary:
    """The result of an audit.

    ``coverage`` is one row of what there was to check; ``totals`` one row per code, ``findings`` one per
    code and destination or source, ``destinations`` one per destination, ``sources`` one per source with the
    days it has and lacks, ``files`` one per file or table read, ``rejects`` one per reason a line was rejected
    for. ``unchecked`` says why nothing could be checked, or is None. Names in it are masked, as README says under
    "What is masked"; ``as_loaded`` is the same with all names as they are.
    """

    coverage: Row
    totals: Table
    findings: Table
    destinations: Table
    sources: Table
    files: Table
    rejects: Table
    unchecked: str | None
    unmasked: Summary | None = field(default=None, repr=False, compare=False)

    def __repr__(self) -> str:
        from consentkit.showing import summary_text

        return summary_text(self)

    def _repr_html_(self) -> str:
        from consentkit.showing import summary_html

        return summary_html(self)

    @property
    def verdict(self) -> str:
        """Say in a sentence what was found."""
        from consentkit.report_words import verdict_sentence

        return verdict_sentence(self)

    @property
    def as_loaded(self) -> Summary:
        """The same summary with every name as it stands in the data."""
        return self.unmasked or self

    def shown(self, names: Pseudonyms) -> Summary:
        """Return the same summary with its names masked by ``names``, whatever they were masked by."""
        found = self.as_loaded
        if names.raw:
            return found
        lists = ("totals", "findings", "destinations", "sources", "files", "rejects")
        masked = {name: Table(rows.columns, map(names.row, rows)) for name in lists for rows in [getattr(found, name)]}
        for was, row in zip(found.findings, masked["findings"], strict=True):
            if row["sql"] != was["sql"]:
                row["sql"] = f"{_MASKED_SQL} {row['sql']}"
        return Summary(coverage=found.coverage, unchecked=found.unchecked, unmasked=found, **masked)

    def worst(self) -> str | None:
        """Return the worst severity found, or None."""
        found = {row["severity"] for row in self.totals} | {row["severity"] for row in self.findings}
        return next((severity for severity in SEVERITIES if severity in found), None)

    def exit_code(self, fail_on: str) -> int:
        """Return 2 where nothing could be checked, 1 for findings at or above ``fail_on``, else 0."""
        if fail_on not in SEVERITIES:
            raise UsageError(f"{fail_on!r} is not a severity; they are {', '.join(SEVERITIES)}")
        if self.unchecked:
            return 2
        worst = self.worst()
        return int(worst is not None and SEVERITIES.index(worst) <= SEVERITIES.index(fail_on))

    def as_dict(self) -> Row:
        """Return the documented JSON shape; times are ISO 8601 in UTC."""
        return {
            "schema_version": SCHEMA_VERSION,
            "could_not_check": self.unchecked,
            "worst_severity": self.worst(),
            "coverage": self.coverage,
            "totals": self.totals,
            "findings": self.findings,
            "destinations": self.destinations,
            "sources": self.sources,
            "inputs": self.files,
            "rejected_lines": self.rejects,
        }

    def as_json(self) -> str:
        """Return :meth:`as_dict` as JSON text."""
        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False, default=plain_time)

    def texts(self) -> dict[str, str]:
        """Return the text of findings.json, findings.csv, destinations.csv, sources.csv and completeness.csv."""
        return {
            "findings.json": self.as_json() + "\n",
            "findings.csv": csv_text(self.findings),
            "destinations.csv": csv_text(self.destinations),
            "sources.csv": csv_text(self.sources),
            "completeness.csv": csv_text(self.files),
        }


def summarise(workspace: Workspace) -> Summary:
    """Read what the views say of a loaded workspace with a policy applied."""
    coverage = _rows(workspace, "SELECT c.* FROM coverage AS c")[0]
    findings = _rows(workspace, sql_text("ask_findings"))
    for finding in findings:
        finding["id"] = _identity(finding)
        finding["sql"] = rows_of(finding)
    findings.columns += ["id", "sql"]
    files = _rows(workspace, sql_text("ask_completeness"))
    found = Summary(
        coverage=coverage,
        totals=_rows(workspace, sql_text("ask_totals")),
        findings=findings,
        destinations=_rows(workspace, sql_text("ask_by_destination")),
        sources=_rows(workspace, sql_text("ask_ledger")),
        files=files,
        rejects=_rows(workspace, sql_text("ask_rejected")),
        unchecked=why_unchecked(coverage, files),
    )
    return found.shown(workspace.names)


def rows_of(finding: Row) -> str:
    """Return the SQL that lists the rows behind a finding; its count is the number the finding states."""
    if finding["code"] in ("X25", "X26"):
        named = [f"{name} = {_named(finding[name])}" for name in ("code", "certainty", "destination")]
        return f"SELECT * FROM finding_count WHERE {' AND '.join(named)}"
    if finding["code"] in ("X39", "X41", "X42"):
        named = [f"{name} = {_named(finding[name])}" for name in ("code", "source", "detail") if finding[name]]
        return f"SELECT * FROM finding_silence WHERE {' AND '.join(named)}"
    if not finding["destination"] and not finding["source"]:
        return f"SELECT * FROM finding_completeness WHERE code = {literal(finding['code'])}"
    tests = [f"code = {literal(finding['code'])}", f"certainty = {literal(finding['certainty'])}"]
    tests += [f"{name} = {_named(finding[name])}" for name in ("destination", "source", "detail") if finding[name]]
    return f"SELECT * FROM finding_row WHERE {' AND '.join(tests)}"


def _named(name: str) -> str:
    """Quote a name for a statement that is read and copied: letters that cannot be seen are written as chr()."""
    return re.sub(f"[{_UNSEEN}]", lambda found: f"' || chr({ord(found[0])}) || '", literal(name))


def _identity(finding: Row) -> str:
    """Name a finding so that the next audit can tell it is the same one."""
    parts = [finding[name] for name in ("code", "certainty", "source", "destination", "detail")]
    return "/".join(str(part) for part in parts if part is not None)


def _rows(workspace: Workspace, query: str) -> Table:
    return Table.of(workspace.cells(query))


def plain_time(value: Any) -> str:
    """Write a time or a day for JSON and CSV: ISO 8601, in UTC."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds") + "Z"
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def csv_text(rows: Table) -> str:
    """Write rows as CSV that a spreadsheet takes as text, never as a formula; without rows their columns alone."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows.columns)
    writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return plain_time(value)
    return _FORMULA.sub(r"\1'\2", value) if isinstance(value, str) else value
