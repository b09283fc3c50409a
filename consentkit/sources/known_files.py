"""Tells files that are loaded already, by content, from new ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from consentkit.engine import sql_text
from consentkit.errors import UsageError

if TYPE_CHECKING:
    from consentkit.engine import Engine
    from consentkit.sources.files import InputFile

_EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
# What a file of these kinds holds depends on how its columns were mapped.
_MAPPED = ("deliveries", "counts")


def new_files(engine: Engine, files: list[InputFile], kind: str, source: str | None) -> list[InputFile]:
    """Leave out files already loaded, by content, and number the others.

    A log of which every record was rejected is read again, because another mapping may read it, and so is a file that
    could not be opened.
    Raises :class:`UsageError` where the same content is loaded as of another source.
    """
    rows = engine.rows("files already loaded", sql_text("ask_known_files"), [kind])
    again = {_identity(kind, sha, path): id_ for sha, path, _, id_, refused in rows if refused and kind in _MAPPED}
    closed = {path: id_ for sha, path, _, id_, _ in rows if not sha}
    known = {_identity(kind, sha, path): (path, given) for sha, path, given, _, _ in rows if sha}
    number = engine.value("last file number", sql_text("ask_last_file"))
    fresh = []
    for file in files:
        identity = _identity(kind, file.sha256, file.path)
        if file.path in closed:
            _forget(engine, closed.pop(file.path))
        if identity in again:
            _forget(engine, again.pop(identity))
        elif identity in known:
            path, given = known[identity]
            if given != source and kind in ("events", "warehouse"):
                said = f"{file.path}: its content is already loaded as {path}"
                raise UsageError(f"{said}, of {'source ' + given if given else 'no named source'}")
            continue
        known[identity] = (file.path, source)
        number += 1
        file.file_id = number
        fresh.append(file)
    return fresh


def _forget(engine: Engine, file_id: int) -> None:
    with engine.transaction():
        for table in ("rejected_line", "input_file"):
            engine.run("forget a log that was not read", f"DELETE FROM {table} WHERE file_id = ?", [file_id])


def _identity(kind: str, sha256: str, path: str) -> str:
    """Tell an input by its content; two tables of a warehouse may hold the same, such as nothing."""
    if kind == "warehouse":
        return f"{sha256} {'/'.join(Path(path).parts[-2:])}"
    return path if sha256 in ("", _EMPTY) else sha256
