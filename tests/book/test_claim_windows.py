"""A claim finds everybody's turn, however many messages one author has waiting."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from book_cast import MINUTE, NOON, message
from sqlalchemy import text

from smoney_bot.book import claims, inbox
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import Outrun

HOUR = 60 * MINUTE
MANY = 20


@pytest.fixture(autouse=True)
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "_WINDOW", 4)


def _keep_flood(book: Book) -> None:
    """Keep many messages of mallory, and after them one each of alice and bob."""
    flood = [message(number, "x-mallory", minute=number) for number in range(MANY)]
    others = [message(100, "x-alice", minute=100), message(101, "x-bob", minute=101)]
    book.run(lambda c: inbox.keep(c, [*flood, *others], NOON))


def _claim(book: Book, limit: int = 9) -> list[str]:
    now = NOON + HOUR
    claimed = book.run(lambda c: inbox.claim(c, now=now, limit=limit, lease=timedelta(seconds=30)))
    return [one.message.key for one in claimed]


def test_a_flood_by_one_author_hides_nobody(book: Book) -> None:
    _keep_flood(book)
    assert _claim(book) == ["t:0", "t:100", "t:101"]
    assert _claim(book) == [], "one at a time for each author"


def test_no_more_are_claimed_than_asked_for(book: Book) -> None:
    _keep_flood(book)
    assert _claim(book, limit=2) == ["t:0", "t:100"]


def test_whoever_looks_at_one_window_only_misses_the_others(
    sqlite_book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    monkeypatch.setattr(claims, "_WINDOWS_MAX", 1)
    _keep_flood(sqlite_book)
    assert _claim(sqlite_book) == ["t:0"]


def test_an_older_message_that_is_not_due_yet_still_comes_first(book: Book) -> None:
    first, second = message(1, "x-alice"), message(2, "x-alice", minute=1)
    book.run(lambda c: inbox.keep(c, [second], NOON))
    book.run(lambda c: inbox.keep(c, [first], NOON + 2 * HOUR))
    assert _claim(book) == []


def test_whoever_is_outrun_claims_nothing(postgres_url: Callable[[], str]) -> None:
    book = Book(postgres_url())
    older, newer = message(1, "x-alice"), message(2, "x-alice", minute=1)
    with ThreadPoolExecutor(1) as thread:
        with book.writing() as connection:
            inbox.keep(connection, [newer], NOON)
        with book.writing() as faster:
            lease = timedelta(seconds=30)
            (first,) = inbox.claim(faster, now=NOON + HOUR, limit=9, lease=lease)
            book.run(lambda c: inbox.keep(c, [older], NOON))
            outrun = thread.submit(_claim, book)
            _wait_until_somebody_waits(book)
        with pytest.raises(Outrun):
            outrun.result()
    assert first.message.key == newer.key
    assert _claim(book) == [], "one at a time for each author"
    book.close()


def _wait_until_somebody_waits(book: Book) -> None:
    waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        with book.reading() as connection:
            if connection.execute(waits).scalar_one():
                return
        time.sleep(0.01)
    pytest.fail("nobody waits")
