"""Signs that are not what they look like: a corpus for whatever reads strangers' text."""

from __future__ import annotations

import unicodedata
from functools import cache

#: Marks of direction, joiners, spaces and fillers that nobody sees.
UNSEEN = (
    "\u00a0\u00ad\u034f\u061c\u115f\u180e\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b"
    "\u202c\u202d\u202e\u202f\u2060\u2061\u2066\u2067\u2068\u2069\u20e3\u3000\u3164\ufe0e\ufe0f"
    "\ufeff\uffa0\ufff9\x00\x07\x0b\x0c\r\x1b\x85\U000e0031"
)


@cache
def look_alikes() -> dict[str, list[str]]:
    """Return signs that Unicode folds into one of ASCII: long s, kelvin, full-width, circled …"""
    alike: dict[str, list[str]] = {}
    for point in range(0x80, 0x20000):
        sign = chr(point)
        folded = unicodedata.normalize("NFKC", sign).casefold()
        if len(folded) == 1 and folded.isascii() and folded.isprintable():
            alike.setdefault(folded, []).append(sign)
    return alike


@cache
def other_digits() -> list[str]:
    """Return the digits of all scripts but ours."""
    return [sign for sign in map(chr, range(0x80, 0x110000)) if unicodedata.category(sign) == "Nd"]
