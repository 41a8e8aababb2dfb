"""Payments are found by their reference, and told to both sides."""

from __future__ import annotations

import pytest
from book_cast import open_account, payment
from sqlalchemy.exc import IntegrityError

from smoney_bot.bank.answers import HistoryLine
from smoney_bot.bank.desk import Payment, PaymentState
from smoney_bot.bank.receipts import Fate
from smoney_bot.book import payments
from smoney_bot.book.engine import Book


def _put(book: Book, *added: Payment) -> None:
    book.run(lambda connection: payments.put(connection, added))


def test_a_payment_is_found_as_it_was_put(book: Book) -> None:
    alice, bob = open_account(book, "alice"), open_account(book, "bob")
    booked = payment(1, alice, bob)
    refused = payment(2, alice, bob, 99_999_999, PaymentState.REFUSED)
    _put(book, booked, refused)
    with book.reading() as connection:
        assert payments.find(connection, booked.reference) == booked
        assert payments.find(connection, refused.reference) == refused
        assert payments.find(connection, "NONE-00") is None


def test_one_message_makes_one_payment(book: Book) -> None:
    alice, bob = open_account(book, "alice"), open_account(book, "bob")
    _put(book, payment(1, alice, bob))
    with pytest.raises(IntegrityError):
        _put(book, payment(1, alice, bob))


def test_the_newest_are_listed_first_of_a_state_or_of_a_customer(book: Book) -> None:
    alice, bob, carol = (open_account(book, name) for name in ("alice", "bob", "carol"))
    first, second = payment(1, alice, bob), payment(2, bob, carol)
    third = payment(3, carol, bob, state=PaymentState.REFUSED)
    _put(book, first, second, third)
    with book.reading() as connection:
        assert payments.listing(connection) == [third, second, first]
        assert payments.listing(connection, limit=1) == [third]
        assert payments.listing(connection, fate=Fate.REFUSED) == [third]
        assert payments.listing(connection, customer_id=alice.id) == [first]


def test_history_tells_each_side_its_own_last_booked_payments(book: Book) -> None:
    alice, bob = open_account(book, "alice"), open_account(book, "bob")
    gone, back = payment(1, alice, bob, 2000), payment(2, bob, alice, 500)
    _put(book, gone, back, payment(3, alice, bob, state=PaymentState.REFUSED))
    assert gone.booked_at is not None
    assert back.booked_at is not None
    sent = HistoryLine(gone.booked_at, False, gone.amount, "bob", gone.reference)  # noqa: FBT003 - not incoming
    received = HistoryLine(back.booked_at, True, back.amount, "bob", back.reference)  # noqa: FBT003 - incoming
    with book.reading() as connection:
        told = payments.history(connection, [alice, bob], limit=5)
        short = payments.history(connection, [alice], limit=1)
    assert told[alice.account_id] == (received, sent)
    assert [line.incoming for line in told[bob.account_id]] == [False, True]
    assert {line.other for line in told[bob.account_id]} == {"alice"}
    assert short == {alice.account_id: (received,)}
