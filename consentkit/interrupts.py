"""Ends a command when its user interrupts it, whatever it is doing then.

Python acts on Ctrl-C between two of its own instructions, and a query that runs for minutes is one of them. DuckDB
itself looks for it only while it has work for the main thread, so that a query goes on to its end every other time:
here a thread of its own breaks it off.
"""

from __future__ import annotations

import os
import signal
import threading
import weakref
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INTERRUPTED = "consentkit: interrupted; what a database file holds stays, and the same command goes on from there"
_AGAIN = 0.05
_connections: weakref.WeakSet[Any] = weakref.WeakSet()


def breakable(connection: Any) -> Any:
    """Let what runs on a connection of DuckDB be broken off while :func:`listening`; return the connection."""
    _connections.add(connection)
    return connection


def is_interrupt(error: BaseException) -> bool:
    """Tell whether what DuckDB raised is the user's interrupt, which it tells of in three ways."""
    if isinstance(error, RuntimeError):
        return str(error) == "Query interrupted"
    # the third: Python code that DuckDB reads from was interrupted
    return type(error).__name__ == "InterruptException" or "KeyboardInterrupt" in str(error)


@contextmanager
def listening() -> Iterator[Callable[[], bool]]:
    """Break off what runs when the user interrupts; yields a function that tells whether that happened.

    Only the main thread hears of it. Once it happened the process is about to end and hears of nothing else.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    told, turn = threading.Event(), threading.RLock()

    def interrupt(_number: int, _frame: object) -> None:
        with turn:
            told.set()
            _break_off_all()  # DuckDB asks Python in the middle of a query, and then waits for the threads that run it
        raise KeyboardInterrupt

    ear, mouth = os.pipe()
    os.set_blocking(mouth, False)
    before = signal.signal(signal.SIGINT, interrupt), signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)
    breaker = threading.Thread(target=_watch, args=(ear, told, turn), daemon=True)
    breaker.start()
    try:
        yield told.is_set
    finally:
        signal.set_wakeup_fd(before[1])
        signal.signal(signal.SIGINT, signal.SIG_IGN if told.is_set() else before[0])
        os.close(mouth)
        breaker.join()
        os.close(ear)


def _watch(ear: int, told: threading.Event, turn: threading.RLock) -> None:
    """Wait for a signal, and break off what runs until Python has acted on it: then all that runs cleans up."""
    while number := os.read(ear, 1):
        while number[0] == signal.SIGINT and not told.wait(_AGAIN):
            with turn:
                if not told.is_set():
                    _break_off_all()


def _break_off_all() -> None:
    with suppress(RuntimeError):  # one is being opened just now
        for connection in list(_connections):
            connection.interrupt()


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let the user's interrupt wait until the end of a block, which must be short."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            signal.raise_signal(signal.SIGINT)
