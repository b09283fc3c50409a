"""What an analyst asks by hand: ``python questions.py asked DATABASE`` prints wall seconds, the worst of three."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS = 3


def asked(database: str) -> None:
    """Ask each question three times, of a judged database; every row is fetched."""
    import consentkit as ck
    from consentkit.engine import sql_text
    from consentkit.explaining import explain
    from consentkit.history import person

    with ck.open(database) as ws:
        ws.judge()
        one = "SELECT {0} FROM event WHERE {0} IS NOT NULL ORDER BY event_id LIMIT 1".format
        user, message = (ws.rows(one(name))[0][0] for name in ("user_id", "message_id"))
        worst = (
            "SELECT destination FROM finding WHERE destination IS NOT NULL ORDER BY deliveries DESC NULLS LAST LIMIT 1"
        )
        destination = ws.rows(worst)[0][0]
        questions: dict[str, Callable[[], object]] = {
            "counts by destination": lambda: ws.rows("SELECT * FROM destination_count"),
            "findings of a destination": lambda: ws.rows("SELECT * FROM finding WHERE destination = ?", [destination]),
            "events by day": lambda: ws.rows("SELECT CAST(event_at AS DATE), count(*) FROM event GROUP BY ALL"),
            "violations by day": lambda: ws.rows(sql_text("chart_violations_over_time"), ["day"]),
            "history of a person": lambda: ws.rows("SELECT * FROM person_history WHERE user_id = ?", [user]),
            "record of a person": lambda: person(ws, user),
            "explanation of an event": lambda: list(explain(ws, message)),
        }
        print(json.dumps({name: max(_took(question) for _ in range(RUNS)) for name, question in questions.items()}))


def _took(question: Callable[[], object]) -> float:
    began = time.perf_counter()
    question()
    return time.perf_counter() - began


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
