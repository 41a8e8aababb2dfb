"""An association, its collection and invented givers, on a real book; the page on a real server."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection
from starlette.applications import Starlette

from smoney_bot.bank.collections import Collection
from smoney_bot.bank.customers import Customer, Kind
from smoney_bot.bank.desk import Payment, PaymentState, Transfer
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.money import Cents, euros
from smoney_bot.bank.policy import PaymentKind
from smoney_bot.book import audit, collections, customers, gifts, ledger, payments
from smoney_bot.book.engine import Book
from smoney_bot.channels.sandbox.server import serve
from smoney_bot.web.collections import create_collections
from smoney_bot.web.enrolment import create_enrolment

Answer = TypeVar("Answer")

TAG = "jardin"
KEYS = Keyring({"test": b"k" * 32})
PUBLIC_URL = "https://paiements.entraide.example.org"


@dataclass
class Scene:
    """The book and those on it: alice and bob may give, entraide collects."""

    book: Book
    givers: list[Customer]
    entraide: Customer
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def collect(
        self,
        goal: int = 100,
        *,
        tag: str = TAG,
        all_or_nothing: bool = False,
        lasts: timedelta | None = timedelta(days=3),
        title: str = "Un jardin partagé",
    ) -> Collection:
        """Open a collection of *goal* euros that lasts that long from now."""

        def work(connection: Connection) -> Collection:
            now = self.book.now(connection)
            return collections.open_collection(
                connection,
                tag=tag,
                owner=self.entraide,
                title=title,
                goal=euros(goal),
                ends_at=now + lasts if lasts is not None else None,
                all_or_nothing=all_or_nothing,
                now=now,
            )

        return self.book.run(work)

    def give(self, cents: int, giver: int = 0, *, tag: str = TAG) -> Payment:
        """Let one of the givers give, as the counter writes a gift down."""
        return self.book.run(lambda c: self._give(c, next(self._numbers), cents, giver, tag))

    def give_many(self, count: int, cents: int, *, tag: str = TAG) -> None:
        """Let the givers give in turn, in one transaction."""

        def work(connection: Connection) -> None:
            for number in range(count):
                giver = number % len(self.givers)
                self._give(connection, next(self._numbers), cents, giver, tag)

        self.book.run(work)

    def _give(
        self, connection: Connection, number: int, cents: int, giver: int, tag: str
    ) -> Payment:
        payer, now = self.givers[giver], self.book.now(connection)
        to = collections.among(connection, [tag], lock=True)[tag]
        if not to.takes_gifts(now):
            raise LookupError(tag)
        gift = Payment(
            reference=f"GIFT{number}-00",
            message_key=f"t:{number}",
            message_id=str(number),
            kind=PaymentKind.COLLECTION,
            state=PaymentState.BOOKED,
            reason="",
            amount=Cents(cents),
            payer_id=payer.id,
            payee_id=self.entraide.id,
            payee_x_id=self.entraide.x_id,
            payee_handle=self.entraide.handle,
            note="",
            created_at=now,
            booked_at=now,
            collection_id=to.id,
        )
        ledger.lock(connection, [payer.account_id, to.account_id])
        moved = Transfer(
            key=gift.message_key,
            kind=ledger.PAYMENT,
            source=payer.account_id,
            target=to.account_id,
            amount=gift.amount,
            booked_at=now,
        )
        ledger.book(connection, [moved])
        payments.put(connection, [gift])
        collections.note_reached(connection, [to.id], now)
        return gift

    def end(self, tag: str = TAG) -> bool:
        """End a collection, as an operator does."""
        return self.book.run(lambda c: collections.end(c, self._read(c, tag).id, self.book.now(c)))

    def collection(self, tag: str = TAG) -> Collection:
        """Return the collection as it stands."""
        with self.book.reading() as connection:
            return self._read(connection, tag)

    @staticmethod
    def _read(connection: Connection, tag: str) -> Collection:
        return collections.among(connection, [tag])[tag]

    def standing(self, tag: str = TAG) -> gifts.Standing:
        """Return what was given."""
        with self.book.reading() as connection:
            one = self._read(connection, tag)
            return gifts.standings(connection, [one.id])[one.id]

    def balance(self, of: Customer | Collection) -> int:
        """Return what is in an account, in cents."""
        with self.book.reading() as connection:
            return ledger.balance(connection, of.account_id)

    def change(self, customer: Customer, **facts: object) -> None:
        """Change a customer on the book."""
        changed = replace(customer, **facts)  # type: ignore[arg-type] # fields of a customer
        self.book.run(lambda c: customers.update(c, [changed]))

    def problems(self) -> list[audit.Problem]:
        """Return whatever the audit finds."""
        with self.book.reading() as connection:
            return list(audit.verify(connection))

    def tamper(self, statement: str) -> None:
        """Change the book behind its back."""
        with self.book.writing() as connection:
            connection.exec_driver_sql(statement)

    def now(self) -> datetime:
        """Return the book's clock."""
        with self.book.reading() as connection:
            return self.book.now(connection)


def open_scene(book: Book, *handles: str) -> Scene:
    """Open accounts for entraide and for givers, each of these with 1000 euros."""

    def open_account(connection: Connection, handle: str, kind: Kind) -> Customer:
        now = book.now(connection)
        customer = customers.open_account(
            connection, handle=handle, x_id=f"x-{handle}", kind=kind, now=now
        )
        if kind is Kind.PERSON:
            ledger.deposit(connection, customer, euros(1000), f"opening {handle}", now)
        return customer

    def work(connection: Connection) -> Scene:
        givers = [open_account(connection, one, Kind.PERSON) for one in handles or _USUAL]
        return Scene(book, givers, open_account(connection, "entraide", Kind.ASSOCIATION))

    return book.run(work)


_USUAL = ("alice", "bob")


@contextmanager
def page_of(book: Book, requests_max: int = 10_000) -> Iterator[str]:
    """Serve the pages over *book* until the end of the block; yield the address."""
    app = Starlette(
        routes=[
            *create_enrolment(book, KEYS, bot_handle="Smoney"),
            *create_collections(
                book, bot_handle="Smoney", public_url=PUBLIC_URL, requests_max=requests_max
            ),
        ]
    )
    server = serve(app)
    try:
        yield server.url
    finally:
        server.stop()


def together(work: Callable[[int], Answer], count: int) -> list[Answer | Exception]:
    """Run *work* in *count* threads from one start; return results and exceptions."""
    start = threading.Barrier(count)

    def run(number: int) -> Answer | Exception:
        start.wait()
        try:
            return work(number)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            return error

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))
