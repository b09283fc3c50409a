"""Every exception consentkit raises on purpose.

    ConsentkitError
    ├── PolicyError      the policy file cannot be used; carries every mistake found
    ├── SourceError      an input cannot be read at all
    ├── UsageError       a call or command line asks for something that does not exist
    │   └── SuiteError   a suite of expectations cannot be used; carries every mistake found
    └── EngineError      a step failed inside DuckDB; carries the step and its SQL, never values

Catch ``ConsentkitError`` to catch them all. A message says what, where, what was found and what to
do; it never holds a value from the data, because the data is personal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


NO_POLICY = "no policy is applied to this database; name one with --policy, or in Python with apply()"


class ConsentkitError(Exception):
    """Something consentkit was asked to do could not be done."""


@dataclass(frozen=True)
class Mistake:
    """One mistake in a policy file: where it is, what was found, what is allowed."""

    file: str
    line: int | None
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


class PolicyError(ConsentkitError):
    """The policy cannot be used; ``mistakes`` lists every one of them at once."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        count = f"{len(mistakes)} mistake{'s' if len(mistakes) != 1 else ''} in the policy"
        super().__init__("\n".join([count, *(f"  {mistake}" for mistake in mistakes)]))


class SourceError(ConsentkitError):
    """An input cannot be read at all."""


class UsageError(ConsentkitError):
    """A call or command line asks for something that does not exist or does not fit together."""


class SuiteError(UsageError):
    """A suite of expectations cannot be used; ``mistakes`` lists every one of them at once."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        count = f"{len(mistakes)} mistake{'s' if len(mistakes) != 1 else ''} in the suites"
        super().__init__("\n".join([count, *(f"  {mistake}" for mistake in mistakes)]))


class EngineError(ConsentkitError):
    """A step failed inside DuckDB; the message names the step, ``sql`` holds its text."""

    def __init__(self, step: str, cause: str, sql: str) -> None:
        self.step = step
        self.sql = sql
        super().__init__(f"{step}: {cause}")
