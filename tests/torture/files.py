"""Whole files of events: packed, damaged, in other encodings, with odd ends."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
from typing import NamedTuple


class Account(NamedTuple):
    """What the ledger must say of a file."""

    lines: int
    loaded: int
    rejected: int
    problem: str | None


def events(count: int, start: int = 0) -> bytes:
    """Write distinct events that do not compress to nothing."""
    luck = random.Random(start)
    numbers = range(start, start + count)
    return b"".join(b'{"messageId":"m%d","userId":"%x"}\n' % (n, luck.getrandbits(160)) for n in numbers)


GOOD = events(1000)
PACKED = gzip.compress(GOOD, mtime=0)
BOM = b"\xef\xbb\xbf"


def flipped(data: bytes, place: int) -> bytes:
    """Damage one byte."""
    damaged = bytearray(data)
    damaged[place] ^= 0xFF
    return bytes(damaged)


# name -> (file name, content, account)
FILES: dict[str, tuple[str, bytes, Account]] = {
    "plain": ("e.ndjson", GOOD, Account(1000, 1000, 0, None)),
    "no_newline_at_end": ("e.ndjson", GOOD[:-1], Account(1000, 1000, 0, None)),
    "blank_lines": ("e.ndjson", b"\n\n" + events(2) + b"\n", Account(5, 2, 3, None)),
    "bom": ("e.ndjson", BOM + events(2), Account(2, 2, 0, None)),
    "bom_only": ("e.ndjson", BOM, Account(1, 0, 1, None)),
    "crlf": ("e.ndjson", events(3).replace(b"\n", b"\r\n"), Account(3, 3, 0, None)),
    "crlf_and_bom_and_no_end": ("e.ndjson", BOM + events(2).replace(b"\n", b"\r\n")[:-2], Account(2, 2, 0, None)),
    "mixed_line_ends": ("e.ndjson", events(2).replace(b"\n", b"\r\n") + events(2, 2), Account(4, 4, 0, None)),
    "utf16": ("e.ndjson", events(2).decode().encode("utf-16"), Account(3, 0, 3, None)),
    "utf16_without_mark": ("e.ndjson", events(2).decode().encode("utf-16-be"), Account(2, 0, 2, None)),
    "latin1_in_one_line": ("e.ndjson", events(2) + b'{"a":"\xe9"}\n' + events(2, 2), Account(5, 4, 1, None)),
    "binary": ("e.ndjson", bytes(range(256)) * 4, Account(5, 0, 5, None)),
    "empty": ("e.ndjson", b"", Account(0, 0, 0, "empty")),
    "empty_gz": ("e.ndjson.gz", b"", Account(0, 0, 0, "empty")),
    "gzip": ("e.ndjson.gz", PACKED, Account(1000, 1000, 0, None)),
    "gzip_of_nothing": ("e.ndjson.gz", gzip.compress(b""), Account(0, 0, 0, "empty")),
    "gzip_without_its_suffix": ("e.ndjson", PACKED, Account(1000, 1000, 0, None)),
    "plain_with_gz_suffix": ("e.ndjson.gz", GOOD, Account(1000, 1000, 0, None)),
    "gzip_of_several_members": ("e.ndjson.gz", PACKED + gzip.compress(events(5, 1000)), Account(1005, 1005, 0, None)),
    "gzip_member_cuts_a_line": (
        "e.ndjson.gz",
        gzip.compress(GOOD[:5000]) + gzip.compress(b"") + gzip.compress(GOOD[5000:]),
        Account(1000, 1000, 0, None),
    ),
    "gzip_of_gzip": ("e.ndjson.gz", gzip.compress(gzip.compress(b"{}\n", mtime=0)), Account(1, 0, 1, None)),
    "gzip_without_its_end": ("e.ndjson.gz", PACKED[:-4], Account(1000, 1000, 0, "truncated_gzip")),
    "gzip_cut_in_header": ("e.ndjson.gz", PACKED[:5], Account(0, 0, 0, "truncated_gzip")),
    "gzip_magic_only": ("e.ndjson.gz", PACKED[:2], Account(0, 0, 0, "truncated_gzip")),
    "gzip_wrong_checksum": ("e.ndjson.gz", flipped(PACKED, -6), Account(1000, 1000, 0, "damaged_gzip")),
    "gzip_with_garbage_behind": ("e.ndjson.gz", PACKED + b"garbage", Account(1000, 1000, 0, "damaged_gzip")),
    "zip": ("e.ndjson", b"PK\x03\x04" + bytes(60), Account(0, 0, 0, "other_compression")),
    "zstd": ("e.ndjson", b"\x28\xb5\x2f\xfd" + bytes(60), Account(0, 0, 0, "other_compression")),
    "bzip2": ("e.ndjson.bz2", bz2.compress(GOOD), Account(0, 0, 0, "other_compression")),
    "xz": ("e.ndjson.xz", lzma.compress(GOOD), Account(0, 0, 0, "other_compression")),
}
