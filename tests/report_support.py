"""Shared by the tests of charts and reports: the audited sample, and data whose names are hostile."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from support import SAMPLE

import consentkit as ck

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = "</script><script>document.title='broken'</script>"
HOSTILE = [
    SCRIPT,
    '"><img src=x onerror=alert(1)>',
    '=HYPERLINK("http://evil.example","x")',
    "+1+1",
    "@SUM(1)",
    "\u202egnihtemos\u202c left",
    "zero\u200bwidth\ufeff",
    "line\none\ttab",
    "long" * 2500,
    "long" * 2499 + "also",
    "\u6f22\u5b57 \U0001f600",
    "{{ 7 * 7 }} {% raw %} ${x}",
    "'; DROP TABLE event; --",
    "\ufeff\xa0=1+1",
    "\x00\x0b-2+3",
    "\uff1d1+1",
    "a;=1+1;b",
    "a\t+1+1",
    "-1\n=2",
]


def load_sample(ws: ck.Workspace) -> None:
    """Load the sample and apply its policy."""
    ws.load_events(SAMPLE / "events")
    ws.load_deliveries(SAMPLE / "deliveries")
    ws.apply(SAMPLE / "policy.yml")


def load_hostile(ws: ck.Workspace, folder: Path) -> None:
    """Load events and deliveries whose names and ids are hostile, and that break the rules in every way."""
    events, deliveries = [], []
    for number, name in enumerate(HOSTILE):
        for copy in range(6):
            identity = f"{name} {number} {copy}"
            consent = {"consent": {"categoryPreferences": {"A": False, name: True}}} if copy else {}
            events.append(
                {
                    "messageId": identity,
                    "type": "track",
                    "event": name,
                    "userId": identity,
                    "timestamp": f"2026-03-{number + 1:02d}T10:00:00Z",
                    "context": {"app": {"version": name}, "library": {"name": name, "version": name}, **consent},
                }
            )
            for destination in (name, "Known"):
                deliveries.append(
                    {"message_id": identity, "destination": destination, "status": "delivered", "reason": name}
                )
    (folder / "events.ndjson").write_text("".join(json.dumps(each) + "\n" for each in events))
    (folder / "deliveries.ndjson").write_text("".join(json.dumps(each) + "\n" for each in deliveries))
    said = {
        "version": 1,
        "platform": "segment",
        "categories": [{"id": "A", "destinations": ["Known", *HOSTILE[:2]]}],
        "sources": [{"name": "web", "stamps_consent": True}],
    }
    ws.load_events(folder / "events.ndjson")
    ws.load_deliveries(folder / "deliveries.ndjson")
    ws.apply(ck.Policy.parse(said))
