"""The one object users hold: open, load, apply, ask. It orders the steps and contains none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from consentkit.applying import apply_policy, complete_policy
from consentkit.engine import Engine, sql_text
from consentkit.errors import UsageError
from consentkit.judging import READ_OFTEN, asking, judge, loading
from consentkit.paths import place_of
from consentkit.preparing import MASK_KEY, prepare
from consentkit.pseudonyms import Pseudonyms
from consentkit.sources.deliveries import DELIVERY_SUFFIXES, link_pending, load_delivery_files
from consentkit.sources.delivery_columns import Columns
from consentkit.sources.files import EVENT_SUFFIXES, InputFile, find_files, in_groups
from consentkit.sources.known_files import new_files
from consentkit.sources.segment_json import load_event_files
from consentkit.sources.snowplow import SNOWPLOW_SUFFIXES, load_snowplow_files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa

    from consentkit.causes import Causes
    from consentkit.checks.results import CheckResult
    from consentkit.engine import Tracer
    from consentkit.policy import Policy
    from consentkit.policy_use import PolicyUse
    from consentkit.simulating import Simulation
    from consentkit.summary import Summary

    Paths = str | Path | Sequence[str | Path]
    Progress = Callable[..., None]

# A record of a log leaves little to keep, but each group of them looks for its events among all events anew.
_LOGS_IN_ONE = 4


class Workspace:
    """One database with its events, deliveries, policy and every view on them.

    Made by :func:`open`. Use it in a ``with`` block, or call :meth:`close`.
    """

    def __init__(self, engine: Engine, *, key: bytes | None = None, raw_ids: bool = False) -> None:
        self._engine = engine
        prepare(engine)
        self._key, self._raw_ids = key, raw_ids
        self.names = self.names_by(key, raw_ids=raw_ids)
        if engine.value("look for an interrupted load", sql_text("ask_undone")):
            with loading(engine):
                self._settle()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def names_by(self, key: bytes | None = None, *, raw_ids: bool = False) -> Pseudonyms:
        """Return what names are masked and ids replaced by: ``key``, else that of :func:`open` or of the database."""
        noted = self._engine.value("read the key of masks", f"SELECT max(value) FROM about WHERE name = '{MASK_KEY}'")
        mask_key = bytes.fromhex(noted) if noted else None
        return Pseudonyms(self._key if key is None else key, mask_key=mask_key, raw=raw_ids or self._raw_ids)

    def close(self) -> None:
        """Close the database."""
        self._engine.close()

    def load_events(self, paths: Paths, *, source: str | None = None, progress: Progress | None = None) -> None:
        """Load Segment-spec events: NDJSON files, plain or gzipped, globs and folders.

        ``source`` names the source they come from; else each event's write key says it. ``progress`` is
        called with (bytes read, bytes in all, lines read). A file whose content is already loaded is left out. Raises
        :class:`SourceError` where a path names nothing.
        """
        files = new_files(self._engine, find_files(paths, EVENT_SUFFIXES), "events", source)

        def load(group: list[InputFile], tell: Callable[[int], None]) -> None:
            load_event_files(self._engine, group, source, tell)

        self._load(files, load, self._settle, progress)

    def load_snowplow(self, paths: Paths, *, progress: Progress | None = None) -> None:
        """Load one Snowplow export: its events and its consent contexts, as CSV, TSV or Parquet files.

        Each choice becomes a preference event, so that the consent history holds it as any other; what only
        Snowplow says is in ``snowplow_consent``. Raises :class:`SourceError` where no file holds events.
        """
        files = new_files(self._engine, find_files(paths, SNOWPLOW_SUFFIXES), "events", None)
        read = 0

        def tell(count: int) -> None:
            nonlocal read
            read += count
            if progress is not None:
                progress(read, sum(file.bytes for file in files), sum(file.lines for file in files))

        if files:
            with loading(self._engine):
                load_snowplow_files(self._engine, files, tell)
                self._settle()

    def load_deliveries(
        self,
        paths: Paths,
        *,
        columns: Mapping[str, str] | None = None,
        constants: Mapping[str, str] | None = None,
        export: str | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Load delivery records: NDJSON, CSV or Parquet files, globs and folders.

        A record has ``message_id`` (or ``event_file`` and ``event_line``), ``destination`` and ``status``, and may have
        ``reason``, ``mode`` and ``at``. ``columns`` maps their column names to these, ``constants`` gives those that
        are the same for every record. ``export`` names a destination whose export they are, such as ``amplitude``, or a
        YAML file that maps one; the other two go before it. Raises :class:`SourceError` where a path names nothing or
        a file has no column for what a record must have.
        """
        named = Columns(columns, constants)
        if export is not None:
            named = named.of_export(export)
        files = new_files(self._engine, find_files(paths, DELIVERY_SUFFIXES), "deliveries", None)

        def load(group: list[InputFile], tell: Callable[[int], None]) -> None:
            load_delivery_files(self._engine, group, named, tell)

        self._load(files, load, lambda: complete_policy(self._engine), progress, groups_in_one=_LOGS_IN_ONE)

    def load_warehouse(
        self,
        where: Paths,
        *,
        tables: Sequence[str] | None = None,
        source: str | None = None,
        since: str | None = None,
        until: str | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> list[tuple[str, str]]:
        """Load events from a warehouse's flattened tables: files, a DuckDB or SQLite database, or the URL of one.

        ``tables`` names them as ``schema.table``; not given, every table that holds events is taken, and the
        others are returned with the reason. A schema is the name of the source, unless ``source`` says it.
        ``since`` and ``until`` bound the arrival of the rows. Columns are read as categories of the policy,
        so apply it first. Raises :class:`UsageError` without one or where a name fits no table,
        :class:`SourceError` where the place cannot be read.
        """
        from consentkit.sources.warehouse import Wanted, load_warehouse_tables
        from consentkit.sources.warehouse_places import moment_of, open_place
        from consentkit.sources.warehouse_rows import Window

        window = Window(moment_of(since, "since"), moment_of(until, "until"))
        platforms = {row[0] for row in self.rows("SELECT platform FROM policy_version")}
        if not platforms:
            raise UsageError("apply a policy before a warehouse is loaded: its columns stand for its categories")
        if platforms != {"segment"}:
            raise UsageError("tables are read in Segment's schema only; load RudderStack's events as raw lines")
        place = open_place(where)
        try:
            wanted = Wanted(None if tables is None else list(tables), window, source)
            tell = progress or (lambda _: None)
            left_out = load_warehouse_tables(self._engine, place, wanted, self._new_tables, tell)
        finally:
            place.close()
        with loading(self._engine):
            self._settle()
        return left_out

    def load_delivery_counts(
        self,
        paths: Paths,
        *,
        columns: Mapping[str, str] | None = None,
        constants: Mapping[str, str] | None = None,
    ) -> None:
        """Load what a delivery overview counts: destination, day, status, reason and count, as CSV, NDJSON or Parquet.

        ``columns`` maps their column names to ours, ``constants`` gives ours that are the same in every row.
        The view ``finding_count`` compares them with what the rules allow. Raises :class:`SourceError` where a
        file has no column for what a count must have.
        """
        from consentkit.sources.delivery_counts import COUNT_SUFFIXES, CountColumns, load_count_files

        named = CountColumns(columns, constants)
        files = new_files(self._engine, find_files(paths, COUNT_SUFFIXES), "counts", None)
        with loading(self._engine):
            load_count_files(self._engine, files, named)
            complete_policy(self._engine)

    def apply(self, policy: Policy | str | Path | Mapping[str, Any], *, at: str | None = None) -> None:
        """Judge everything by this policy from now on; it replaces the one applied before.

        ``at`` judges every source as if this were its enforcement point. Raises :class:`PolicyError` with
        every mistake, :class:`UsageError` where there is no such point.
        """
        from consentkit.policy import Policy

        wanted = Policy.of(policy)
        with self._engine.transaction():
            apply_policy(self._engine, wanted, at)

    def simulate(self, policy: Policy | str | Path | Mapping[str, Any]) -> Simulation:
        """Return what would change, destination by destination, were this policy in force; nothing is kept of it.

        Raises :class:`PolicyError` with every mistake, :class:`UsageError` where no policy is applied to compare with.
        """
        from consentkit.policy import Policy
        from consentkit.simulating import simulate

        wanted = Policy.of(policy)
        return simulate(self, self._engine, wanted)

    def policy_use(self, policy: Policy | str | Path | Mapping[str, Any]) -> PolicyUse:
        """Return which categories and destinations of this policy the loaded data does not show; nothing is kept of it.

        Raises :class:`PolicyError` with every mistake.
        """
        from consentkit.policy import Policy
        from consentkit.policy_use import policy_use

        return policy_use(self._engine, Policy.of(policy))

    def sql(self, query: str, params: Sequence[object] = ()) -> pd.DataFrame:
        """Run a query over the tables and views and return a DataFrame.

        Without a policy nothing is judged, and no query says so: the views that rest on one are empty, and ``finding``
        holds only what is wrong with the input, which is no result. :meth:`summary` and :meth:`judge` raise then.
        """
        return self._engine.frame("your query", query, params)

    def rows(self, query: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run a query with a small result and return its rows as tuples."""
        return self._engine.rows("your query", query, params)

    def cells(self, query: str, params: Sequence[object] = ()) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run a query with a small result and return its column names and its rows."""
        return self._engine.cells("your query", query, params)

    def batches(self, query: str) -> pa.RecordBatchReader:
        """Run a query and return its rows as a stream of Arrow batches; read it before the next query."""
        return self._engine.batches("your query", query)

    def summary(self) -> Summary:
        """Return what the audit of this workspace finds. Raises :class:`UsageError` without a policy."""
        from consentkit.summary import summarise

        self.judge()
        return summarise(self)

    def judge(self) -> None:
        """Judge every event and delivery now, and keep what is found until something is loaded or applied.

        All questions read it from then on, also when the database is opened again. :meth:`summary`, :meth:`causes`,
        :meth:`report`, :meth:`pack`, :meth:`check` and ``charts.save`` do so by themselves. Raises
        :class:`UsageError` without a policy.
        """
        judge(self._engine)

    def asking(self, views: Sequence[str] = READ_OFTEN) -> AbstractContextManager[None]:
        """Work out once what many questions of a block read, those of a report if not said otherwise."""
        return asking(self._engine, views)

    def record_audit(self, summary: Summary | None = None) -> bool:
        """Note the findings of now in the remediation log: the view ``remediation`` tells what opened and closed since.

        :meth:`report`, :meth:`pack` and the commands do so themselves. An audit that found just what the last one
        did is not noted again. Returns False where this one is not noted because the database can only be read. Raises
        :class:`UsageError` without a policy.
        """
        from consentkit.remediation import record_audit

        return record_audit(self._engine, summary or self.summary())

    def causes(self) -> Causes:
        """Return, for each certain finding that has one, the slice of the data that explains it best.

        A slice is a release, an event, a source, a country or days; ``consentkit/sql/ask_causes.sql`` is the rule.
        """
        from consentkit.causes import find_causes
        from consentkit.shown import shown

        self.judge()
        return find_causes(shown(self))

    def report(self, folder: str | Path, *, key: bytes | None = None, raw_ids: bool = False) -> Path:
        """Write ``report.html``, findings.json and the CSV files into a folder and return the report's path.

        Ids in it are pseudonyms by HMAC with ``key``, a random one unless given; ``raw_ids`` shows them as they are.
        Either all files are new or all as before. Raises :class:`UsageError` where they cannot be written; into a
        database that can only be read no audit is noted (:meth:`record_audit` tells).
        """
        from consentkit.report import write_report

        place = place_of(folder)
        self.judge()
        return write_report(self, place, key=key, raw_ids=raw_ids)

    def pack(self, path: str | Path, *, key: bytes | None = None, raw_ids: bool = False) -> str:
        """Write an evidence pack to a new folder or ``.zip`` file and return the SHA-256 of its manifest.

        The same database and ``key`` give the same bytes. Raises :class:`UsageError` where something is there.
        """
        from consentkit.pack import write_pack

        place = place_of(path)
        self.judge()
        return write_pack(self, place, key=key, raw_ids=raw_ids)

    def check(
        self,
        suites: Paths,
        *,
        fail_on: str = "warning",
        max_rate: float | None = None,
        progress: Progress | None = None,
        actions: Sequence[Any] = (),
        data_docs: str | Path | None = None,
    ) -> CheckResult:
        """Run expectation suites, files or folders, and return what came of them.

        ``fail_on`` is the least severity and ``max_rate`` the failing share from which on a failure counts in
        ``result.ok``. ``actions`` are Great Expectations' checkpoint actions; its Data Docs go to the folder
        ``data_docs``, and load scripts and a logo from the network when they are opened. Raises :class:`UsageError`
        where a suite cannot be used or no policy is applied.
        """
        from consentkit.checks.running import check

        limits: dict[str, Any] = {"fail_on": fail_on, "max_rate": max_rate}
        return check(self, self._engine, suites, **limits, progress=progress, actions=actions, data_docs=data_docs)

    def _load(
        self,
        files: list[InputFile],
        load: Callable[[list[InputFile], Callable[[int], None]], None],
        settle: Callable[[], None],
        progress: Progress | None,
        groups_in_one: int = 1,
    ) -> None:
        """Load files, each group of them as one transaction; the last, often the only one, ends with ``settle``."""
        total, done = sum(file.bytes for file in files), 0

        def tell(count: int) -> None:
            nonlocal done
            done += count
            if progress is not None:
                progress(done, total, sum(file.lines for file in files))

        groups = in_groups(files, self._engine.group_bytes * groups_in_one)
        for group in groups:
            with loading(self._engine):
                load(group, tell)
                if group is groups[-1]:
                    settle()

    def _settle(self) -> None:
        """Link deliveries to events that came after them, and tell the policy of names that are new."""
        link_pending(self._engine)
        complete_policy(self._engine)

    def _new_tables(self, files: list[InputFile], source: str | None) -> list[InputFile]:
        """Leave out warehouse files already loaded, by content, and number the others."""
        return new_files(self._engine, files, "warehouse", source)


def open(  # noqa: A001
    database: str | Path = ":memory:",
    *,
    memory: str | None = None,
    threads: int | None = None,
    tracer: Tracer | None = None,
    key: bytes | None = None,
    raw_ids: bool = False,
) -> Workspace:
    """Open a workspace: one DuckDB file, made if it does not exist, or memory only.

    ``memory`` is a limit such as ``"1GB"`` beyond which work spills to disk; ``tracer`` receives every
    statement. ``key`` is the secret of pseudonyms and masks, else each report has one of its own and masks that of
    the database; ``raw_ids`` shows ids and names as they are.

    A file that cannot be written can be asked: only what would change it raises :class:`UsageError`.
    Raises :class:`SourceError` where the file is no database of consentkit.
    """
    engine = Engine(database, memory=memory, threads=threads, tracer=tracer)
    try:
        return Workspace(engine, key=key, raw_ids=raw_ids)
    except BaseException:
        engine.close()
        raise
