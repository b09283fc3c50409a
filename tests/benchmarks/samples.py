"""The data that is measured: one of ``consentkit sample``, and the same events cut into many files or put into one."""

from __future__ import annotations

import gzip
import shutil
from typing import TYPE_CHECKING, NamedTuple

from measuring import CONSENTKIT, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MANY = 10_000
LARGE = 1_000_000  # from here on one file is made larger than the memory it is read in
BIG_BYTES = 2_000_000_000  # several times the 512 MB it is read in
_ID = b'"messageId":"'


class Data(NamedTuple):
    """Generated data of one size: packed and plain events, deliveries, the policy, and another one."""

    size: str
    folder: Path

    @property
    def events(self) -> Path:
        """The events as gzipped NDJSON, a file for each source and day."""
        return self.folder / "events"

    @property
    def deliveries(self) -> Path:
        """The delivery log, gzipped, a file for each day."""
        return self.folder / "deliveries"

    @property
    def plain(self) -> Path:
        """The events as plain NDJSON."""
        return self.folder / "plain"

    @property
    def policy(self) -> Path:
        """The policy the sample was made by."""
        return self.folder / "policy.yml"

    @property
    def other(self) -> Path:
        """Another policy: a destination less for one category."""
        path = self.folder / "other.yml"
        path.write_text(self.policy.read_text(encoding="utf-8").replace('"Facebook Pixel", ', ""), encoding="utf-8")
        return path

    @property
    def database(self) -> Path:
        """Where a loaded database is kept during the measurements."""
        return self.folder / "loaded.duckdb"

    @property
    def number(self) -> int:
        """How many events there are."""
        return int(float(self.size.lower().rstrip("km")) * {"k": 1e3, "m": 1e6}.get(self.size[-1].lower(), 1))


def made(folder: Path, size: str) -> Data:
    """Make the data of one size, unless an earlier run did."""
    data = Data(size, folder / size)
    if not data.plain.is_dir():
        run([*CONSENTKIT, "sample", str(data.folder), "--events", str(data.number), "--seed", "1"])
        partial = _emptied(data.folder / "unpacking")
        for path in sorted(data.events.rglob("*.gz")):
            target = partial / path.relative_to(data.events).with_suffix("")
            target.parent.mkdir(parents=True, exist_ok=True)
            with gzip.open(path) as packed, target.open("wb") as plain:
                shutil.copyfileobj(packed, plain, 1 << 20)
        partial.rename(data.plain)
    return data


def many_files(data: Data) -> Path:
    """Cut the events into some ten thousand gzipped files, or into one for each hundred where there are fewer."""
    target = data.folder / "many"
    if not target.is_dir():
        each = max(100, data.number // MANY)
        partial = _emptied(data.folder / "cutting")
        for path in sorted(data.plain.rglob("*.ndjson")):
            folder = partial / path.parent.relative_to(data.plain)
            folder.mkdir(parents=True, exist_ok=True)
            with path.open("rb") as stream:
                for number, lines in enumerate(_cut(stream, each)):
                    (folder / f"{path.stem}-{number:05}.ndjson.gz").write_bytes(gzip.compress(lines, 1))
        partial.rename(target)
    return target


def big_file(data: Data) -> tuple[Path, int]:
    """Put all plain events into one file, so often that it is large; return it, and how often they are in it.

    Each time the events have other message ids, so that none repeats another.
    """
    paths = sorted(data.plain.rglob("*.ndjson"))
    size = sum(path.stat().st_size for path in paths)
    times = -(-BIG_BYTES // size) if data.number >= LARGE else 1
    target = data.folder / f"one-file-{times}.ndjson"
    if not target.exists():
        partial = target.with_suffix(".part")
        with partial.open("wb") as stream:
            for time in range(times):
                for path in paths:
                    stream.write(path.read_bytes().replace(_ID, _ID + b"%d-" % time))
        partial.rename(target)
    return target, times


def _cut(stream: Iterator[bytes], each: int) -> Iterator[bytes]:
    lines: list[bytes] = []
    for line in stream:
        lines.append(line)
        if len(lines) == each:
            yield b"".join(lines)
            lines.clear()
    if lines:
        yield b"".join(lines)


def _emptied(folder: Path) -> Path:
    """Return a folder without what a run that was stopped left in it."""
    shutil.rmtree(folder, ignore_errors=True)
    return folder
