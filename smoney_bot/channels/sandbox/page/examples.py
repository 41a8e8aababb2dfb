"""Orders to try: one tap fills the box with a line that works, or is sure to fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from smoney_bot.bank.customers import Kind, Language
from smoney_bot.bank.money import Cents, euros
from smoney_bot.channels.sandbox.page.view import PersonView

_NOTHING = Cents(0)
_TO_A_PERSON = euros(20)
_TO_AN_ASSOCIATION = euros(50)
_TO_A_COLLECTION = euros(30)
_TOO_MUCH = euros(250, 1)  # one cent beyond what a person may be paid


class Name(StrEnum):
    """The examples; also the word in the page's address."""

    PAY = "pay"
    GIVE = "give"
    COLLECT = "collect"
    BALANCE = "balance"
    WRONG_CODE = "wrong-code"
    TOO_MUCH = "too-much"


@dataclass(frozen=True, slots=True)
class Example:
    """A line to try. `direct`: it belongs into the message box, not the public one."""

    name: Name
    text: str = field(repr=False)
    amount: Cents = _NOTHING
    payee: str = ""
    tag: str = ""
    direct: bool = False


def examples(
    me: PersonView, others: Sequence[PersonView], *, bot: str, language: Language, place: int | None
) -> Iterator[Example]:
    """Yield the lines that *me* can try, with the code at *place* or else the next unused one.

    Where the card is used up the lines end without a code, and the bank will ask for one.
    """
    code = _code(me, place)
    person = _first(others, Kind.PERSON)
    association = _first(others, Kind.ASSOCIATION)
    if person:
        yield _order(Name.PAY, bot, _TO_A_PERSON, person, code)
    if association:
        yield _order(Name.GIVE, bot, _TO_AN_ASSOCIATION, association, code)
    if association and association.tag:
        yield _order(Name.COLLECT, bot, _TO_A_COLLECTION, association, code, association.tag)
    yield Example(Name.BALANCE, _ask_balance(language), direct=True)
    if person:
        yield _order(Name.WRONG_CODE, bot, _TO_A_PERSON, person, _wrong(code))
        yield _order(Name.TOO_MUCH, bot, _TOO_MUCH, person, code)


def _first(people: Sequence[PersonView], kind: Kind) -> PersonView | None:
    return next((one for one in people if one.kind is kind), None)


def _code(me: PersonView, place: int | None) -> str:
    """Return the digits of the code at *place* if it is unused, else of the next unused one."""
    chosen = (code.digits for code in me.unused if place in (None, code.place))
    return next(chosen, me.unused[0].digits if me.unused else "")


def _wrong(code: str) -> str:
    """Return digits that are no code: the last one is changed."""
    return f"{code[:-1]}{(int(code[-1]) + 1) % 10}" if code else "99000000"


def _order(
    name: Name, bot: str, amount: Cents, payee: PersonView, code: str, tag: str = ""
) -> Example:
    whole, cents = divmod(int(amount), 100)
    written = f"{whole},{cents:02}" if cents else str(whole)
    words = [
        f"@{bot}",
        f"#{written}",
        f"@{payee.handle}",
        *(f"#{one}" for one in (tag, code) if one),
    ]
    return Example(name, " ".join(words), amount, payee.handle, tag)


def _ask_balance(language: Language) -> str:
    return "#solde" if language is Language.FRENCH else "#balance"
