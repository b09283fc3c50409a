"""Says in words, for one event and each destination, what was decided and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from consentkit.console import clean
from consentkit.engine import sql_text
from consentkit.errors import NO_POLICY, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consentkit.workspace import Workspace

_STYLES = {"deliver": "green", "block": "red", "indeterminate": "yellow"}
_SAYS = {"deliver": "deliver", "block": "do not deliver", "indeterminate": "cannot be told"}
_REGIME = {False: "under opt-in, silence is not consent", True: "a refusal counts, whichever tool wrote it"}
_STATES = {
    "A0": "It has no context, so it carries no consent object.",
    "A1": "It carries no consent object.",
    "A2": "Its consent object holds no categoryPreferences.",
    "A3": "Its categoryPreferences are empty.",
    "A4": "It carries a consent object with categories.",
    "A6": "Its consent object is not what it should be.",
    "A?": "It is a warehouse row whose consent columns are all empty.",
}
_LISTS = {
    "absent": "It carries no consentManagement.",
    "malformed": "Its consentManagement is not what it should be.",
    "given": "It carries consentManagement.",
}


def explain(workspace: Workspace, message_id: str) -> Iterator[Text]:
    """Yield the explanation of every event with this message id, line by line.

    Per destination: the verdict, what consent and the integrations object said, the categories needed,
    granted, refused and missing, the rule and its place in RULES.md, what the policy version in force at its
    arrival would say instead, and what the delivery log tells.
    Raises :class:`UsageError` where no event has the id, or no policy is applied.
    """
    names, rows = workspace.cells(sql_text("ask_explain"), [message_id, message_id])
    if not workspace.rows("SELECT 1 FROM policy_version LIMIT 1"):
        raise UsageError(NO_POLICY)
    if not rows:
        raise UsageError("no event with this message id is loaded")
    place = None
    for cells in rows:
        row = dict(zip(names, cells, strict=True))
        if place != (row["event_file"], row["event_line"]):
            place = (row["event_file"], row["event_line"])
            yield from _event(row)
        yield from _destination(row)


def _event(row: dict[str, Any]) -> Iterator[Text]:
    what = " ".join(clean(str(part)) for part in (row["type"] or "event without a type", row["name"]) if part)
    when = f", {row['event_at']:%Y-%m-%d %H:%M:%S} UTC" if row["event_at"] else ", undated"
    yield Text.assemble("\n", (what, "bold"), when, f", {clean(row['event_file'])} line {row['event_line']}")
    where = f"source {clean(row['source'])}, enforced at {row['point']}" if row["source"] else "no policy was in force"
    kind = " It is a preference event." if row["event_kind"] != "event" else ""
    rudder = row["point"] in ("rudder-server", "rudder-js")
    state = _LISTS[row["rudder_form"]] if rudder else _STATES[row["state"]]
    yield Text(f"{where}. {state}{kind}")


def _destination(row: dict[str, Any]) -> Iterator[Text]:
    yield Text.assemble(
        "\n  ",
        (clean(row["destination"]), "bold"),
        ": ",
        (_SAYS[row["outcome"]], _STYLES[row["outcome"]]),
    )
    for name, says in (("consent", "consent_says"), ("integrations", "integrations_say")):
        if row[f"{name}_meaning"]:
            yield Text(f"    {name:<13}{row[says]}: {row[f'{name}_meaning']} [{row[f'{name}_rule']}]")
    if row["required"]:
        parts = [f"needs {_list(row['required'])}"]
        parts += [f"{name} {_list(row[name])}" for name in ("granted", "refused", "missing") if row[name]]
        yield Text(f"    {'categories':<13}{'; '.join(parts)}")
    if row["other"]:
        yield Text(f"    {'other tool':<13}{clean(row['other'])}; the platform does not read it")
    if row["documented_outcome"] != row["outcome"]:
        yield Text(f"    {'documented':<13}{_SAYS[row['documented_outcome']]}, by the platform's own documentation")
    if row["regime_outcome"] != row["outcome"]:
        yield Text(f"    {'regime':<13}{_SAYS[row['regime_outcome']]}: {_REGIME[row['other_stamp'] == 'refused']}")
    if row["arrival_outcome"] not in (None, row["outcome"]):
        when = f"{row['received_at']:%Y-%m-%d %H:%M:%S} UTC"
        told = f"{_SAYS[row['arrival_outcome']]}, by the policy in force when the event arrived, {when}"
        yield Text(f"    {'arrival':<13}{told} [RULES 2.1]")
    if row["loaded"]:
        yield Text(f"    {'device':<13}the page had loaded it, says _metadata.bundled [RULES 3]")
    yield Text(f"    {'log':<13}{row['records'] or 'no delivery record'}")


def _list(names: list[str]) -> str:
    return ", ".join(clean(name) for name in names)
