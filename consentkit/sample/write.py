"""Writes a sample: day by day, block by block, so that memory does not grow with the number of events."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import numpy as np

from consentkit.errors import UsageError
from consentkit.sample import catalog as c
from consentkit.sample import dirt as d
from consentkit.sample.deliveries import Router
from consentkit.sample.files import LineFile
from consentkit.sample.people import MAX_PEOPLE, make_people, make_schedule
from consentkit.sample.render import Renderer
from consentkit.sample.shop import Events, events_per_day, play_day
from consentkit.sample.text import Clock
from consentkit.sample.truth import Ledger, SampleTruth, fault_table
from consentkit.writing import refuse_unwritable, told_of

BLOCK = 10_000
# Small samples are kept and shipped, large ones are for benchmarks: gzip level 6 up to here, then 1.
SMALL = 100_000
Progress = Callable[[int, int], object]


def write_sample(
    out: str | os.PathLike[str],
    *,
    events: int = 20_000,
    seed: int = 7,
    days: int = 30,
    start: str = "2026-03-01",
    gzip: bool = True,
    progress: Progress | None = None,
) -> SampleTruth:
    """Write a made-up shop's events, deliveries and policy into a folder.

    `out` is created if needed; files of the same names are overwritten. `events` (2,000 or more) are spread
    over `days` (22 or more, so that every planted fault has room) from `start`. `progress` is called with the
    events done and the total.

    Returns what was planted; the same is in ``truth.json``, and for people in ``README.md``. The same
    arguments give the same lines everywhere, and the same bytes wherever zlib is the same. Raises
    :class:`UsageError` for arguments out of range and for a folder that holds other event files or cannot be written.
    """
    first = _first_day(events, seed, days, start)
    shop = _Shop(Path(out), (seed, events, days, first), ".ndjson.gz" if gzip else ".ndjson")
    refuse_unwritable(shop.out)
    shop.refuse_strangers()
    # Threads only compress and write: what is written does not depend on their number.
    with told_of(shop.out), ThreadPoolExecutor(max(1, min(4, os.cpu_count() or 2))) as pool:
        shop.play(pool, (6 if events <= SMALL else 1) if gzip else 0, progress)
    truth = shop.truth()
    for name, text in (
        ("policy.yml", c.policy_yaml()),
        ("README.md", _readme(truth)),
        ("truth.json", truth.to_json()),
    ):
        (shop.out / name).write_text(text, encoding="utf-8", newline="\n")
    return truth


def _first_day(events: int, seed: int, days: int, start: str) -> date:
    """Check the arguments; returns the first day."""
    if events < c.MIN_EVENTS:
        raise UsageError(f"events is {events}: at least {c.MIN_EVENTS} are needed to plant every fault")
    if days < c.MIN_DAYS:
        raise UsageError(f"days is {days}: at least {c.MIN_DAYS} are needed, the last fault starts late")
    if seed < 0:
        raise UsageError(f"seed is {seed}: it must not be negative")
    try:
        return date.fromisoformat(start)
    except ValueError:
        raise UsageError(f"start is {start!r}: a day such as 2026-03-01 is needed") from None


class _Shop:
    """One run: holds the drawn people, the counters, and what has been written so far."""

    def __init__(self, out: Path, arguments: tuple[int, int, int, date], suffix: str) -> None:
        self.out = out
        seed, events, days, first = arguments
        self._arguments = (seed, events, days, str(first))
        self._counts = events_per_day(events, first.weekday(), days)
        self._suffix = suffix
        self._rng = np.random.Generator(np.random.PCG64(seed))
        self._people = make_people(self._rng, min(MAX_PEOPLE, events // 20), days)
        self._schedule = make_schedule(self._people, days)
        self._clock = Clock(first, days)
        self._router = Router(self._rng)
        self._renderer = Renderer(self._rng, self._people, self._clock)
        self._dirt = d.Dirt(events)
        self._ledger = Ledger(len(self._people.first_day))
        self._files: dict[str, int] = {}

    def _name(self, folder: str, day: int) -> str:
        """The path of one file inside the sample."""
        return f"{folder}/{self._clock.days[day]}{self._suffix}"

    def refuse_strangers(self) -> None:
        """Stop before writing if the folder holds event files that would stay beside the new ones."""
        folders = [*(f"events/{source}" for source in c.SOURCES), "deliveries"]
        ours = {self._name(folder, day) for folder in folders for day in range(len(self._counts))}
        found = [p for folder in ("events", "deliveries") for p in sorted((self.out / folder).rglob("*.ndjson*"))]
        other = [p for p in found if p.relative_to(self.out).as_posix() not in ours]
        if other:
            more = f" and {len(other) - 1} more" if len(other) > 1 else ""
            raise UsageError(f"{other[0]}{more} would be mixed with the new sample: choose an empty folder")

    def play(self, pool: ThreadPoolExecutor, level: int, progress: Progress | None) -> None:
        """Draw and write every day."""
        done, total = 0, self._arguments[1]
        for day, count in enumerate(self._counts):
            events = play_day(self._rng, self._people, self._schedule, day, count)
            with ExitStack() as stack:
                files = {}
                for folder in (*(f"events/{source}" for source in c.SOURCES), "deliveries"):
                    web = folder == "events/web"
                    end = "\r\n" if web and day == d.CRLF_DAY else "\n"
                    mark = "\ufeff" if web and day == d.BOM_DAY else ""
                    path = self.out / self._name(folder, day)
                    files[folder] = stack.enter_context(LineFile(path, pool, level, end=end, start=mark))
                for low in range(0, count, BLOCK):
                    self._write_block(events.take(slice(low, low + BLOCK)), files, done + low)
                    if progress:
                        progress(min(done + low + BLOCK, done + count), total)
            self._files.update({self._name(folder, day): file.lines for folder, file in files.items()})
            done += count

    def _write_block(self, events: Events, files: dict[str, LineFile], done: int) -> None:
        """Dirty, decide, count and write one block."""
        chosen = self._dirt.choose(events)
        d.spoil_stamps(events, chosen)
        unnamed = np.array(chosen.get(d.MISSING_ID, []), np.int64)
        routed = self._router.route(events, unnamed)
        self._ledger.add(events, routed)
        lines, message_ids, received = self._renderer.render(events, done)
        after = defaultdict(list)
        for place, line in d.spoil_lines(lines, chosen):
            after[place].append(line)
        rows: tuple[list[str], ...] = tuple([] for _ in c.SOURCES)
        for place, (source, line) in enumerate(zip(events.source.tolist(), lines, strict=True)):
            rows[source].append(line)
            if place in after:
                rows[source].extend(after[place])
        for source, name in enumerate(c.SOURCES):
            files[f"events/{name}"].write(rows[source])
        seconds = self._clock.iso(received + 2000, millis=False)
        files["deliveries"].write_text(*self._router.render(routed.status, message_ids, seconds))

    def truth(self) -> SampleTruth:
        """Everything counted, once all days are written."""
        ledger, planted = self._ledger, self._dirt.planted
        rejected = {kind: planted[kind] for kind in d.REJECTED_LINE}
        lines = sum(count for name, count in self._files.items() if name.startswith("events/"))
        repeats, refused = planted[d.REPEATED], sum(rejected.values())
        by_source = ledger.by_source(0)
        # A second payload under the same message id is one more loaded event of the website.
        by_source["web"] += planted[d.CONFLICTING]
        return SampleTruth(
            *self._arguments,
            files=self._files,
            event_lines=lines,
            loaded_lines=lines - refused - repeats,
            duplicate_lines=repeats,
            rejected_lines=refused,
            rejected_by_kind=rejected,
            dirt=planted,
            odd_files={
                self._name("events/web", d.BOM_DAY): "starts with a byte order mark",
                self._name("events/web", d.CRLF_DAY): "lines end with CRLF",
            },
            delivery_lines=sum(n for name, n in self._files.items() if name.startswith("deliveries/")),
            events_by_source=by_source,
            unstamped_by_source=ledger.by_source(1),
            events_by_app_version=ledger.by_version(0),
            unstamped_by_app_version=ledger.by_version(1),
            preference_events=ledger.preference_events,
            deliveries=ledger.by_destination(),
            v5_by_destination=dict(zip(c.COLUMN, ledger.refused.tolist(), strict=True)),
            faults=ledger.finish(self._clock),
        )


def _readme(truth: SampleTruth) -> str:
    """A page for newcomers: what is in the folder and what a tool should find in it."""
    dirt = "\n".join(f"| {kind.replace('_', ' ')} | {count} |" for kind, count in truth.dirt.items())
    odd = "\n".join(f"- `{name}`: {what}" for name, what in truth.odd_files.items())
    return f"""# Sample: a made-up shop

{truth.loaded_lines:,} events of {truth.days} days from {truth.start}, sent by a website, an iOS app and a
server, and the delivery log of a dozen destinations. Nobody in it is real. `policy.yml` says which consent
each destination needs. Written by `consentkit sample`, seed {truth.seed}; all numbers are in `truth.json`.

## Planted faults

{fault_table(truth)}
People are counted by userId where an event has one, else by anonymousId. Preference events at Actions
destinations are delivered whatever they say; that is documented behaviour and no fault. During the iOS fault
the app's preference events are missing, because the platform rejects them without a consent object.
Server events carry the consent the shop keeps with the session, so they are stamped even then.

## Dirty lines

| kind | how many |
|---|---:|
{dirt}

{truth.event_lines:,} lines = {truth.loaded_lines:,} loaded + {truth.rejected_lines:,} rejected
+ {truth.duplicate_lines:,} exact repeats.

{odd}
"""
