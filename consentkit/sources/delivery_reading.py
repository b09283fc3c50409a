"""Moves the records of delivery logs, whatever their format, to where they find their events.

Most records of a log are alike: what they say stands under the same names, and the same few routes come again and
again. So the first of them tell how the others can be read the quick way: under those names only, with their routes
and events found at once and no text kept. A record that does not fit is left over for the long way, which looks for
every name; what comes out is the same.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from consentkit.engine import literal, sql_text
from consentkit.errors import EngineError
from consentkit.sources.delivery_columns import root_of, text_inside
from consentkit.sources.lines import line_schema, no_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pyarrow as pa

    from consentkit.engine import Engine
    from consentkit.sources.delivery_columns import Columns

    Names = Mapping[str, tuple[str, ...]]

FIRST_SLICE = 1 << 22
# The quick way pays where at most one record in ten is left over, and a route has ten records or more.
_ALIKE = 10
_ROUTE = ("destination", "status", "reason", "mode")
_STEP = "load deliveries: read"


@dataclass(frozen=True)
class Way:
    """How to read the rows of a relation, in SQL over its alias r.

    ``said`` is the text for each column of ours, ``found_at`` under which of its names it was found; ``unreadable`` is
    why a row is no record, ``raw`` and ``text`` are its bytes, and ``kept`` is what to keep of one that is left over.
    """

    relation: str
    said: dict[str, str]
    found_at: dict[str, str] = field(default_factory=dict)
    unreadable: str = "NULL"
    raw: str = "CAST(NULL AS BLOB)"
    text: str = "CAST(NULL AS VARCHAR)"
    kept: tuple[str, ...] = ()


class LineLog:
    """A log of JSON lines; ``names`` are those under which each column of ours is looked for, in their order."""

    def __init__(self, columns: Columns, batches: Iterator[pa.RecordBatch]) -> None:
        self.columns, self.batches, self.schema = columns, batches, line_schema()
        self.names: Names = {ours: () if ours in columns.constants else names for ours, names in columns.theirs.items()}

    def way(self, rows: str, names: Names) -> Way:
        """Return how to read lines under some of the names."""
        asked = [name for theirs in names.values() for name in theirs]
        read = list(dict.fromkeys([*asked, *map(root_of, asked)]))
        places = {name: place for place, name in enumerate(read, start=1)}
        record = f"json_extract_string(l.text, [{', '.join(literal(_pointer(name)) for name in read)}])"

        def column(name: str) -> str:
            flat, outer = (f"r.found[{places[each]}]" for each in (name, root_of(name)))
            return flat if flat == outer else f"coalesce({flat}, {text_inside(outer, name)})"

        found = {ours: [column(name) for name in theirs] for ours, theirs in names.items()}
        # not TRY, in which one broken line costs a whole vector
        parsed = f"CASE WHEN json_valid(l.text) THEN {record} END AS found"
        return Way(
            relation=f"(SELECT l.file_id, l.line, l.raw, l.text, {parsed} FROM {rows} AS l)",
            said={ours: self.columns.first_of(ours, each) for ours, each in found.items()},
            found_at={ours: _first_place(each) for ours, each in found.items() if each},
            unreadable=_UNREADABLE,
            raw="r.raw",
            text="r.text",
            kept=("r.text", "CAST(r.raw AS VARCHAR)"),
        )

    def way_left(self) -> Way:
        """Return how to read the lines that were left over, under all names."""
        lines = "SELECT d.file_id, d.line, d.kept[1] AS text, CAST(d.kept[2] AS BLOB) AS raw FROM left_delivery AS d"
        return self.way(f"({lines})", self.names)


class TableLog:
    """A log that is a table; which columns it has is known, so that there are no names to look for."""

    def __init__(self, columns: Columns, said: dict[str, str], batches: pa.RecordBatchReader) -> None:
        self.names: Names = {}
        self.columns, self.batches, self.schema = columns, iter(batches), batches.schema
        self._said = said

    def way(self, rows: str, names: Names) -> Way:  # noqa: ARG002 - as lines are read
        """Return how to read rows."""
        return Way(rows, self._said, kept=tuple(self._said.values()))

    def way_left(self) -> Way:
        """Return how to read the rows that were left over."""
        return Way("left_delivery", {ours: f"r.kept[{place}]" for place, ours in enumerate(self._said, start=1)})


def read_log(engine: Engine, log: LineLog | TableLog) -> None:
    """Move the records of a log to ``delivery`` or, where more is to be done for them, to ``incoming_delivery``."""
    import pyarrow as pa

    first = _First(no_rows(log.schema))
    following = first.gather(log)
    names = None
    if following is not None:
        with engine.stream("first_record", first):
            names = _alike(engine, log)
    batches = itertools.chain(first.given_back(), [] if following is None else [following], log.batches)
    with engine.stream("incoming_record", pa.RecordBatchReader.from_batches(log.schema, batches)):
        if names is None:
            _take(engine, log, log.way("incoming_record", log.names))
            return
        _take_quick(engine, log, log.way("incoming_record", names), names)
    left = engine.value("load deliveries: what is left", sql_text("load_deliveries_1_left"))
    if left:
        _take(engine, log, log.way_left())
    engine.run("load deliveries: quick", sql_text("load_deliveries_1_quick"))


class _First:
    """The first records of a log, for DuckDB under one name, which would keep them to the end of the transaction."""

    def __init__(self, rows: pa.Table) -> None:
        self._rows = rows

    def __arrow_c_stream__(self, schema: object | None = None) -> object:
        """Give the rows to whoever reads Arrow's streams."""
        stream: object = self._rows.__arrow_c_stream__(schema)
        return stream

    def gather(self, log: LineLog | TableLog) -> pa.RecordBatch | None:
        """Put the first batches together and return the one after them, or None where there is none."""
        import pyarrow as pa

        gathered: list[pa.RecordBatch] = []
        try:
            while (batch := next(log.batches, None)) is not None and sum(b.nbytes for b in gathered) < FIRST_SLICE:
                gathered.append(batch)
        except (OSError, pa.ArrowException):
            raise EngineError(_STEP, "the log cannot be read to its end", "") from None
        self._rows = pa.Table.from_batches(gathered, schema=log.schema)
        return batch

    def given_back(self) -> list[pa.RecordBatch]:
        """Return the batches that were put together, and hold them no longer."""
        batches: list[pa.RecordBatch] = self._rows.to_batches()
        self._rows = no_rows(self._rows.schema)
        return batches


