"""The races of the ledger once more, on a PostgreSQL whose every transaction is SERIALIZABLE.

As a distributed engine behind the same URL has it. What it refuses with 40001 is done
over, from its beginning, and comes out the same.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from book_cast import balances, open_account, together
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

# Collected here too, where `book` is another one.
from test_ledger import (
    test_a_deposit_made_from_sixteen_places_arrives_once,
    test_many_payments_to_one_association_are_one_change_of_its_balance,
    test_no_cent_is_made_or_lost,
    test_one_reference_for_two_customers_at_once_is_an_error_for_one,
    test_sixteen_threads_spend_exactly_what_there_is,
)

from smoney_bot.bank.errors import TryLater
from smoney_bot.book import engine
from smoney_bot.book.engine import Book

__all__ = [
    "test_a_deposit_made_from_sixteen_places_arrives_once",
    "test_many_payments_to_one_association_are_one_change_of_its_balance",
    "test_no_cent_is_made_or_lost",
    "test_one_reference_for_two_customers_at_once_is_an_error_for_one",
    "test_sixteen_threads_spend_exactly_what_there_is",
]


@pytest.fixture
def book(serializable_url: str) -> Iterator[Book]:
    """A migrated book, SERIALIZABLE by default."""
    with closing(Book(serializable_url)) as opened:
        yield opened


def _spend_together(book: Book) -> tuple[list[object], int]:
    """Let four threads read alice's balance, all at once, and give bob a cent of it.

    No lock: the isolation alone keeps them apart. Returns outcomes, and how often it was tried.
    """
    alice, bob = open_account(book, "alice", 50), open_account(book, "bob")
    all_have_read = threading.Barrier(4)
    tries: Counter[int] = Counter()

    def spend(number: int) -> None:
        def work(connection: Connection) -> None:
            tries[number] += 1
            balance = connection.execute(text(_READ), {"id": alice.account_id}).scalar_one()
            if tries[number] == 1:
                all_have_read.wait(10)
            connection.execute(text(_WRITE), {"id": alice.account_id, "cents": balance - 1})
            connection.execute(text(_ADD), {"id": bob.account_id})

        book.run(work)

    return list(together(spend, 4)), sum(tries.values())


_READ = "SELECT balance_cents FROM balances WHERE account_id = :id"
_WRITE = "UPDATE balances SET balance_cents = :cents WHERE account_id = :id"
_ADD = "UPDATE balances SET balance_cents = balance_cents + 1 WHERE account_id = :id"


def _alice(book: Book) -> int:
    return next(cents for cents in balances(book).values() if 4900 < cents <= 5000)


def test_the_book_is_serializable(book: Book) -> None:
    level = book.run(lambda c: c.execute(text("SHOW transaction_isolation")).scalar_one())
    assert level == "serializable"


def test_what_serializable_refuses_is_done_over_until_it_is_right(book: Book) -> None:
    outcomes, tries = _spend_together(book)
    assert outcomes == [None] * 4
    assert tries > 4, "somebody was refused"
    assert _alice(book) == 4996


def test_a_book_that_does_nothing_over_fails_on_it(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    monkeypatch.setattr(engine, "is_conflict", lambda _: False)
    outcomes, _ = _spend_together(book)
    failed = [one for one in outcomes if one is not None]
    assert failed
    assert all(isinstance(one, TryLater | DBAPIError) for one in failed)


def test_at_the_usual_isolation_the_same_work_loses_cents(
    postgres_url: Callable[[], str],
) -> None:
    """The negative control of the work itself: it is a race."""
    with closing(Book(postgres_url())) as usual:
        outcomes, tries = _spend_together(usual)
        assert (outcomes, tries) == ([None] * 4, 4)
        assert _alice(usual) == 4999
