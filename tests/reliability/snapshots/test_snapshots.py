"""Whoever reads the book while payments are booked sees every cent exactly once.

Jepsen's bank test: money moves between a few accounts, readers take snapshots,
the total never changes. Full count (`SMONEY_RELIABILITY=full`): 10,000 snapshots
on each engine.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

from reliability_figures import FULL, SEED, chance, record
from sqlalchemy import Connection, make_url

from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Transfer
from smoney_bot.bank.money import Cents, euros
from smoney_bot.book import customers, ledger
from smoney_bot.book.engine import Book

SNAPSHOTS = 10_000 if FULL else 60

_ACCOUNTS, _WRITERS, _READERS = 6, 3, 3
_START = euros(100)
_TOTAL = _ACCOUNTS * _START

Read = Callable[[Book, Sequence[int]], list[int]]


def _open_accounts(book: Book) -> list[int]:
    def work(connection: Connection) -> list[int]:
        now, opened = book.now(connection), []
        for number in range(_ACCOUNTS):
            one: Customer = customers.open_account(
                connection, handle=f"payer_{number}", x_id=str(10**9 + number), now=now
            )
            ledger.deposit(connection, one, _START, f"first {number}", now)
            opened.append(one.account_id)
        return opened

    return book.run(work)


def _pay(book: Book, accounts: Sequence[int], writer: int, ended: threading.Event) -> int:
    """Move money at random until the end; return how many payments there were."""
    dice, now = chance(f"writer {writer}"), datetime.now(UTC)
    for number in itertools.count():
        if ended.is_set():
            return number
        source, target = dice.sample(accounts, 2)
        transfer = Transfer(
            key=f"t:{writer}-{number}",
            kind=ledger.PAYMENT,
            source=source,
            target=target,
            amount=Cents(dice.randint(1, 2000)),
            booked_at=now,
        )
        book.run(partial(_move, transfer=transfer))
    raise AssertionError


def _move(connection: Connection, transfer: Transfer) -> None:
    held = ledger.lock(connection, [transfer.source, transfer.target])
    if held[transfer.source] >= transfer.amount:
        ledger.book(connection, [transfer])


@contextmanager
def _payments(book: Book, accounts: Sequence[int]) -> Iterator[list[int]]:
    """Have payments going on; at the end the list holds how many each writer made."""
    ended, made = threading.Event(), list[int]()
    with ThreadPoolExecutor(_WRITERS) as pool:
        writers = [pool.submit(_pay, book, accounts, n, ended) for n in range(_WRITERS)]
        try:
            yield made
        finally:
            ended.set()
        made += [writer.result() for writer in writers]


def _at_one_moment(book: Book, accounts: Sequence[int]) -> list[int]:
    with book.reading() as connection:
        return [ledger.balance(connection, one) for one in accounts]


def _one_after_the_other(book: Book, accounts: Sequence[int]) -> list[int]:
    """The sabotage: a transaction for each balance."""
    return [_at_one_moment(book, [one])[0] for one in accounts]


def _snapshots(book: Book, read: Read, count: int) -> tuple[list[list[int]], int]:
    """Take *count* snapshots under payments; return those that are wrong, and the payments."""
    accounts = _open_accounts(book)
    with _payments(book, accounts) as made, ThreadPoolExecutor(_READERS) as readers:
        seen = list(readers.map(lambda _: read(book, accounts), range(count)))
    return [one for one in seen if sum(one) != _TOTAL or min(one) < 0], sum(made)


def test_every_snapshot_of_the_book_holds_every_cent_once(book: Book, book_url: str) -> None:
    started = time.monotonic()
    wrong, payments = _snapshots(book, _at_one_moment, SNAPSHOTS)
    record(
        "snapshots under payments",
        counted=f"{SNAPSHOTS:,} snapshots, {payments:,} payments",
        violations=len(wrong),
        seconds=time.monotonic() - started,
        seed=SEED,
        engine=make_url(book_url).get_backend_name(),
    )
    assert wrong == []
    assert payments > _WRITERS


def test_balances_read_one_after_the_other_do_not_add_up(book: Book) -> None:
    wrong, _ = _snapshots(book, _one_after_the_other, 60)
    assert wrong
