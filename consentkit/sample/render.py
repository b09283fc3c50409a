"""Events as JSON lines, in the field order of raw exports, from fragments that are rendered once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from consentkit.sample import catalog as c
from consentkit.sample.text import Clock, uuids

if TYPE_CHECKING:
    from numpy.random import Generator

    from consentkit.sample.people import Ints, People
    from consentkit.sample.shop import Events

_SITE = "https://shop.example.com"


def _json(value: Any) -> str:
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":"))


def _stamps() -> list[str]:
    """Consent objects by stamp, each with the comma in front; nothing for an event without one."""
    answers = [{name: bool(mask >> bit & 1) for bit, name in enumerate(c.CATEGORIES)} for mask in range(16)]
    odd: list[Any] = [
        {},
        {"categoryPreferences": {}},
        {"categoryPreferences": {**answers[c.EVERYTHING], "Advertising": "true"}},
        {"categoryPreference": answers[c.EVERYTHING]},
    ]
    objects = [{"categoryPreferences": answer} for answer in answers]
    return [f',"consent":{_json(o)}' for o in objects] + [""] + [f',"consent":{_json(o)}' for o in odd]


def _contexts(source: int) -> list[str]:
    """Context fragments by country and device; website and server here, the app adds its version."""
    found = []
    for country, locale, zone, _ in c.COUNTRIES:
        place = f'"locale":"{locale}","location":{{"country":"{country}"}},"timezone":"{zone}"'
        for device in range(c.DEVICES):
            if source == c.WEB:
                library = '"library":{"name":"analytics.js","version":"npm:next-1.81.0"}'
                found.append(f'{library},{place},"userAgent":{_json(c.BROWSERS[device])}')
            elif source == c.IOS:
                model, system = c.PHONES[device]
                found.append(
                    f'"device":{{"manufacturer":"Apple","model":"{model}","type":"ios"}},'
                    f'"library":{{"name":"analytics-swift","version":"1.9.1"}},{place},'
                    f'"os":{{"name":"iOS","version":"{system}"}}'
                )
            else:
                name, version = c.LIBRARIES[device % 2]
                found.append(f'"library":{{"name":"{name}","version":"{version}"}},{place}')
    return found


def _product(number: int) -> dict[str, Any]:
    """A product as properties."""
    name, category, cents = c.PRODUCTS[number]
    return {"product_id": f"P-{1000 + 7 * number}", "name": name, "category": category, "price": cents / 100}


def _bodies(source: int) -> list[list[str]]:
    """Type, event name and properties by kind and product. "@" stands for an order number or a user id."""
    table: list[list[str]] = []
    for kind in range(c.PREFERENCE + 1):
        row = []
        for number in range(len(c.PRODUCTS)):
            product = _product(number)
            properties: dict[str, Any] = {**product, "currency": "EUR"}
            if kind == c.PAGE:
                path, name = c.PAGES[number % len(c.PAGES)]
                word = "screen" if source == c.IOS else "page"
                row.append(f'"name":"{name}","properties":{{"name":"{name}","path":"{path}"}},"type":"{word}"')
                continue
            if kind == c.IDENTIFY:
                row.append('"traits":{"email":"@@example.com","newsletter":false},"type":"identify"')
                continue
            if kind == c.CHECKOUT:
                properties = {"value": product["price"], "currency": "EUR", "products": [product]}
            elif kind == c.ORDER:
                total = {"order_id": "@", "total": product["price"], "currency": "EUR"}
                properties = {**total, "products": [{**product, "quantity": 1}]}
            elif kind == c.SIGNUP:
                properties = {"method": "email"}
            elif kind == c.PREFERENCE:
                properties = {}
            row.append(f'"event":"{c.EVENT_NAMES[kind]}","properties":{_json(properties)},"type":"track"')
        table.append(row)
    return table


def _pages() -> list[list[str]]:
    """The page part of the website's context, by kind and product."""
    found = []
    for kind in range(c.PREFERENCE + 1):
        row = []
        for number, (name, _, _) in enumerate(c.PRODUCTS):
            path, title = c.PAGES[number % len(c.PAGES)]
            if kind in (c.VIEW, c.ADD):
                path, title = f"/products/{name.lower().replace(' ', '-')}", name
            elif kind == c.CHECKOUT:
                path, title = "/checkout", "Checkout"
            page = {"path": path, "search": "", "title": f"{title} - Lumen Home", "url": _SITE + path}
            row.append(f'"page":{_json(page)}')
        found.append(row)
    return found


