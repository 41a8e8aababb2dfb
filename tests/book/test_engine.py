"""Transactions: what commits, what is undone, what is done over, what is for later."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from book_cast import NOON, balances, message, open_account, payment, together
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from smoney_bot.bank.errors import TryLater
from smoney_bot.book import customers, inbox, payments, sqlite
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import UnusableUrl
from smoney_bot.book.faults import told_apart
from smoney_bot.book.tables import customers as customers_table

SAFE = [(3, 44, 6), (3, 44, 9), (3, 50, 7), (3, 51, 3), (3, 52, 0), (4, 0, 0)]
UNSAFE = [(3, 7, 0), (3, 40, 1), (3, 44, 5), (3, 45, 0), (3, 50, 6), (3, 51, 0), (3, 51, 2)]


@pytest.mark.parametrize("version", SAFE)
def test_wal_is_used_where_it_is_sound(version: tuple[int, int, int]) -> None:
    assert sqlite.journal_mode(version) == "WAL"


@pytest.mark.parametrize("version", UNSAFE)
def test_wal_is_not_used_where_it_corrupts(version: tuple[int, int, int]) -> None:
    assert sqlite.journal_mode(version) == "TRUNCATE"


def test_sqlite_is_set_up_to_survive_a_power_cut(sqlite_book: Book) -> None:
    with sqlite_book.writing() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {
        "journal_mode": sqlite.journal_mode().lower(),
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "busy_timeout": 10_000,
    }


def test_an_exception_undoes_the_transaction(book: Book) -> None:
    def work(connection: Connection) -> None:
        customers.open_account(connection, handle="alice", x_id="x-alice", now=NOON)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        book.run(work)
    with book.reading() as connection:
        assert customers.by_handle(connection, "alice") is None


def test_a_reader_cannot_write(book: Book) -> None:
    with pytest.raises((DBAPIError, TryLater)), book.reading() as connection:
        connection.exec_driver_sql("UPDATE balances SET balance_cents = 1")


def test_a_reader_sees_one_moment_of_the_book(postgres_url: Callable[[], str]) -> None:
    book = Book(postgres_url())
    with book.reading() as reader:
        assert customers.by_handle(reader, "alice") is None
        open_account(book, "alice")
        assert customers.by_handle(reader, "alice") is None
    with book.reading() as reader:
        assert customers.by_handle(reader, "alice") is not None
    book.close()


def test_a_conflict_is_done_over(book: Book) -> None:
    """Two transactions take two rows in opposite order: PostgreSQL ends one of them."""
    open_account(book, "alice", 10)
    open_account(book, "bob", 10)
    tries: list[int] = []

    def work(number: int) -> None:
        def cross(connection: Connection) -> None:
            tries.append(number)
            for account_id in (3, 4) if number else (4, 3):
                connection.execute(text(_ADD_ONE), {"account_id": account_id})
                connection.execute(text(_NAP[connection.dialect.name]))

        book.run(cross)

    assert together(work, 2) == [None, None]
    found = balances(book)
    assert (found[3], found[4]) == (1002, 1002)
    assert len(tries) >= 2


_ADD_ONE = "UPDATE balances SET balance_cents = balance_cents + 1 WHERE account_id = :account_id"
_NAP = {"sqlite": "SELECT 1", "postgresql": "SELECT pg_sleep(0.1)"}


def test_the_clock_is_in_utc(book: Book) -> None:
    with book.reading() as connection:
        moment = book.now(connection)
    assert moment.tzinfo is UTC
    assert abs(moment - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_moment_comes_back_as_it_went_in_whatever_its_zone(book: Book) -> None:
    paris = NOON.astimezone(timezone(timedelta(hours=1))) + timedelta(microseconds=1)
    with book.writing() as connection:
        customers.open_account(connection, handle="alice", x_id="x-alice", now=paris)
        column = "SELECT opened_at FROM customers"
        stored = connection.execute(text(column)).scalar_one()
        kept = connection.execute(customers_table.select()).one().opened_at
    assert kept == paris
    assert kept.tzinfo is UTC
    if isinstance(stored, str):
        assert stored == "2026-11-24T12:00:00.000001Z"


def test_a_moment_without_a_zone_is_refused(book: Book) -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(StatementError, match="needs its zone"), book.writing() as connection:
        customers.open_account(connection, handle="alice", x_id="x-alice", now=naive)


def test_an_error_shows_nothing_of_the_row_it_is_about(book: Book) -> None:
    alice, bob = open_account(book, "alice"), open_account(book, "bob")
    with pytest.raises(IntegrityError) as caught, book.writing() as connection:
        payments.put(connection, [payment(1, alice, bob, 25001)])
    assert "ck_payments_peer_ceiling" in str(caught.value)
    assert "coffee" not in str(caught.value) + str(caught.value.orig)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://nobody@127.0.0.1:1/book?connect_timeout=1",
        "postgresql+psycopg://nobody@/book?host=/nowhere",
        "sqlite:////nowhere/at/all/book.db",
    ],
)
def test_a_database_that_is_away_means_try_later(url: str) -> None:
    book = Book(url)
    for attempt in (book.reading, book.writing):
        with pytest.raises(TryLater), attempt():
            raise AssertionError
    with pytest.raises(TryLater):
        book.run(lambda connection: connection.execute(text("SELECT 1")))
    book.close()


def test_a_server_that_drops_the_connection_means_try_later(
    postgres_url: Callable[[], str],
) -> None:
    book = Book(postgres_url())
    kill = "SELECT pg_terminate_backend(pg_backend_pid())"
    with pytest.raises(TryLater):
        book.run(lambda connection: connection.execute(text(kill)))
    assert balances(book), "the next transaction gets a new connection"
    book.close()


def test_a_single_statement_is_committed_by_itself(book: Book) -> None:
    kept = book.run_single(lambda c: inbox.keep_new(c, [message(1)], book.moment(c)))
    with book.reading() as connection:
        (line,) = inbox.listing(connection)
        assert {line.key} == kept
        assert timedelta(0) <= book.now(connection) - line.received_at < timedelta(seconds=5)
        assert line.due_at == line.received_at


def test_a_single_statement_is_done_over_where_the_connection_was_lost(
    postgres_url: Callable[[], str],
) -> None:
    book, tried = Book(postgres_url()), 0

    def work(connection: Connection) -> int:
        nonlocal tried
        tried += 1
        if tried == 1:
            connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        found: int = connection.exec_driver_sql("SELECT 7").scalar_one()
        return found

    assert (book.run_single(work), tried) == (7, 2)
    with pytest.raises(TryLater):  # a transaction is not: its commit may have arrived
        book.run(lambda c: c.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())"))
    book.close()


def test_waiting_for_a_lock_ends(postgres_url: Callable[[], str]) -> None:
    book = Book(postgres_url())
    lock = text("SELECT 1 FROM balances FOR UPDATE")
    with book.writing() as holder, book.writing() as waiter:
        holder.execute(lock)
        assert waiter.execute(text("SHOW lock_timeout")).scalar_one() == "2s"
        waiter.execute(text("SET LOCAL lock_timeout = '50ms'"))
        with pytest.raises(TryLater), told_apart():
            waiter.execute(lock)
    book.close()


def test_a_wrong_statement_is_a_bug_and_not_for_later(book: Book) -> None:
    with pytest.raises(DBAPIError), book.writing() as connection:
        connection.execute(text("SELECT nothing FROM nowhere"))


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true"]
)
def test_a_book_in_memory_is_refused(url: str) -> None:
    with pytest.raises(UnusableUrl, match="must be a file"):
        Book(url)


@pytest.mark.parametrize("url", ["", "smoney.db", "nosuch://x"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UnusableUrl):
        Book(url)


def test_a_missing_driver_names_the_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UnusableUrl, match=r"smoney-bot\[postgres\]"):
        Book("postgresql+psycopg://nobody@/book")


def test_a_relative_sqlite_path_is_taken_from_the_working_folder(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_url(sqlite_url).database
    assert path is not None
    monkeypatch.chdir(path.rpartition("/")[0])
    book = Book("sqlite:///book.db")
    assert len(balances(book)) == 2
    book.close()