def _alike(engine: Engine, log: LineLog | TableLog) -> Names | None:
    """Note the routes of the first records; return the names that tell all about most records, or None.

    What was found under a name is what all names together give, when those before it were looked for as well.
    """
    if "message_id" in log.columns.constants:  # then what is no record names an event all the same
        return None
    way = log.way("first_record", log.names)
    met = ", ".join(
        f"{way.said[ours]} AS said_{ours}, {log.columns.meant(ours, way.said[ours])} AS {ours}" for ours in _ROUTE
    )
    fits = (
        f"NOT ({_left_over(log, way, ())}) AND {log.columns.meant('destination', way.said['destination'])} IS NOT NULL"
    )
    counted = [f"[count({at}), max({at})]" for at in way.found_at.values()]
    engine.run(
        "load deliveries: routes met",
        f"""
        CREATE OR REPLACE TEMP TABLE met_route AS
        SELECT DISTINCT {met} FROM {way.relation} AS r WHERE {fits}
        """,
    )
    records, fit, routes, *found = engine.rows(
        "load deliveries: how they look",
        f"""
        SELECT count(*), count(*) FILTER ({fits}), (SELECT count(*) FROM met_route),
            {", ".join(counted)}
        FROM {way.relation} AS r
        """,
    )[0]
    if (records - fit) * _ALIKE > records or routes * _ALIKE > records:
        return None
    engine.run("load deliveries: routes", sql_text("load_deliveries_1_routes"))
    engine.run("load deliveries: known routes", sql_text("load_deliveries_1_known"))
    names = {**log.names, "event_file": ()}  # it says nothing where no line is named, and others are left over
    for ours, (count, last) in zip(way.found_at, found, strict=True):
        if (records - count) * _ALIKE <= records:
            names[ours] = names[ours][:last]
    return names


def _left_over(log: LineLog | TableLog, way: Way, short: Iterable[str]) -> str:
    """Return SQL for whether a row is not for the quick way, which looks for ``short`` columns under some names.

    What is no record names no event, and what lacks part of its route has no known one.
    """
    reasons = [
        f"{log.columns.meant('message_id', way.said['message_id'])} IS NULL",
        f"{log.columns.meant('event_line', way.said['event_line'])} IS NOT NULL",
        *([f"{way.said['at']} IS NULL"] if "at" in short else []),
    ]
    return " OR ".join(reasons)