class Renderer:
    """Turns blocks of events into lines; ``render`` draws message ids and network delays."""

    def __init__(self, rng: Generator, people: People, clock: Clock) -> None:
        self._rng = rng
        self._people = people
        self._clock = clock
        self._stamps = _stamps()
        self._contexts = [_contexts(source) for source in range(len(c.SOURCES))]
        self._bodies = [_bodies(source) for source in range(len(c.SOURCES))]
        self._pages = _pages()
        self._apps = [
            f'"app":{{"build":"{version.replace(".", "")}0","name":"Lumen Home",'
            f'"namespace":"com.example.lumenhome","version":"{version}"}}'
            for version in c.VERSIONS
        ]

    def render(self, events: Events, done: int) -> tuple[list[str], list[str], Ints]:
        """One line per event.

        `done` events came before (order numbers follow from it). Returns the lines, the message ids and the
        arrival times (milliseconds since the first day's midnight), all in the order of `events`.
        """
        ids = uuids(self._rng, len(events))
        delay = self._rng.integers(60, 1500, len(events)) * np.array([1, 14, 1])[events.source]
        lines, names = [""] * len(events), [""] * len(events)
        for source in range(len(c.SOURCES)):
            places = np.flatnonzero(events.source == source)
            if len(places):
                part = events.take(places)
                uuid_part = [ids[i] for i in places.tolist()]
                messages = _message_ids(source, uuid_part, part.at + self._clock.epoch_ms)
                bodies = self._part_bodies(source, part, places + done)
                written = self._lines(source, part, messages, bodies, delay[places])
                for place, name, line in zip(places.tolist(), messages, written, strict=True):
                    names[place], lines[place] = name, line
        return lines, names, events.at + delay

    def _part_bodies(self, source: int, part: Events, numbers: Ints) -> list[str]:
        """Type, event and properties of each event, with order numbers and addresses filled in."""
        table = self._bodies[source]
        kinds, products = part.kind.tolist(), part.product.tolist()
        bodies = [table[kind][product] for kind, product in zip(kinds, products, strict=True)]
        for i in np.flatnonzero(part.kind == c.ORDER).tolist():
            bodies[i] = bodies[i].replace("@", f"LH-{20_000_000 + int(numbers[i])}")
        for i in np.flatnonzero(part.kind == c.IDENTIFY).tolist():
            bodies[i] = bodies[i].replace("@@", f"{self._people.user[part.person[i]]}@")
        return bodies

    def _part_contexts(self, source: int, part: Events) -> list[str]:
        """The context of each event, consent object included, without its braces."""
        people = self._people
        table, stamps = self._contexts[source], self._stamps
        place = people.country[part.person] * c.DEVICES + people.device[part.person]
        rows = zip(place.tolist(), part.stamp.tolist(), strict=True)
        if source == c.WEB:
            where = zip(part.kind.tolist(), part.product.tolist(), strict=True)
            pages = self._pages
            return [f"{table[p]},{pages[k][n]}{stamps[s]}" for (p, s), (k, n) in zip(rows, where, strict=True)]
        if source == c.IOS:
            apps = map(self._apps.__getitem__, part.version.tolist())
            return [f"{app},{table[p]}{stamps[s]}" for (p, s), app in zip(rows, apps, strict=True)]
        return [f"{table[p]}{stamps[s]}" for p, s in rows]

    def _lines(self, source: int, part: Events, ids: list[str], bodies: list[str], delay: Ints) -> list[str]:
        """The finished lines of one source."""
        people, epoch = self._people, self._clock.epoch_ms
        original = part.at + people.clock_skew[part.person]
        who = part.person.tolist()
        users = [f'"{people.user[i]}"' if known else "null" for i, known in zip(who, part.known.tolist(), strict=True)]
        switches = [
            c.INTEGRATIONS[i][1].replace("@", str(epoch + start)) if i else "{}"
            for i, start in zip(part.integrations.tolist(), part.session_start.tolist(), strict=True)
        ]
        columns = zip(
            (people.anonymous[i] for i in who),
            self._part_contexts(source, part),
            switches,
            ids,
            self._clock.iso(original),
            bodies,
            self._clock.iso(part.at + delay),
            self._clock.iso(original + delay),
            self._clock.iso(part.at),
            users,
            strict=True,
        )
        end = f'"writeKey":"wk_{c.SOURCES[source]}"}}'
        return [
            f'{{"anonymousId":"{anonymous}","context":{{{context}}},"integrations":{switch},"messageId":"{message}",'
            f'"originalTimestamp":"{original_at}",{body},"receivedAt":"{received}","sentAt":"{sent}",'
            f'"timestamp":"{at}","userId":{user},"version":2,{end}'
            for anonymous, context, switch, message, original_at, body, received, sent, at, user in columns
        ]


def _message_ids(source: int, ids: list[str], at: Ints) -> list[str]:
    """Message ids in the style of each library."""
    if source == c.IOS:
        return [i.upper() for i in ids]
    prefix = "ajs-next" if source == c.WEB else "node-next"
    return [f"{prefix}-{ms}-{i}" for i, ms in zip(ids, at.tolist(), strict=True)]
