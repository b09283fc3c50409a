"""Ids and times as text, many at once: characters are placed in numpy and read back as Python strings."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

_HEX = np.frombuffer(b"0123456789abcdef", np.uint8).astype(np.uint32)
_VARIANT = np.frombuffer(b"89ab", np.uint8).astype(np.uint32)
_UUID_COLUMNS = [i for i in range(36) if i not in (8, 13, 18, 23)]


def uuids(rng: Generator, count: int) -> list[str]:
    """Draw `count` version-4 UUIDs; returns them in lower case."""
    raw = np.frombuffer(rng.bytes(16 * count), np.uint8).reshape(count, 16)
    text = np.full((count, 36), ord("-"), np.uint32)
    digits = np.empty((count, 32), np.uint8)
    digits[:, 0::2], digits[:, 1::2] = raw >> 4, raw & 15
    text[:, _UUID_COLUMNS] = _HEX[digits]
    text[:, 14] = ord("4")
    text[:, 19] = _VARIANT[digits[:, 16] & 3]
    return _strings(text)


class Clock:
    """Turns milliseconds since the first day's midnight into UTC text; ``epoch_ms`` is that midnight."""

    def __init__(self, start: date, days: int) -> None:
        names = [str(start + timedelta(days=day)) for day in range(-1, days + 2)]
        self.epoch_ms = (start - date(1970, 1, 1)).days * 86_400_000
        self.days = names[1 : days + 1]
        self._dates = np.array([[ord(char) for char in name] for name in names], np.uint32)

    def iso(self, at: NDArray[np.int64], *, millis: bool = True) -> list[str]:
        """Text such as ``2026-03-01T09:15:00.123Z``; without `millis` it ends after the seconds, no ``Z``."""
        day, rest = np.divmod(at, 86_400_000)
        text = np.empty((len(at), 24), np.uint32)
        text[:, :10] = self._dates[day + 1]
        for column, char in ((10, "T"), (13, ":"), (16, ":"), (19, "."), (23, "Z")):
            text[:, column] = ord(char)
        seconds, milli = np.divmod(rest.astype(np.uint32), np.uint32(1000))
        minutes, second = np.divmod(seconds, np.uint32(60))
        hour, minute = np.divmod(minutes, np.uint32(60))
        for column, value in ((11, hour), (14, minute), (17, second)):
            text[:, column] = value // 10 + 48
            text[:, column + 1] = value % 10 + 48
        text[:, 20] = milli // 100 + 48
        text[:, 21] = milli // 10 % 10 + 48
        text[:, 22] = milli % 10 + 48
        return _strings(text if millis else np.ascontiguousarray(text[:, :19]))


def _strings(text: NDArray[np.uint32]) -> list[str]:
    """Rows of code points as Python strings."""
    found: list[str] = text.view(f"<U{text.shape[1]}").ravel().tolist()
    return found
