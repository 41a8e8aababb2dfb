"""Orders that wait for a code: one for each payer, ended once, over by themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from book_cast import MINUTE, NOON, open_account, payment, together
from sqlalchemy.exc import IntegrityError

from smoney_bot.bank.desk import Payment, PaymentState
from smoney_bot.book import payments
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import NotWaiting


@pytest.fixture
def waiting(book: Book) -> Payment:
    """An order of alice that waits for fifteen minutes from noon on."""
    alice, bob = open_account(book, "alice"), open_account(book, "bob")
    order = _wait(payment(1, alice, bob))
    book.run(lambda c: payments.put(c, [order]))
    return order


def _wait(order: Payment) -> Payment:
    end = NOON + 15 * MINUTE
    return replace(order, state=PaymentState.WAITING, booked_at=None, expires_at=end)


def _state(book: Book, order: Payment) -> PaymentState:
    with book.reading() as connection:
        found = payments.find(connection, order.reference)
    assert found is not None
    return found.state


def test_a_payer_has_one_waiting_order_at_most(book: Book, waiting: Payment) -> None:
    second = replace(waiting, reference="0000-00", message_key="t:2")
    with pytest.raises(IntegrityError):
        book.run(lambda c: payments.put(c, [second]))
    with book.reading() as connection:
        assert payments.waiting(connection, [waiting.payer_id], NOON) == {waiting.payer_id: waiting}


def test_an_order_expires_at_its_end_and_not_before(book: Book, waiting: Payment) -> None:
    end = NOON + 15 * MINUTE
    with book.reading() as connection:
        assert payments.next_end(connection) == end
    assert book.run(lambda c: payments.expire(c, end - MINUTE)) == 0
    assert _state(book, waiting) is PaymentState.WAITING
    assert book.run(lambda c: payments.expire(c, end)) == 1
    assert _state(book, waiting) is PaymentState.EXPIRED
    with book.reading() as connection:
        assert payments.next_end(connection) is None


def test_of_sixteen_that_end_an_order_together_one_does(book: Book, waiting: Payment) -> None:
    cancelled = replace(waiting, state=PaymentState.CANCELLED)

    def end(_: int) -> None:
        book.run(lambda c: payments.settle(c, [cancelled]))

    fates = together(end)
    assert fates.count(None) == 1
    assert sum(isinstance(fate, NotWaiting) for fate in fates) == len(fates) - 1
    assert _state(book, waiting) is PaymentState.CANCELLED
