"""A bank with customers who pay, in the midst of strangers who shout at it."""

from __future__ import annotations

import random
import time
from collections import Counter as Tally
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from smoney_bot.bank import codes, policy
from smoney_bot.bank.case import Rules
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import ClearMessage, Form, Mention
from smoney_bot.bank.money import euros
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
START = datetime.now(UTC) - timedelta(hours=1)
PAYEE = "300000000"
_MILLISECOND = timedelta(milliseconds=1)

#: What strangers shout: orders of every kind, and words.
SHOUTS = (
    "@Smoney #20 @bob #{digits}",
    "@Smoney #250 @bob #{digits} give it to me",
    "@Smoney #solde",
    "@Smoney #aide",
    "@Smoney #20 bob",
    "@Smoney you are a thief, see http://spam.example",
)


@dataclass(frozen=True)
class Flood:
    """How much of it there is."""

    shouts: int
    shouters: int
    payments: int
    payers: int


def card(payer: int) -> list[str]:
    """Return the codes of a payer's card."""
    return [f"{place:02}{(place * 7919 + payer) % 1_000_000:06}" for place in range(1, 21)]


def open_accounts(book: Book, payers: int) -> None:
    """Open the payee's account, and those of *payers*, each with money and a card."""

    def work(connection: Connection) -> None:
        customers.open_account(connection, handle="bob", x_id=PAYEE, now=START)
        for payer in range(payers):
            x_id = str(400_000_000 + payer)
            one = customers.open_account(connection, handle=f"payer_{payer}", x_id=x_id, now=START)
            ledger.deposit(connection, one, euros(200), f"opening {payer}", START)
            printed = [(int(c[:2]), *codes.hash_code(KEYS, x_id, c)) for c in card(payer)]
            code_records.issue_card(connection, one.id, printed, START)

    book.run(work)


def messages(flood: Flood, dice: random.Random) -> list[ClearMessage]:
    """Return everything that is said, in the order in which it is written."""
    said = [
        (str(500_000_000 + dice.randrange(flood.shouters)), _shout(dice))
        for _ in range(flood.shouts)
    ]
    places: Tally[int] = Tally()
    for number in range(flood.payments):
        payer = number % flood.payers
        code = card(payer)[places[payer]]
        places[payer] += 1
        said.append((str(400_000_000 + payer), f"@Smoney #1 @bob #{code}"))
    dice.shuffle(said)
    # A card's codes are good in any order.
    return [_message(number, author, words) for number, (author, words) in enumerate(said)]


def _shout(dice: random.Random) -> str:
    return dice.choice(SHOUTS).format(digits=f"{dice.randrange(10**8):08}")


def _message(number: int, author: str, words: str) -> ClearMessage:
    marked = {"Smoney": BOT.x_id, "bob": PAYEE}
    spots = [(words.find(f"@{handle}"), handle) for handle in marked]
    return ClearMessage(
        key=f"t:{number}",
        form=Form.POST,
        edited=False,
        message_id=str(number),
        author_id=author,
        author_handle=f"u{author}",
        text=words,
        written_at=START + number * _MILLISECOND,
        body=(0, len(words)),
        mentions=tuple(
            Mention(at, at + 1 + len(handle), handle, marked[handle])
            for at, handle in spots
            if at >= 0
        ),
    )


@dataclass
class Spent:
    """CPU seconds of this process."""

    keeping: float = 0.0
    serving: float = 0.0


@contextmanager
def _counted() -> Iterator[list[float]]:
    began, used = time.process_time(), [0.0]
    yield used
    used[0] = time.process_time() - began


def weather(book: Book, said: Sequence[ClearMessage], group: int = 500) -> Spent:
    """Let the bank hear and serve all of *said*, group by group; return what it took."""
    spent = Spent()
    with ThreadPoolExecutor(2) as pool:
        counter = Counter(book, RULES, _nobody(), pool, KEYS)
        for first in range(0, len(said), group):
            with _counted() as used:
                for start in range(first, min(first + group, len(said)), 50):
                    kept = [conceal(one, KEYS, BOT) for one in said[start : start + 50]]
                    book.run(lambda c, kept=kept: inbox.keep(c, kept, book.now(c)))  # type: ignore[misc] # bound at once
            spent.keeping += used[0]
            with _counted() as used:
                while counter.serve():
                    pass
            spent.serving += used[0]
    return spent


def _nobody() -> XClient:
    """Return a client to an X that nobody reaches: every mention here is marked."""
    return XClient(
        "http://127.0.0.1:9",
        consumer_key="invented",
        consumer_secret="invented",
        access_token="222222222-invented",
        access_token_secret="invented",
        bearer_token="invented",
        bot_id=BOT.x_id,
    )


def ask(book: Book, question: str) -> list[tuple[Any, ...]]:
    """Return the rows that answer a *question* in SQL."""
    with book.reading() as connection:
        return [tuple(row) for row in connection.execute(text(question))]


def violations(book: Book, flood: Flood) -> list[str]:
    """Return what should not be after the flood."""
    wrong = [str(one) for one in _problems(book)]
    booked = ask(book, "SELECT count(*) FROM payments WHERE state = 'booked'")[0][0]
    if booked != flood.payments:
        wrong.append(f"{booked} of {flood.payments} payments were made")
    told = ask(
        book,
        "SELECT to_x_id, count(*) FROM outbox WHERE to_x_id LIKE '5%'"
        " GROUP BY to_x_id HAVING count(*) > 1",
    )
    wrong += [f"{x_id} was told {count} times" for x_id, count in told]
    waiting = ask(book, "SELECT count(*) FROM inbox WHERE decided_at IS NULL")[0][0]
    return [*wrong, f"{waiting} messages wait"] if waiting else wrong


def _problems(book: Book) -> list[audit.Problem]:
    with book.reading() as connection:
        return list(audit.verify(connection))
