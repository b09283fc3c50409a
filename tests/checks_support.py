"""Shared by the tests of the checks: a suite on the spot, and a workspace with a few events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from support import Row, event, ndjson, policy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import consentkit as ck
    from consentkit.checks.results import CheckResult

POLICY = {
    "categories": [{"id": "Ads", "destinations": ["Pixel"]}, {"id": "Analytics", "destinations": ["Mix"]}],
    "sources": [{"name": "web", "stamps_consent": True, "write_keys": ["w"]}, {"name": "app", "write_keys": ["a"]}],
}
YES = {"Ads": True, "Analytics": True}
NO = {"Ads": False, "Analytics": False}


def expectation(written: str, severity: str = "critical", **keys: Any) -> Row:
    """One expectation as a suite writes it."""
    return {"type": written, "severity": severity, "description": "It holds.", **keys}


def suite(folder: Path, *entries: Mapping[str, Any], name: str = "here", **keys: Any) -> Path:
    """Write a suite file."""
    path = folder / f"{name}.yml"
    whole = {"name": name, "description": "A suite.", "owner": "us", **keys, "expectations": list(entries)}
    path.write_text(yaml.safe_dump(whole, sort_keys=False), encoding="utf-8")
    return path


def fill(
    ws: ck.Workspace,
    folder: Path,
    events: Sequence[Mapping[str, Any] | str],
    deliveries: Sequence[Mapping[str, Any]] = (),
    rules: Mapping[str, Any] | None = None,
) -> None:
    """Judge by a small policy and load events of the source web, and delivery records."""
    ws.apply(policy(POLICY if rules is None else rules))
    if events:
        lines = [item if isinstance(item, str) else event({"writeKey": "w", **item}) for item in events]
        (folder / "events.ndjson").write_bytes(ndjson(lines))
        ws.load_events(folder / "events.ndjson")
    if deliveries:
        log = [{"status": "delivered", "destination": "Pixel", **item} for item in deliveries]
        (folder / "deliveries.ndjson").write_bytes(ndjson(log))
        ws.load_deliveries(folder / "deliveries.ndjson")


def statuses(result: CheckResult) -> dict[str, str]:
    """The status of every expectation, by its type or name."""
    return {each.id.partition(".")[2]: each.status for each in result.outcomes}
