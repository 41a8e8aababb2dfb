"""Asks end once: whoever pays, declines, takes back, or comes with the clock."""

from __future__ import annotations

from dataclasses import replace

import pytest
from book_cast import MINUTE, NOON, ask, open_account, payment, together

from smoney_bot.bank.asks import Ask, AskState
from smoney_bot.bank.policy import ASK_LIFE
from smoney_bot.book import asks, payments
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import NotWaiting

END = NOON + ASK_LIFE
THREADS = 8


@pytest.fixture
def asked(book: Book) -> Ask:
    """What alice asks bob for from noon on."""
    alice, bob = open_account(book, "alice"), open_account(book, "bob")
    one = ask(1, alice, bob)
    book.run(lambda c: asks.put(c, [one]))
    book.run(lambda c: payments.put(c, [payment(2, bob, alice)]))
    return one


def ended(one: Ask, state: AskState) -> Ask:
    paid = "REF2-00" if state is AskState.PAID else None
    return replace(one, state=state, payment_reference=paid, ended_at=END)


def test_of_eight_that_end_an_ask_together_one_does(book: Book, asked: Ask) -> None:
    ways = [AskState.PAID, AskState.DECLINED, AskState.CANCELLED]

    def work(number: int) -> int:
        if number == 0:
            return len(book.run(lambda c: asks.expire(c, END)))
        book.run(lambda c: asks.end(c, [ended(asked, ways[number % len(ways)])]))
        return 1

    results = together(work, THREADS)
    assert sum(one for one in results if isinstance(one, int)) == 1
    assert {type(one) for one in results if not isinstance(one, int)} <= {NotWaiting}
    with book.reading() as connection:
        assert asks.named(connection, [asked.reference]) == ()


def test_an_ask_expires_at_its_end_and_not_before(book: Book, asked: Ask) -> None:
    with book.reading() as connection:
        assert asks.next_end(connection) == END
    assert book.run(lambda c: asks.expire(c, END - MINUTE)) == []
    assert book.run(lambda c: asks.expire(c, END)) == [ended(asked, AskState.EXPIRED)]
    with book.reading() as connection:
        assert asks.next_end(connection) is None
