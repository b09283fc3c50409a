"""Fixtures of all tests."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from report_support import load_sample
from support import REALDATA, empty

import consentkit as ck

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def session_workspace() -> Iterator[ck.Workspace]:
    """The workspace in memory that the tests take turns with."""
    with ck.open(threads=1) as workspace:
        yield workspace


@pytest.fixture
def ws(session_workspace: ck.Workspace) -> ck.Workspace:
    """An empty workspace in memory."""
    empty(session_workspace)
    return session_workspace


@pytest.fixture(scope="session")
def sample_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, loaded and judged, as a database: a test that opens it copies it."""
    path = tmp_path_factory.mktemp("sample") / "sample.duckdb"
    with ck.open(path) as ws:
        load_sample(ws)
        ws.judge()
    return path


@pytest.fixture(scope="session")
def sample(sample_file: Path) -> Iterator[ck.Workspace]:
    """The sample, loaded, and judged once for all tests that only read it."""
    state = "SELECT (SELECT count(*) FROM audit), count(*), max(file_id) FROM input_file"
    with ck.open(shutil.copy(sample_file, sample_file.with_name("shared.duckdb"))) as ws:
        before = ws.rows(state)
        yield ws
        assert ws.rows(state) == before, "a test changed the sample that all share"


@pytest.fixture
def sample_copy(sample_file: Path, tmp_path: Path) -> Path:
    """A copy of the judged sample's database, for one test to change."""
    return Path(shutil.copy(sample_file, tmp_path / "sample.duckdb"))


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real data, or a skip where it is absent."""
    if not REALDATA.is_dir():
        pytest.skip(f"real data is not here: {REALDATA}")
    return REALDATA
