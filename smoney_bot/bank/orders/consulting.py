"""Orders that want people: an advisor, a card, a loan, an idea for the bank.

The words are for people to read, so everything may stand there but signs that
hide or turn text. What could be a code becomes stars, as everywhere; a sum of
money with its euro sign stays, for an advisor has to know it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from smoney_bot.bank.branch import RequestKind
from smoney_bot.bank.orders.address import Address, Span
from smoney_bot.bank.orders.digits import runs
from smoney_bot.bank.orders.grammar import GAP, SPACES, compiled
from smoney_bot.bank.orders.kinds import Consult, NotUnderstood
from smoney_bot.bank.orders.words import free

_KINDS: Mapping[str, RequestKind] = {
    **dict.fromkeys(("conseiller", "advisor"), RequestKind.HELP),
    **dict.fromkeys(("carte", "card"), RequestKind.CARD),
    **dict.fromkeys(("credit", "crédit", "loan"), RequestKind.LOAN),
    **dict.fromkeys(("idee", "idée", "idea"), RequestKind.IDEA),
}
_WORD = "(?P<about>conseiller|advisor|carte|card|cr[eéÉ]dit|loan|id[eéÉ]e|idea)"

#: A card or a loan says by itself what it is about; a question does not.
_NEEDS_WORDS = {RequestKind.HELP, RequestKind.IDEA}

_FREE = rf"(?:{SPACES}(?P<words>[^ \n\t].{{0,4000}}?))?{GAP}"
_PUBLIC = compiled(rf"{GAP}#{_WORD}{_FREE}")
_PRIVATE = compiled(rf"{GAP}#?{_WORD}{_FREE}")

#: Such an order, begun and missed.
_BEGUN = compiled(rf"{GAP}#?(conseiller|advisor|id[eéÉ]e|idea)(?![A-Za-z]).*")
_FORMS = {"conseiller": "ma question", "advisor": "my question", "idea": "what I have in mind"}
_FORM_OF_AN_IDEA = "ce que je propose"

#: A sum of up to six digits, whole: `1200`, `15 000`, `15.000`; never with a zero first.
_SUM = re.compile(r"[1-9][0-9]{3,5}|[1-9][0-9]{0,2}[ .\u00a0\u202f][0-9]{3}", re.ASCII)
_EURO = re.compile(r"[ \u00a0\u202f]?(?:€|eur(?:os?)?(?!\w))", re.IGNORECASE)
#: What may not stand before a sum: a sign of a code, or a letter that it hangs on.
_HANGS = re.compile(r"[\w#*\uff03\uff0a@]")


class Asked(NamedTuple):
    """An order, that it has no code, and the digits that are none."""

    order: Consult
    code: Span | None
    kept: tuple[Span, ...]


def match(text: str, address: Address, *, public: bool) -> Asked | None:
    """Return the order for the desk that *text* holds at *address*, if it does."""
    rules = _PUBLIC if public else _PRIVATE
    found = rules.fullmatch(text, address.start, address.end)
    if found is None:
        return None
    kind, words = _KINDS[found["about"].lower()], free(found["words"] or "")
    if words is None or (kind in _NEEDS_WORDS and not words):
        return None
    return Asked(Consult(kind, words), None, tuple(_sums(text, found.end("about"))))


def missed(text: str) -> NotUnderstood | None:
    """Return how to write the order that *text* begins like; None if like none of these."""
    found = _BEGUN.fullmatch(text)
    if found is None:
        return None
    return NotUnderstood(f"{found[1]} {_FORMS.get(found[1].lower(), _FORM_OF_AN_IDEA)}")


def _sums(text: str, start: int) -> Iterator[Span]:
    """Yield where sums of money stand: a run of digits, whole, and a euro sign behind it."""
    for first, last in runs(text, start):
        free_standing = first == 0 or not _HANGS.match(text[first - 1])
        if free_standing and _SUM.fullmatch(text, first, last) and _EURO.match(text, last):
            yield first, last
