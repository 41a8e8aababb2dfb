"""A backup is one sound moment of a book in use, and pays nothing before it is recovered."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from book_cast import MINUTE, NOON, message, open_account, problems, reply
from sqlalchemy import func, make_url, select

from smoney_bot.bank.customers import Customer
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.money import Cents
from smoney_bot.bank.references import read_reference, reference
from smoney_bot.book import audit, backups, inbox, ledger, outbox, seals, tables
from smoney_bot.book.backups import NoBackup
from smoney_bot.book.engine import Book

KEYS = Keyring({"autumn": b"a" * 32})


@pytest.fixture
def alice(sqlite_book: Book) -> Customer:
    return open_account(sqlite_book, "alice")


def deposit(book: Book, customer: Customer, reference: str) -> None:
    """Book five cents that came in a minute ago, so that they can be sealed at once."""
    book.run(lambda c: ledger.deposit(c, customer, Cents(5), reference, book.now(c) - MINUTE))


@contextmanager
def depositing(book: Book, customer: Customer) -> Iterator[threading.Event]:
    """Book and seal without a pause until the end of the block; each page sets the event."""
    stopping, page_closed = threading.Event(), threading.Event()

    def work() -> None:
        number = 0
        while not stopping.is_set():
            deposit(book, customer, f"slip {(number := number + 1)}")
            if number % 5 == 0:
                book.run(lambda c: seals.close_page(c, KEYS, book.now(c)))
                page_closed.set()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield page_closed
    finally:
        stopping.set()
        thread.join()


def copy(book: Book, target: Path) -> Path:
    with book.reading() as connection:
        backups.copy(connection, target, book.now(connection))
    return target


@contextmanager
def opened(path: Path) -> Iterator[Book]:
    book = Book(f"sqlite:///{path}")
    yield book
    book.close()


def path_of(sqlite_url: str) -> Path:
    return Path(str(make_url(sqlite_url).database))


def is_sound(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as raw:
        try:
            whole = raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        except sqlite3.DatabaseError:
            return False
    with opened(path) as book, book.reading() as connection:
        found = [*audit.verify(connection), *seals.check(connection, KEYS, book.now(connection))]
    return whole and not found


def test_a_copy_of_a_book_in_use_is_sound(
    sqlite_book: Book, alice: Customer, tmp_path: Path
) -> None:
    copies = []
    with depositing(sqlite_book, alice) as page_closed:
        for number in range(8):
            assert page_closed.wait(timeout=20)
            page_closed.clear()
            copies.append(copy(sqlite_book, tmp_path / f"{number}.db"))
    sealed = []
    for one in copies:
        assert is_sound(one)
        with opened(one) as book, book.reading() as connection:
            sealed.append(seals.sealed(connection))
    assert sealed == sorted(sealed)
    assert sealed[-1] > sealed[0] > 0
    assert sorted(path.name for path in tmp_path.glob("*.part")) == []


def test_copying_the_file_of_a_book_in_use_is_not_a_backup(
    sqlite_book: Book, sqlite_url: str, alice: Customer, tmp_path: Path
) -> None:
    """The control: half of the file before a deposit and half behind it do not go together."""
    live, naive = path_of(sqlite_url), tmp_path / "naive.db"
    with closing(sqlite3.connect(live)) as raw:
        (page_bytes,) = raw.execute("PRAGMA page_size").fetchone()
        named = "SELECT rootpage FROM sqlite_master WHERE name IN ('balances', 'transfers')"
        half = (max(page for (page,) in raw.execute(named)) - 1) * page_bytes
    first = live.read_bytes()[:half]
    deposit(sqlite_book, alice, "in between")
    with closing(sqlite3.connect(live)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # where this SQLite keeps a WAL
    naive.write_bytes(first + live.read_bytes()[half:])
    assert not is_sound(naive)
    assert is_sound(copy(sqlite_book, tmp_path / "proper.db"))


def test_a_copy_pays_nothing_before_it_is_recovered(
    sqlite_book: Book, alice: Customer, tmp_path: Path
) -> None:
    deposit(sqlite_book, alice, "slip")
    with opened(copy(sqlite_book, tmp_path / "copy.db")) as restored:
        with restored.reading() as connection:
            why = backups.must_recover(connection)
            assert why is not None
            assert "ledger recover" in why
        copy(restored, tmp_path / "copy-of-the-copy.db")
        restored.run(backups.recovered)
        with restored.reading() as connection:
            assert backups.must_recover(connection) is None
    with sqlite_book.reading() as connection:
        assert backups.must_recover(connection) is None


def test_an_operator_marks_a_book_that_other_tools_restored(book: Book) -> None:
    for _ in range(2):
        book.run(lambda c: backups.mark_restored(c, NOON))
    with book.reading() as connection:
        assert "2026-11-24 12:00 UTC" in (backups.must_recover(connection) or "")
    book.run(backups.recovered)
    with book.reading() as connection:
        assert backups.must_recover(connection) is None
    assert problems(book) == []


def test_a_recovered_book_looks_before_it_sends_what_may_be_out_already(book: Book) -> None:
    def claim() -> list[bool]:
        now, lease = NOON + MINUTE, timedelta(minutes=1)
        claimed = book.run(lambda c: outbox.claim(c, now=now, limit=5, lease=lease, public=True))
        return [one.look_first for one in claimed]

    book.run(lambda c: outbox.put(c, [reply(1)], NOON))
    book.run(backups.recovered)
    book.run(lambda c: outbox.put(c, [reply(2)], NOON))  # what it says anew is not out
    assert claim() == [True, False]


@pytest.mark.parametrize("kept_before", [0, 3])
def test_a_recovered_book_tells_no_reference_that_the_lost_one_may_have_told(
    book: Book, kept_before: int
) -> None:
    def keep(number: int) -> int:
        book.run(lambda c: inbox.keep(c, [message(number)], NOON))
        with book.reading() as connection:
            newest = select(func.max(tables.inbox.c.id))
            return int(connection.execute(newest).scalar_one())

    last = max([0, *(keep(number) for number in range(kept_before))])
    book.run(backups.recovered)
    first = keep(100)
    assert first > last + backups.LEFT_OUT
    book.run(backups.recovered)  # another time
    again = keep(101)
    assert again > first + backups.LEFT_OUT
    marks = [reference(number) for number in (1, first, again)]
    assert [len(one) for one in marks] == [7, 9, 9]
    assert [read_reference(one) for one in marks] == marks


def test_what_a_recovered_book_has_owed_too_long_is_given_up(book: Book) -> None:
    book.run(lambda c: outbox.put(c, [reply(1)], NOON))
    book.run(backups.recovered)
    a_day, lease = timedelta(days=1), timedelta(minutes=1)
    late = book.run(
        lambda c: outbox.claim_old(c, now=NOON + 2 * a_day, life=a_day, limit=5, lease=lease)
    )
    assert [one.reply.reference for one in late] == [reply(1).reference]


def test_a_copy_is_one_file_for_its_owners_eyes(sqlite_book: Book, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    made = copy(sqlite_book, folder / "copy.db")
    assert [path.name for path in folder.iterdir()] == ["copy.db"]
    assert made.stat().st_mode & 0o777 == 0o600


def test_a_backup_is_never_overwritten(sqlite_book: Book, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("yesterday's")
    with pytest.raises(NoBackup, match="never overwritten"):
        copy(sqlite_book, target)
    assert target.read_text() == "yesterday's"
    with pytest.raises(NoBackup, match="No such file"):
        copy(sqlite_book, tmp_path / "nowhere" / "copy.db")


def test_a_damaged_book_gives_no_backup(sqlite_book: Book, sqlite_url: str, tmp_path: Path) -> None:
    open_account(sqlite_book, "alice", 100)
    live = path_of(sqlite_url)
    with closing(sqlite3.connect(live)) as raw:
        (root,) = raw.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'ix_transfers_source_id_booked_at'"
        ).fetchone()
        (page_bytes,) = raw.execute("PRAGMA page_size").fetchone()
    damaged = bytearray(live.read_bytes())
    damaged[(root - 1) * page_bytes + 3] ^= 1  # the number of entries in the index
    live.write_bytes(damaged)
    with pytest.raises(NoBackup, match=r"damaged|malformed"):
        copy(sqlite_book, tmp_path / "copy.db")
    assert list(tmp_path.glob("copy.db*")) == []
