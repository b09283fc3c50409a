"""Names for people and messages that only the holder of the key can match: HMAC-SHA-256, cut to twelve digits."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from consentkit.errors import UsageError

_SHORTEST = 16


class Pseudonyms:
    """Turns ids into pseudonyms; the same key gives the same ones. ``raw`` leaves ids as they are.

    A bare hash of an e-mail address or user id is found again by guessing; without the key this one is not. Raises
    :class:`UsageError` for a key that is none.
    """

    def __init__(self, key: bytes | None = None, *, raw: bool = False) -> None:
        self._key = secrets.token_bytes(32) if key is None else checked_key(key)
        self.raw = raw

    def person(self, user_id: str | None, anonymous_id: str | None) -> str:
        """Name the person of an event: by the user id, else by the anonymous id."""
        if user_id is not None:
            return self._name("user", user_id)
        return self._name("visitor", anonymous_id) if anonymous_id is not None else ""

    def message(self, message_id: str | None) -> str:
        """Name a message."""
        return self._name("message", message_id) if message_id is not None else ""

    def _name(self, kind: str, value: str) -> str:
        if self.raw:
            return value
        text = f"{kind}\x00{value}".encode("utf-8", "surrogatepass")
        return f"{kind}-{hmac.new(self._key, text, hashlib.sha256).hexdigest()[:12]}"


def checked_key(key: bytes, place: str = "key") -> bytes:
    """Return a key; raises :class:`UsageError`, which names the place, where it is not bytes or can be guessed."""
    if not isinstance(key, bytes):
        raise UsageError(f"{place}: a key is bytes, not {type(key).__name__}; give b'...' or what a file holds")
    if len(key) < _SHORTEST:
        raise UsageError(f"{place}: a key of fewer than {_SHORTEST} bytes can be guessed; write a longer one")
    return key
