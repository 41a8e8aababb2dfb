"""A bank for the safety tests: the real book, door and counter, and cheap codes.

Argon2id takes 20 ms a code on purpose. A hash carries its own cost, so codes that
are hashed at the lowest one are checked by the bank's own code in microseconds.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from counts import HANDS
from sqlalchemy import Connection, make_url, text
from x_bodies import SMONEY, Event, Pen, Person, body

from smoney_bot.bank import codes
from smoney_bot.bank.case import Rules
from smoney_bot.bank.codes import PinInPublic
from smoney_bot.bank.customers import Customer, Kind, Language
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import Message
from smoney_bot.bank.money import euros
from smoney_bot.bank.orders import Bot
from smoney_bot.bank.policy import Limits
from smoney_bot.bank.redaction import conceal
from smoney_bot.book import audit, customers, inbox, ledger, sqlite
from smoney_bot.book import codes as code_records
from smoney_bot.book.engine import Book
from smoney_bot.book.tables import inbox as inbox_table
from smoney_bot.channels.x import wire
from smoney_bot.channels.x.client import XClient
from smoney_bot.workers import counter
from smoney_bot.workers.counter import Counter

Answer = TypeVar("Answer")

BOT = Bot(SMONEY.x_id, SMONEY.handle)
KEYRING = Keyring({"invented": b"k" * 32})
ENTRAIDE = Person("1000000000", "entraide")
NOBODY = Person("1999999999", "nobody")  # on X, but no customer

#: Codes on a card here: places 20 and more would read like years in a date.
PLACES = 19


@dataclass(frozen=True, slots=True)
class Payer:
    """A customer with money, and the codes of the card in order of place."""

    person: Person
    customer: Customer
    codes: tuple[str, ...]
    pin: str | None = None


@dataclass(slots=True)
class SmallBank:
    """The bank on one database, with an association to pay to."""

    book: Book
    pool: Executor
    pen: Pen
    payers: list[Payer] = field(default_factory=list)

    def counter(self, pin_in_public: PinInPublic = PinInPublic.BURN) -> Counter:
        """Return a counter; its way out leads nowhere, for every mention here is marked."""
        nowhere = XClient(
            "http://127.0.0.1:9",
            consumer_key="invented",
            consumer_secret="invented",
            access_token="invented",
            access_token_secret="invented",
            bearer_token="invented",
            bot_id=SMONEY.x_id,
        )
        rules = Rules(BOT, Limits(), pin_in_public)
        return Counter(self.book, rules, nowhere, self.pool, KEYRING)

    def open(
        self,
        people: Sequence[Person],
        cards: Sequence[Sequence[str]],
        *,
        pin: str | None = None,
        kind: Kind = Kind.PERSON,
        language: Language = Language.FRENCH,
    ) -> list[Payer]:
        """Open an account with 200 euros, a card and a PIN for each of *people*."""
        opened: list[Payer] = []
        for start in range(0, len(people), 100):
            part = list(zip(people, cards, strict=True))[start : start + 100]

            def work(
                connection: Connection, part: list[tuple[Person, Sequence[str]]] = part
            ) -> list[Payer]:
                return [_open(connection, *one, pin, kind, language) for one in part]

            opened += self.book.run(work)
        self.payers += opened
        for one in people:
            self.pen.people[one.handle.lower()] = one
        return opened

    def keep(
        self, events: Iterable[Event], change: Callable[[Message], Message] | None = None
    ) -> int:
        """Take in *events* as X's door does, after the signature; return how many were new."""
        read = wire.read(body(events), bot_id=SMONEY.x_id).messages
        concealed = [conceal(one, KEYRING, BOT) for one in read]
        if change is not None:
            concealed = [change(one) for one in concealed]
        return self.book.run(lambda c: inbox.keep(c, concealed, self.book.now(c)))

    def serve(self, counter: Counter | None = None) -> int:
        """Serve all that waits; return how many messages there were."""
        counter, served = counter or self.counter(), 0
        while number := counter.serve():
            served += number
        return served

    def ask(self, question: str, **values: object) -> list[tuple[Any, ...]]:
        """Return the rows that answer a *question* in SQL."""
        with self.book.reading() as connection:
            return [tuple(row) for row in connection.execute(text(question), values)]

    def number(self, question: str, **values: object) -> int:
        """Return the one number that answers a *question* in SQL."""
        return int(self.ask(question, **values)[0][0])

    def do(self, statement: str, **values: object) -> None:
        """Change the tables behind the bank's back."""
        self.book.run(lambda c: c.execute(text(statement), values))

    def hurry(self) -> None:
        """End every wait: leases are over, and what was put back is due."""
        past = self.pen.start
        claimed, received = inbox_table.c.state == "claimed", inbox_table.c.state == "received"
        leases = inbox_table.update().where(claimed).values(lease_until=past)
        dues = inbox_table.update().where(received).values(due_at=past)
        self.book.run(lambda c: (c.execute(leases), c.execute(dues)))

    def problems(self) -> list[audit.Problem]:
        """Return what does not hold in the book."""
        with self.book.reading() as connection:
            return list(audit.verify(connection))


def _open(
    connection: Connection,
    person: Person,
    card: Sequence[str],
    pin: str | None,
    kind: Kind,
    language: Language,
) -> Payer:
    now = Book.now(connection)
    customer = customers.open_account(
        connection, handle=person.handle, x_id=person.x_id, kind=kind, language=language, now=now
    )
    ledger.deposit(connection, customer, euros(200), f"first of {person.x_id}", now)
    if card:
        hashed = [(int(one[:2]), *codes.hash_code(KEYRING, person.x_id, one)) for one in card]
        code_records.issue_card(connection, customer.id, hashed, now)
    if pin is not None:
        hash_, key_id = codes.hash_code(KEYRING, person.x_id, pin)
        code_records.set_pin(connection, customer.id, hash_=hash_, key_id=key_id, now=now)
    return Payer(person, customer, tuple(card), pin)


@contextmanager
def small_bank(book: Book) -> Iterator[SmallBank]:
    """Open the bank on *book*; the association @entraide has an account.

    It need not outlive the power: SQLite is spared its syncs, as PostgreSQL is here.
    What a dead worker had in hand is taken up at once.
    """
    started = datetime.now(UTC) - timedelta(minutes=30)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool, pytest.MonkeyPatch.context() as patch:
        patch.setitem(sqlite.SERVED_PRAGMAS, "synchronous", "OFF")
        patch.setattr(counter, "PROVEN_AFTER", timedelta(0))
        bank = SmallBank(book, pool, Pen({NOBODY.handle: NOBODY}, started))
        bank.open([ENTRAIDE], [()], kind=Kind.ASSOCIATION)
        yield bank


def crowd(count: int, first: int = 1_000_000_001) -> list[Person]:
    """Return *count* invented people."""
    return [Person(str(first + n), f"payer_{n}") for n in range(count)]


def together(work: Callable[[int], Answer], count: int = HANDS) -> list[Answer | Exception]:
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


def engine(url: str) -> str:
    """Return the name of the database behind *url*, for the table of figures."""
    return make_url(url).get_backend_name()
