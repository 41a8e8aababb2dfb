"""The signs of an order within a text, so that the page can colour them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Sign(StrEnum):
    """What a piece of text is."""

    PLAIN = "plain"
    WHO = "who"
    CODE = "code"
    SPENT = "spent"  # a code that works no more
    TAG = "tag"  # an amount, a word such as #solde, a collection


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a text and what it is."""

    sign: Sign
    text: str


#: Codes before tags: both begin with #.
_SIGNS = re.compile(
    r"(?P<code>#(?:\d{8}|\d{6}|\d{4})\b)|(?P<who>@\w{1,15})|(?P<tag>#[\w€]+(?:[.,]\d+)?)", re.ASCII
)

_ESCAPES = (
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&amp;", "&"),
)  # &amp; last, or "&amp;lt;" turns into "<"


def unescape(text: str) -> str:
    """Return what was typed: X escapes three signs of HTML and nothing else."""
    for escaped, sign in _ESCAPES:
        text = text.replace(escaped, sign)
    return text


def tokens(text: str, spent: Collection[str] = ()) -> Iterator[Token]:
    """Yield the pieces of a plain *text*; *spent* holds digits of used codes."""
    end = 0
    for found in _SIGNS.finditer(text):
        if found.start() > end:
            yield Token(Sign.PLAIN, text[end : found.start()])
        yield Token(_sign(found, spent), found[0])
        end = found.end()
    if end < len(text):
        yield Token(Sign.PLAIN, text[end:])


def _sign(found: re.Match[str], spent: Collection[str]) -> Sign:
    if found["who"]:
        return Sign.WHO
    if found["tag"]:
        return Sign.TAG
    return Sign.SPENT if found["code"][1:] in spent else Sign.CODE
