"""Payment references: short, readable aloud, with two check digits: `7K3Q-48`.

A reference is made from the message's number in the inbox, so it is unique
without asking anybody, and it is the same each time the message is decided.
"""

from __future__ import annotations

import re

#: Crockford's base 32: no I, L, O, U, so nothing is misread.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SHORTEST = 4
_BITS = 5

_WRITTEN = re.compile(r"([0-9A-HJKMNP-TV-Z]{4,13})-?([0-9]{2})", re.ASCII)
_MISREAD = str.maketrans("ILO", "110")


def reference(number: int) -> str:
    """Return the reference for the message *number* (1, 2, 3 …) of the inbox."""
    assert number > 0
    length = max(_SHORTEST, -(-number.bit_length() // _BITS))
    scattered = _scatter(number, length * _BITS)
    body = "".join(_ALPHABET[scattered >> _BITS * place & 31] for place in reversed(range(length)))
    return f"{body}-{_check_digits(body)}"


def read_reference(text: str) -> str | None:
    """Return the reference that *text* spells, or None if a sign is wrong.

    Small letters, a missing dash and the misreadings I, L, O are forgiven.
    """
    found = _WRITTEN.fullmatch(text.strip().upper().translate(_MISREAD))
    if found is None or _check_digits(found[1]) != found[2]:
        return None
    return f"{found[1]}-{found[2]}"


def _scatter(number: int, bits: int) -> int:
    """Map numbers of *bits* bits one to one, so neighbours look unlike."""
    mask = (1 << bits) - 1
    half = bits // 2
    for odd in (0x9E3779B1, 0x85EBCA6B):
        number = number * odd & mask
        number ^= number >> half
    return number


def _check_digits(body: str) -> str:
    """Return two digits that betray any one wrong sign, and any two neighbours swapped.

    ISO 7064's modulo 97 over the body as a number in base 32. ISO itself writes a
    letter as two digits, and so cannot tell `B1` from `1B`.
    """
    value = 0
    for sign in body:
        value = value << _BITS | _ALPHABET.index(sign)
    return f"{98 - value * 100 % 97:02}"
