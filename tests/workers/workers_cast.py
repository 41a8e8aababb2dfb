"""Invented customers with cards and PINs, what they say, and the counter that serves them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection

from smoney_bot.bank import codes, policy
from smoney_bot.bank.case import Rules
from smoney_bot.bank.customers import Customer, Kind, Language
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import ClearMessage, Form, Mention
from smoney_bot.bank.money import Cents
from smoney_bot.bank.orders import Bot
from smoney_bot.bank.redaction import conceal
from smoney_bot.book import audit, customers, inbox, ledger
from smoney_bot.book import codes as code_records
from smoney_bot.book.engine import Book
from smoney_bot.channels.x.client import XClient
from smoney_bot.workers.counter import Counter

BOT = Bot("222222222", "Smoney")
RULES = Rules(BOT, policy.Limits())
KEYS = Keyring({"k": b"k" * 32})
#: Not long ago: old orders are refused, and those from the future too.
START = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
SECOND = timedelta(seconds=1)
PIN = "4711"

#: Nobody listens there: X marked every mention, so nobody is asked.
NOBODY = "http://127.0.0.1:9"

_MENTION = re.compile(r"@([A-Za-z0-9_]+)")


def x_id(handle: str) -> str:
    """Return the numeric id that an invented *handle* has on X."""
    return (
        BOT.x_id if handle == BOT.handle else str(10**8 + int.from_bytes(handle.encode()) % 10**8)
    )


@cache
def hashed(author_id: str, digits: str) -> tuple[str, str]:
    """Return the hash of a code; made once, because it takes 20 ms."""
    return codes.hash_code(KEYS, author_id, digits)


def card(places: int) -> list[str]:
    """Return the codes of everybody's card: place and six digits that tell the place too."""
    return [f"{place:02}{place * 7919 % 1_000_000:06}" for place in range(1, places + 1)]


def open_account(
    book: Book, handle: str, cents: int, *, places: int = 0, kind: Kind = Kind.PERSON
) -> Customer:
    """Open an account with money, a PIN, and a card with so many *places*."""
    author = x_id(handle)
    printed = [(int(one[:2]), *hashed(author, one)) for one in card(places)]
    pin_hash, key_id = hashed(author, PIN)

    def work(connection: Connection) -> Customer:
        customer = customers.open_account(
            connection,
            handle=handle,
            x_id=author,
            kind=kind,
            language=Language.ENGLISH,
            now=START,
        )
        code_records.set_pin(connection, customer.id, hash_=pin_hash, key_id=key_id, now=START)
        if places:
            code_records.issue_card(connection, customer.id, printed, book.now(connection))
        if cents:
            ledger.deposit(connection, customer, Cents(cents), f"opening {handle}", START)
        return customer

    return book.run(work)


@dataclass(frozen=True)
class Saying:
    """What *author* says, *number* seconds after the start; in public, or to the bot alone."""

    number: int
    author: str
    text: str
    public: bool = True
    marked: bool = True  # X says whose the handles are

    @property
    def key(self) -> str:
        """The message's key."""
        return f"{'t' if self.public else 'd'}:{self.number}"

    def clear(self) -> ClearMessage:
        """The message as X brings it."""
        return ClearMessage(
            key=self.key,
            form=Form.POST if self.public else Form.DIRECT,
            edited=False,
            message_id=str(self.number),
            author_id=x_id(self.author),
            author_handle=self.author,
            text=self.text,
            written_at=START + self.number * SECOND,
            body=(0, len(self.text)),
            mentions=tuple(
                Mention(found.start(), found.end(), found[1], x_id(found[1]))
                for found in _MENTION.finditer(self.text)
                if self.marked
            ),
        )


def lately() -> int:
    """Return the number of something that is said now."""
    return (datetime.now(UTC) - START) // SECOND


def keep(book: Book, sayings: Iterable[Saying]) -> int:
    """Keep what was said as the door does; return how many were new."""
    concealed = [conceal(one.clear(), KEYS, BOT) for one in sayings]
    return book.run(lambda c: inbox.keep(c, concealed, book.now(c)))


def nobody() -> XClient:
    """Return a client to an X that nobody reaches."""
    return XClient(
        NOBODY,
        consumer_key="invented",
        consumer_secret="invented",
        access_token="222222222-invented",
        access_token_secret="invented",
        bearer_token="invented",
        bot_id=BOT.x_id,
    )


class Pool(ThreadPoolExecutor):
    """Two threads; before the codes are checked, *meanwhile* happens once."""

    def __init__(self, meanwhile: Callable[[], object] | None = None) -> None:
        super().__init__(2)
        self._meanwhile = meanwhile

    def map(
        self,
        fn: Callable[..., Any],
        *iterables: Iterable[Any],
        **options: Any,  # noqa: ANN401 - passes everything through
    ) -> Iterator[Any]:
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return super().map(fn, *iterables, **options)


@contextmanager
def counter(book: Book, meanwhile: Callable[[], object] | None = None) -> Iterator[Counter]:
    """A counter at work on *book*."""
    with Pool(meanwhile) as pool:
        yield Counter(book=book, rules=RULES, channel=nobody(), pool=pool, keyring=KEYS)


def serve_all(book: Book) -> int:
    """Serve until nothing is due; return how many messages that were."""
    with counter(book) as serving:
        return sum(iter(serving.serve, 0))


def say(book: Book, number: int, author: str, text: str, *, public: bool = False) -> None:
    """Let *author* say *text*, and serve it."""
    keep(book, [Saying(number, author, text, public)])
    serve_all(book)


def told(book: Book, key: str) -> list[str]:
    """Return what is said in answer to a message, notices included."""
    lines = rows(book, "SELECT message_key, text FROM outbox ORDER BY id")
    return [text.replace("\xa0", " ") for of, text in lines if of == key]


def execute(book: Book, statement: str) -> None:
    """Change a table behind everybody's back."""
    with book.writing() as connection:
        connection.exec_driver_sql(statement)


def rows(book: Book, question: str) -> list[tuple[Any, ...]]:
    """Return the rows that answer *question*."""
    with book.reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(question)]


def outcomes(book: Book) -> dict[str, tuple[str, str]]:
    """Return how each message ended, and why."""
    return {
        key: (state, why) for key, state, why in rows(book, "SELECT key, state, reason FROM inbox")
    }


def balances(book: Book) -> dict[str, int]:
    """Return what every customer has, in cents."""
    question = (
        "SELECT handle, balance_cents FROM customers"
        " JOIN accounts ON accounts.customer_id = customers.id"
        " JOIN balances ON balances.account_id = accounts.id"
    )
    return dict(rows(book, question))


def problems(book: Book) -> list[audit.Problem]:
    """Return whatever the audit finds."""
    with book.reading() as connection:
        return list(audit.verify(connection))
