"""Notes what each audit of a database found, so that the view ``remediation`` can tell what was opened and closed."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from consentkit.engine import Engine
    from consentkit.summary import Summary

_AUDIT = ("audit_id", "state", "policy", "audited_at")
_HELD = ("events", "deliveries", "first_event", "last_event")
_FINDING = ("code", "certainty", "source", "destination", "detail")
_NUMBERS = ("n", "out_of", "people", "first_seen", "last_seen")


def record_audit(engine: Engine, summary: Summary) -> bool:
    """Write the findings of a summary into ``audit`` and ``audit_finding``, unless the last audit found the same.

    Names go in as they are in the data, so that a finding is the same one whatever key masks it. Returns False where
    they cannot be noted, because the database can only be read.
    """
    summary = summary.as_loaded
    with engine.transaction():
        state, policy = _state(engine, summary)
        last = engine.rows("read the last audit", "SELECT audit_id, state FROM audit ORDER BY audit_id DESC LIMIT 1")
        if last and last[0][1] == state:
            return True
        if engine.read_only:
            return False
        number = last[0][0] + 1 if last else 1
        held = summary.coverage
        now = datetime.now(UTC).replace(tzinfo=None)
        row = (number, state, policy, now, *(held[name] for name in _HELD))
        engine.insert("note the audit", "audit", (*_AUDIT, *_HELD), [row])
        engine.insert(
            "note its findings",
            "audit_finding",
            ("audit_id", *_FINDING, *_NUMBERS),
            [(number, *(each[name] for name in _FINDING), *_numbers(each)) for each in summary.findings],
        )
    return True


def _numbers(finding: dict[str, object]) -> tuple[object, ...]:
    unit = "events" if finding["deliveries"] is None else "deliveries"
    return (finding[unit], finding[f"of_{unit}"], *(finding[name] for name in ("people", "first_seen", "last_seen")))


def _state(engine: Engine, summary: Summary) -> tuple[str, str]:
    """Hash what was read, what judged it and what came of it; and by itself what judged it."""
    policy = engine.rows(
        "read the policy's text", "SELECT name, value FROM about WHERE name LIKE 'policy %' ORDER BY name"
    )
    files = [(row["kind"], row["sha256"], row["path"]) for row in summary.files]
    findings = [[each[name] for name in _FINDING] + list(_numbers(each)) for each in summary.findings]
    return _hash([policy, files, findings]), _hash(policy)


def _hash(told: object) -> str:
    return hashlib.sha256(json.dumps(told, ensure_ascii=True, default=str).encode()).hexdigest()
