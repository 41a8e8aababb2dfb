"""A stranger is told once a day how it works; what else they write is passed over unread."""

from __future__ import annotations

from datetime import timedelta

from book_cast import MINUTE, NOON, message

from smoney_bot.book import inbox, strangers
from smoney_bot.book.engine import Book
from smoney_bot.book.states import MessageState


def _told(book: Book, minutes: int) -> set[str]:
    with book.reading() as connection:
        return strangers.told(connection, ["x-1", "x-2"], NOON + minutes * MINUTE)


def test_who_was_told_is_remembered_for_a_day(book: Book) -> None:
    book.run(lambda c: strangers.tell(c, ["x-1"], NOON))
    assert _told(book, 0) == {"x-1"}
    assert _told(book, 24 * 60 - 1) == {"x-1"}
    assert _told(book, 24 * 60) == set()
    book.run(lambda c: strangers.tell(c, ["x-2", "x-1"], NOON + timedelta(days=1)))
    assert _told(book, 24 * 60) == {"x-1", "x-2"}
    book.run(lambda c: strangers.tell(c, [], NOON))


def test_who_was_told_is_forgotten_after_a_day(book: Book) -> None:
    book.run(lambda c: strangers.tell(c, ["x-1"], NOON))
    book.run(lambda c: strangers.tell(c, ["x-2"], NOON + MINUTE))
    assert book.run(lambda c: strangers.forget(c, NOON + timedelta(days=1))) == 1
    with book.reading() as connection:
        assert not strangers.any_over(connection, NOON + timedelta(days=1))
        assert strangers.any_over(connection, NOON + timedelta(days=1, minutes=1))


def test_what_waits_of_a_stranger_is_passed_over_and_of_nobody_else(book: Book) -> None:
    kept = [message(1, "x-1"), message(2, "x-1", minute=1), message(3, "x-2")]
    book.run(lambda c: inbox.keep(c, kept, NOON))
    [first] = book.run(
        lambda c: inbox.claim(c, now=NOON + MINUTE, limit=1, lease=timedelta(seconds=30))
    )
    assert first.message.key == "t:1"
    assert book.run(lambda c: strangers.pass_over(c, ["x-1"], NOON)) == [True]
    with book.reading() as connection:
        states = {one.key: (one.state, one.reason) for one in inbox.listing(connection)}
    assert states == {
        "t:1": (MessageState.CLAIMED, ""),
        "t:2": (MessageState.IGNORED, "told_today"),
        "t:3": (MessageState.RECEIVED, ""),
    }
    with book.reading() as connection:
        left = connection.exec_driver_sql("SELECT key FROM inbox WHERE payload IS NULL").all()
    assert [tuple(row) for row in left] == [("t:2",)], "its words and tags are gone"
