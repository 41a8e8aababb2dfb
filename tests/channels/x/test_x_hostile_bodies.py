"""Bodies that X would never send: refused or left out, never misread, never slow."""

from __future__ import annotations

import json
import random
import re
from time import process_time
from typing import Any

import pytest
from x_recordings import ALICE, BOB, BOT, CAROL, Place, dump, load, paths, raw, with_value, without

from smoney_bot.bank.messages import ClearMessage
from smoney_bot.channels.x import strict_json, wire
from smoney_bot.channels.x.strict_json import DEPTH_MAX

SAMPLES = [
    "synthetic/xaa_mention_command",
    "synthetic/xaa_mention_command_edited",
    "synthetic/xaa_mention_command_in_reply",
    "synthetic/xaa_mention_command_emoji_escaped",
    "synthetic/aaa_mention_command",
    "synthetic/xaa_dm_command",
]

DEEP: Any = []
for _ in range(DEPTH_MAX - 12):
    DEEP = [DEEP]

#: None of these is an id, so none of them may become an author.
HOSTILE: list[object] = [
    *(None, True, False, 0, -1, 7, 10**18, 1.5, -0.0, "", " ", "x", "-5", "1.5", "١٢٣", "0"),
    *("\0", "\ud800", "\U000e0001", "9" * 5000, "RT @alice: ", "\u202e", "😀" * 300),
    *([], {}, [[]], [{}], {"data": {}}, [None], [True, True], [0, 10**18], [-3, -1], ["0"]),
    *({"id": None}, {"users": []}, {"text": None}, {"type": []}, DEEP),
]


def _messages(body: bytes) -> tuple[ClearMessage, ...]:
    try:
        return wire.read(body, bot_id=BOT).messages
    except wire.BadBody:
        return ()


def _check(message: ClearMessage, at: Place) -> None:
    assert message.author_id == ALICE, at
    assert {mark.x_id for mark in message.mentions} <= {BOT, BOB, CAROL, None}, at
    message.text.encode("utf-8")
    assert "\0" not in message.text
    start, end = message.body
    assert 0 <= start <= end <= len(message.text), at
    for mark in message.mentions:
        shown = message.text[mark.start : mark.end]
        assert shown.lower() == f"@{mark.handle}".lower(), at


def _in_what_is_read(place: Place) -> bool:
    """Counters and copies are never read: a few of them are enough."""
    return not {"public_metrics", "tweets"} & set(place)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_wrong_value_anywhere_never_makes_a_wrong_message(name: str) -> None:
    facts = load(name)
    places = [place for place in paths(facts) if _in_what_is_read(place)]
    for place in places:
        for value in HOSTILE:
            for message in _messages(dump(with_value(facts, place, value))):
                _check(message, place)
        for message in _messages(dump(without(facts, place))):
            _check(message, place)
    assert len(places) >= 40


def test_control_taking_any_text_for_an_id_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(strict_json, "_ID", re.compile(r".*", re.DOTALL))
    facts = with_value(
        load("synthetic/xaa_mention_command"), ("data", "payload", "author_id"), "1 or 1=1"
    )
    (message,) = _messages(dump(facts))
    with pytest.raises(AssertionError):
        _check(message, ())


@pytest.mark.parametrize("name", SAMPLES)
def test_several_wrong_values_never_make_a_wrong_message(name: str) -> None:
    draw = random.Random(name)
    for _ in range(400):
        facts = load(name)
        for _ in range(draw.randint(2, 6)):
            place = draw.choice(list(paths(facts)))
            facts = with_value(facts, place, draw.choice(HOSTILE))
        for message in _messages(dump(facts)):
            _check(message, ())


@pytest.mark.parametrize("name", SAMPLES)
def test_broken_bytes_never_raise_anything_else(name: str) -> None:
    draw, body = random.Random(name), raw(name)
    for _ in range(1500):
        broken = bytearray(body)
        for _ in range(draw.randint(1, 4)):
            place = draw.randrange(len(broken))
            broken[place : place + draw.choice((0, 1, 1, 40))] = draw.randbytes(draw.choice((0, 1)))
        _messages(bytes(broken))


