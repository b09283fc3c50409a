"""Runs suites with Great Expectations, inside DuckDB, and reads its results honestly.

One checkpoint of Great Expectations runs one suite: a validation for each view it asks. Great Expectations says
``success: False`` both for a failure and for code that broke; ``exception_info`` tells them apart, and what
broke becomes an error here, what had nothing to check becomes nothing.
"""

from __future__ import annotations

import logging
import re
import warnings
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from consentkit.checks.scratch import scratch
from consentkit.checks.suites import SEVERITIES, load_suites
from consentkit.console import clean
from consentkit.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from consentkit.checks.results import CheckResult, Outcome
    from consentkit.checks.scratch import Scratch
    from consentkit.checks.suites import Entry, Suite
    from consentkit.engine import Engine
    from consentkit.workspace import Workspace

    Told = dict[str, Any]

_FORMAT = {"result_format": "SUMMARY", "partial_unexpected_count": 0}
_VALUES = re.compile(r"'[^']*'|\"[^\"]{40,}\"")
_ROWLESS = ("expect_table_row_count", "expect_table_column", "expect_column_to_exist")


def check(
    workspace: Workspace,
    engine: Engine,
    paths: str | Path | Sequence[str | Path],
    *,
    fail_on: str = "warning",
    max_rate: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> CheckResult:
    """Run the suites of ``paths`` on a loaded workspace; ``progress`` is called with (steps done, steps in all).

    Raises :class:`SuiteError` where a suite cannot be used, :class:`UsageError` without a policy.
    """
    _refuse(fail_on, max_rate)
    from consentkit.checks.catalogue import OWN
    from consentkit.checks.results import CheckResult

    suites = load_suites(paths)
    entries = [entry for suite in suites for entry in suite.entries]
    if any(entry.type in OWN for entry in entries) and not workspace.rows("SELECT 1 FROM policy_version LIMIT 1"):
        raise UsageError("no policy is applied to this database; name one with --policy, or ws.apply(policy)")
    views = list(dict.fromkeys(entry.view for entry in entries))
    done, total = 0, len(views) + len(suites)

    def tell() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    outcomes: list[Outcome] = []
    with scratch(engine) as made, _quiet():
        made.fill(views, [str(entry.kwargs) for entry in entries if entry.type not in OWN], tell)
        known = _names(workspace)
        datasource = _datasource(made)
        for suite in suites:
            found = _run(datasource, made, suite)
            outcomes += [_outcome(workspace, suite, entry, found[entry.id], made, known) for entry in suite.entries]
            tell()
        datasource[1].get_execution_engine().close()
    result = CheckResult(tuple(suites), tuple(outcomes), fail_on, coverage=_coverage(workspace))
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


def _datasource(made: Scratch) -> tuple[Any, Any]:
    """Open an ephemeral context of Great Expectations whose data source is the scratch database."""
    from consentkit.checks import metrics  # noqa: F401 - turns analytics off, before the next line

    # isort: split
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.pool import StaticPool

    from consentkit.checks.dialect import URL_SCHEME

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    kwargs = {"creator": made.connection, "poolclass": StaticPool}
    said: dict[str, Any] = {"connection_string": f"{URL_SCHEME}://", "kwargs": kwargs}
    source = context.data_sources.add_sql("consentkit", **said)
    source.get_execution_engine().dialect_module = postgresql  # its expressions are what our dialect compiles
    return context, source


def _run(datasource: tuple[Any, Any], made: Scratch, suite: Suite) -> dict[str, Told]:
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
            told |= _checkpoint(datasource, suite.name, by_view)
        except Exception as error:  # noqa: BLE001 - whatever breaks in Great Expectations is an error, never a pass
            reason = _clean(f"{type(error).__name__}: {error}")
            told |= {entry.id: {"error": reason} for listed in by_view.values() for entry in listed}
    missing = {"error": "Great Expectations returned no result for this expectation"}
    return {entry.id: told.get(entry.id, missing) for entry in suite.entries}


def _checkpoint(datasource: tuple[Any, Any], name: str, by_view: dict[str, list[Entry]]) -> dict[str, Told]:
    from great_expectations import Checkpoint, ExpectationSuite, ValidationDefinition

    context, source = datasource
    validations = []
    for view, entries in by_view.items():
        title = f"{name} on {view}"
        asset = source.add_table_asset(title, table_name=view)
        batch = asset.add_batch_definition_whole_table("all of it")
        suite = ExpectationSuite(name=title, expectations=[entry.expectation for entry in entries])
        kept = sorted(each.expectation_type for each in suite.expectations)
        if kept != sorted(entry.type for entry in entries):
            raise UsageError(f"Great Expectations kept only {len(kept)} of {len(entries)} expectations")
        suite = context.suites.add(suite)
        validation = ValidationDefinition(name=title, data=batch, suite=suite)
        validations.append(context.validation_definitions.add(validation))
    checkpoint = Checkpoint(name=name, validation_definitions=validations, result_format=_FORMAT)
    ran = context.checkpoints.add(checkpoint).run()
    results = [each for found in ran.run_results.values() for each in found.results]
    return {each.expectation_config.meta["consentkit"]["id"]: _read(each) for each in results}


def _read(result: Any) -> Told:
    """Tell an error from a failure: what broke is in ``exception_info``, flat or one for each metric."""
    from consentkit.checks.slices import NOTHING

    info = result.exception_info or {}
    parts = [info] if "raised_exception" in info else list(info.values())
    raised = [part for part in parts if isinstance(part, dict) and part.get("raised_exception")]
    if not raised:
        return {"success": result.success, "result": dict(result.result or {})}
    message = str(raised[0].get("exception_message") or "an exception without a message")
    if NOTHING in message:
        return {"nothing": message.partition(NOTHING)[2].splitlines()[0]}
    return {"error": _clean(message)}


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
    same = ("id", "type", "severity", "owner", "description", "view", "file", "line", "may_be_empty")
    return Outcome(suite=suite.name, workspace=workspace, **{name: getattr(entry, name) for name in same}, **facts)


def _stranger(entry: Entry, known: dict[str, set[str]], per: str) -> str | None:
    """Say which source or destination an expectation names that is neither in the policy nor in the data."""
    from consentkit.checks.suites import _suggestion

    if per not in known:
        return None
    kwargs = entry.kwargs
    named = [*kwargs.get("thresholds", {}), *kwargs.get("only", []), *kwargs.get("except_for", [])]
    unknown = [name for name in named if name not in known[per]]
    if not unknown:
        return None
    near = clean(_suggestion(unknown[0], sorted(known[per]), listed=False))
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


def _clean(message: str) -> str:
    """Keep the first line of an error, without anything that may be a value from the data."""
    return _VALUES.sub("…", message.strip().splitlines()[0] if message.strip() else "unknown error")[:300]


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Great Expectations' log and its warnings about itself out of the user's terminal."""
    logger = logging.getLogger("great_expectations")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(great_expectations|marshmallow)\b")
            yield
    finally:
        logger.setLevel(level)
