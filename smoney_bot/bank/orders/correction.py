"""The line to paste when an order missed the grammar.

Only what is beyond doubt is taken over: `12,5` is 12,50, but `1,000` may be one
euro or a thousand, so the example's amount stands there instead. The line is made
from the hidden text, so it never repeats a digit of a code.
"""

from __future__ import annotations

import re

from smoney_bot.bank.orders.digits import SURE_HANDLE, hide, is_digit
from smoney_bot.bank.orders.grammar import (
    CANCEL,
    EURO,
    GAP,
    RECEIPT,
    TAG,
    VERB,
    compiled,
    is_tag,
)
from smoney_bot.bank.orders.kinds import Bot

_EXAMPLE_AMOUNT = "20"
_EXAMPLE_REFERENCE = "7K3Q-48"

#: A longer text is not mended: X's own limit for most people is 280.
_TEXT_LONGEST = 300

_PAYEE = rf"{SURE_HANDLE}(?![A-Za-z0-9_*])(?:{GAP}{TAG}(?![A-Za-z0-9_*]))?"
_SURE = re.compile(
    rf"{GAP}(?:#?{VERB}{GAP})?#?{GAP}(?:{EURO} ?){{0,3}}"
    rf"(?P<whole>0|[1-9][0-9]{{0,2}})(?:[,.](?P<cents>[0-9]{{1,2}}))?"
    rf"(?: ?{EURO}){{0,3}}{GAP}{_PAYEE}",
    re.ASCII | re.IGNORECASE,
)
_SOMEBODY = re.compile(_PAYEE, re.ASCII | re.IGNORECASE)
#: An order about one payment, begun and missed: never an order to pay.
_ABOUT_A_PAYMENT = compiled(rf"{GAP}#?({CANCEL}|{RECEIPT})(?![A-Za-z]).*")


def correct(text: str, bot: Bot) -> str:
    """Return the line that was probably meant by *text*, or "" if none can be told."""
    if len(text) > _TEXT_LONGEST:
        return ""
    if begun := _ABOUT_A_PAYMENT.fullmatch(text):
        return f"@{bot.handle} #{begun[1]} {_EXAMPLE_REFERENCE}"
    hidden = hide(text)
    found = _SURE.match(hidden) or _SOMEBODY.search(hidden)
    if found is None or not any(map(is_digit, hidden)):
        return ""
    tag = f" #{found['tag']}" if found["tag"] and is_tag(found["tag"]) else ""
    return f"@{bot.handle} #{_amount(found)} @{found['handle']}{tag} #code"


def _amount(found: re.Match[str]) -> str:
    if found.re is not _SURE:
        return _EXAMPLE_AMOUNT
    whole, cents = found["whole"], (found["cents"] or "").ljust(2, "0")
    if whole == "0" and cents == "00":
        return _EXAMPLE_AMOUNT
    return whole if cents == "00" else f"{whole},{cents}"
