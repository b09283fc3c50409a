"""Shared by the warehouse tests: the sample as flattened tables, in every store they are read from."""

from __future__ import annotations

import csv
import gzip
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support import PREFERENCE, SAMPLE, Row

from consentkit.engine import quoted
from consentkit.names import warehouse_column_part

if TYPE_CHECKING:
    from collections.abc import Iterator

Tables = dict[str, pa.Table]
_TABLE = {"page": "pages", "screen": "screens", "identify": "identifies", "group": "groups", "alias": "aliases"}
_TIMES = ("timestamp", "received_at", "sent_at")
# Each source stores its preferences differently: real warehouses do.
_STORED = {"web": "boolean", "ios": "text", "server": "number"}


def sample_tables() -> Tables:
    """Flatten the sample's events the way a warehouse holds them: tracks and one table per event, columns by name."""
    rows: dict[str, list[Row]] = {}
    for path in sorted((SAMPLE / "events").rglob("*.gz")):
        source = path.parent.name
        with gzip.open(path) as lines:
            for line in lines:
                try:
                    event = json.loads(line)
                except ValueError:
                    continue
                if isinstance(event, dict) and event.get("messageId"):
                    for table, row in _flat(event, _STORED[source]):
                        rows.setdefault(f"{source}.{table}", []).append(row)
    return {name: _arrow(each) for name, each in rows.items()}


def _flat(event: Row, stored: str) -> Iterator[tuple[str, Row]]:
    context = event.get("context") or {}
    row = {
        "id": event["messageId"],
        "anonymous_id": event.get("anonymousId"),
        "user_id": event.get("userId"),
        **{
            name: _moment(event.get(key))
            for name, key in zip(_TIMES, ("timestamp", "receivedAt", "sentAt"), strict=True)
        },
        "context_library_name": (context.get("library") or {}).get("name"),
        "context_library_version": (context.get("library") or {}).get("version"),
        "context_app_version": (context.get("app") or {}).get("version"),
        "context_page_url": "not read",
    }
    consent = context.get("consent")
    said = consent.get("categoryPreferences") if isinstance(consent, dict) else None
    for category, value in (said if isinstance(said, dict) else {}).items():
        if isinstance(value, bool):  # another type does not fit the column and is lost
            cell: Any = {"boolean": value, "text": str(value).lower(), "number": int(value)}[stored]
            row[f"{PREFERENCE}{warehouse_column_part(category)}"] = cell
    kind = event["type"].lower()
    if kind != "track":
        yield _TABLE[kind], {**row, **({"name": event.get("name")} if kind in ("page", "screen") else {})}
        return
    named = {**row, "event": warehouse_column_part(event["event"]), "event_text": event["event"]}
    yield "tracks", named
    yield named["event"], {**named, "total": 12.5}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _arrow(rows: list[Row]) -> pa.Table:
    columns = dict.fromkeys(column for row in rows for column in row)
    found = {}
    for column in columns:
        cells = [row.get(column) for row in rows]
        found[column] = pa.array(cells, pa.timestamp("us", "UTC")) if column in _TIMES else pa.array(cells)
        if pa.types.is_null(found[column].type):
            found[column] = pa.nulls(len(cells), pa.string())
    return pa.table(found)


def as_parquet(tables: Tables, folder: Path) -> Path:
    for name, table in tables.items():
        schema, _, short = name.partition(".")
        (folder / schema).mkdir(parents=True, exist_ok=True)
        pq.write_table(table, folder / schema / f"{short}.parquet")
    return folder


def as_csv(tables: Tables, folder: Path) -> Path:
    folder.mkdir()
    for name, table in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(table.column_names)
            writer.writerows(zip(*(column.to_pylist() for column in table.columns), strict=True))
    return folder


def as_duckdb(tables: Tables, path: Path) -> Path:
    with duckdb.connect(str(path)) as con:
        for name, table in tables.items():
            schema, _, short = name.partition(".")
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
            con.register("incoming", table)
            con.execute(f"CREATE TABLE {quoted(schema)}.{quoted(short)} AS SELECT * FROM incoming")
            con.unregister("incoming")
    return path


def as_sqlite(tables: Tables, path: Path) -> Path:
    con = sqlite3.connect(path)
    for name, table in tables.items():
        names = ", ".join(map(quoted, table.column_names))
        con.execute(f"CREATE TABLE {quoted(name)} ({names})")
        marks = ", ".join("?" for _ in table.column_names)
        cells = [
            [str(cell) if isinstance(cell, datetime) else cell for cell in column.to_pylist()]
            for column in table.columns
        ]
        con.executemany(f"INSERT INTO {quoted(name)} VALUES ({marks})", zip(*cells, strict=True))
    con.commit()
    con.close()
    return path


def as_postgres(tables: Tables, url: str) -> str:
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(url) as con, con.cursor() as cursor:
        for name, table in tables.items():
            schema, _, short = name.partition(".")
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
            cursor.adbc_ingest(short, table, mode="create", db_schema_name=schema)
        con.commit()
    return url


@contextmanager
def running_postgres() -> Iterator[str]:
    """Run a PostgreSQL server of its own on loopback and give its URL; skip where there are no binaries."""
    pytest.importorskip("adbc_driver_postgresql")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or [Path(shutil.which("initdb") or "")]
    if not found[-1].is_file():
        pytest.skip("PostgreSQL's initdb is not on this machine")
    programs = found[-1].parent
    other: dict[str, Any] = {"user": "nobody"} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="consentkit-postgres-"))
    if other:
        shutil.chown(folder, user="nobody")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = f"-h 127.0.0.1 -p {port} -k '' -c fsync=off -c shared_buffers=32MB"
    data = str(folder / "data")

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), *arguments]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=120, **other)

    try:
        run("initdb", "-D", data, "-U", "auditor", "-A", "trust", "--no-sync")
        run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", settings, "start")
        try:
            yield f"postgresql://auditor:not-a-secret@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
