"""Challenges: as X brings them, and as somebody does who wants a signature from us.

Challenge and delivery are signed by one function under one key, so whoever got a
forged delivery signed as a "token" could bring it.
"""

from __future__ import annotations

import base64
import json
import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from urllib.parse import quote, quote_from_bytes

from calls import Call

_UUID_LENGTH, _ENCODED_LENGTH = 36, 48

Dice = random.Random


def challenge(token: str, dice: Dice) -> Call:
    """Return X's own call with *token*, from any of its many addresses."""
    return _asking(f"crc_token={quote(token, safe='')}&nonce=MTc2OTUx".encode(), dice)


def genuine_token(dice: Dice) -> str:
    """Return a token as X makes them."""
    plain = _uuid(dice)
    return dice.choice((plain, base64.b64encode(plain.encode()).decode()))


def is_genuine(token: str) -> bool:
    """Return whether *token* is a UUID, or the base64 of one: told without a pattern."""
    if len(token) == _ENCODED_LENGTH and token.isascii() and token.isalnum():
        token = base64.b64decode(token).decode("latin-1")
    with suppress(ValueError):
        return len(token) == _UUID_LENGTH and str(uuid.UUID(token)) == token.lower()
    return False


def attempts(dice: Dice, wanted: Sequence[bytes]) -> Iterator[tuple[str, Call]]:
    """Yield for ever: a token that an attacker wants signed, and the call that asks for it.

    *wanted* are the deliveries that would be worth most.
    """
    while True:
        token = dice.choice(_TOKENS)(dice, wanted)
        yield token, _asking(dice.choice(_QUERIES)(token), dice)


def _asking(query: bytes, dice: Dice) -> Call:
    address = ".".join(str(dice.randrange(1, 255)) for _ in range(4))
    return Call(query=query, method="GET", address=address)


def _uuid(dice: Dice) -> str:
    return str(uuid.UUID(int=dice.getrandbits(128)))


# Tokens -----------------------------------------------------------------------------------


def _delivery(dice: Dice, wanted: Sequence[bytes]) -> str:
    body = dice.choice(wanted).decode()
    spaced = json.dumps(json.loads(body), indent=dice.choice((None, 1)), ensure_ascii=True)
    return dice.choice((body, spaced, f" {body}", f"{body}\n", f"[{body}]", f"\ufeff{body}"))


def _small_json(dice: Dice, _: Sequence[bytes]) -> str:
    number = str(dice.randrange(10**15, 10**16))
    return dice.choice(
        ("{}", "[]", '""', "true", "null", number, "7" * 48, "0", "-1", "1e9", " {}")
    )


def _nearly_a_uuid(dice: Dice, _: Sequence[bytes]) -> str:
    plain = _uuid(dice)
    wide = plain.replace(plain[0], chr(0xFF10 + dice.randrange(10)))
    bare, cut = plain.replace("-", ""), plain[:-1]
    around = (
        f"{plain}\n",
        f"\n{plain}",
        f" {plain}",
        f"{plain}\x00",
        f"{{{plain}}}",
        f"urn:uuid:{plain}",
    )
    return dice.choice(
        (*around, wide, bare, cut, plain + "0", plain.replace("-", "_"), plain[::-1])
    )


def _nearly_encoded(dice: Dice, wanted: Sequence[bytes]) -> str:
    whole = base64.b64encode(_uuid(dice).encode()).decode()
    other = base64.b64encode(dice.choice(wanted)[:36].ljust(36)).decode()
    noise = "".join(dice.choices("abcdefghijklmnopqrstuvwxyzABCDEF0123456789", k=_ENCODED_LENGTH))
    return dice.choice(
        (whole + "=", whole[:-1], whole + "\n", other, noise, whole[:-1] + "+", whole * 2)
    )


def _a_right_one(dice: Dice, _: Sequence[bytes]) -> str:
    """It is answered: the answer is then tried as a signature."""
    return dice.choice((genuine_token(dice), _uuid(dice).upper()))


_TOKENS: tuple[Callable[[Dice, Sequence[bytes]], str], ...] = (
    _delivery,
    _small_json,
    _nearly_a_uuid,
    _nearly_encoded,
    *[_a_right_one] * 3,
)


# Queries ----------------------------------------------------------------------------------


def _plainly(token: str) -> bytes:
    return b"crc_token=" + quote(token, safe="").encode()


def _every_byte_escaped(token: str) -> bytes:
    return b"crc_token=" + "".join(f"%{one:02x}" for one in token.encode()).encode()


def _plus_for_a_space(token: str) -> bytes:
    return b"crc_token=" + quote_from_bytes(token.encode(), safe=" ").replace(" ", "+").encode()


def _behind_a_right_one(token: str) -> bytes:
    return b"crc_token=" + str(uuid.UUID(int=7)).encode() + b"&" + _plainly(token)


def _before_a_right_one(token: str) -> bytes:
    return _plainly(token) + b"&crc_token=" + str(uuid.UUID(int=7)).encode()


_QUERIES: tuple[Callable[[str], bytes], ...] = (
    _plainly,
    _plainly,
    _every_byte_escaped,
    _plus_for_a_space,
    _behind_a_right_one,
    _before_a_right_one,
)
