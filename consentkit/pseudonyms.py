"""What readers see in place of ids, and of addresses, numbers and tokens in names; only the key matches them.

HMAC-SHA-256, cut to twelve digits for ids and to eight for what is masked in a name.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import TYPE_CHECKING, Any

from consentkit.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

# An e-mail address, also where the sign was written for a URL. 64 letters before the sign are what an address may have,
# and keep a long name from being searched again from every letter.
_MAIL = r"[^\s@＠,;:<>\"'()\[\]{}|/\\=&?]{1,64}(?:[@＠]|%40)[^\W_][\w-]{0,62}(?:\.[\w-]{1,63}){0,8}\.[^\W\d_]{2,24}"
# A telephone number as it is written for other countries.
_ABROAD = r"(?<!\w)\+\d(?:[ ().\-/]{0,2}\d){7,14}(?!\d)"
_FAR = re.compile(f"{_MAIL}|{_ABROAD}")
_NEAR = re.compile(
    "|".join(
        (
            _MAIL,
            _ABROAD,
            # Telephone numbers as they are written at home: 555-123-4567, 020 7946 0958, 06 12 34 56 78, 912 34 567.
            r"(?<![\w.+-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-])",
            r"(?P<home>(?<![\w.:+-])0\d{1,4}[ /-]\d{2,4}(?:[ -]?\d{2,4}){1,4}(?![\w:-]))",
            r"(?<![\w.:-])\d{2}(?: \d{2}){3,4}(?![\w:])",
            r"(?<![\w.:-])\d{3} \d{2} \d{3}(?![\w:])",
            # Nine digits and more, but for a day with hours, as builds are numbered.
            r"(?<![\d.])(?!(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d\d){1,3}(?!\d))\d{9,}(?!\d)",
            # Made ids: UUIDs, long hexadecimal numbers, and long runs of letters and digits that are not words.
            r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![0-9A-Za-z])",
            r"(?<![0-9A-Za-z])(?=[A-Fa-f]*\d)[0-9A-Fa-f]{16,}(?![0-9A-Za-z])",
            r"(?P<run>[0-9A-Za-z]{20,})",
        )
    )
)
# The words a name is put together of: GoogleAnalytics4 has three.
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# Names of files are made by programs, of long ids more often than not, and a file must be found by its name.
_FILES = ("path", "file")
# What is no name from the data: it must stay as it is to be of use.
_AS_IS = ("sha256", "text")
_SHORTEST = 16


class Pseudonyms:
    """Turns ids into pseudonyms and masks names; the same key gives the same ones. ``raw`` leaves all as it is.

    ``mask_key`` is the key of masks where ``key`` is not given: that of a database gives one name one mask in all that
    is written of it. A bare hash of an e-mail address or user id is found again by guessing; without the key this
    one is not. Raises :class:`UsageError` for a key that is none.
    """

    def __init__(self, key: bytes | None = None, *, mask_key: bytes | None = None, raw: bool = False) -> None:
        self._key = secrets.token_bytes(32) if key is None else checked_key(key)
        self._mask_key = self._key if key is not None or mask_key is None else mask_key
        self.raw = raw
        self._known: dict[tuple[str, bool], str] = {}

    def person(self, user_id: str | None, anonymous_id: str | None) -> str:
        """Name the person of an event: by the user id, else by the anonymous id."""
        if user_id is not None:
            return self._name("user", user_id)
        return self._name("visitor", anonymous_id) if anonymous_id is not None else ""

    def message(self, message_id: str | None) -> str:
        """Name a message."""
        return self._name("message", message_id) if message_id is not None else ""

    def masked(self, text: str, *, file: bool = False) -> str:
        """Mask what looks like an e-mail address, a telephone number or a made id; in a file's name the first two.

        Source: what README promises under "What is masked".
        """
        if self.raw:
            return text
        known = self._known.get((text, file))
        if known is None:
            known = (_FAR if file else _NEAR).sub(self._mask, text)
            self._known[text, file] = known
        return known

    def row(self, row: dict[str, Any]) -> dict[str, Any]:
        """Mask the texts of a row, by the names of its columns."""
        return {name: self._cell(name, value) for name, value in row.items()}

    def cells(self, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Mask the texts of rows, by the names of their columns."""
        if self.raw:
            return list(rows)
        return [tuple(map(self._cell, names, row)) for row in rows]

    def _cell(self, name: str, value: Any) -> Any:
        if isinstance(value, str):
            return value if name in _AS_IS else self.masked(value, file=name in _FILES)
        if isinstance(value, list | tuple):
            return type(value)(self._cell(name, each) for each in value)
        return value

    def _mask(self, found: re.Match[str]) -> str:
        text = found[0]
        if found.re is _NEAR:
            if found["run"] and not _is_made(text):
                return text
            if found["home"] and not _is_long(text):
                return text
        return f"[masked {_digest(self._mask_key, 'name', text)[:8]}]"

    def _name(self, kind: str, value: str) -> str:
        return value if self.raw else f"{kind}-{_digest(self._key, kind, value)[:12]}"


def _digest(key: bytes, kind: str, value: str) -> str:
    return hmac.new(key, f"{kind}\x00{value}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _is_made(run: str) -> bool:
    """Say whether a run of letters and digits is made by a program: it has digits, and its words are too short."""
    return any(each.isdigit() for each in run) and len(run) < 3 * len(_WORD.findall(run))


def _is_long(number: str) -> bool:
    """Say whether a number has the nine digits that a day written with dashes has not."""
    return sum(each.isdigit() for each in number) >= 9


def checked_key(key: bytes, place: str = "key") -> bytes:
    """Return a key; raises :class:`UsageError`, which names the place, where it is not bytes or can be guessed."""
    if not isinstance(key, bytes):
        raise UsageError(f"{place}: a key is bytes, not {type(key).__name__}; give b'...' or what a file holds")
    if len(key) < _SHORTEST:
        raise UsageError(f"{place}: a key of fewer than {_SHORTEST} bytes can be guessed; write a longer one")
    return key
