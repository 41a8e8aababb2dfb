"""A claim finds everybody's turn, however many messages one author has waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from book_cast import MINUTE, NOON, message
from sqlalchemy import Connection, event, text

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


# What a claim costs, however much waits ------------------------------------------------

WAITING = 1_000
ASKED = 50


@pytest.fixture
def crowded(postgres_url: Callable[[], str]) -> Iterator[Connection]:
    """An inbox in which much waits, and which was empty when PostgreSQL last counted."""
    book = Book(postgres_url())
    with book.writing() as connection:
        inbox.keep(connection, [message(0, "x-nobody")], NOON - HOUR)
        connection.execute(text("UPDATE inbox SET state = 'ignored', decided_at = due_at"))
        connection.execute(text("ANALYZE inbox"))
    many = [message(number, f"x-{number}", minute=number % 9) for number in range(1, WAITING)]
    book.run(lambda c: inbox.keep(c, many, NOON))
    with book.writing() as connection:
        yield connection
    book.close()


def _explained(connection: Connection, explain: str) -> Any:  # noqa: ANN401 - a plan, as each engine has it
    """Return the plan by which it is found who of some authors is free."""
    said: list[tuple[str, Any]] = []

    def note(_: object, __: object, words: str, given: Any, *___: object) -> None:  # noqa: ANN401 - the driver's
        said.append((words, given))

    event.listen(connection, "before_cursor_execute", note)
    asked = {"ids": list(range(2, 2 + ASKED)), "most": ASKED}
    connection.execute(claims._FREE, asked)  # noqa: SLF001 - looked at from inside
    event.remove(connection, "before_cursor_execute", note)
    ((words, given),) = said
    return connection.exec_driver_sql(f"{explain} {words}", given).all()


def _pages_read(connection: Connection) -> int:
    ((plan,),) = _explained(connection, "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)")
    top = plan[0]["Plan"]
    assert top["Actual Rows"] == ASKED
    return int(top["Shared Hit Blocks"] + top["Shared Read Blocks"])


def test_to_find_who_is_free_takes_a_few_pages_for_each_however_many_wait(
    crowded: Connection,
) -> None:
    assert _pages_read(crowded) < 10 * ASKED


def test_without_its_index_all_that_waits_is_read_for_each(crowded: Connection) -> None:
    """The negative control."""
    crowded.execute(text("DROP INDEX ix_inbox_undecided"))
    assert _pages_read(crowded) > 10 * ASKED


def test_sqlite_finds_them_by_the_same_index(sqlite_book: Book) -> None:
    with sqlite_book.reading() as connection:
        plan = str(_explained(connection, "EXPLAIN QUERY PLAN"))
    assert "USING INDEX ix_inbox_undecided (author_id=?)" in plan
