"""Where many orders wait, a second counter claims while the first one's codes are checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from workers_cast import (
    PIN,
    Pool,
    Saying,
    balances,
    counter,
    keep,
    open_account,
    outcomes,
    problems,
)

from smoney_bot.book.engine import Book
from smoney_bot.workers import counter as counters

MANY = counters._MANY  # noqa: SLF001 - the figure itself
PAYERS = ["alice", "carol", "dave", "erin"]


def strangers(count: int) -> list[Saying]:
    """What so many people without an account say to the bot alone."""
    return [Saying(number, f"stranger{number}", "#solde", public=False) for number in range(count)]


@pytest.mark.parametrize(("waiting", "calls"), [(1, 0), (MANY - 1, 0), (MANY, 1)])
def test_another_counter_is_called_only_where_many_wait(
    sqlite_book: Book, waiting: int, calls: int
) -> None:
    called: list[int] = []
    keep(sqlite_book, strangers(waiting))
    with counter(sqlite_book) as serving:
        serving.on_many = lambda: called.append(1)
        assert serving.serve() == waiting
    assert len(called) == calls


def test_what_another_claims_while_codes_are_checked_is_paid_once(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counters, "BATCH_MAX", 2)
    open_account(book, "bob", 0)
    for payer in PAYERS:
        open_account(book, payer, 5000)
    orders = (Saying(n, one, f"#1 @bob #{PIN}", public=False) for n, one in enumerate(PAYERS))
    keep(book, orders)
    served: list[int] = []
    with counter(book) as second:
        with counter(book, meanwhile=lambda: served.append(second.serve())) as first:
            served.append(first.serve())
        assert second.serve() == 0
    assert served == [2, 2]
    assert balances(book)["bob"] == 400
    assert set(outcomes(book).values()) == {("applied", "")}
    assert problems(book) == []


class CountingPool(Pool):
    """Counts what it is given to check."""

    given = 0

    def map(
        self,
        fn: Callable[..., Any],
        *iterables: Iterable[Any],
        **options: Any,  # noqa: ANN401 - passes everything through
    ) -> Iterator[Any]:
        claims = list(zip(*iterables, strict=True))
        self.given += len(claims)
        return super().map(fn, *zip(*claims, strict=True), **options)


@pytest.mark.parametrize(
    ("author", "text", "given"),
    [
        ("alice", f"#1 @bob #{PIN}", 1),  # the negative control: this one takes a hash
        ("alice", "#1 @bob #123456", 0),  # an authenticator's, and she has none
        ("alice", "#solde", 0),
        ("mallory", f"#1 @bob #{PIN}", 0),  # no account
    ],
)
def test_only_what_takes_a_hash_is_given_to_a_thread(
    sqlite_book: Book, author: str, text: str, given: int
) -> None:
    open_account(sqlite_book, "alice", 5000)
    open_account(sqlite_book, "bob", 0)
    keep(sqlite_book, [Saying(1, author, text, public=False)])
    with counter(sqlite_book) as serving, CountingPool() as pool:
        serving.pool = pool
        assert serving.serve() == 1
    assert pool.given == given
