"""What the tests of seals are made of: a writer, keys, and an insider with every right."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from book_cast import MINUTE, NOON, open_account, transfer
from sqlalchemy import Connection

from smoney_bot.bank.customers import Customer
from smoney_bot.bank.keys import Keyring
from smoney_bot.book import ledger, seals, witness
from smoney_bot.book.audit import Problem
from smoney_bot.book.engine import Book
from smoney_bot.book.engines import open_engine
from smoney_bot.book.pages import Seal
from smoney_bot.book.witness import Head

LATER = NOON + timedelta(hours=2)
NOTHING = timedelta(0)


def keyring(*ids: str) -> Keyring:
    """A ring of invented keys, newest first; each looks like its id."""
    pairs = (f"{one}:{base64.b64encode(one.encode().ljust(32)).decode()}" for one in ids)
    return Keyring.parse(",".join(pairs))


KEYS = keyring("autumn")


class Writer:
    """Books transfers from alice to bob, and leaves holes in their ids."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.alice: Customer = open_account(book, "alice", 1000)
        self.bob: Customer = open_account(book, "bob")
        self._booked = 0

    def book_some(self, count: int, connection: Connection | None = None) -> None:
        self._booked += count
        numbers = range(self._booked - count, self._booked)
        new = [transfer(f"t:{number}", self.alice, self.bob, 7) for number in numbers]
        if connection is not None:
            ledger.book(connection, new)
        else:
            self.book.run(lambda c: ledger.book(c, new))

    def skip_id(self) -> None:
        """Use up an id for nothing, as a transaction that is undone does on PostgreSQL."""

        def work(connection: Connection) -> None:
            connection.exec_driver_sql(
                "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'transfers'"
                if connection.dialect.name == "sqlite"
                else "SELECT nextval(pg_get_serial_sequence('transfers', 'id'))"
            )

        self.book.run(work)

    def close(self, keys: Keyring = KEYS, now: datetime = LATER) -> Seal | None:
        return self.book.run(lambda c: seals.close_page(c, keys, now, settle=NOTHING))

    def close_all(self, keys: Keyring = KEYS, now: datetime = LATER) -> list[Seal]:
        return list(iter(lambda: self.close(keys, now), None))

    def found(self, keys: Keyring = KEYS, now: datetime = LATER) -> list[Problem]:
        with self.book.reading() as connection:
            return list(seals.check(connection, keys, now))

    def rules(self, keys: Keyring = KEYS, now: datetime = LATER) -> set[str]:
        return {problem.rule for problem in self.found(keys, now)}

    def unsealed(self) -> int:
        with self.book.reading() as connection:
            return seals.booked(connection) - seals.sealed(connection)

    def head(self) -> Head:
        with self.book.reading() as connection:
            found = witness.head(connection, LATER)
        assert found is not None
        return found


def sealed_book(writer: Writer) -> None:
    """Fill the book: some forty transfers in nine pages, with three holes in between."""
    for number in range(6):
        writer.book_some(6)
        if number in (1, 3, 5):
            writer.skip_id()
            writer.book_some(1)
        writer.close_all(now=LATER + number * MINUTE)


def unlock(connection: Connection) -> None:
    """Take away what the database itself puts in the way of a change."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        for table in ("transfers", "seals"):
            for deed in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER {table}_refuse_{deed}")
    else:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for table, rule in (
            ("transfers", "amount_is_positive"),
            ("transfers", "two_accounts"),
            ("seals", "seal_is_not_empty"),
        ):
            connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{rule}")


@contextmanager
def as_insider(book_url: str) -> Iterator[Connection]:
    """A transaction of somebody who may do anything in the database, and whose deeds are undone."""
    engine = open_engine(book_url)
    try:
        with engine.connect() as connection, connection.begin() as transaction:
            unlock(connection)
            yield connection
            transaction.rollback()
    finally:
        engine.dispose()
