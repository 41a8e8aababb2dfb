"""A code that is not accepted is refused in the same words, whatever is wrong with it.

RTS on SCA, article 4(3)(a): nobody learns from the answer which part was wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from figures import show
from small_bank import Payer, SmallBank, crowd, small_bank
from sqlalchemy import ColumnElement, Table, select

from smoney_bot.bank.case import Case
from smoney_bot.bank.codes import FAILURES_MAX
from smoney_bot.bank.customers import Language
from smoney_bot.bank.errors import AccountFrozen
from smoney_bot.book.engine import Book
from smoney_bot.book.tables import card_codes, cards, guards, pins

CARD = ("01111111", "02222222", "03333333")
PIN = "9999"

_REFERENCE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4,6}-[0-9]{2}\b", re.ASCII)


def _change(bank: SmallBank, table: Table, payer: Payer, **values: object) -> None:
    """Change the rows of *payer* in *table* behind the bank's back."""
    cards_held = select(cards.c.id).where(cards.c.customer_id == payer.customer.id)
    held: ColumnElement[bool] = (
        card_codes.c.card_id.in_(cards_held)
        if table is card_codes
        else table.c.customer_id == payer.customer.id
    )
    bank.book.run(lambda c: c.execute(table.update().where(held).values(**values)))


# What can be wrong; each returns the code that is shown.


def wrong_digits(_: SmallBank, payer: Payer) -> str:
    return payer.codes[0][:-1] + "0"


def used(bank: SmallBank, payer: Payer) -> str:
    _change(bank, card_codes, payer, used_at=bank.pen.start, used_by="t:1")
    return payer.codes[0]


def retired_place(bank: SmallBank, payer: Payer) -> str:
    _change(bank, card_codes, payer, wrong=2)
    return payer.codes[0]


def expired_card(bank: SmallBank, payer: Payer) -> str:
    _change(bank, cards, payer, expires_at=bank.pen.start - timedelta(days=1))
    return payer.codes[0]


def retired_card(bank: SmallBank, payer: Payer) -> str:
    _change(bank, cards, payer, retired_at=bank.pen.start)
    return payer.codes[0]


def unknown_place(_: SmallBank, __: Payer) -> str:
    return "19111111"


def place_that_no_card_has(_: SmallBank, __: Payer) -> str:
    return "00111111"


def wrong_pin(_: SmallBank, __: Payer) -> str:
    return "1111"


def void_pin(bank: SmallBank, payer: Payer) -> str:
    _change(bank, pins, payer, void_at=bank.pen.start)
    return PIN


def no_authenticator(_: SmallBank, __: Payer) -> str:
    return "111111"


def locked(bank: SmallBank, payer: Payer) -> str:
    until = bank.pen.start + timedelta(days=1)
    _change(bank, guards, payer, failures=FAILURES_MAX, locked_until=until, locks=1)
    return payer.codes[0]


CAUSES: tuple[Callable[[SmallBank, Payer], str], ...] = (
    wrong_digits,
    used,
    retired_place,
    expired_card,
    retired_card,
    unknown_place,
    place_that_no_card_has,
    wrong_pin,
    void_pin,
    no_authenticator,
    locked,
)


def answers(
    bank: SmallBank, language: Language, *, public: bool, failures: int = 0
) -> dict[str, str]:
    """Return what the bank answers to each cause, without its reference."""
    causes = [one for one in CAUSES if not failures or one is not locked]
    payers = bank.open(crowd(len(causes)), [CARD] * len(causes), pin=PIN, language=language)
    way = bank.pen.post if public else bank.pen.direct
    for cause, payer in zip(causes, payers, strict=True):
        _change(bank, guards, payer, failures=failures)
        bank.keep([way(payer.person, f"@Smoney #1 @entraide #{cause(bank, payer)}")])
    bank.serve()
    said = dict(bank.ask("SELECT to_x_id, text FROM outbox WHERE kind = 'answer'"))
    return {
        cause.__name__: _REFERENCE.sub("REF", said[payer.person.x_id])
        for cause, payer in zip(causes, payers, strict=True)
    }


@pytest.mark.parametrize("public", [True, False], ids=["public", "direct"])
@pytest.mark.parametrize("language", list(Language))
def test_every_cause_is_refused_in_the_same_words(
    language: Language,
    public: bool,  # noqa: FBT001 - pytest passes it by name
    sqlite_book: Book,
) -> None:
    with small_bank(sqlite_book) as bank:
        said = answers(bank, language, public=public)
        assert bank.number("SELECT count(*) FROM inbox WHERE state <> 'declined'") == 0
    show(
        f"refusal texts, {language}, {'public' if public else 'direct'}",
        violations=len(set(said.values())) - 1,
        causes=len(said),
    )
    assert len(set(said.values())) == 1, said
    assert "REF" in said["locked"]


@pytest.mark.parametrize("language", list(Language))
def test_the_last_chance_adds_one_sentence_to_all_of_them(
    language: Language, sqlite_book: Book
) -> None:
    with small_bank(sqlite_book) as bank:
        warned = answers(bank, language, public=True, failures=FAILURES_MAX - 2)
    assert len(set(warned.values())) == 1, warned
    assert "15 minutes" in warned["used"]


def test_a_bank_that_tells_of_the_lock_is_caught(
    sqlite_book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    def talkative(case: Case, code_at: int | None) -> None:
        if case.checked.locked:
            raise AccountFrozen
        check_code(case, code_at)

    check_code = Case.check_code
    monkeypatch.setattr(Case, "check_code", talkative)
    with small_bank(sqlite_book) as bank:
        assert len(set(answers(bank, Language.FRENCH, public=True).values())) == 2
