"""The watch: every loop of the workers is noted, seldom, and only for its own rounds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from structlog.testing import capture_logs
from workers_cast import BOT, KEYS, RULES, nobody, rows

from smoney_bot.book import rounds
from smoney_bot.book.engine import Book
from smoney_bot.channels.x.client import XClient
from smoney_bot.workers import watch
from smoney_bot.workers.catching_up import CatchingUp
from smoney_bot.workers.loops import Workers
from smoney_bot.workers.watch import Watch

LOOPS = {"counter", "counter-2", "sender", "timers", "sealing", "catching-up"}


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    with capture_logs() as lines:
        yield lines


def moments(book: Book) -> dict[str, datetime]:
    with book.reading() as connection:
        return {one.loop: one.at for one in rounds.listing(connection)}


def test_all_loops_of_the_workers_are_watched_from_their_start(sqlite_book: Book) -> None:
    workers = Workers(sqlite_book, RULES, KEYS, nobody, 1)
    workers.start()
    assert moments(sqlite_book).keys() == LOOPS
    workers.stop()


def test_what_came_round_meanwhile_is_noted_with_its_own_moment(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([0.0, 100.0, 140.0, 140.0])
    monkeypatch.setattr(watch, "monotonic", lambda: next(times))
    watching = Watch(book, {"counter": 60, "sender": 60, "timers": 60})
    watching.came_round("timers")  # at 0: the first is noted at once, and 0 s old at 100
    assert moments(book).keys() == {"timers"}
    watching._came["sender"] = 125.0  # noqa: SLF001 - it came round when nobody was to note
    watching._next = 130.0  # noqa: SLF001
    watching.came_round("counter")  # at 140
    noted = moments(book)
    assert noted.keys() == {"counter", "sender", "timers"}
    assert noted["counter"] - noted["sender"] == timedelta(seconds=15)


def test_an_idle_book_is_hardly_written_to(book: Book) -> None:
    watching = Watch(book, {"counter": 60})
    watching.came_round("counter")
    before = moments(book)
    for _ in range(1000):
        watching.came_round("counter")
    assert moments(book) == before


def test_a_loop_that_is_gone_from_the_program_is_forgotten_at_the_start(book: Book) -> None:
    Watch(book, {"old": 60, "counter": 60}).begin()
    with book.writing() as connection:
        noted = [
            rounds.Round(one.loop, 60, one.at - timedelta(hours=1))
            for one in rounds.listing(connection)
        ]
        rounds.note(connection, noted)
    Watch(book, {"counter": 60}).begin()
    assert rows(book, "SELECT loop FROM rounds") == [("counter",)]


def test_a_book_that_is_away_stops_no_loop(logged: list[Any]) -> None:
    away = Book("postgresql+psycopg://smoney:invented-word@127.0.0.1:9/smoney")
    Watch(away, {"counter": 60}).came_round("counter")
    assert [one["event"] for one in logged] == ["watch.away"]
    away.close()


def test_catching_up_comes_round_though_x_is_away_but_not_if_it_cannot_keep_what_it_read(
    sqlite_book: Book,
) -> None:
    reading = CatchingUp(sqlite_book, nobody(), KEYS, BOT)
    assert reading.serve() == 0
    assert reading.is_sound(), "X being away shows by the age of its lists"
    broken = CatchingUp(sqlite_book, cast("XClient", None), KEYS, BOT)
    with pytest.raises(AttributeError):
        broken.serve()
    assert not broken.is_sound()
