"""The grammar of orders: what the part behind the bot's name may look like.

Every pattern is used with `fullmatch`, has bounded repeats and holds ASCII only,
but for the euro sign and the accents that keywords are written with. ASCII
goes with IGNORECASE always: without it U+017F (a long s) reads as an s, and a digit
is one of 660 signs. A code digit is a digit or, once hidden, a star.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from smoney_bot.bank.codes import LENGTHS
from smoney_bot.bank.money import Cents, euros
from smoney_bot.bank.references import read_reference

SPACE = r"[ \n\t]"
GAP = rf"{SPACE}{{0,40}}"
HANDLE = r"@(?P<handle>[A-Za-z0-9_]{1,15})"
_TAG_NAME = r"(?P<tag>[A-Za-z][A-Za-z0-9_]{1,29})"
TAG = rf"#{_TAG_NAME}"
VERB = r"(?:envoyer|payer|donner|send|pay|give)"
EURO = r"(?:€|EUR)"

SPACES = rf"{SPACE}{{1,40}}"
NUMBER = r"(?P<number>(?P<whole>0|[1-9][0-9]{0,4})(?:[,.](?P<cents>[0-9]{2}))?)"
AMOUNT = rf"(?P<before>{EURO} ?)?{NUMBER}(?P<after> ?{EURO})?"
CODE = "(?P<code>" + "|".join(f"[0-9*]{{{length}}}" for length in LENGTHS) + ")"
WORDS = rf"(?:{SPACES}(?P<words>[^ \n\t#\ufe5f\uff03].{{0,4000}}))?{GAP}"
_KEYWORD = r"(?P<keyword>[a-zçéêÇÉÊ]{2,12})"
CANCEL = r"(?:annuler|cancel)"
RECEIPT = r"(?:re[cçÇ]u|receipt)"
REFERENCE = r"(?P<reference>[A-Za-z0-9-]{6,16})"

_TAG_ALONE = re.compile(rf"#?{_TAG_NAME}", re.ASCII)

#: A tag may end in a year; more digits than three are otherwise taken for a code.
_YEAR = re.compile(r"[A-Za-z_]{1,26}(?:19|20)[0-9]{2}", re.ASCII)
_TAG_DIGITS_MAX = 3


def compiled(pattern: str) -> re.Pattern[str]:
    """Return *pattern* as every part of the grammar is read."""
    return re.compile(pattern, re.ASCII | re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Grammar:
    """The patterns of one place, public or private."""

    pay: re.Pattern[str]
    keyword: re.Pattern[str]
    cancel: re.Pattern[str]
    receipt: re.Pattern[str]


def _grammar(sign: str, code: str) -> Grammar:
    verb = rf"{sign}{VERB}(?:{SPACES}#?|#)"
    payee = rf"{GAP}{HANDLE}(?:{GAP}{TAG})?"
    return Grammar(
        pay=compiled(rf"{GAP}(?:{verb}|{sign}){AMOUNT}{payee}(?:{code})?{WORDS}"),
        keyword=compiled(rf"{GAP}{sign}{_KEYWORD}(?:{code})?{GAP}"),
        cancel=compiled(rf"{GAP}{sign}{CANCEL}{SPACES}{REFERENCE}(?:{code})?{GAP}"),
        receipt=compiled(rf"{GAP}{sign}{RECEIPT}{SPACES}{REFERENCE}(?:{code})?{GAP}"),
    )


PUBLIC = _grammar("#", rf"{GAP}#{CODE}")
#: In private the sign `#` may be left out; a code without it needs a space.
PRIVATE = _grammar("#?", rf"(?:{GAP}#|{SPACES}){CODE}")

#: A code behind the words, where people naturally end: `#20 @bob merci #07482193`.
CODE_LAST = compiled(rf"(?P<words>.{{1,4000}}?){SPACES}#{CODE}{GAP}")

#: A code alone: in private only.
CODE_ALONE = compiled(rf"{GAP}#?{CODE}{GAP}")


def amount_in(found: re.Match[str]) -> Cents | None:
    """Return the amount that `pay` found, or None for nothing and for €20€."""
    if found["before"] and found["after"]:
        return None
    amount = euros(int(found["whole"]), int(found["cents"] or "0"))
    return amount if amount > 0 else None


def may_be_code(found: re.Match[str]) -> bool:
    """Return whether the amount that `pay` found has the form of a code.

    Who forgets the amount writes `#1234 @bob`. Four digits without cents or a euro
    sign are above every ceiling, so hiding them costs nobody a payment.
    """
    amount = found["before"], found["cents"], found["after"]
    return len(found["whole"]) in LENGTHS and not any(amount)


def reference_in(found: re.Match[str]) -> str | None:
    """Return the payment reference that was *found*, or None if it is none.

    A card's code can pass for a reference of digits alone: that one needs its dash.
    """
    written = found["reference"]
    reference = read_reference(written)
    if reference is None or ("-" not in written and reference.replace("-", "").isdigit()):
        return None
    return reference


def is_tag(tag: str) -> bool:
    """Return whether *tag* can name a collection rather than hide a code."""
    digits = sum(sign.isdigit() for sign in tag)
    return digits <= _TAG_DIGITS_MAX or _YEAR.fullmatch(tag) is not None


def read_tag(text: str) -> str | None:
    """Return the tag that *text* is, in small letters and without its #, or None if it is none."""
    found = _TAG_ALONE.fullmatch(text)
    return found["tag"].lower() if found and is_tag(found["tag"]) else None
