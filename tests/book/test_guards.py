"""However many guess at once, five codes are checked between two locks."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from book_cast import MINUTE, NOON, open_account, together
from hypothesis import given
from hypothesis import strategies as st

from smoney_bot.bank.codes import FAILURES_MAX
from smoney_bot.bank.customers import Customer
from smoney_bot.book import codes
from smoney_bot.book.engine import Book
from smoney_bot.book.guards import LOCKS_MAX, Guard, Reserved, count


def _reserve(book: Book, customer: Customer, now: datetime = NOON, attempts: int = 1) -> Reserved:
    counted = book.run(lambda c: codes.reserve(c, {customer.id: attempts}, now))
    return counted[customer.id]


def test_the_fifth_attempt_is_the_last_before_the_lock(book: Book) -> None:
    alice = open_account(book, "alice")
    outcomes = [_reserve(book, alice) for _ in range(6)]
    assert [one.granted for one in outcomes] == [True] * 5 + [False]
    assert [one.failures for one in outcomes] == [1, 2, 3, 4, 5, 5]
    assert [one.locked_until for one in outcomes] == [None] * 4 + [NOON + 15 * MINUTE] * 2


def test_sixteen_guessers_get_five_attempts_between_them(book: Book) -> None:
    alice, bob = open_account(book, "alice"), open_account(book, "bob")
    outcomes = together(lambda _: _reserve(book, alice))
    assert sum(one.granted for one in outcomes if isinstance(one, Reserved)) == FAILURES_MAX
    assert [one for one in outcomes if isinstance(one, Exception)] == []
    assert _reserve(book, bob).granted, "nobody else is locked out"


def test_counting_after_the_check_would_let_all_sixteen_through(book: Book) -> None:
    """The negative control: the same guessers, looking first and counting later."""
    alice = open_account(book, "alice")

    def look(_: int) -> bool:
        with book.reading() as connection:
            failures = connection.exec_driver_sql("SELECT failures FROM guards").scalar_one()
        return bool(failures < FAILURES_MAX)

    assert together(look) == [True] * 16
    assert _reserve(book, alice).granted


def test_after_the_lock_there_are_five_more_and_the_next_lock_is_longer(book: Book) -> None:
    alice = open_account(book, "alice")
    for _ in range(5):
        _reserve(book, alice)
    assert not _reserve(book, alice, NOON + 15 * MINUTE - timedelta(microseconds=1)).granted
    later = NOON + 15 * MINUTE
    again = [_reserve(book, alice, later) for _ in range(6)]
    assert [one.granted for one in again] == [True] * 5 + [False]
    assert again[-1].locked_until == later + 30 * MINUTE


def test_a_right_code_clears_the_failures_and_the_lock_it_was_made_under(book: Book) -> None:
    alice = open_account(book, "alice")
    for _ in range(5):
        _reserve(book, alice)
    book.run(lambda connection: codes.forgive(connection, [alice.id]))
    fresh = _reserve(book, alice)
    assert (fresh.granted, fresh.failures, fresh.locked_until) == (True, 1, None)
    for _ in range(4):
        fresh = _reserve(book, alice)
    assert fresh.locked_until == NOON + 15 * MINUTE, "the next lock is a first one again"


def test_a_message_with_more_codes_than_are_left_is_not_checked(book: Book) -> None:
    alice = open_account(book, "alice")
    assert _reserve(book, alice, attempts=3).failures == 3
    assert not _reserve(book, alice, attempts=3).granted
    assert _reserve(book, alice, attempts=2).granted


def test_an_account_opens_no_more_by_itself_after_a_hundred_failures() -> None:
    guard, now = Guard(0, None, 0), NOON
    granted = 0
    for _ in range(300):
        guard, reserved = count(guard, 1, now)
        granted += reserved.granted
        now = max(now, guard.locked_until or now)
    assert granted == 100
    assert guard.locks == LOCKS_MAX


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 40)), max_size=60))
def test_no_window_ever_holds_more_than_five_checks(steps: list[tuple[int, int]]) -> None:
    guard, now = Guard(0, None, 0), NOON
    checked = 0  # since the last lock ended
    for attempts, minutes in steps:
        now += minutes * MINUTE
        if guard.locked_until is not None and guard.locked_until <= now:
            checked = 0
        guard, reserved = count(guard, attempts, now)
        checked += attempts if reserved.granted else 0
        assert checked <= FAILURES_MAX
        assert 0 <= guard.failures <= FAILURES_MAX


def test_no_attempt_is_not_an_attempt() -> None:
    with pytest.raises(AssertionError):
        count(Guard(0, None, 0), 0, NOON)
