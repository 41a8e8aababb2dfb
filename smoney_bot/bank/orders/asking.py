"""Orders about asks: to ask for money, to share a bill, to answer, to block.

None of them pays by itself, so a slip costs nothing; but nobody may be asked by
mistake either: whatever names more people than the grammar took is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from smoney_bot.bank.orders.address import AT, Address, Span
from smoney_bot.bank.orders.grammar import (
    AMOUNT,
    CODE,
    GAP,
    HANDLE,
    REFERENCE,
    SPACES,
    WORDS,
    amount_in,
    compiled,
    reference_in,
)
from smoney_bot.bank.orders.kinds import (
    Ask,
    Block,
    DeclineAsk,
    NotUnderstood,
    Order,
    PayAsk,
    Payee,
    Share,
    Unblock,
)
from smoney_bot.bank.orders.words import note

#: How many people one bill can be shared with.
SHARED_WITH_MAX = 9

_ASK = "(?:demander|request)"
_SHARE = "(?:partager|split)"
_ANSWER = "(?P<answer>payer|pay|refuser|decline)"
_BLOCK = "(?P<block>bloquer|block|d[eéÉ]bloquer|unblock)"

_NAME = r"@[A-Za-z0-9_]{1,15}"
_NAMES = rf"(?P<names>{_NAME}(?:{SPACES}{_NAME}){{0,{SHARED_WITH_MAX - 1}}})"
_EACH_NAME = re.compile(_NAME, re.ASCII)

#: How such an order looks, where one was begun and missed.
_FORMS = {
    compiled(rf"{GAP}#?({_ASK})(?![A-Za-z]).*"): "{} 12 @bob",
    compiled(rf"{GAP}#?({_SHARE})(?![A-Za-z]).*"): "{} 60 @bob @carol",
    compiled(rf"{GAP}#?(refuser|decline)(?![A-Za-z]).*"): "{} 7K3Q-48",
    compiled(rf"{GAP}#?({_BLOCK})(?![A-Za-z]).*"): "{} @bob",
}


class Found(NamedTuple):
    """An order, where its code stands, and the digits that are no code."""

    order: Order
    code: Span | None
    kept: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Grammar:
    ask: re.Pattern[str]
    share: re.Pattern[str]
    answer: re.Pattern[str]
    block: re.Pattern[str]


def _grammar(sign: str, code: str) -> _Grammar:
    def amount_of(verb: str) -> str:
        return rf"{GAP}{sign}{verb}(?:{SPACES}#?|#){AMOUNT}{GAP}"

    return _Grammar(
        ask=compiled(rf"{amount_of(_ASK)}{HANDLE}{WORDS}"),
        share=compiled(rf"{amount_of(_SHARE)}{_NAMES}{WORDS}"),
        answer=compiled(rf"{GAP}{sign}{_ANSWER}{SPACES}{REFERENCE}(?:{code})?{GAP}"),
        block=compiled(rf"{GAP}{sign}{_BLOCK}{SPACES}{HANDLE}{GAP}"),
    )


_PUBLIC = _grammar("#", rf"{GAP}#{CODE}")
_PRIVATE = _grammar("#?", rf"(?:{GAP}#|{SPACES}){CODE}")


def match(text: str, address: Address, *, public: bool) -> Found | None:
    """Return the order about asks that *text* holds at *address*, if it does."""
    rules = _PUBLIC if public else _PRIVATE
    where = (text, address.start, address.end)
    if found := rules.ask.fullmatch(*where) or rules.share.fullmatch(*where):
        return _asked(found, address)
    if found := rules.answer.fullmatch(*where):
        return _answered(found)
    if found := rules.block.fullmatch(*where):
        return _blocked(found, address)
    return None


def missed(text: str) -> NotUnderstood | None:
    """Return how to write the order that *text* begins like; None if like none of these."""
    for begun, form in _FORMS.items():
        if found := begun.fullmatch(text):
            return NotUnderstood(form.format(found[1]))
    return None


def _asked(found: re.Match[str], address: Address) -> Found | None:
    amount, said = amount_in(found), found["words"] or ""
    # One more name in the words is somebody who was meant.
    words = None if AT.search(said) else note(said, code_length=0)
    if amount is None or words is None or _ends_in_a_code(words):
        return None
    shared = found.re.groupindex.get("names") is not None
    spans = _names(found) if shared else (_handle(found),)
    people = tuple(_payee(found.string, span, address) for span in spans)
    if len({one.handle.lower() for one in people}) < len(people):
        return None
    order = Share(amount, people, words) if shared else Ask(amount, people[0], words)
    return Found(order, None, (found.span("number"), *spans))


def _ends_in_a_code(words: str) -> bool:
    """Return whether the last word looks like a code: asking needs none, so it is a slip."""
    return re.search(r"(?:^|\s)#?[0-9*]{4,}$", words, re.ASCII) is not None


def _answered(found: re.Match[str]) -> Found | None:
    reference = reference_in(found)
    if reference is None:
        return None
    code = found.span("code") if found["code"] else None
    kept = (found.span("reference"),)
    if found["answer"].lower() in {"payer", "pay"}:
        return Found(PayAsk(reference, code[0] if code else None), code, kept)
    return Found(DeclineAsk(reference), code, kept)


def _blocked(found: re.Match[str], address: Address) -> Found:
    span = _handle(found)
    kind = Block if found["block"].lower() in {"bloquer", "block"} else Unblock
    return Found(kind(_payee(found.string, span, address)), None, (span,))


def _handle(found: re.Match[str]) -> Span:
    return found.start("handle") - 1, found.end("handle")


def _names(found: re.Match[str]) -> tuple[Span, ...]:
    return tuple(one.span() for one in _EACH_NAME.finditer(found.string, *found.span("names")))


def _payee(text: str, span: Span, address: Address) -> Payee:
    return Payee(text[span[0] + 1 : span[1]], address.x_id_at(*span))
