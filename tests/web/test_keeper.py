"""The keeper: nobody is told "kept" before it is on disk, and a busy door shares commits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from door_cast import AWAY, kept, writes_held
from structlog.testing import capture_logs

from smoney_bot.bank.errors import TryLater
from smoney_bot.bank.messages import Form, Message
from smoney_bot.book.engine import Book
from smoney_bot.web import keeper as keeper_module
from smoney_bot.web.keeper import Keeper

Answer = TypeVar("Answer")

MESSAGE = Message(
    key="t:0",
    form=Form.POST,
    edited=False,
    message_id="0",
    author_id="111111111",
    author_handle="alice",
    text="@Smoney #help",
    written_at=datetime(2026, 11, 24, 12, tzinfo=UTC),
    body=(0, 13),
    mentions=(),
)


def message(number: int) -> Message:
    return replace(MESSAGE, key=f"t:{number}", message_id=str(number))


class EarlyKeeper(Keeper):
    """A sabotage: says "kept" first, and keeps then."""

    def _write(self, group: Any) -> None:  # noqa: ANN401 - whatever the keeper writes
        self._answer(group, frozenset())
        super()._write(group)


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def open_keeper(book: Book) -> Iterator[Callable[..., Keeper]]:
    """Return a function that starts a keeper of *book*, stopped at the end."""
    started: list[Keeper] = []

    def start(kind: type[Keeper] = Keeper, on_kept: Callable[[], None] = lambda: None) -> Keeper:
        started.append(kind(book, on_kept))
        started[-1].start()
        return started[-1]

    yield start
    for one in started:
        one.stop()


def run(work: Awaitable[Answer]) -> Answer:
    """Run *work* in a loop and a thread of its own, for ten seconds at most.

    A browser that another test left open holds the loop of this thread.
    """

    async def bounded() -> Answer:
        async with asyncio.timeout(10):
            return await work

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, bounded()).result()


async def told_while_held(keeper: Keeper, url: str) -> bool:
    """Whether *keeper* says "kept" while nobody can write."""
    keeping = asyncio.create_task(keeper.keep([message(1)]))
    with writes_held(url):
        await asyncio.sleep(0)  # the task begins: its call waits from now on
        done, _ = await asyncio.wait([keeping], timeout=0.3)
    await keeping
    return bool(done)


def test_nobody_is_told_before_the_row_is_on_disk(
    book: Book, book_url: str, open_keeper: Callable[..., Keeper]
) -> None:
    assert not run(told_while_held(open_keeper(), book_url))
    assert [one.key for one in kept(book)] == ["t:1"]


def test_a_keeper_that_speaks_too_early_is_caught(
    book_url: str, open_keeper: Callable[..., Keeper]
) -> None:
    """The negative control of the check above."""
    assert run(told_while_held(open_keeper(EarlyKeeper), book_url))


def test_whoever_is_told_finds_the_row_from_elsewhere(
    book_url: str, open_keeper: Callable[..., Keeper]
) -> None:
    keeper, elsewhere = open_keeper(), Book(book_url)

    async def one_by_one() -> None:
        for number in range(20):
            await keeper.keep([message(number)])
            assert len(kept(elsewhere)) == number + 1

    run(one_by_one())
    elsewhere.close()


async def _at_once(keeper: Keeper, url: str, count: int) -> list[frozenset[str] | BaseException]:
    """Bring *count* messages at once while nobody can write; return what each one was told."""
    with writes_held(url):
        calls = [asyncio.create_task(keeper.keep([message(n)])) for n in range(count)]
        await asyncio.sleep(0.1)
    return await asyncio.gather(*calls, return_exceptions=True)


def test_what_comes_at_once_shares_a_few_commits_and_is_all_kept(
    book: Book, book_url: str, open_keeper: Callable[..., Keeper]
) -> None:
    commits: list[int] = []
    keeper = open_keeper(on_kept=lambda: commits.append(1))
    told = run(_at_once(keeper, book_url, 300))
    keeper.stop()  # the last commit is counted after its callers are told
    assert all(isinstance(new, frozenset) and message(n).key in new for n, new in enumerate(told))
    assert len({one.key for one in kept(book)}) == 300
    assert 300 / keeper_module._GROUP_MAX <= len(commits) <= 7  # noqa: SLF001 - the bound under test


def test_messages_that_are_there_already_count_as_kept(
    book: Book, open_keeper: Callable[..., Keeper]
) -> None:
    keeper = open_keeper()
    assert run(keeper.keep([message(1), message(2)])) >= {message(1).key, message(2).key}
    assert message(2).key not in run(keeper.keep([message(2), message(3)])), "it is not new"
    assert len(kept(book)) == 3


def test_more_calls_than_may_wait_are_sent_away_at_once(
    book: Book,
    book_url: str,
    open_keeper: Callable[..., Keeper],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keeper_module, "_WAITING_MAX", 5)
    told = run(_at_once(open_keeper(), book_url, 40))
    welcome = sum(isinstance(one, frozenset) for one in told)
    assert 5 <= welcome <= 11, "those that wait, and those in hand"
    assert {type(one) for one in told if not isinstance(one, frozenset)} == {TryLater}
    assert len(kept(book)) == welcome, "who was told is kept, and nobody else"


def test_a_book_that_is_away_is_said_to_be_and_may_come_back(book: Book, logged: list[Any]) -> None:
    away = Book(AWAY)
    keeper = Keeper(away)
    keeper.start()
    with pytest.raises(TryLater):
        run(keeper.keep([message(1)]))
    assert [one["event"] for one in logged] == ["inbox.away"]
    keeper._book = book  # noqa: SLF001 - the same keeper, as if its database had come back
    run(keeper.keep([message(1)]))
    keeper.stop()
    away.close()
    assert len(kept(book)) == 1


def test_a_fault_of_ours_keeps_nothing_and_ends_nothing(
    book: Book, open_keeper: Callable[..., Keeper], logged: list[Any]
) -> None:
    keeper = open_keeper()
    with pytest.raises(TryLater, match="inbox: "):
        run(keeper.keep([replace(message(1), written_at=datetime(2026, 11, 24, 12))]))  # noqa: DTZ001 - the fault
    assert [one["event"] for one in logged] == ["inbox.failed"]
    run(keeper.keep([message(2)]))
    assert [one.key for one in kept(book)] == ["t:2"]


def test_callers_who_hung_up_break_nothing(
    book: Book, book_url: str, open_keeper: Callable[..., Keeper]
) -> None:
    keeper = open_keeper()

    async def hang_up() -> None:
        with writes_held(book_url):
            calls = [asyncio.create_task(keeper.keep([message(n)])) for n in range(10)]
            await asyncio.sleep(0.05)
            for call in calls[::2]:
                call.cancel()
            await asyncio.sleep(0.05)
        await asyncio.gather(*calls[1::2])

    run(hang_up())
    run(keeper.keep([message(10)]))
    assert len(kept(book)) == 11, "what was brought is kept, heard or not"


def test_a_loop_that_is_gone_breaks_nothing(
    book: Book, book_url: str, open_keeper: Callable[..., Keeper]
) -> None:
    keeper = open_keeper()

    async def leave() -> None:
        keeping = asyncio.create_task(keeper.keep([message(1)]))
        await asyncio.sleep(0.05)
        keeping.cancel()

    with writes_held(book_url):
        run(leave())
    run(keeper.keep([message(2)]))
    assert len(kept(book)) == 2


def test_stopping_keeps_what_waits(book: Book, book_url: str) -> None:
    keeper = Keeper(book)
    keeper.start()
    stopping = threading.Thread(target=keeper.stop)

    async def stop_meanwhile() -> None:
        with writes_held(book_url):
            calls = [asyncio.create_task(keeper.keep([message(n)])) for n in range(100)]
            await asyncio.sleep(0.05)
            stopping.start()
        await asyncio.gather(*calls)

    run(stop_meanwhile())
    stopping.join()
    assert len(kept(book)) == 100


class BrittleKeeper(Keeper):
    """A sabotage: whatever happens beside the writing ends it."""

    def _write(self, group: Any) -> None:  # noqa: ANN401 - whatever the keeper writes
        try:
            super()._write(group)
        except Exception:  # noqa: BLE001 - the sabotage
            raise SystemExit from None  # ends a thread without a word


class AbruptKeeper(Keeper):
    """Its thread ends in the middle of its work."""

    def _write(self, group: Any) -> None:  # noqa: ANN401 - whatever the keeper writes
        del group
        raise SystemExit


class DeafKeeper(BrittleKeeper):
    """A sabotage: ends like that one, and tells nobody."""

    alive = True

    def _send_away(self) -> None:
        pass


#: pytest hears of a thread that ends so.
_ENDS_HARD = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


def _fail() -> None:
    raise RuntimeError("nobody could be woken")


def test_a_fault_beside_the_keeping_ends_nothing(
    book: Book, open_keeper: Callable[..., Keeper], logged: list[Any]
) -> None:
    keeper = open_keeper(on_kept=_fail)
    for number in range(3):
        assert run(keeper.keep([message(number)])) == {f"t:{number}"}
    assert keeper.alive
    keeper.stop()
    assert [one["event"] for one in logged] == ["keeper.failed"] * 3
    assert len(kept(book)) == 3


@_ENDS_HARD
def test_a_keeper_that_has_ended_sends_everybody_away_at_once(
    book: Book, book_url: str, open_keeper: Callable[..., Keeper], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "_GROUP_MAX", 2)
    keeper = open_keeper(BrittleKeeper, on_kept=_fail)
    told = run(_at_once(keeper, book_url, 6))
    assert not keeper.alive
    assert {type(one) for one in told} == {frozenset, TryLater}, "those behind are sent away"
    with pytest.raises(TryLater, match="ended"):
        run(keeper.keep([message(7)]))
    assert len(kept(book)) == sum(isinstance(one, frozenset) for one in told)


@_ENDS_HARD
def test_whoever_is_in_hand_when_it_ends_is_sent_away_too(
    open_keeper: Callable[..., Keeper],
) -> None:
    with pytest.raises(TryLater, match="SystemExit"):
        run(open_keeper(AbruptKeeper).keep([message(1)]))


@_ENDS_HARD
def test_a_keeper_that_ends_without_a_word_is_caught(open_keeper: Callable[..., Keeper]) -> None:
    """The negative control of the check above: whoever comes later waits for ever."""
    keeper = open_keeper(DeafKeeper, on_kept=_fail)
    run(keeper.keep([message(1)]))

    async def wait_a_little() -> None:
        async with asyncio.timeout(0.3):
            await keeper.keep([message(2)])

    with pytest.raises(TimeoutError):
        run(wait_a_little())


def test_a_keeper_takes_nothing_before_its_start_and_after_its_end(book: Book) -> None:
    keeper = Keeper(book)
    with pytest.raises(TryLater, match="ended"):
        run(keeper.keep([message(1)]))
    keeper.start()
    keeper.stop()
    with pytest.raises(TryLater, match="ended"):
        run(keeper.keep([message(1)]))
    assert kept(book) == []
