"""A book with people, payments, deposits and sealed pages, and what its witness has seen."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from book_cast import NOON, open_account, payment, transfer
from seal_cast import KEYS, NOTHING
from sqlalchemy import Connection

from smoney_bot.bank.customers import Customer
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.money import Cents
from smoney_bot.book import audit, ledger, payments, seals, witness
from smoney_bot.book.audit import Problem
from smoney_bot.book.engine import Book
from smoney_bot.book.witness import Head

SECOND = timedelta(seconds=1)


@dataclass
class SealedPeople:
    """Writes honestly into a book, closes its pages, and keeps the heads as a witness would."""

    book: Book
    dice: random.Random
    keyring: Keyring = KEYS
    now: datetime = NOON
    heads: list[Head] = field(default_factory=list)
    people: list[Customer] = field(default_factory=list)
    _booked: int = 0

    def open(self) -> None:
        """Open the accounts of alice, bob and mallory, with money."""
        self.people = [open_account(self.book, one, 500) for one in ("alice", "bob", "mallory")]

    def pay(self) -> None:
        """Book one payment between two people, with its line in `payments`."""
        payer, payee = self.dice.sample(self.people, 2)
        self._booked += 1
        number, cents = self._booked, self.dice.randrange(1, 300)

        def work(connection: Connection) -> None:
            ledger.book(connection, [transfer(f"t:{number}", payer, payee, cents)])
            payments.put(connection, [payment(number, payer, payee, cents)])

        self.book.run(work)

    def move_in_or_out(self) -> None:
        """Book a deposit or a withdrawal."""
        self._booked += 1
        move = self.dice.choice((ledger.deposit, ledger.withdraw))
        person, slip = self.dice.choice(self.people), f"slip {self._booked}"
        cents = Cents(self.dice.randrange(1, 100))
        self.book.run(lambda c: move(c, person, cents, slip, self.now))

    def close_pages(self) -> None:
        """Close what can be closed, and show the head to the witness."""
        self.book.run(lambda c: close_all(c, self.keyring, self.now))
        with self.book.reading() as connection:
            head = witness.head(connection, self.now)
        if head is not None:
            self.heads.append(head)

    def skip_an_id(self) -> None:
        """Use up an id for nothing, as a transaction that is undone does on PostgreSQL."""
        self.book.run(_skip_an_id)

    def live(self, steps: int) -> None:
        """Do *steps* honest things."""
        doing: tuple[Callable[[], None], ...] = (
            *[self.pay] * 6,
            *[self.move_in_or_out] * 2,
            self.close_pages,
            self.skip_an_id,
        )
        for _ in range(steps):
            self.now += SECOND
            self.dice.choice(doing)()

    def verify(self) -> list[Problem]:
        """Return whatever `smoney-bot ledger verify --witness` would name."""
        with self.book.reading() as connection:
            return list(verify(connection, self.keyring, self.now, self.heads))


def verify(
    connection: Connection, keyring: Keyring, now: datetime, heads: list[Head]
) -> Iterator[Problem]:
    """Yield what does not hold: sums, seals, witness."""
    yield from audit.verify(connection)
    yield from seals.check(connection, keyring, now)
    yield from audit.legible(witness.compare(connection, heads))


def close_all(connection: Connection, keyring: Keyring, now: datetime) -> None:
    """Close pages until nothing is left open."""
    while seals.close_page(connection, keyring, now, settle=NOTHING):
        pass


def _skip_an_id(connection: Connection) -> None:
    connection.exec_driver_sql(
        "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'transfers'"
        if connection.dialect.name == "sqlite"
        else "SELECT nextval(pg_get_serial_sequence('transfers', 'id'))"
    )
