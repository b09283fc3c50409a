"""Single lines of an event file, good and bad."""

from __future__ import annotations

import json

MEGABYTE = 1_000_000

# name -> (the line, the code it is rejected with; None where it must load)
LINES: dict[str, tuple[bytes, str | None]] = {
    "plain": (b'{"messageId":"plain","type":"track"}', None),
    "blank": (b"", "blank"),
    "spaces": (b" \t ", "blank"),
    "surrounded_by_spaces": (b' \t{"messageId":"spaces"}\t ', None),
    "no_keys": (b"{}", None),
    "cut_in_value": (b'{"messageId":"cut","type":"tr', "cut_off"),
    "cut_in_object": (b'{"messageId":"cut","context":{"ip":"0.0.0.0"', "cut_off"),
    "only_a_brace": (b"{", "cut_off"),
    "word": (b"nonsense", "not_json"),
    "csv": (b"messageId,type", "not_json"),
    "single_quotes": (b"{'messageId':'single'}", "not_json"),
    "two_objects": (b'{"messageId":"one"}{"messageId":"two"}', "not_json"),
    "two_objects_of_consent": (b'{"context":{"consent":{}}}{"context":{"consent":{}}}', "not_json"),
    "two_objects_of_integrations": (b'{"integrations":{}}\r{"integrations":{}}', "not_json"),
    "twice_and_broken": (b'{"context":{"consent":1,"consent":2},,}', "not_json"),
    "batch": (b'{"batch":[{"messageId":"in-batch","type":"track"}],"sentAt":"2026-03-01"}', "batch"),
    "batch_as_a_field": (b'{"messageId":"own","type":"track","batch":[]}', None),
    "batch_that_is_none": (b'{"messageId":"text","batch":"7"}', None),
    "array": (b'[{"messageId":"in-array"}]', "not_object"),
    "string": (b'"text"', "not_object"),
    "number": (b"5", "not_object"),
    "null": (b"null", "not_object"),
    "not_utf8": (b'{"messageId":"caf\xe9"}', "not_utf8"),
    "overlong_utf8": (b'{"messageId":"\xc0\xaf"}', "not_utf8"),
    "raw_surrogate": (b'{"messageId":"\xed\xa0\x80"}', "not_utf8"),
    "nul_in_text": (b'{"messageId":"a\x00b"}', "not_json"),
    "nul_escaped": (b'{"messageId":"nul\\u0000escaped"}', None),
    "right_to_left": ('{"messageId":"\u202e\u200fdi","event":"\u2066x\u2069"}'.encode(), None),
    "emoji": ('{"messageId":"\U0001f36a"}'.encode(), None),
    "line_separator": ('{"messageId":"a\u2028b\u0085c"}'.encode(), None),
    "second_bom": (b'\xef\xbb\xbf{"messageId":"bom"}', None),
    "keys_by_case": (b'{"messageId":"exact","MessageId":"other","MESSAGEID":"third","Context":{},"context":{}}', None),
    "many_keys": (json.dumps({f"key{n}": n for n in range(5000)}).encode(), None),
    "huge_number": (b'{"messageId":1234567890123456789012345678901234567890,"userId":1e308}', None),
    "nested_60": (b'{"messageId":"nested","properties":' + b'{"a":' * 60 + b"1" + b"}" * 61, None),
    "nested_100000": (b'{"messageId":"deep","properties":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001, None),
    "nested_arrays": (b'{"messageId":"deeper","context":{"ip":' + b"[" * 100_000 + b"]" * 100_000 + b"}}", None),
    "nested_consent": (b'{"messageId":"c","context":{"consent":' + b"[" * 100_000 + b"]" * 100_000 + b"}}", None),
    "nested_integrations": (b'{"messageId":"i","integrations":{"X":' + b"[" * 100_000 + b"]" * 100_000 + b"}}", None),
    "nested_open": (b'{"messageId":"open","properties":' + b'{"a":' * 100_000, "cut_off"),
    "long": (b'{"messageId":"long","properties":{"x":"' + b"y" * 20 * MEGABYTE + b'"}}', None),
    "long_broken": (b'{"messageId":"broken","properties":{"x":"' + b"y" * 20 * MEGABYTE, "cut_off"),
    "last": (b'{"messageId":"last","type":"track"}', None),
}

FIELDS = (
    *("messageId", "type", "event", "name", "anonymousId", "userId", "writeKey", "sourceId"),
    *("timestamp", "originalTimestamp", "sentAt", "receivedAt", "context", "integrations", "properties"),
    *("context.consent", "context.consentManagement", "context.library", "context.app", "context.location"),
    *("context.consent.categoryPreferences", "context.consent.categoryPreferences.A", "context.library.name"),
    *("context.app.version", "context.location.country", "integrations.All", "integrations.X"),
)
VALUES = ("null", "true", "0", "-1.5e300", '""', '"text"', "[]", "[1,[2]]", "{}", '{"a":{"b":[null]}}')


def with_value(field: str, value: str, number: int) -> bytes:
    """Write an event in which one field has this JSON value."""
    text = value
    for key in reversed(field.split(".")):
        text = f'{{"{key}":{text}}}'
    return text[:-1].encode() + b',"properties":{"number":%d}}' % number


def all_types() -> list[bytes]:
    """Every field with a value of every JSON type; each line is another one."""
    pairs = [(field, value) for field in FIELDS for value in VALUES]
    return [with_value(field, value, number) for number, (field, value) in enumerate(pairs)]
