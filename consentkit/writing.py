"""Writes result files: all that belong together or, where one cannot be written or the user interrupts, none."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from consentkit.errors import UsageError
from consentkit.interrupts import undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files, by name, into a folder, which is made where it is not there; text as UTF-8.

    Each is written beside its place first, so that what was there before stays whole until all are written. Raises
    :class:`UsageError` where one cannot be written.
    """
    waiting: list[tuple[Path, Path]] = []
    with told_of(folder if len(files) > 1 else folder / next(iter(files))):
        refuse_file(folder)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            for name, content in files.items():
                held = content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")
                place = (folder / name).resolve()  # a link stays one
                if place.exists() and not place.is_file():
                    place.write_bytes(held)  # a pipe or a terminal; a folder says that it is one
                    continue
                beside = place.with_name(f".{place.name}.{os.getpid()}")
                waiting.append((beside, place))
                beside.write_bytes(held)
                if place.exists():
                    shutil.copymode(place, beside)
            with undisturbed():
                for beside, place in waiting:
                    beside.replace(place)
        finally:
            for beside, _ in waiting:
                beside.unlink(missing_ok=True)


def refuse_file(folder: Path) -> None:
    """Raise :class:`UsageError` where what is to be a folder is something else already."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is a file; name a folder to write to")


def refuse_unwritable(folder: Path | None) -> None:
    """Raise :class:`UsageError` where a folder can neither be written nor made: before hours of work, not after."""
    if folder is None:
        return
    with told_of(folder):
        refuse_file(folder)
        above = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        if not above.is_dir():
            raise UsageError(f"{folder}: cannot be written: {above} is a file")
        if not os.access(above, os.W_OK | os.X_OK):
            raise UsageError(f"{folder}: cannot be written: Permission denied in {above}")


@contextmanager
def told_of(place: Path) -> Iterator[None]:
    """Turn what the system refuses into one sentence that names the place."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{place}: cannot be written: {error.strerror or error}") from None
