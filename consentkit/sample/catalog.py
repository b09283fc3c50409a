"""The shop of the sample: its categories, destinations, products, devices and release calendar.

Everything here is a constant that was chosen, not drawn, so that a reader can compare the policy file, the
events and the delivery log by eye. Days are counted from 0 here; people count from 1, so "day 12" is 11.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

CATEGORIES = ("Advertising", "Analytics", "Functional", "DataSharing")
ADVERTISING, ANALYTICS, FUNCTIONAL, DATA_SHARING = 1, 2, 4, 8
EVERYTHING = 15

SOURCES = ("web", "ios", "server")
WEB, IOS, SERVER = 0, 1, 2

# What an event can be. A page of the website is a screen in the app.
PAGE, VIEW, ADD, CHECKOUT, ORDER, SIGNUP, IDENTIFY, PREFERENCE = range(8)
EVENT_NAMES = {
    VIEW: "Product Viewed",
    ADD: "Product Added",
    CHECKOUT: "Checkout Started",
    ORDER: "Order Completed",
    SIGNUP: "Signed Up",
    PREFERENCE: "Segment Consent Preference Updated",
}

# Consent stamps: 0 to 15 are the granted categories as bits, then the states that are not a plain answer.
ABSENT, EMPTY, EMPTY_PREFERENCES, NOT_BOOLEAN, SINGULAR_KEY = range(16, 21)

# (first day, version): a person gets a version some days after its release, or skips it.
RELEASES = ((-30, "5.1.0"), (2, "5.2.0"), (11, "5.2.1"), (19, "5.2.2"))
VERSIONS = tuple(version for _, version in RELEASES)
BROKEN_VERSION = 2
WITHDRAWAL_DAYS = (14, 15, 16)
OVERBLOCK_DAY = 8
MIN_DAYS = 22
MIN_EVENTS = 2000


@dataclass(frozen=True)
class Destination:
    """One destination: its name in the policy, its name in the delivery log, and what it needs."""

    name: str
    log_name: str
    kind: str
    needs: int
    sources: tuple[int, ...]
    aliases: tuple[str, ...] = ()


DESTINATIONS = (
    Destination("Facebook Pixel", "facebook-pixel", "classic", ADVERTISING, (WEB, IOS, SERVER), ("facebook-pixel",)),
    Destination(
        "Google Ads Conversions",
        "google-ads-conversions",
        "actions",
        ADVERTISING | DATA_SHARING,
        (SERVER,),
        ("google-ads-conversions", "Google Enhanced Conversions"),
    ),
    Destination("TikTok Conversions", "TikTok Conversions", "actions", 0, (WEB, SERVER)),
    Destination(
        "Amplitude (Actions)",
        "amplitude-actions",
        "actions",
        ANALYTICS,
        (WEB, IOS),
        ("Amplitude", "amplitude-actions"),
    ),
    Destination("Mixpanel", "mixpanel", "actions", ANALYTICS, (WEB, IOS), ("mixpanel", "Mixpanel (Actions)")),
    Destination("Google Analytics 4 Web", "Google Analytics 4 Web", "actions", ANALYTICS, (WEB,)),
    Destination("Braze", "Braze", "actions", FUNCTIONAL, (WEB, IOS, SERVER), ("Appboy", "Braze Cloud Mode (Actions)")),
    Destination("Zendesk", "zendesk", "classic", FUNCTIONAL, (SERVER,), ("zendesk",)),
    Destination("Intercom", "Intercom", "classic", FUNCTIONAL, (WEB,)),
    Destination(
        "LinkedIn Conversions API",
        "linkedin-conversions-api",
        "actions",
        ADVERTISING,
        (SERVER,),
        ("linkedin-conversions-api",),
    ),
    Destination("Snowflake", "snowflake", "warehouse", ANALYTICS, (WEB, IOS, SERVER), ("snowflake",)),
    Destination("AWS S3", "AWS S3", "aws-s3", DATA_SHARING, (WEB, IOS, SERVER)),
    Destination("Webhooks", "Webhooks", "other", 0, (SERVER,)),
)
UNKNOWN_DESTINATION = "legacy-crm"
COLUMN = {destination.name: i for i, destination in enumerate(DESTINATIONS)}
LEGACY = len(DESTINATIONS)

# What is planted: id, finding code, destination, one sentence. Tables of the readmes keep this order.
FAULTS: tuple[tuple[str, str, str | None, str], ...] = (
    (
        "ios-release-drops-stamp",
        "V1",
        None,
        "iOS 5.2.1 (out on day 12, fixed by 5.2.2 on day 20) sends no consent object.",
    ),
    ("empty-consent-object", "V2", None, "A few website events carry `consent: {}`."),
    ("empty-preferences", "V2", None, "A few website events carry `categoryPreferences: {}`."),
    ("non-boolean-preference", "V3", None, 'A few website events say `"Advertising": "true"`, a string.'),
    ("singular-key", "V3", None, "A few website events spell the key `categoryPreference`."),
    (
        "pixel-leak",
        "V5",
        "Facebook Pixel",
        "One in eight `Order Completed` events that refuse Advertising reaches Facebook Pixel.",
    ),
    (
        "ignored-withdrawal",
        "V5",
        "Braze",
        "Who withdraws Functional on days 15 to 17 stays in Braze for two more days.",
    ),
    (
        "integrations-ignored",
        "V7",
        "Amplitude (Actions)",
        'Some events reach Amplitude although they say `"Amplitude": false`.',
    ),
    ("overblocking-day", "V8", "Mixpanel", "On day 9 Mixpanel gets nothing although Analytics was granted."),
    (
        "mapping-gap",
        "V18",
        "TikTok Conversions",
        "TikTok Conversions needs no category: people who refused everything still go there.",
    ),
    ("unmapped-webhooks", "V18", "Webhooks", "Webhooks needs no category either."),
    (
        "exempt-storage",
        "V19",
        "AWS S3",
        "AWS S3 is exempt and keeps events that refuse DataSharing: exposure, no violation.",
    ),
    (
        "unknown-destination",
        "V20",
        UNKNOWN_DESTINATION,
        "The delivery log names a destination the policy does not know.",
    ),
)

# Integrations objects: (share of website events, JSON text, names switched off). "@" is the session's start.
INTEGRATIONS = (
    (0.875, "{}", ()),
    (0.080, '{"All":true,"Amplitude":{"session_id":@}}', ()),
    (0.025, '{"Amplitude":false}', ("Amplitude (Actions)",)),
    (0.012, '{"All":true,"Facebook Pixel":false,"Appboy":true}', ("Facebook Pixel",)),
    (
        0.008,
        '{"All":false,"Mixpanel":true}',
        tuple(d.name for d in DESTINATIONS if d.name != "Mixpanel" and d.kind not in ("warehouse", "aws-s3")),
    ),
)
AMPLITUDE_OFF = 2

# (country, locale, time zone, does consent work as opt-in there)
COUNTRIES = (
    ("DE", "de-DE", "Europe/Berlin", True),
    ("FR", "fr-FR", "Europe/Paris", True),
    ("NL", "nl-NL", "Europe/Amsterdam", True),
    ("ES", "es-ES", "Europe/Madrid", True),
    ("IE", "en-IE", "Europe/Dublin", True),
    ("US", "en-US", "America/New_York", False),
    ("US", "en-US", "America/Chicago", False),
    ("US", "en-US", "America/Los_Angeles", False),
)
_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64"
_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0"
_SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Safari/605.1.15"
BROWSERS = (
    f"{_WINDOWS}) {_WEBKIT} Safari/537.36",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_SAFARI}",
    f"{_WINDOWS}; rv:136.0) Gecko/20100101 Firefox/136.0",
    f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} Mobile Safari/537.36",
)
PHONES = (("iPhone15,2", "18.3.1"), ("iPhone16,1", "18.4"), ("iPhone14,5", "17.7.2"), ("iPhone17,3", "18.4"))
LIBRARIES = (("@segment/analytics-node", "2.3.0"), ("analytics-python", "2.3.4"))
DEVICES = 4

# Name, category and price in cents of everything on sale.
PRODUCTS = (
    ("Arc Floor Lamp", "Lighting", 18900),
    ("Birch Side Table", "Tables", 12950),
    ("Cloud Pendant", "Lighting", 24900),
    ("Dune Wool Rug", "Textiles", 31900),
    ("Ember Candle Set", "Decor", 2490),
    ("Fjord Armchair", "Seating", 54900),
    ("Grain Shelf", "Storage", 8990),
    ("Harbor Desk Lamp", "Lighting", 7450),
    ("Inlet Mirror", "Decor", 11900),
    ("Juniper Planter", "Decor", 3995),
    ("Kelp Cushion", "Textiles", 2990),
    ("Linen Duvet Cover", "Textiles", 9900),
)
PAGES = (
    ("/", "Home"),
    ("/sale", "Sale"),
    ("/stores", "Stores"),
    ("/account", "Account"),
    ("/search", "Search"),
)


def policy_yaml() -> str:
    """The policy file of the shop.

    Returns the text of ``policy.yml``: four categories, the destinations above and the three sources. It
    leaves `TikTok Conversions` and `Webhooks` unmapped and does not know `legacy-crm`, on purpose.
    """
    quoted = json.dumps
    text = [
        "# Consent policy of a made-up shop. TikTok Conversions is mapped to no category: a planted gap.",
        "version: 1",
        "platform: segment",
        "regime: opt-in",
        "categories:",
    ]
    for bit, category in enumerate(CATEGORIES):
        names = ", ".join(quoted(d.name) for d in DESTINATIONS if d.needs >> bit & 1)
        text += [f"  - id: {category}", f"    destinations: [{names}]"]
    text.append("destinations:")
    for destination in DESTINATIONS:
        text += [f"  - name: {quoted(destination.name)}", f"    kind: {destination.kind}"]
        if destination.aliases:
            text.append(f"    aliases: [{', '.join(quoted(alias) for alias in destination.aliases)}]")
        text.append(f"    connected: [{', '.join(SOURCES[source] for source in destination.sources)}]")
    text.append("sources:")
    for source in SOURCES:
        text += [
            f"  - name: {source}",
            "    stamps_consent: true",
            "    enforcement: cloud",
            f"    write_keys: [wk_{source}]",
        ]
    return "\n".join(text) + "\n"
