"""Deliveries that X never made, by somebody who has seen some that it did make.

The forger knows old bodies with their signatures, a secret that was revoked, and
how everything is computed; the secret in use is the one thing missing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from calls import Call
from door_cast import BOT, CLIENT_SECRET, SECRET

from smoney_bot.channels.x.signature import sign

HEADER = b"x-twitter-webhooks-signature"
_JSON = (b"content-type", b"application/json")
_REVOKED = "the-consumer-secret-of-last-year"

Dice = random.Random
Seen = Sequence[bytes]  # bodies that X has brought to somebody


@dataclass(frozen=True, slots=True)
class Forgery:
    """A call that must not get in, and the one status that it must get."""

    call: Call
    status: int


def forgeries(dice: Dice, seen: Seen) -> Iterator[Forgery]:
    """Yield forgeries for ever, of every kind."""
    while True:
        yield dice.choice(_KINDS)(dice, seen)


def genuine(body: bytes) -> Call:
    """Return what X itself would bring."""
    return Call(body, [_JSON, (HEADER, _right(body))])


def _right(body: bytes) -> bytes:
    return sign(SECRET, body).encode()


def _unsigned(body: bytes, *headers: tuple[bytes, bytes]) -> Forgery:
    return Forgery(Call(body, [_JSON, *headers]), 401)


def _two(dice: Dice, seen: Seen) -> tuple[bytes, bytes]:
    one, other = dice.sample(seen, 2)
    return one, other


def _no_signature(dice: Dice, seen: Seen) -> Forgery:
    return _unsigned(dice.choice(seen))


def _made_up(dice: Dice, seen: Seen) -> Forgery:
    words = (b"", b"sha256=", b"null", b"sha256=" + base64.b64encode(dice.randbytes(32)), b"\xff=")
    return _unsigned(dice.choice(seen), (HEADER, dice.choice(words)))


def _other_secret(dice: Dice, seen: Seen) -> Forgery:
    body = dice.choice(seen)
    secret = dice.choice((_REVOKED, CLIENT_SECRET, "x", SECRET + " ", SECRET[:-1], SECRET.upper()))
    return _unsigned(body, (HEADER, sign(secret, body).encode()))


def _of_another_body(dice: Dice, seen: Seen) -> Forgery:
    one, other = _two(dice, seen)
    return _unsigned(one, (HEADER, _right(other)))


def _altered_body(dice: Dice, seen: Seen) -> Forgery:
    body = dice.choice(seen)
    bent, at = bytearray(body), dice.randrange(len(body))
    bent[at] ^= 1 << dice.randrange(8)
    cut = body[:at] + body[at + 1 :]
    altered = (bytes(bent), cut, body + b" ", b"\n" + body, body * 2, body.replace(b"#20", b"#99"))
    return _unsigned(dice.choice(altered), (HEADER, _right(body)))


def _altered_signature(dice: Dice, seen: Seen) -> Forgery:
    body = dice.choice(seen)
    right = _right(body)
    at = dice.randrange(len(right))
    bent = right[:at] + bytes([right[at] ^ (1 << dice.randrange(5))]) + right[at + 1 :]
    cut = (right[:at], right[7:], right[:-1], right + b"=", right.swapcase(), right + b"," + right)
    return _unsigned(body, (HEADER, dice.choice((bent, *cut))))


def _other_function(dice: Dice, seen: Seen) -> Forgery:
    body = dice.choice(seen)
    key = SECRET.encode()
    other = (
        b"sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest().encode(),
        b"sha256=" + base64.b64encode(hmac.digest(key, body, "sha512")),
        b"sha1=" + base64.b64encode(hmac.digest(key, body, "sha1")),
        b"sha256=" + base64.b64encode(hashlib.sha256(key + body).digest()),
        b"sha256=" + base64.b64encode(hmac.digest(body, key, "sha256")),
    )
    return _unsigned(body, (HEADER, dice.choice(other)))


def _in_another_header(dice: Dice, seen: Seen) -> Forgery:
    body = dice.choice(seen)
    names = (
        HEADER + b"-oauth2",
        b"x-hub-signature-256",
        b"authorization",
        HEADER.replace(b"-", b"_"),
    )
    return _unsigned(body, (dice.choice(names), _right(body)))


def _two_headers(dice: Dice, seen: Seen) -> Forgery:
    one, other = _two(dice, seen)
    wrong = [(HEADER, _right(other)), (HEADER, sign(_REVOKED, one).encode())]
    dice.shuffle(wrong)
    return _unsigned(one, *wrong)


def _encoded(dice: Dice, seen: Seen) -> Forgery:
    """Signed or not: whatever is to be unpacked first is not read."""
    call = genuine(dice.choice(seen))
    how = (b"content-encoding", dice.choice((b"gzip", b"br", b"deflate", b"identity, gzip", b"")))
    return Forgery(Call(call.body, [*call.headers, how]), 415)


def _broken(dice: Dice, seen: Seen) -> Forgery:
    """No JSON at all: that it is broken is never found out, because it is not read."""
    body = dice.choice((b"", b"{", b"[" * 10_000, b"\xff" * 100, dice.choice(seen)[:-1], b"NaN"))
    return _unsigned(body, (HEADER, sign(_REVOKED, body).encode()))


_KINDS: tuple[Callable[[Dice, Seen], Forgery], ...] = (
    _no_signature,
    _made_up,
    _other_secret,
    _of_another_body,
    _altered_body,
    _altered_signature,
    _other_function,
    _in_another_header,
    _two_headers,
    _encoded,
    _broken,
)


def for_somebody_else(body: bytes) -> Call:
    """Return a delivery that X made for another user of the same app."""
    return genuine(body.replace(BOT.encode(), b"444444444"))
