"""Rounds: which loops came round when, and which are late."""

from __future__ import annotations

from datetime import timedelta

from book_cast import NOON

from smoney_bot.book import rounds
from smoney_bot.book.engine import Book
from smoney_bot.book.rounds import Round

SECOND = timedelta(seconds=1)


def listing(book: Book) -> list[Round]:
    with book.reading() as connection:
        return rounds.listing(connection)


def note(book: Book, *noted: Round) -> None:
    with book.writing() as connection:
        rounds.note(connection, noted)


def test_the_last_round_of_each_loop_stands_in_the_book(book: Book) -> None:
    note(book, Round("timers", 5, NOON), Round("counter", 63, NOON))
    note(book, Round("counter", 90, NOON + SECOND), Round("sender", 60, NOON))
    assert listing(book) == [
        Round("counter", 90, NOON + SECOND),
        Round("sender", 60, NOON),
        Round("timers", 5, NOON),
    ]


def test_a_loop_is_late_once_it_has_rested_longer_than_it_may() -> None:
    one = Round("timers", 5, NOON)
    assert not one.is_late(NOON + 5 * SECOND)
    assert one.is_late(NOON + 6 * SECOND)
    assert one.rested_seconds(NOON + 6 * SECOND) == 6
    assert one.rested_seconds(NOON - SECOND) == 0, "a clock that was set back makes nobody late"


def test_late_loops_that_the_program_has_no_more_are_forgotten(book: Book) -> None:
    note(book, Round("old", 5, NOON), Round("timers", 5, NOON), Round("newer", 5, NOON + SECOND))
    with book.writing() as connection:
        rounds.forget_others(connection, {"timers"}, NOON + 6 * SECOND)
    assert [one.loop for one in listing(book)] == ["newer", "timers"], (
        "one that comes round belongs to another process, and our own is to be seen"
    )
