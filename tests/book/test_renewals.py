"""Windows for renewing codes: one for each customer, for 15 minutes, closed once."""

from __future__ import annotations

from book_cast import NOON, open_account

from smoney_bot.bank.desk import Renewal
from smoney_bot.book import renewals
from smoney_bot.book.engine import Book


def test_a_window_is_found_by_its_word_until_its_time_is_over(book: Book) -> None:
    alice, bob = open_account(book, "alice"), open_account(book, "bob")
    opened = [Renewal(alice.id, "WDJB-MJHT"), Renewal(bob.id, "BCDF-GHJK")]
    with book.writing() as connection:
        renewals.open_windows(connection, opened, NOON)
        assert renewals.find(connection, "WDJB-MJHT", NOON) == alice.id
        assert renewals.find(connection, "BCDF-GHJK", NOON) == bob.id
        assert renewals.find(connection, "BCDF-GHJL", NOON) is None
        assert renewals.find(connection, "WDJB-MJHT", NOON + renewals.LIFE) is None


def test_the_newest_window_of_a_customer_replaces_the_one_before(book: Book) -> None:
    alice = open_account(book, "alice")
    with book.writing() as connection:
        renewals.open_windows(connection, [Renewal(alice.id, "WDJB-MJHT")], NOON)
        both = [Renewal(alice.id, "BCDF-GHJK"), Renewal(alice.id, "LMNP-QRST")]
        renewals.open_windows(connection, both, NOON)
        found = [renewals.find(connection, one, NOON) for one in ("WDJB-MJHT", "BCDF-GHJK")]
        assert found == [None, None]
        assert renewals.find(connection, "LMNP-QRST", NOON) == alice.id


def test_a_window_closes_once(book: Book) -> None:
    alice = open_account(book, "alice")
    with book.writing() as connection:
        renewals.open_windows(connection, [Renewal(alice.id, "WDJB-MJHT")], NOON)
        assert renewals.close(connection, "WDJB-MJHT")
        assert not renewals.close(connection, "WDJB-MJHT")
        assert renewals.find(connection, "WDJB-MJHT", NOON) is None


def test_opening_none_does_nothing(sqlite_book: Book) -> None:
    with sqlite_book.reading() as connection:  # would refuse a write
        renewals.open_windows(connection, [], NOON)
