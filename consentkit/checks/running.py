"""Runs suites with Great Expectations, inside DuckDB, and makes an outcome of each expectation.

What broke becomes an error here, and so does what had nothing to check, unless the suite allows for that: then it is
nothing. Only the rest passed or failed.
"""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from consentkit.checks.scratch import scratch
from consentkit.checks.session import Session, clean_message, failing_rows, quiet
from consentkit.checks.suites import SEVERITIES, load_suites, suggestion
from consentkit.console import clean
from consentkit.errors import EngineError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from consentkit.checks.results import CheckResult, Outcome
    from consentkit.checks.scratch import Scratch
    from consentkit.checks.suites import Entry, Suite
    from consentkit.engine import Engine
    from consentkit.workspace import Workspace

    Told = dict[str, Any]

_ROWLESS = ("expect_table_row_count", "expect_table_column", "expect_column_to_exist")


def check(
    workspace: Workspace,
    engine: Engine,
    paths: str | Path | Sequence[str | Path],
    *,
    fail_on: str = "warning",
    max_rate: float | None = None,
    progress: Callable[[int, int], None] | None = None,
    actions: Sequence[Any] = (),
    data_docs: str | Path | None = None,
) -> CheckResult:
    """Run the suites of ``paths`` on a loaded workspace; ``progress`` is called with (steps done, steps in all).

    ``actions`` are Great Expectations' own and run with each checkpoint; ``data_docs`` is a folder for its Data Docs.

    Raises :class:`SuiteError` where a suite cannot be used, :class:`UsageError` without a policy.
    """
    _refuse(fail_on, max_rate)
    from consentkit.checks.catalogue import OWN
    from consentkit.checks.results import CheckResult

    suites = load_suites(paths)
    entries = [entry for suite in suites for entry in suite.entries]
    if any(entry.type in OWN for entry in entries):
        with suppress(EngineError):  # what cannot be worked out is an error of each expectation that reads it
            workspace.judge()
    outcomes, own_results = _run_all(workspace, engine, suites, progress, actions, data_docs)
    result = CheckResult(
        tuple(suites),
        tuple(_shown(workspace, _with_rows(workspace, engine, entries, each)) for each in outcomes),
        fail_on,
        coverage=_coverage(workspace),
        great_expectations=tuple(own_results),
    )
    return result if max_rate is None else tolerate(result, max_rate)


def tolerate(result: CheckResult, max_rate: float) -> CheckResult:
    """Mark the failures whose failing share is nowhere above ``max_rate``: they stay failures, but do not count."""
    marked = [
        replace(each, tolerated=each.worst_rate is not None and each.worst_rate <= max_rate)
        if each.status == "failed"
        else each
        for each in result.outcomes
    ]
    return replace(result, outcomes=tuple(marked), max_rate=max_rate)


def _refuse(fail_on: str, max_rate: float | None) -> None:
    if fail_on not in SEVERITIES:
        raise UsageError(f"{fail_on!r} is not a severity; they are {', '.join(SEVERITIES)}")
    if max_rate is not None and not 0 <= max_rate <= 1:
        raise UsageError(f"{max_rate} is not a share; it is between 0 and 1")


def _run_all(
    workspace: Workspace,
    engine: Engine,
    suites: list[Suite],
    progress: Callable[[int, int], None] | None,
    actions: Sequence[Any],
    data_docs: str | Path | None,
) -> tuple[list[Outcome], list[Any]]:
    """Run suites on a scratch database; what came of each expectation, and Great Expectations' own results."""
    from consentkit.checks.catalogue import OWN

    entries = [entry for suite in suites for entry in suite.entries]
    views = list(dict.fromkeys(entry.view for entry in entries))
    done, total = 0, len(views) + len(suites)

    def tell() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    outcomes: list[Outcome] = []
    with scratch(engine) as made, quiet():
        made.fill(views, [str(entry.kwargs) for entry in entries if entry.type not in OWN], tell)
        known = _names(workspace)
        with closing(Session(made, actions)) as session:
            for suite in suites:
                found = _run(session, made, suite)
                outcomes += [_outcome(workspace, suite, entry, found[entry.id], made, known) for entry in suite.entries]
                tell()
            if data_docs is not None:
                session.write_docs(data_docs)
    return outcomes, session.results


