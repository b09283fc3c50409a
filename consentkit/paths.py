"""What a caller may name a file by."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from consentkit.errors import UsageError


def paths_in(given: Any, named: str, instead: str) -> list[str | os.PathLike[str]]:
    """Return the paths that a caller gives, one or several; none where an empty list was given.

    Raises :class:`UsageError` for what is no path, in a sentence that begins with ``named``, such as ``files are
    named``, and ends with what to do ``instead``; also for an empty text, which would be the folder one is in.
    """
    listed = [given]
    # what iterates over its keys or columns would be taken for paths of these names
    if isinstance(given, Iterable) and not isinstance(given, (str, bytes, Mapping)) and not hasattr(given, "keys"):
        listed = list(given)
    for item in listed:
        if not isinstance(item, (str, os.PathLike)):
            raise UsageError(f"{named} by paths, not by {type(item).__name__}; {instead}")
        if item == "":
            raise UsageError(f"{named} by paths, and an empty text is none; is a variable not set?")
    return listed


def place_of(given: str | os.PathLike[str]) -> Path:
    """Return the path of a file or folder to write to.

    Raises :class:`UsageError` for an empty text, which ``Path`` takes for the folder one is in.
    """
    if given == "":
        raise UsageError("a file or folder is named by a path, not by an empty text; is a variable not set?")
    return Path(given)
