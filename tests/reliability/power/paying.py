"""Pays again and again on the real book, and says so each time: a program to be recorded.

Arguments: the database's file, how many payments, and pragmas in place of those
that are shipped ("journal_mode=DELETE"). Standard output gets the number of each
payment once its transaction is committed: that is the acknowledgement.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

from sqlalchemy import Connection

from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Transfer
from smoney_bot.bank.money import Cents
from smoney_bot.book import customers, ledger, sqlite
from smoney_bot.book.engine import Book

_NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def _customers(connection: Connection) -> tuple[Customer, Customer]:
    found = customers.by_x_ids(connection, ["111111111", "333333333"])
    return found["111111111"], found["333333333"]


def pay(book: Book, number: int) -> None:
    """Book one payment of a cent from alice to bob."""

    def work(connection: Connection) -> None:
        alice, bob = _customers(connection)
        transfer = Transfer(
            key=f"t:{number}",
            kind=ledger.PAYMENT,
            source=alice.account_id,
            target=bob.account_id,
            amount=Cents(1),
            booked_at=_NOW,
        )
        ledger.lock(connection, [alice.account_id, bob.account_id])
        ledger.book(connection, [transfer], memo="a coffee, and something to fill the page with")

    book.run(work)


def main(path: str, payments: int, pragmas: list[str]) -> None:
    """Pay so often; acknowledge each payment after its commit."""
    for name, _, value in (pragma.partition("=") for pragma in pragmas):
        sqlite.SERVED_PRAGMAS[name] = value
    book = Book(f"sqlite:///{path}")
    for number in range(1, payments + 1):
        pay(book, number)
        os.write(1, f"{number}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
