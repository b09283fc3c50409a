"""Great Expectations itself: one ephemeral context on a scratch database, its checkpoints, results and Data Docs.

One checkpoint runs one suite: a validation for each view it asks. Great Expectations says ``success: False`` both for
a failure and for code that broke; ``exception_info`` tells them apart.
"""

from __future__ import annotations

import html
import logging
import re
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consentkit.checks.scratch import scratch
from consentkit.engine import quoted
from consentkit.errors import EngineError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from consentkit.checks.scratch import Scratch
    from consentkit.checks.suites import Entry
    from consentkit.engine import Engine
    from consentkit.workspace import Workspace

    Told = dict[str, Any]

_FORMAT = {"result_format": "SUMMARY", "partial_unexpected_count": 0}
_VALUES = re.compile(r"'[^']*'|\"[^\"]{40,}\"")


class Session:
    """One context of Great Expectations; ``results`` are its own, one of each checkpoint that ran."""

    def __init__(self, made: Scratch, actions: Sequence[Any] = ()) -> None:
        from consentkit.checks import metrics  # noqa: F401 - turns analytics off, before the next line

        # isort: split
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig
        from sqlalchemy.dialects import postgresql
        from sqlalchemy.pool import StaticPool

        from consentkit.checks.dialect import URL_SCHEME

        self._context = gx.get_context(mode="ephemeral")
        self._context.variables.progress_bars = ProgressBarsConfig(globally=False)
        kwargs = {"creator": made.connection, "poolclass": StaticPool}
        said: dict[str, Any] = {"connection_string": f"{URL_SCHEME}://", "kwargs": kwargs}
        self._source = self._context.data_sources.add_sql("consentkit", **said)
        self._source.get_execution_engine().dialect_module = postgresql  # its expressions are what our dialect compiles
        self._actions = list(actions)
        self._batches: dict[str, Any] = {}
        self.results: list[Any] = []

    def run(self, name: str, by_view: dict[str, list[Entry]]) -> dict[str, Told]:
        """Run one suite as one checkpoint; return what is known of each expectation, by its id."""
        from great_expectations import Checkpoint, ExpectationSuite, ValidationDefinition

        validations = []
        for view, entries in by_view.items():
            title = f"{name} on {view}"
            suite = ExpectationSuite(name=title, expectations=[entry.expectation for entry in entries])
            kept = sorted(each.expectation_type for each in suite.expectations)
            if kept != sorted(entry.type for entry in entries):
                raise UsageError(f"Great Expectations kept only {len(kept)} of {len(entries)} expectations")
            suite = self._context.suites.add(suite)
            validation = ValidationDefinition(name=title, data=self._batch_of(view), suite=suite)
            validations.append(self._context.validation_definitions.add(validation))
        said: dict[str, Any] = {
            "validation_definitions": validations,
            "result_format": _FORMAT,
            "actions": self._actions,
        }
        ran = self._context.checkpoints.add(Checkpoint(name=name, **said)).run()
        self.results.append(ran)
        results: list[Any] = [each for found in ran.run_results.values() for each in found.results]
        return {each.expectation_config.meta["consentkit"]["id"]: _read(each) for each in results}

    def failing_query(self, entry: Entry, columns: list[str]) -> str | None:
        """Return Great Expectations' query for the rows that fail one expectation; not every one has such a query."""
        wanted = {
            "result_format": "COMPLETE",
            "unexpected_index_column_names": columns,
            "partial_unexpected_count": 0,
            "exclude_unexpected_values": True,
            "return_unexpected_index_query": True,
        }
        batch = self._batch_of(entry.view).get_batch()
        query = batch.validate(entry.expectation, result_format=wanted).result.get("unexpected_index_query")
        return query.strip().rstrip(";") if isinstance(query, str) else None

    def write_docs(self, folder: str | Path) -> None:
        """Write Data Docs of the checkpoints that ran. Opened, they load scripts and a logo from the network.

        Raises :class:`UsageError` where the folder cannot be written.
        """
        place = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(Path(folder).resolve())}
        site: Any = {
            "class_name": "SiteBuilder",
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "store_backend": place,
        }
        try:
            self._escape_results()
            self._context.add_data_docs_site(site_name="consentkit", site_config=site)
            self._context.build_data_docs(site_names=["consentkit"])
        except OSError as error:
            raise UsageError(f"{folder}: the Data Docs cannot be written: {error.strerror}") from None

    def _escape_results(self) -> None:
        """Escape the names in what is kept for Data Docs: Great Expectations writes them into its pages as they are."""
        store = self._context.validation_results_store
        for key in store.list_keys():
            kept: Any = store.get(key)
            for each in kept.results:
                each.result = _escaped(each.result)
            store.set(key, kept)

    def close(self) -> None:
        """Give the connections back."""
        self._source.get_execution_engine().close()

    def _batch_of(self, view: str) -> Any:
        """Name each view once: with every name Great Expectations writes out all that it knows."""
        if view not in self._batches:
            asset = self._source.add_table_asset(view, table_name=view)
            self._batches[view] = asset.add_batch_definition_whole_table("all of it")
        return self._batches[view]


def failing_rows(workspace: Workspace, engine: Engine, entry: Entry, failing: int) -> pd.DataFrame:
    """Return the rows that fail one of Great Expectations' own expectations, as loaded.

    Raises :class:`UsageError` where it has no query for them, or one that gives another number of rows.
    """
    frame = None
    with scratch(engine) as made, quiet():
        made.fill([entry.view], [str(entry.kwargs)], lambda: None)
        session = Session(made)
        try:
            columns = list(workspace.cells(f"SELECT * FROM {quoted(entry.view)} LIMIT 0")[0])
            query = session.failing_query(entry, columns)
        finally:
            session.close()
    if query is not None:
        try:
            frame = workspace.sql(query).iloc[:, : len(columns)]  # it names every column twice
        except EngineError:
            frame = None
    if frame is None or len(frame) != failing:
        told = f"{entry.id}: Great Expectations gives no query for its rows"
        raise UsageError(f"{told}; ask its view: SELECT * FROM {entry.view}")
    return frame


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
    return {"error": clean_message(message)}


def _escaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {_escaped(key): _escaped(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_escaped(each) for each in value]
    return html.escape(value, quote=False) if isinstance(value, str) else value


def clean_message(message: str) -> str:
    """Keep the first line of an error, without anything that may be a value from the data."""
    return _VALUES.sub("…", message.strip().splitlines()[0] if message.strip() else "unknown error")[:300]


@contextmanager
def quiet() -> Iterator[None]:
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
