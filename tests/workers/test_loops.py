"""The loops: they stop between two batches, wake at once, and outlive what fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs
from workers_cast import (
    KEYS,
    PIN,
    RULES,
    Saying,
    balances,
    keep,
    nobody,
    open_account,
    outcomes,
    rows,
)

from smoney_bot.bank.errors import TryLater
from smoney_bot.book.engine import Book
from smoney_bot.workers import loops
from smoney_bot.workers.loops import Loop, Workers

#: Longer than any of these tests may last: who waits for it has not been woken.
LONG = 60.0
PATIENCE = 10.0


class Work:
    """Something to serve: counts its batches, and stays in one as long as it is told to."""

    def __init__(self, *results: int | Exception) -> None:
        self._results = list(results)
        self.begun = threading.Semaphore(0)
        self.finished = 0
        self.go_on = threading.Event()
        self.go_on.set()

    def serve(self) -> int:
        self.begun.release()
        assert self.go_on.wait(PATIENCE)
        result = self._results.pop(0) if self._results else 0
        self.finished += 1
        if isinstance(result, Exception):
            raise result
        return result


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    with capture_logs() as lines:
        yield lines


def begins(work: Work) -> bool:
    """Whether *work* begins another batch soon."""
    return work.begun.acquire(timeout=PATIENCE)


def running(work: Work, poll: float = LONG) -> Loop:
    loop = Loop("test", work.serve, poll)
    loop.start()
    assert begins(work)
    return loop


def until(settled: Callable[[], bool]) -> None:
    """Wait until *settled* says yes."""
    deadline = time.monotonic() + PATIENCE
    while not settled():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def end(loop: Loop) -> None:
    loop.stop()
    loop.join()


def test_stopping_finishes_the_batch_in_hand_and_begins_no_other() -> None:
    work = Work(5, 5, 5)
    work.go_on.clear()
    loop = running(work)
    loop.stop()
    assert loop.alive, "the batch is still in hand"
    assert work.finished == 0
    work.go_on.set()
    loop.join()
    assert (work.finished, loop.alive) == (1, False)


def test_a_loop_serves_on_as_long_as_there_is_work() -> None:
    work = Work(1, 1, 1)
    loop = running(work)
    assert all(begins(work) for _ in range(3))
    until(lambda: work.finished == 4)
    end(loop)
    assert work.finished == 4, "three with work, one without; then it slept"


def test_waking_serves_at_once() -> None:
    work = Work()
    loop = running(work)
    until(lambda: work.finished == 1)
    loop.wake()
    assert begins(work)
    end(loop)


def test_what_comes_during_a_batch_is_not_missed() -> None:
    """Woken while it serves an empty batch, it looks again instead of falling asleep."""
    work = Work()
    work.go_on.clear()
    loop = running(work)
    loop.wake()
    work.go_on.set()
    assert begins(work)
    end(loop)


def test_without_being_woken_it_looks_again_after_a_while() -> None:
    work = Work()
    loop = running(work, poll=0.05)
    assert begins(work)
    assert begins(work)
    end(loop)


def test_a_sleeping_loop_stops_at_once() -> None:
    work = Work()
    loop = running(work)
    started = time.monotonic()
    end(loop)
    assert time.monotonic() - started < PATIENCE


@pytest.mark.parametrize(
    ("error", "event"), [(TryLater("away"), "loop.away"), (RuntimeError("bug"), "loop.failed")]
)
def test_an_exception_does_not_end_the_loop(
    error: Exception, event: str, logged: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loops, "_AFTER_ERROR_SECONDS", 0.05)
    work = Work(error, error)
    loop = running(work)
    assert begins(work)
    assert begins(work)
    until(lambda: work.finished == 3)
    assert loop.alive
    end(loop)
    assert [one["event"] for one in logged] == [event, event]


def test_a_loop_that_waits_after_an_error_stops_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "_AFTER_ERROR_SECONDS", LONG)
    work = Work(RuntimeError("bug"))
    loop = running(work)
    until(lambda: work.finished == 1)
    started = time.monotonic()
    end(loop)
    assert time.monotonic() - started < PATIENCE


# All loops of one process -------------------------------------------------------------


def test_the_workers_serve_what_is_kept_when_they_are_woken(sqlite_book: Book) -> None:
    open_account(sqlite_book, "alice", 5000)
    open_account(sqlite_book, "bob", 0)
    workers = Workers(sqlite_book, RULES, KEYS, nobody, 2)
    workers.start()
    keep(sqlite_book, [Saying(n, "alice", f"#1 @bob #{PIN}", public=False) for n in range(3)])
    workers.wake()
    until(lambda: set(outcomes(sqlite_book).values()) == {("applied", "")})
    workers.stop()
    assert balances(sqlite_book)["bob"] == 300


def test_the_workers_wake_their_second_counter_where_many_wait(
    sqlite_book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[str] = []
    really_wake = Loop.wake

    def wake(loop: Loop) -> None:
        woken.append(loop.name)
        really_wake(loop)

    monkeypatch.setattr(Loop, "wake", wake)
    keep(sqlite_book, [Saying(n, f"stranger{n}", "#solde", public=False) for n in range(256)])
    workers = Workers(sqlite_book, RULES, KEYS, nobody, 2)
    workers.start()
    until(lambda: "counter-2" in woken)
    workers.stop()


def test_the_workers_leave_the_rest_in_its_box(sqlite_book: Book) -> None:
    open_account(sqlite_book, "alice", 5000)
    open_account(sqlite_book, "bob", 0)
    keep(sqlite_book, [Saying(n, "alice", f"#1 @bob #{PIN}", public=False) for n in range(40)])
    workers = Workers(sqlite_book, RULES, KEYS, nobody, 2)
    workers.start()
    until(lambda: ("applied", "") in outcomes(sqlite_book).values())
    workers.stop()
    states = {state for state, _ in outcomes(sqlite_book).values()}
    assert states == {"applied", "received"}, "none is left in hand, none is lost"
    done = sum(state == "applied" for state, _ in outcomes(sqlite_book).values())
    assert balances(sqlite_book)["bob"] == done * 100
    assert rows(sqlite_book, "SELECT count(*) FROM inbox") == [(40,)]