def _run(session: Session, made: Scratch, suite: Suite) -> dict[str, Told]:
    """Run one suite as one checkpoint; what is known of each expectation, by its id."""
    told: dict[str, Told] = {}
    by_view: dict[str, list[Entry]] = {}
    for entry in suite.entries:
        if entry.view in made.broken:
            told[entry.id] = {"error": f"{entry.view}: {made.broken[entry.view]}"}
        elif not made.rows[entry.view] and not entry.type.startswith(_ROWLESS):
            told[entry.id] = {"nothing": f"{entry.view} is empty"}
        else:
            by_view.setdefault(entry.view, []).append(entry)
    if by_view:
        try:
            told |= session.run(suite.name, by_view)
        except Exception as error:  # noqa: BLE001 - whatever breaks in Great Expectations is an error, never a pass
            reason = clean_message(f"{type(error).__name__}: {error}")
            told |= {entry.id: {"error": reason} for listed in by_view.values() for entry in listed}
    missing = {"error": "Great Expectations returned no result for this expectation"}
    return {entry.id: told.get(entry.id, missing) for entry in suite.entries}


def _outcome(
    workspace: Workspace, suite: Suite, entry: Entry, told: Told, made: Scratch, known: dict[str, set[str]]
) -> Outcome:
    from consentkit.checks.catalogue import OWN
    from consentkit.checks.reading import read_core, read_own
    from consentkit.checks.results import Outcome

    own = OWN.get(entry.type)
    stranger = _stranger(entry, known, own.per) if own is not None else None
    facts: Told
    if stranger:
        facts = {"status": "error", "message": stranger}
    elif "error" in told:
        facts = {"status": "error", "message": told["error"]}
    elif "nothing" in told:
        facts = {"status": "nothing", "message": told["nothing"]}
    elif own is not None:
        facts = read_own(own, entry, told)
    else:
        facts = read_core(entry, told, made.rows[entry.view])
    if facts["status"] == "nothing" and not entry.may_be_empty:
        facts = {"status": "error", "message": f"nothing to check: {facts['message']}; may_be_empty would allow it"}
    same = ("id", "type", "severity", "owner", "description", "view", "file", "line", "may_be_empty")
    return Outcome(suite=suite.name, workspace=workspace, **{name: getattr(entry, name) for name in same}, **facts)


def _with_rows(workspace: Workspace, engine: Engine, entries: Sequence[Entry], each: Outcome) -> Outcome:
    """Let the rows of a core expectation be asked for, with a query of Great Expectations, when somebody wants them."""
    if each.rows_sql is not None or not each.failing:
        return each
    entry = next(entry for entry in entries if entry.id == each.id)
    return replace(each, find_rows=partial(failing_rows, workspace, engine, entry, each.failing))


def _shown(workspace: Workspace, each: Outcome) -> Outcome:
    """Mask the names in what is told of an outcome; the query for its rows stays one that runs."""
    names = workspace.names
    return replace(
        each,
        message=names.masked(each.message),
        samples=tuple(names.masked(place, file=True) for place in each.samples),
        groups=tuple(names.row(dict(group)) for group in each.groups),
        slices=tuple(names.row(dict(row)) for row in each.slices),
    )


def _stranger(entry: Entry, known: dict[str, set[str]], per: str) -> str | None:
    """Say which source or destination an expectation names that is neither in the policy nor in the data."""
    if per not in known:
        return None
    kwargs = entry.kwargs
    named = [*kwargs.get("thresholds", {}), *kwargs.get("only", []), *kwargs.get("except_for", [])]
    unknown = [name for name in named if name not in known[per]]
    if not unknown:
        return None
    near = clean(suggestion(unknown[0], sorted(known[per]), listed=False))
    return f"it names the {per} {clean(unknown[0])!r}, which is not there{near}"


def _names(workspace: Workspace) -> dict[str, set[str]]:
    return {
        "source": {row[0] for row in workspace.rows("SELECT DISTINCT s.name FROM source AS s")},
        "destination": {row[0] for row in workspace.rows("SELECT DISTINCT d.name FROM destination AS d")},
        "detail": {row[0] for row in workspace.rows("SELECT DISTINCT c.category_id FROM category AS c")},
        "kind": {"events", "deliveries"},
    }


def _coverage(workspace: Workspace) -> dict[str, Any]:
    query = (
        "SELECT count(*) AS events, min(e.event_at) AS first_event, max(e.event_at) AS last_event,"
        " (SELECT count(*) FROM delivery AS d) AS delivery_records FROM event AS e"
    )
    names, rows = workspace.cells(query)
    return {n: v.isoformat() if hasattr(v, "isoformat") else v for n, v in zip(names, rows[0], strict=True)}