# Bodies that are refused whole -----------------------------------------------------


GOOD = '"for_user_id":"222222222"'

BAD_BODIES: dict[str, bytes] = {
    "nothing": b"",
    "a list": b"[]",
    "a number": b"1",
    "a text": b'"{}"',
    "null": b"null",
    "a space before": b" {}",
    "a mark of byte order": b"\xef\xbb\xbf{}",
    "UTF-16": "{}".encode("utf-16"),
    "not UTF-8": b'{"a":"\xff"}',
    "surrogates in UTF-8": b'{"a":"\xed\xa0\x80"}',
    "two objects": b"{}{}",
    "a form": b"payload=%7B%7D",
    "an equal key": f'{{{GOOD},"for_user_id":"1"}}'.encode(),
    "an equal key, escaped": f'{{{GOOD},"for_user_\\u0069d":"1"}}'.encode(),
    "an equal key inside": b'{"a":{"b":[{"id":"1","id":"2"}]}}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":[-Infinity]}',
    "an endless number": b'{"a":1e999}',
    "a number of 5,000 digits": b'{"a":' + b"9" * 5000 + b"}",
    "a fraction of 5,000 digits": b'{"a":0.' + b"9" * 5000 + b"}",
    "nesting": b'{"a":' + b"[" * DEPTH_MAX + b"]" * DEPTH_MAX + b"}",
    "nesting without end": b'{"a":' + b"[" * 250_000,
    "nesting of objects": b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
    "a raw control character": b'{"a":"\n"}',
}

#: Python's own reader takes these; the reader here must not.
LENIENT = {name for name in BAD_BODIES if "equal" in name or "000 digits" in name} | {
    *("a list", "a number", "a text", "null", "a space before", "UTF-16"),
    *("NaN", "Infinity", "an endless number", "nesting"),
    *("a mark of byte order", "surrogates in UTF-8"),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_doubtful_body_is_refused(name: str) -> None:
    with pytest.raises(wire.BadBody):
        wire.read(BAD_BODIES[name], bot_id=BOT)


def test_control_a_lenient_reader_would_take_most_of_them() -> None:
    taken = set()
    for name, body in BAD_BODIES.items():
        try:
            json.loads(body)
        except (ValueError, RecursionError):
            continue
        taken.add(name)
    assert taken == LENIENT - {"a number of 5,000 digits"}  # Python stops at 4,300


def test_the_deepest_nesting_allowed_is_read() -> None:
    depth = DEPTH_MAX - 1
    body = b'{"a":' + b"[" * depth + b"]" * depth + b"}"
    assert wire.read(body, bot_id=BOT).ignored == ("unknown",)


def test_brackets_inside_texts_are_no_nesting() -> None:
    facts = load("synthetic/xaa_mention_command")
    facts["data"]["payload"]["text"] = '@Smoney [[[[\\"' + "[{" * 200
    (message,) = wire.read(dump(facts), bot_id=BOT).messages
    assert message.text.endswith("[{" * 200)


def _large() -> dict[str, bytes]:
    mark = {"start": -1, "end": -1, "username": "bob", "id": BOB}
    many = load("synthetic/xaa_mention_command")
    many["data"]["payload"] |= {"text": "@bo" * 60_000, "entities": {"mentions": [mark] * 900}}
    return {
        "quotes": b'{"a":' + b'\\"' * 125_000,
        "one long text": b'{"a":"' + b'\\"' * 125_000,
        "brackets": b"{" * 250_000,
        "objects": b'{"data":[' + b"{}," * 80_000 + b"{}]}",
        "mentions": dump(many),
    }


def test_no_body_takes_long_to_read() -> None:
    for name, body in _large().items():
        assert len(body) <= 256 * 1024, name
        started = process_time()  # a busy machine is not the reader's fault
        _messages(body)
        assert process_time() - started < 3, name
