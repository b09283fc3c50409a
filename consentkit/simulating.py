"""What another policy would change: every event judged by both, compared destination by destination."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from consentkit.applying import apply_policy
from consentkit.engine import sql_text
from consentkit.errors import UsageError
from consentkit.judging import judge_within
from consentkit.phrases import count, listing, percent, visible
from consentkit.shown import Table

if TYPE_CHECKING:
    from consentkit.engine import Engine
    from consentkit.policy import Policy
    from consentkit.workspace import Workspace

Row = dict[str, Any]
SCHEMA_VERSION = 1
# What becomes of an event, in words: under the policy in force, and under the new one.
SAYS = {
    "deliver": "sent",
    "block": "held back",
    "indeterminate": "cannot tell",
    "not connected": "not connected",
    "not in the policy": "not in the policy",
}
_NEVER = ("block", "not connected", "not in the policy")


@dataclass(frozen=True, repr=False)
class Simulation:
    """What would change under another policy.

    ``outcomes`` is one row per destination, outcome now (``was``) and outcome then (``becomes``): events of the
    destination, people, and of what changes how many delivery records say delivered or filtered. ``findings`` is one
    row per finding whose number changes: ``before`` and ``after``. ``events`` counts the events that were judged,
    ``logged`` says whether there is a delivery log.
    """

    events: int
    logged: bool
    outcomes: Table
    findings: list[Row]

    @property
    def changes(self) -> list[Row]:
        """Return the rows of ``outcomes`` that are not the same under both policies."""
        return [row for row in self.outcomes if row["was"] != row["becomes"]]

    @property
    def verdict(self) -> str:
        """Say in a sentence what would change."""
        changed = self.changes
        whole = sum(row["events"] for row in self.outcomes)
        if not changed:
            told = f"of the {whole:,} decisions, one for each of {count(self.events, 'event')} and destination"
            return f"Nothing would change: not one {told}."
        parts = self.parts()
        destinations = {row["destination"] for row in changed}
        where = listing([visible(each, 40) for each in dict.fromkeys(row["destination"] for row in changed)])
        where = where if len(destinations) <= 3 else count(len(destinations), "destination")
        share = percent(sum(row["events"] for row in changed), whole)
        return f"{share} of {whole:,} decisions would change, at {where}: {listing(parts)}."

    def parts(self) -> list[str]:
        """Say what would become of the events that change, in parts of a sentence; one counts at each destination."""
        parts = _parts(self.changes, logged=self.logged)
        if len({row["destination"] for row in self.changes}) > 1:
            parts[0] = f"counted at each destination, {parts[0]}"
        return parts

    def as_dict(self) -> Row:
        """Return what was found as the documented JSON shape of ``consentkit simulate --json``."""
        return {
            "schema_version": SCHEMA_VERSION,
            "verdict": self.verdict,
            "events": self.events,
            "outcomes": self.outcomes,
            "findings": self.findings,
        }

    def as_json(self) -> str:
        """Return :meth:`as_dict` as JSON text."""
        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False)

    def __repr__(self) -> str:
        from consentkit.showing import simulation_text

        return simulation_text(self)

    def _repr_html_(self) -> str:
        from consentkit.showing import simulation_html

        return simulation_html(self)


def _parts(changed: list[Row], *, logged: bool) -> list[str]:
    """Say how many events would go nowhere, somewhere, where nobody can tell, or nowhere for another reason."""
    stopped, started, unclear, same = split(changed)
    parts = []
    if stopped:
        told = f"{count(_events(stopped), 'event')} would no longer be sent"
        delivered = count(sum(row["delivered"] for row in stopped), "delivery", "deliveries")
        told += f" ({delivered} by the log)" if logged else ""
        parts.append(told)
    if started:
        parts.append(
            f"{count(_events(started), 'event')} would be sent that {'is' if _events(started) == 1 else 'are'} not now"
        )
    if unclear:
        parts.append(f"{count(_events(unclear), 'event')} could no longer be judged")
    if same:
        parts.append(f"{count(_events(same), 'event')} would stay unsent for another reason")
    return parts


def split(changed: list[Row]) -> tuple[list[Row], list[Row], list[Row], list[Row]]:
    """Part the changes: no longer sent, newly sent, no longer clear, and unsent before and after."""
    stopped = [row for row in changed if row["becomes"] in _NEVER and row["was"] not in _NEVER]
    started = [row for row in changed if row["becomes"] == "deliver"]
    unclear = [row for row in changed if row["becomes"] == "indeterminate"]
    same = [row for row in changed if row["becomes"] in _NEVER and row["was"] in _NEVER]
    return stopped, started, unclear, same


def _events(rows: list[Row]) -> int:
    return sum(row["events"] for row in rows)


def simulate(workspace: Workspace, engine: Engine, policy: Policy) -> Simulation:
    """Judge everything by ``policy``, compare with the policy in force, and undo it.

    A destination that the new policy calls by another name or alias is one destination. Raises
    :class:`UsageError` where no policy is applied, or no event loaded. Source: the views of RULES.md, under both.
    """
    if not workspace.rows("SELECT 1 FROM policy_version LIMIT 1"):
        raise UsageError("no policy is applied to this database, so there is nothing to compare the new one with")
    events = workspace.rows("SELECT count(*) FROM event")[0][0]
    if not events:
        raise UsageError("no event is loaded, so there is nothing to judge")
    # as judged, view by view: to work out all that is compared in one query takes more memory than there may be
    with engine.rehearsal():
        judge_within(engine)
        engine.run("keep what the policy in force says", sql_text("simulate_1_before"))
        apply_policy(engine, policy)
        judge_within(engine)
        engine.run("compare the policies", sql_text("simulate_2_after"))
        outcomes, findings = (
            Table(rows.columns, map(workspace.names.row, rows))
            for rows in (_rows(engine, f"ask_{name}") for name in ("simulated", "simulated_findings"))
        )
    logged = bool(workspace.rows("SELECT 1 FROM delivery LIMIT 1"))
    return Simulation(events, logged, outcomes, findings)


def _rows(engine: Engine, name: str) -> Table:
    return Table.of(engine.cells(f"read {name}", sql_text(name)))
