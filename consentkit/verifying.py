"""Compares an evidence pack, a folder or a zip file, with its manifest of hashes."""

from __future__ import annotations

import hashlib
import json
import lzma
import struct
import zipfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from consentkit.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MANIFEST = "MANIFEST.json"
_CHUNK = 1 << 20
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, struct.error)


def verify_pack(path: Path) -> tuple[list[str], str]:
    """Compare a pack with its manifest: return what was altered, removed or added, and the manifest's SHA-256.

    The manifest itself is only proved by comparing that number with the one printed when the pack was written.
    Raises :class:`UsageError` where there is no pack that can be read.
    """
    with _opened(path) as found:
        if MANIFEST not in found:
            raise UsageError(f"{path}: is no evidence pack; it holds no {MANIFEST}{_inside(found)}")
        raw = b"".join(found[MANIFEST]())
        try:
            listed: dict[str, Any] = json.loads(raw)["files"]
            wanted = {name: str(each["sha256"]) for name, each in listed.items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UsageError(f"{path}: its {MANIFEST} cannot be read") from None
        told = [f"{name}: added" for name in sorted(found.keys() - wanted.keys() - {MANIFEST})]
        for name, digest in sorted(wanted.items()):
            if name not in found:
                told.append(f"{name}: missing")
            elif _digest(found[name]()) != digest:
                told.append(f"{name}: altered")
    return told, hashlib.sha256(raw).hexdigest()


def names_in(folder: Path) -> list[str]:
    """Return the names of all files below a folder, links included."""
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() or path.is_symlink()
    )


def _inside(found: dict[str, Any]) -> str:
    """Say where the pack is, if a folder with it was packed again or named."""
    held = next((name for name in sorted(found) if name.endswith(f"/{MANIFEST}")), "")
    return f", but {held}: name the folder that one is in, unpacked" if held else ""


@contextmanager
def _opened(path: Path) -> Iterator[dict[str, Any]]:
    """Open a pack: what it holds by name, each a function that yields its bytes in pieces."""
    if path.is_dir():
        yield {name: (lambda at=path / name: _pieces_of_file(at)) for name in names_in(path)}
        return
    try:
        with zipfile.ZipFile(path) as packed:
            members = [each for each in packed.infolist() if not each.is_dir()]
            if len({each.filename for each in members}) != len(members):
                raise UsageError(f"{path}: holds two files of one name")
            if any(each.flag_bits & 1 for each in members):
                raise UsageError(f"{path}: is locked by a password: unpack it, and name the folder")
            yield {each.filename: (lambda each=each: _pieces_of_member(packed, each)) for each in members}
    except NotImplementedError:
        raise UsageError(f"{path}: is packed in a way that is not read: unpack it, and name the folder") from None
    except (OSError, zipfile.BadZipFile):
        raise UsageError(f"{path}: is no evidence pack: neither a folder nor a zip file that can be read") from None


def _pieces_of_file(path: Path) -> Iterator[bytes]:
    if path.is_symlink():
        yield b"a link is not the file it points to"
        return
    try:
        with path.open("rb") as held:
            while piece := held.read(_CHUNK):
                yield piece
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None


def _pieces_of_member(packed: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with packed.open(member) as held:
            while piece := held.read(_CHUNK):
                yield piece
    except _DAMAGED:
        yield b"what cannot be unpacked is not what was packed"


def _digest(pieces: Iterator[bytes]) -> str:
    seen = hashlib.sha256()
    for piece in pieces:
        seen.update(piece)
    return seen.hexdigest()
