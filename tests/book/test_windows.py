"""X's limits are kept by all processes together: never one call more than X has left."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from book_cast import MINUTE, NOON, together

from smoney_bot.book import windows
from smoney_bot.book.engine import Book
from smoney_bot.book.windows import Limit, Span, Told

POSTS = "POST /2/tweets"
LIMITS = (Limit(Span.QUARTER, 5), Limit(Span.DAY, 7))
SECOND = timedelta(seconds=1)


def _reserve(book: Book, now: datetime = NOON, *, sends: bool = True) -> datetime | None:
    return book.run(lambda c: windows.reserve(c, POSTS, LIMITS, now, sends=sends))


def _left(book: Book, now: datetime = NOON) -> int:
    with book.reading() as connection:
        return windows.left(connection, POSTS, LIMITS, now, sends=True)


def _note(
    book: Book,
    remaining: int,
    resets_at: datetime,
    now: datetime = NOON,
    *,
    limit: int = 5,
    span: Span = Span.QUARTER,
) -> None:
    told = Told(span, limit, remaining, resets_at)
    book.run(lambda c: windows.note(c, POSTS, [told], now))


def test_before_x_has_told_its_documented_limits_hold(book: Book) -> None:
    assert _left(book) == 5
    assert [_reserve(book) for _ in range(5)] == [None] * 5
    assert _left(book) == 0
    assert _reserve(book) == NOON + 15 * MINUTE


def test_a_window_that_has_passed_is_a_new_one(book: Book) -> None:
    for _ in range(5):
        _reserve(book)
    later = NOON + 15 * MINUTE
    assert _reserve(book, later - SECOND) is not None
    assert _reserve(book, later) is None
    assert _left(book, later) == 1, "the day's window goes on"


def test_the_narrower_of_two_windows_decides_and_takes_from_neither(book: Book) -> None:
    for _ in range(5):
        _reserve(book)
    later = NOON + 15 * MINUTE
    assert [_reserve(book, later) for _ in range(2)] == [None, None]
    assert _reserve(book, later) == NOON + timedelta(hours=24)
    assert _reserve(book, later) == NOON + timedelta(hours=24)
    with book.reading() as connection:
        left = {one.span: one.remaining for one in windows.listing(connection)}
    assert left == {Span.QUARTER: 3, Span.DAY: 0}


def test_sixteen_processes_never_take_more_than_there_is(book: Book) -> None:
    taken = together(lambda _: _reserve(book))
    assert [one for one in taken if isinstance(one, Exception)] == []
    assert taken.count(None) == 5


def test_what_x_tells_corrects_the_count(book: Book) -> None:
    _reserve(book)
    _note(book, remaining=1, resets_at=NOON + 3 * MINUTE)
    assert _left(book) == 1
    assert _reserve(book) is None
    assert _reserve(book) == NOON + 3 * MINUTE + SECOND, "X cuts fractions of a second off"


def test_calls_under_way_are_not_given_back_by_an_older_count(book: Book) -> None:
    for _ in range(4):
        _reserve(book)
    _note(book, remaining=4, resets_at=NOON + 15 * MINUTE)
    assert _left(book) == 1


def test_a_new_window_at_x_is_one_here_too(book: Book) -> None:
    _note(book, remaining=0, resets_at=NOON + MINUTE)
    _note(book, remaining=4, resets_at=NOON + 15 * MINUTE)
    assert _left(book) == 4


def test_a_late_word_about_an_old_window_changes_nothing(book: Book) -> None:
    _note(book, remaining=3, resets_at=NOON + 15 * MINUTE)
    _note(book, remaining=0, resets_at=NOON - SECOND)
    assert _left(book) == 3


def test_a_limit_that_x_changes_holds_in_the_next_window_too(book: Book) -> None:
    _note(book, remaining=0, resets_at=NOON + MINUTE, limit=2)
    assert _left(book, NOON + 2 * MINUTE) == 2


@pytest.mark.parametrize("sends", [True, False])
def test_a_halt_stops_what_sends_and_lets_one_call_try(book: Book, *, sends: bool) -> None:
    book.run(lambda c: windows.halt(c, NOON))
    free = not sends
    assert (_reserve(book, sends=sends) is None) is free
    assert _left(book) == 0
    after = NOON + 5 * MINUTE
    tries = [_reserve(book, after, sends=sends) for _ in range(3)]
    assert tries.count(None) == (3 if free else 1)
    assert book.run(windows.halted)


def test_a_halt_ends_when_x_takes_something(book: Book) -> None:
    assert not book.run(windows.lift)
    book.run(lambda c: windows.halt(c, NOON))
    assert book.run(windows.lift)
    assert not book.run(windows.halted)
    assert _reserve(book) is None


def test_a_closed_endpoint_opens_at_its_moment(book: Book) -> None:
    _reserve(book)
    book.run(lambda c: windows.close(c, POSTS, Span.QUARTER, NOON + MINUTE))
    assert _reserve(book) == NOON + MINUTE
    assert _reserve(book, NOON + MINUTE) is None
