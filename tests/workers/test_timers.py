"""The timers do each of their things whatever becomes of the others, and hide no failure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs
from workers_cast import execute, open_account, rows, say

from smoney_bot.bank.errors import TryLater
from smoney_bot.book import (
    asks,
    collections,
    deletions,
    desk_purges,
    holds,
    payments,
    purges,
    strangers,
)
from smoney_bot.book.engine import Book
from smoney_bot.workers import loops
from smoney_bot.workers.loops import Loop
from smoney_bot.workers.timers import Timers

#: By what each step looks whether something is due.
LOOKS: list[tuple[ModuleType, str]] = [
    (payments, "next_end"),
    (holds, "any_due"),
    (asks, "next_end"),
    (collections, "over"),
    (deletions, "any_left"),
    (purges, "any_due"),
    (desk_purges, "any_due"),
    (strangers, "any_over"),
]


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    with capture_logs() as lines:
        yield lines


def _fail(*_: object) -> None:
    raise RuntimeError("one row that nobody can read")


def _be_away(*_: object) -> None:
    raise OperationalError("SELECT", {}, Exception("nobody there"), connection_invalidated=True)


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[ModuleType, str]]:
    """Which steps have looked."""
    seen: list[tuple[ModuleType, str]] = []

    def watch(one: tuple[ModuleType, str], look: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*given: object) -> object:
            seen.append(one)
            return look(*given)

        return watched

    for one in LOOKS:
        monkeypatch.setattr(*one, watch(one, getattr(*one)))
    return seen


@pytest.mark.parametrize("broken", LOOKS, ids=lambda one: f"{one[0].__name__}.{one[1]}")
def test_what_fails_stops_nothing_else_and_is_raised_in_the_end(
    sqlite_book: Book,
    looked: list[tuple[ModuleType, str]],
    broken: tuple[ModuleType, str],
    monkeypatch: pytest.MonkeyPatch,
    logged: list[Any],
) -> None:
    monkeypatch.setattr(*broken, _fail)
    with pytest.raises(ExceptionGroup) as raised:
        Timers(sqlite_book).serve()
    assert raised.value.subgroup(RuntimeError) is not None
    assert sorted(looked, key=LOOKS.index) == [one for one in LOOKS if one is not broken]
    assert "step.failed" in {one["event"] for one in logged}


def test_an_order_expires_although_something_else_cannot_be_read(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_account(book, "alice", 100_00)
    open_account(book, "bob", 0)
    say(book, 1, "alice", "@Smoney #20 @bob", public=True)
    execute(book, "UPDATE payments SET expires_at = created_at")
    monkeypatch.setattr(deletions, "any_left", _fail)
    monkeypatch.setattr(holds, "any_due", _fail)
    with pytest.raises(ExceptionGroup):
        Timers(book).serve()
    assert rows(book, "SELECT state FROM payments") == [("expired",)]


def test_a_step_in_whose_way_the_database_is_makes_the_round_one_for_later(
    sqlite_book: Book, looked: list[tuple[ModuleType, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payments, "next_end", _be_away)
    with pytest.raises(TryLater):
        Timers(sqlite_book).serve()
    assert len(looked) == len(LOOKS) - 1


def test_a_round_with_a_failed_step_does_not_count(
    sqlite_book: Book, monkeypatch: pytest.MonkeyPatch, logged: list[Any]
) -> None:
    monkeypatch.setattr(loops, "_AFTER_ERROR_SECONDS", 0.01)
    monkeypatch.setattr(strangers, "any_over", _fail)
    came: list[str] = []
    loop = Loop("timers", Timers(sqlite_book).serve, poll=0.01)
    loop.start(came.append)
    _until(lambda: [one["event"] for one in logged].count("loop.failed") > 1)
    assert came == []
    monkeypatch.undo()
    _until(lambda: came != [])
    loop.stop()
    loop.join()


def _until(settled: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not settled():
        assert time.monotonic() < deadline
        time.sleep(0.01)