def _take_quick(engine: Engine, log: LineLog | TableLog, way: Way, names: Names) -> None:
    """Move rows into ``read_delivery``, with their route and event, or with what is kept of those that are left over.

    A subquery is looked up in; a join would hold all of the log instead, as DuckDB takes a stream for one row.
    """
    short = [ours for ours, each in names.items() if len(each) < len(log.names.get(ours, ())) and ours != "event_file"]
    kept = [f"{sql} AS kept_{place}" for place, sql in enumerate(way.kept)]
    all_kept = ", ".join(f"r.kept_{place}" for place in range(len(kept)))
    texts = ", ".join(f"{way.said[ours]} AS said_{ours}" for ours in _ROUTE)
    given = {"destination", *short}  # what is not there under some names may be under others: no equal then
    same = " AND ".join(
        f"k.said_{ours} {'=' if ours in given else 'IS NOT DISTINCT FROM'} s.said_{ours}" for ours in _ROUTE
    )
    engine.run(
        _STEP,
        f"""
        CREATE OR REPLACE TEMP TABLE read_delivery AS
        WITH said AS (
            SELECT
                r.file_id::BIGINT * 10000000000 + r.line AS delivery_id,
                {log.columns.meant("message_id", way.said["message_id"])} AS message_id, {texts},
                {log.columns.meant("at", way.said["at"])} AS logged_at,
                {_left_over(log, way, short)} AS is_left, {", ".join(kept)}
            FROM {way.relation} AS r
        ),
        routed AS (
            SELECT s.*, (SELECT k.route_id FROM known_route AS k WHERE {same}) AS route_id FROM said AS s
        ),
        sorted_out AS (
            SELECT
                r.delivery_id, r.message_id, r.route_id, r.logged_at,
                CASE WHEN r.is_left OR r.route_id IS NULL THEN [{all_kept}] END AS kept
            FROM routed AS r
        ),
        found AS (
            SELECT o.*, (SELECT e.event_id FROM named_event AS e WHERE e.message_id = o.message_id) AS event_id
            FROM sorted_out AS o
        )
        SELECT
            f.delivery_id, f.event_id, f.route_id, f.logged_at,
            CASE WHEN f.event_id IS NULL THEN f.message_id END AS message_id, f.kept
        FROM found AS f""",
    )


def _take(engine: Engine, log: LineLog | TableLog, way: Way) -> None:
    """Move rows into ``incoming_delivery``."""
    meant = {ours: log.columns.meant(ours, said) for ours, said in way.said.items()}
    engine.run(
        _STEP,
        f"""
        INSERT INTO incoming_delivery
        WITH named AS (
            SELECT
                r.file_id, r.line, {meant["message_id"]} AS message_id, {meant["event_file"]} AS event_file,
                {meant["event_line"]} AS event_line, {meant["destination"]} AS destination, {meant["status"]} AS status,
                {meant["reason"]} AS reason, {meant["mode"]} AS mode, {meant["at"]} AS logged_at,
                {way.unreadable} AS unreadable, {way.raw} AS raw, {way.text} AS text
            FROM {way.relation} AS r
        ),
        judged AS (
            SELECT
                n.*,
                CASE
                    WHEN n.unreadable IS NOT NULL THEN n.unreadable
                    WHEN n.destination IS NULL THEN 'no_destination'
                    WHEN n.message_id IS NULL AND n.event_line IS NULL THEN 'no_event_named'
                END AS reject_code
            FROM named AS n
        )
        SELECT
            g.file_id, g.line, g.message_id, g.event_file, g.event_line, g.destination, g.status, g.reason,
            g.mode, g.logged_at, g.reject_code, CASE
                WHEN g.reject_code IS NOT NULL THEN coalesce(g.raw, encode(g.text), encode(to_json(struct_pack(
                    message_id := g.message_id, event_file := g.event_file, event_line := g.event_line,
                    destination := g.destination, status := g.status, reason := g.reason
                ))::VARCHAR))
            END
        FROM judged AS g""",
    )


_UNREADABLE = """CASE
                WHEN r.found IS NOT NULL AND starts_with(r.text, '{') THEN NULL
                WHEN r.found IS NOT NULL AND starts_with(ltrim(r.text, E' \\t\\r\\n'), '{') THEN NULL
                WHEN r.text IS NULL THEN 'not_utf8'
                WHEN trim(r.text, E' \\t\\r\\n') = '' THEN 'blank'
                WHEN try(json_type(r.text)) IS NOT NULL THEN 'not_object'
                ELSE 'not_json'
            END"""


def _first_place(found: list[str]) -> str:
    cases = " ".join(f"WHEN {each} IS NOT NULL THEN {place}" for place, each in enumerate(found, start=1))
    return f"CASE {cases} END"


def _pointer(name: str) -> str:
    """Return the path to a field for JSON functions, in the form they find fastest."""
    if re.fullmatch(r"[\w -]+", name):
        return f'$."{name}"'
    return "/" + name.replace("~", "~0").replace("/", "~1")
