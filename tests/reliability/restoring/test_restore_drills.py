"""A bank that lost its book goes on from any backup: nothing twice, no code once more.

Full count (`SMONEY_RELIABILITY=full`): 200 drills. What holds, and what does not:

    a payment whose message X still lists comes back as it was, under the same key
    its code is used up again before anything new is served
    a payment whose post is gone from X is lost; its code works once more, until the
    customer has a new card
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from door_cast import settings
from drills import Drill, drill, pay_at_once
from local_people import KEYRING, local_people
from lost_bank import LostBank, messages, paid, teller
from reliability_figures import FULL, SEED, chance, record
from sqlalchemy import Connection, text

from smoney_bot.bank.errors import TryLater
from smoney_bot.book import backups
from smoney_bot.book import codes as code_records
from smoney_bot.book.engine import Book
from smoney_bot.cli.running import working
from smoney_bot.workers.remembering import remember

BANKS, COPIES = (20, 10) if FULL else (1, 2)
MESSAGES = 60 if FULL else 20

_TAKEN_DOWN = 0.1  # of all posts


@contextmanager
def _lost_bank(book: Book, folder: Path, name: str, copies: int = COPIES) -> Iterator[LostBank]:
    with local_people() as people:
        lost = LostBank(people, folder)
        lost.live(book, MESSAGES, copies, chance(name))
        yield lost


@pytest.mark.parametrize("number", range(BANKS))
def test_a_bank_that_lost_its_book_goes_on_from_any_backup(
    sqlite_book: Book, tmp_path: Path, number: int
) -> None:
    started = time.monotonic()
    with _lost_bank(sqlite_book, tmp_path, f"restoring {number}") as lost:
        lost.take_down(chance(f"taken down {number}"), _TAKEN_DOWN)
        drills = [drill(lost, copy) for copy in lost.copies]
    _record(drills, time.monotonic() - started)
    assert [one.wrong for one in drills if one.wrong] == []
    assert sum(one.rebuilt for one in drills) > 0
    assert sum(one.shown_again for one in drills) > 0


def _record(drills: list[Drill], seconds: float) -> None:
    rebuilt, gone = sum(one.rebuilt for one in drills), sum(one.lost for one in drills)
    again = sum(one.shown_again for one in drills)
    record(
        "restore drills",
        counted=f"{len(drills)} drills, {rebuilt} payments rebuilt, {again} codes shown again, "
        f"{gone} payments lost with their posts",
        violations=sum(len(one.wrong) for one in drills),
        seconds=seconds,
        seed=SEED,
        engine="sqlite",
    )


def test_a_bank_that_opens_before_it_asks_x_is_caught(sqlite_book: Book, tmp_path: Path) -> None:
    """The negative control: somebody's new post is served first, with a code that was used."""
    with _lost_bank(sqlite_book, tmp_path, "restoring 0") as lost:
        assert drill(lost, lost.copies[0], pay_at_once).wrong != []


def test_a_recovered_book_serves_nothing_while_x_is_away(sqlite_book: Book) -> None:
    sqlite_book.run(lambda c: backups.mark_restored(c, sqlite_book.now(c)))
    sqlite_book.run(backups.recovered)
    with teller(sqlite_book, "http://127.0.0.1:9") as bank:
        for _ in range(2):
            with pytest.raises(TryLater):
                remember(bank.reading)
    with local_people() as people, teller(sqlite_book, people.url) as bank:
        remember(bank.reading)
    with teller(sqlite_book, "http://127.0.0.1:9") as bank:
        remember(bank.reading)  # it was asked: that is enough


def test_the_daemon_of_a_recovered_book_does_not_start_while_x_is_away(
    sqlite_book: Book, sqlite_url: str
) -> None:
    sqlite_book.run(lambda c: backups.mark_restored(c, sqlite_book.now(c)))
    sqlite_book.run(backups.recovered)
    given = settings(sqlite_url, x_api_url="http://127.0.0.1:9")
    with pytest.raises(TryLater), working(given, sqlite_book):
        raise AssertionError("it serves")


def test_a_code_whose_post_is_gone_works_once_more_until_there_is_a_new_card(
    sqlite_book: Book, tmp_path: Path
) -> None:
    """What a backup cannot know, and what the operator does about it."""
    with _lost_bank(sqlite_book, tmp_path, "gone", copies=1) as lost:
        assert _pays_again(lost, tmp_path / "old-cards.db", new_cards=False)
        assert not _pays_again(lost, tmp_path / "new-cards.db", new_cards=True)


def _pays_again(lost: LostBank, restored: Path, *, new_cards: bool) -> bool:
    """Return whether a code pays whose post was deleted on X, so that nobody tells of it."""
    shutil.copyfile(lost.copies[0], restored)
    book = Book(f"sqlite:///{restored}")
    key = next(key for key in lost.payments if key not in messages(book) and lost.listed(key))
    with lost.shown_again([key]) as again, teller(book, lost.people.url) as bank:
        lost.people.world.delete(key.removeprefix("t:"))
        if new_cards:
            book.run(lambda c: _end_all_cards(c, book))
        bank.keep(again[0])
        book.run(backups.recovered)
        remember(bank.reading)
        bank.serve()
    pays = again[0].key in paid(book)
    book.close()
    return pays


def _end_all_cards(connection: Connection, book: Book) -> None:
    """Issue everybody a new card; nobody here looks at it."""
    now = book.now(connection)
    for (customer_id,) in connection.execute(text("SELECT id FROM customers")):
        code_records.issue_card(connection, customer_id, [(1, "no hash", KEYRING.newest)], now)
