"""Loads Snowplow consent data: atomic events, and the contexts of ``consent_preferences`` and ``cmp_visible``.

In: CSV, TSV or Parquet files as exported from a warehouse, with Snowplow's column names. Out: rows of
``event`` like those of any other platform, each choice a preference event, and rows of
``snowplow_consent`` with what only Snowplow says. Source of the rules: RULES.md 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentkit.engine import quoted, sql_text
from consentkit.errors import SourceError
from consentkit.sources.segment_json import load_prepared_lines, write_reading_file
from consentkit.sources.tabular import CsvTable, ParquetTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from consentkit.engine import Engine
    from consentkit.sources.files import InputFile

SNOWPLOW_SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")
_SCHEMA = "unstruct_event_com_snowplowanalytics_snowplow_{}_1_0_0"
# Our column -> theirs. What decides which kind a file is comes first.
_EVENT = {
    "event_id": "event_id",
    "event_name": "event_name",
    **{
        name: name
        for name in (
            "app_id",
            "user_id",
            "domain_userid",
            "network_userid",
            "derived_tstamp",
            "collector_tstamp",
            "load_tstamp",
            "dvce_created_tstamp",
            "dvce_sent_tstamp",
            "v_tracker",
            "geo_country",
        )
    },
    "preferences": _SCHEMA.format("consent_preferences"),
    "visible": _SCHEMA.format("cmp_visible"),
}
_PREFERENCES = {
    name: name
    for name in (
        "root_id",
        "event_type",
        "consent_scopes",
        "consent_version",
        "basis_for_processing",
        "consent_url",
        "domains_applied",
        "gdpr_applies",
    )
}
_VISIBLE = {"root_id": "root_id", "elapsed_time": "elapsed_time"}
_KINDS = (
    ("snowplow_event_row", _EVENT, 2),
    ("snowplow_preferences_row", _PREFERENCES, 3),
    ("snowplow_visible_row", _VISIBLE, 2),
)


def load_snowplow_files(engine: Engine, files: list[InputFile], progress: Callable[[int], None]) -> None:
    """Load Snowplow files of one export into the tables, inside the caller's transaction.

    Files are told apart by their columns; others, such as contexts without consent, are left out. Every line of
    an events file ends in exactly one of event, rejected_line and duplicate_line. Raises :class:`SourceError`
    where no file holds events.
    """
    for table, columns, _ in _KINDS:
        names = ", ".join(f"{quoted(name)} VARCHAR" for name in columns)
        engine.run(
            "load snowplow: make room", f"CREATE OR REPLACE TEMP TABLE {table} (file_id INTEGER, line BIGINT, {names})"
        )
    kinds = {file.path: _read(engine, file, progress) for file in files}
    events = [file for file in files if kinds[file.path] == "snowplow_event_row"]
    contexts = [file for file in files if kinds[file.path] in ("snowplow_preferences_row", "snowplow_visible_row")]
    if not events:
        raise SourceError("no file holds Snowplow events: none has the columns event_id and event_name")
    engine.run("load snowplow: contexts", sql_text("load_snowplow_1_contexts"))
    engine.run("load snowplow: lines", sql_text("load_snowplow_2_lines"))
    load_prepared_lines(engine, events, "snowplow_line")
    engine.run("load snowplow: consent", sql_text("load_snowplow_3_consent"))
    if contexts:
        write_reading_file(engine, contexts, None)
        engine.run("load snowplow: account of the contexts", sql_text("load_snowplow_4_account"))


def _read(engine: Engine, file: InputFile, progress: Callable[[int], None]) -> str | None:
    """Read one file into the table of its kind and return that table's name, or None where it is no such file."""
    if file.path.lower().endswith(".parquet"):
        table: CsvTable | ParquetTable = ParquetTable(file)
        progress(file.bytes)
    else:
        table = CsvTable(file, progress)
    for name, columns, deciding in _KINDS:
        if all(theirs in table.columns for theirs in list(columns.values())[:deciding]):
            present = {ours: theirs for ours, theirs in columns.items() if theirs in table.columns}
            wanted = ", ".join(
                f"CAST({quoted(theirs)} AS VARCHAR) AS {quoted(ours)}" for ours, theirs in present.items()
            )
            with engine.stream("incoming_table", table.batches(list(present.values()))):
                step = f"INSERT INTO {name} BY NAME SELECT file_id, line, {wanted} FROM incoming_table"
                engine.run("load snowplow: read", step)
            return name
    return None
