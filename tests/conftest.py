"""Fixtures of all tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import REALDATA, empty

import consentkit as ck

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
def realdata() -> Path:
    """The folder of real data, or a skip where it is absent."""
    if not REALDATA.is_dir():
        pytest.skip(f"real data is not here: {REALDATA}")
    return REALDATA
