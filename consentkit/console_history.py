"""Prints consent over time for a person at a terminal: the withdrawal test, one person's record, Snowplow counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from consentkit.console import clean
from consentkit.history import NO_CHOICE, SHARED, bar
from consentkit.phrases import count, delay
from consentkit.terminal import print_whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rich.console import Console

    from consentkit.history import Row, Subject, Withdrawals

_SHOWN = 40
_BAR = 50
_SAYS = {"true": "granted", "false": "refused", "conflict": "in conflict", None: "never collected"}
_STYLES = {"true": "green", "false": "red", "conflict": "yellow", None: "dim"}
_SNOWPLOW: dict[str, tuple[str, ...]] = {
    "repeated_contexts": ("file", "lines", "duplicates"),
    "log": ("kind", "event_type", "events"),
    "banners": ("shown", "shown_again", "answered", "seconds_p50", "seconds_p95", "seconds_to_show"),
    "versions": ("version", "version_start", "last_allow_all", "is_latest"),
    "people_per_version": (
        "version",
        "people",
        "allow_all",
        "allow_selected",
        "deny_all",
        "pending",
        "withdrawn",
        "expired",
    ),
    "people_per_scope": ("scope", "listed", "consenting"),
}
_DAYS = ("version_start", "last_allow_all")
_BASIS = {
    "said": "",
    "missing": "the category was not named",
    "empty": "no category was named",
    "unreadable": "neither true nor false",
    "merge": "two people became one",
}


def print_withdrawals(console: Console, found: Withdrawals) -> None:
    """Print what left after refusals, how fast grants took effect, and who was told."""
    if not found.destinations:
        console.print(NO_CHOICE)
        return
    names: tuple[str, ...] = ("refusals", "tested", "ignored", "leaking", "people", "events")
    table = _table("Refusals: what was still delivered of events collected after them", ("destination", *names))
    for row in found.destinations:
        cells = _cells(row["destination"], *(row[name] for name in names))
        table.add_row(*cells, style="red" if row["ignored"] else "")
    table.caption = "tested: the person still sent events; leaking: the last of them was still delivered"
    print_whole(console, table)
    if unsure := sum(row["possible"] for row in found.destinations):
        console.print(Text(f"{count(unsure, 'refusal')} more may have been ignored: {SHARED}."))
    late = [row for row in found.destinations if row["ignored"]]
    if late:
        table = _table("From the refusal to the last delivery", ("destination", "ignored", "p50", "p95", "max"))
        for row in late:
            delays = [_delay(row[name]) for name in ("delay_p50", "delay_p95", "delay_max")]
            table.add_row(*_cells(row["destination"], row["ignored"], *delays))
        print_whole(console, table)
    _print_stamps(console, found.destinations)
    title = "Grants: how long until the first delivery"
    table = _table(title, ("destination", "grants", "tested", "unused", "p50", "p95", "max"))
    for row in found.destinations:
        delays = [_delay(row[name]) for name in ("first_p50", "first_p95", "first_max")]
        table.add_row(*_cells(row["destination"], row["grants"], row["grants_tested"], row["grants_unused"], *delays))
    print_whole(console, table)
    title = "Told of the choices: preference events delivered"
    columns = ("destination", "sharing", "changes", "of", "revocations", "of", "uninformed")
    table = _table(title, columns, texts=2)
    for row in found.sharing:
        names = ("changes_delivered", "changes", "revocations_delivered", "revocations", "uninformed")
        table.add_row(*_cells(row["destination"], row["sharing"], *(row[name] for name in names)))
    table.caption = (
        "uninformed: devices whose latest revocation did not arrive; a classic destination can never be told"
    )
    print_whole(console, table)
    _print_conflicts(console, found.conflicts)


def _print_conflicts(console: Console, rows: Sequence[Row]) -> None:
    if not rows:
        return
    table = _table("Choices of one person that stood against each other", tuple(rows[0]), texts=2)
    for row in rows:
        table.add_row(*_cells(*row.values()))
    table.caption = "deliveries: of that person's events meanwhile, where the category is needed"
    print_whole(console, table)


def _print_stamps(console: Console, rows: Sequence[Row]) -> None:
    title = "Deliveries of events collected after a refusal, by what their own stamp said"
    table = _table(title, ("destination", "deliveries", "refused", "granted", "no stamp", "elsewhere", "late"))
    names = ("deliveries", "stamp_refused", "stamp_granted", "stamp_none", "other_device", "sent_late")
    for row in rows:
        if row["deliveries"] or row["sent_late"]:
            table.add_row(*_cells(row["destination"], *(row[name] for name in names)))
    if table.row_count:
        table.caption = (
            "granted: the stamp was out of date; elsewhere: refused on another device; "
            "late: collected before the refusal, sent after it, and not among the deliveries"
        )
        print_whole(console, table)


def print_person(console: Console, found: Sequence[Subject]) -> None:
    """Print the record of one id: the state over time, every change, every delivery since the first."""
    for each in found:
        console.print(Text.assemble(("Person " if each.kind == "person" else "Device ") + clean(each.id), style="bold"))
        console.print(Text(f"{count(each.events, 'event')}, {_time(each.first_at)} to {_time(each.last_at)} UTC"))
        if each.kind == "person" and each.devices:
            console.print(Text("devices: " + ", ".join(map(clean, each.devices))))
        if each.others:
            console.print(Text("also " + ", ".join(map(clean, each.others))))
        if not each.changes:
            console.print("No choice of it is in the log: never collected.\n")
            continue
        _print_timeline(console, each)
        _print_changes(console, each.changes)
        _print_deliveries(console, each.deliveries)
        if each.possible:
            console.print(Text(f"{count(len(each.possible), 'delivery', 'deliveries')} more may be of it: {SHARED}."))


def _print_timeline(console: Console, each: Subject) -> None:
    moments = [row["valid_from"] for row in each.changes]
    start = min(moment for moment in (each.first_at, *moments) if moment is not None)
    end = max(moment for moment in (each.last_at, *moments) if moment is not None)
    categories = list(dict.fromkeys(row["category_id"] for row in each.changes))
    console.print()
    for category in categories:
        console.print(Text(f"{clean(category)[:22]:<23}{bar(each.changes, category, start, end, _BAR)}"))
    length = (end - start).total_seconds() or 1.0
    marks = [" "] * _BAR
    for row in each.deliveries:
        if _against(row) and row["left_at"] is not None:
            place = int((row["left_at"] - start).total_seconds() / length * _BAR)
            marks[min(max(place, 0), _BAR - 1)] = "▲"
    if "▲" in marks:
        console.print(Text(f"{'sent although refused':<23}{''.join(marks)}", style="red"))
    console.print(Text(f"{'':<23}{start:%Y-%m-%d}{f'{end:%Y-%m-%d}':>{_BAR - 10}}", style="dim"))
    console.print(Text(f"{'':<23}█ granted  ░ refused  ▒ in conflict  · never collected", style="dim"))


def _print_changes(console: Console, changes: Sequence[Row]) -> None:
    table = _table("Changes of consent", ("when", "category", "became", "was", "why", "by the event"), texts=6)
    for row in changes:
        event = f"{clean(row['event_file'].rsplit('/', 1)[-1])} line {row['event_line']}"
        became = Text(_SAYS[row["value"]], style=_STYLES[row["value"]])
        when, category = Text(_time(row["valid_from"])), Text(clean(row["category_id"]))
        table.add_row(when, category, became, _SAYS[row["previous_value"]], _BASIS[row["basis"]], Text(event))
    print_whole(console, table)


def _print_deliveries(console: Console, deliveries: Sequence[Row]) -> None:
    against = [row for row in deliveries if _against(row)]
    said = f"Deliveries since the first choice: {len(deliveries):,}, of them although refused: {len(against):,}"
    if late := sum(not row["refused"] for row in against):
        said += f" ({late:,} refused only after the event, before it was sent)"
    table = _table(said, ("sent", "destination", "event", "refused then"), texts=4)
    rest = [row for row in deliveries if not _against(row)]
    shown = [*against, *rest][:_SHOWN]
    for row in sorted(shown, key=lambda row: (str(row["left_at"]), row["destination"])):
        refused = ", ".join(map(clean, row["refused"] or row["refused_since"])) if _against(row) else ""
        if refused and not row["refused"]:
            refused += " (since the event)"
        cells = (
            _time(row["left_at"]),
            clean(row["destination"]),
            clean(str(row["event_name"] or row["type"] or "")),
            refused,
        )
        table.add_row(*map(Text, cells), style="red" if refused else "")
    if len(deliveries) > len(shown):
        table.caption = f"{len(deliveries) - len(shown):,} more; --json lists all"
    print_whole(console, table)


def _against(row: Row) -> bool:
    """Say whether a delivery went against a refusal that stood when the event happened or when it was sent.

    Exempt destinations and preference events do not.
    """
    return bool(row["refused"] or row["refused_since"]) and not row["preference_event"] and not row["exempt"]


def print_migration(console: Console, found: dict[str, list[Row]]) -> None:
    """Print how far each source has left the retired Consent Manager, and what its stamps would mean today."""
    names = ("events", "old_stamp", "new_stamp", "no_stamp", "old_traits")
    table = _table("Stamps by source and day", ("source", "day", "events", "old", "today's", "none", "traits"), texts=2)
    table.columns[1].no_wrap = True
    for row in found["days"]:
        table.add_row(*_cells(row["source"], row["day"] or "undated", *(row[name] for name in names)))
    table.caption = "old: stamps of the retired Consent Manager; traits: identify calls with its choices"
    print_whole(console, table)
    if not found["meaning"]:
        console.print("No event carries a stamp of the retired Consent Manager.")
        return
    meanings = ("events", "today_deliver", "today_block", "today_unclear", "held_back", "held_back_only_by_it")
    table = _table("What its stamps would mean, read as Segment's own today", ("destination", *meanings))
    for row in found["meaning"]:
        table.add_row(*_cells(row["destination"], *(row[name] for name in meanings)))
    table.caption = (
        "held back: by the integrations object the old manager wrote; only by it: today's rules would deliver"
    )
    print_whole(console, table)


def print_snowplow(console: Console, counts: dict[str, list[Row]]) -> None:
    """Print the counts of Snowplow consent data, a table for each."""
    if not counts["log"]:
        console.print("No event about consent is in the export.")
    for title, names in _SNOWPLOW.items():
        rows = counts[title]
        if rows:
            table = _table(title.replace("_", " ").capitalize(), names, texts=1)
            for row in rows:
                table.add_row(*_cells(*(f"{row[name]:%Y-%m-%d}" if name in _DAYS else row[name] for name in names)))
            print_whole(console, table)


def _table(title: str, columns: Sequence[str], texts: int = 1) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False)
    table.caption_justify = "left"
    for place, name in enumerate(columns):
        if place < texts:
            table.add_column(name.replace("_", " "), min_width=10 if place == 0 else None, overflow="fold")
        else:  # a number is never broken, nor a word of its head
            table.add_column(name.replace("_", "\n"), justify="right", no_wrap=True, overflow="fold")
    return table


def _cells(*values: Any) -> list[Text]:
    return [Text(_cell(value)) for value in values]


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}" if value else "-"
    if isinstance(value, float):
        return f"{value:,.2f}"
    return clean(str(value))


def _delay(seconds: float | None) -> str | None:
    return None if seconds is None else delay(seconds, short=True)


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment is not None else "undated"
