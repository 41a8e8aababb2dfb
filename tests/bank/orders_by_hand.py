"""The grammar of payments once more, sign by sign and without a pattern: an oracle.

Written from the design's table of orders, and with nothing of `bank.orders` in it:
what both readings agree on is not one mistake made twice. Only free words (before
the bot's name, and the note) are judged roughly: plain ones must pass, hidden signs
must not, and of what lies between the oracle says that it is not `sure`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, replace

from smoney_bot.bank.messages import ClearMessage, Form, Mention

BOT_ID, BOT_NAME = "222222222", "smoney"

_DIGITS = "0123456789"
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WORD = _LETTERS + _DIGITS + "_"
_SPACES = " \n\t"
_CODE_SIGNS = _DIGITS + "*"
_VERBS = ("envoyer", "payer", "donner", "send", "pay", "give")
_EUROS = ("€", "EUR")

_GAP_MAX, _HANDLE_MAX, _TAG_MAX, _LEAD_MAX, _TEXT_MAX = 40, 15, 30, 100, 4000
_CODE_LENGTHS = (4, 6, 8)

#: Words of these signs, beginning with a letter, are beyond doubt.
_PLAIN = frozenset(_WORD + _SPACES + ".,;:!?'-()éèêàçùîôÉ")
_HIDDEN = frozenset(("Cc", "Cf", "Co", "Cs", "Zl", "Zp"))  # categories of Unicode
_JOINER = "\u200d"


@dataclass(frozen=True, slots=True)
class Paid:
    """The payment that a message asks for; `sure` unless its free words are doubtful."""

    cents: int
    handle: str
    x_id: str | None
    tag: str | None
    code: str | None
    sure: bool = True


class _NoPayment(Exception):
    """The message asks for no payment, for sure."""


def payment_by_hand(message: ClearMessage) -> Paid | None:
    """Return the payment that *message* must be read as, or None if it may not be one."""
    if message.form is Form.QUOTE or len(message.text) > _TEXT_MAX:
        return None
    try:
        start, sure = _behind_the_name(message)
        read = _Reader(message.text, start, public=message.public).payment()
    except _NoPayment:
        return None
    end = read.handle_at + 1 + len(read.paid.handle)
    x_id = _marked(message, read.handle_at, end)
    return replace(read.paid, x_id=x_id, sure=read.paid.sure and sure)


def cents_by_hand(written: str) -> int | None:
    """Return the cents that an amount alone says, spaces behind it aside; None if it is none."""
    reader = _Reader(written.rstrip(" "), 0, public=True)
    try:
        cents = reader.amount()
    except _NoPayment:
        return None
    return cents if reader.at_end() else None


# Where the bank is spoken to -------------------------------------------------------------


def _behind_the_name(message: ClearMessage) -> tuple[int, bool]:
    """Return where the order begins, and whether the words before are beyond doubt."""
    text = message.text
    if not message.public:
        return _in_private(text)
    for one in sorted(message.mentions, key=lambda each: each.start):
        inside = message.body[0] <= one.start < one.end <= message.body[1]
        if one.x_id == BOT_ID and inside and _stands(text, one):
            may = _may_lead(text[message.body[0] : one.start])
            if may is False:
                raise _NoPayment
            return one.end, may is True
    raise _NoPayment


def _in_private(text: str) -> tuple[int, bool]:
    seen = text[: _LEAD_MAX + 30]
    for at, sign in enumerate(seen):
        name = seen[at + 1 : _run(seen, at + 1, _WORD)]
        behind = seen[at + 1 + len(name) : at + 2 + len(name)]
        if sign == "@" and name.lower() == BOT_NAME and behind != "*":
            may = _may_lead(seen[:at])
            return (0, True) if may is False else (at + 1 + len(name), may is True)
    return 0, True


def _may_lead(words: str) -> bool | None:
    """Return whether *words* may stand before the name; None if that is not for us to say."""
    if len(words) > _LEAD_MAX or any(one in "#@*\uff03\uff20\uff0a" for one in words):
        return False
    if any(one.isdigit() for one in words):
        return False
    return True if all(one in _PLAIN for one in words) else None


def _stands(text: str, mention: Mention) -> bool:
    """Return whether the mention is where X says; a star behind it may hide more of a name."""
    return text[mention.end : mention.end + 1] != "*" and (
        text[mention.start : mention.end].lower() == f"@{mention.handle.lower()}"
    )


def _marked(message: ClearMessage, start: int, end: int) -> str | None:
    spans = {(one.start, one.end): one for one in message.mentions}
    found = spans.get((start, end))
    return found.x_id if found is not None and _stands(message.text, found) else None


def _run(text: str, at: int, signs: Collection[str]) -> int:
    """Return the end of the run of *signs* that begins at *at*."""
    while at < len(text) and text[at] in signs:
        at += 1
    return at


# The order ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Read:
    paid: Paid
    handle_at: int


class _Reader:
    """Reads an order from left to right; each part moves `at` on or ends it all."""

    def __init__(self, text: str, at: int, *, public: bool) -> None:
        self.text = text
        self.at = at
        self.public = public

    def payment(self) -> _Read:
        self.gap()
        self.sign_and_verb()
        start, cents = self.at, self.amount()
        written = self.text[start : self.at]
        self.gap()
        handle_at, handle = self.at, self.handle()
        tag = self.tag()
        front = self.code()
        said, last = self.words(has_code=front is not None)
        code = front or last
        if code is None and _may_be_code(written):
            raise _NoPayment
        return _Read(Paid(cents, handle, None, tag, code, _note_is_sure(said)), handle_at)

    def at_end(self) -> bool:
        return self.at == len(self.text)

    def next(self, word: str) -> bool:
        """Step over *word* in any case, if it stands here."""
        here = self.text[self.at : self.at + len(word)]
        # Not lower() of the text: the kelvin sign would become a k.
        if len(here) == len(word) and all(_same(a, b) for a, b in zip(here, word, strict=True)):
            self.at += len(word)
            return True
        return False

    def run(self, signs: Collection[str]) -> str:
        start, self.at = self.at, _run(self.text, self.at, signs)
        return self.text[start : self.at]

    def gap(self) -> int:
        """Step over spaces, not too many; return how many."""
        spaces = len(self.run(_SPACES))
        if spaces > _GAP_MAX:
            raise _NoPayment
        return spaces

    def sign_and_verb(self) -> None:
        has_sign = self.next("#")
        if self.public and not has_sign:
            raise _NoPayment
        if any(self.next(verb) for verb in _VERBS):
            spaces = self.gap()
            if not self.next("#") and not spaces:
                raise _NoPayment

    def amount(self) -> int:
        before = self.euro()
        if before:
            self.next(" ")
        whole, cents = self.run(_DIGITS), "00"
        if not 1 <= len(whole) <= 5 or (whole[0] == "0" and whole != "0"):
            raise _NoPayment
        if self.next(",") or self.next("."):
            cents = self.run(_DIGITS)
            if len(cents) != 2:
                raise _NoPayment
        after = self.euro_behind()
        total = 0
        for sign in whole + cents:
            total = total * 10 + _DIGITS.index(sign)
        if total == 0 or (before and after):
            raise _NoPayment
        return total

    def euro(self) -> bool:
        return any(self.next(euro) for euro in _EUROS)

    def euro_behind(self) -> bool:
        start = self.at
        self.next(" ")
        if not self.euro():
            self.at = start
        return self.at != start

    def handle(self) -> str:
        if not self.next("@"):
            raise _NoPayment
        handle = self.run(_WORD)
        if not 1 <= len(handle) <= _HANDLE_MAX:
            raise _NoPayment
        return handle

    def tag(self) -> str | None:
        start = self.at
        spaces = self.gap_or_words()
        if self.next("#") and not self.at_end() and self.text[self.at] in _LETTERS:
            tag = self.run(_WORD)
            if not 2 <= len(tag) <= _TAG_MAX or not _is_tag(tag) or spaces > _GAP_MAX:
                raise _NoPayment
            return tag
        self.at = start
        return None

    def gap_or_words(self) -> int:
        """Step over spaces; too many of them are for the words to complain about."""
        return len(self.run(_SPACES))

    def code(self) -> str | None:
        start = self.at
        spaces = self.gap_or_words()
        has_sign = self.next("#")
        if has_sign or (not self.public and spaces):
            digits = self.run(_CODE_SIGNS)
            ends = self.at_end() or self.text[self.at] in _SPACES
            if len(digits) in _CODE_LENGTHS and ends and spaces <= _GAP_MAX:
                return digits
            if has_sign:
                raise _NoPayment
        self.at = start
        return None

    def words(self, *, has_code: bool) -> tuple[str, str | None]:
        """Return the words that follow, and the code behind them if none stood before."""
        spaces = self.gap()
        said = self.text[self.at :]
        if not said:
            return "", None
        if not spaces or said[0] in "#\ufe5f\uff03":
            raise _NoPayment
        return (said, None) if has_code else _code_behind(said)


def _may_be_code(written: str) -> bool:
    """Whether an amount is digits alone, as many as a code has: without a code it is one."""
    return len(written) in _CODE_LENGTHS and all(one in _DIGITS for one in written)


def _same(sign: str, wanted: str) -> bool:
    return sign == wanted or (sign.isascii() and sign.lower() == wanted.lower())


def _is_tag(tag: str) -> bool:
    """A year at its end, or no more than three digits: more could be a code."""
    if sum(one in _DIGITS for one in tag) <= 3:
        return True
    name, year = tag[:-4], tag[-4:]
    return (
        1 <= len(name) <= 26
        and all(one in _LETTERS + "_" for one in name)
        and year[:2] in ("19", "20")
        and all(one in _DIGITS for one in year)
    )


def _code_behind(said: str) -> tuple[str, str | None]:
    """Return words without the `#code` at their end, and that code."""
    end = len(said)
    while end and said[end - 1] in _SPACES:
        end -= 1
    start = end
    while start and said[start - 1] in _CODE_SIGNS:
        start -= 1
    digits = said[start:end]
    has_sign = said[start - 2 : start - 1] in tuple(_SPACES) and said[start - 1] == "#"
    if len(digits) not in _CODE_LENGTHS or not has_sign or len(said) - end > _GAP_MAX:
        return said, None
    return said[: start - 1].rstrip(_SPACES), digits


def _note_is_sure(said: str) -> bool:
    """Return whether the words are beyond doubt; raise if they may not be a note at all."""
    for one in said:
        hidden = unicodedata.category(one) in _HIDDEN
        if hidden and one not in _SPACES and one != _JOINER:
            raise _NoPayment
    return not said or (said[0] in _LETTERS and all(one in _PLAIN for one in said))
