"""Invented people on a local X, their accounts, and what they write to the bot."""

from __future__ import annotations

import base64
import itertools
import json
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection

from smoney_bot.bank import codes
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.money import euros
from smoney_bot.book import codes as code_records
from smoney_bot.book import customers, ledger, windows
from smoney_bot.book.engine import Book
from smoney_bot.channels.sandbox.api import ENDPOINTS, create_api
from smoney_bot.channels.sandbox.deliveries import Deliveries
from smoney_bot.channels.sandbox.events import events
from smoney_bot.channels.sandbox.limits import Allowance
from smoney_bot.channels.sandbox.oauth import AppKeys
from smoney_bot.channels.sandbox.posts import Direct, Post, User
from smoney_bot.channels.sandbox.problems import Json
from smoney_bot.channels.sandbox.server import serve
from smoney_bot.channels.sandbox.world import World
from smoney_bot.channels.x import endpoints

KEYRING = Keyring({"invented": b"k" * 32})
SECRET_KEYS = "invented:" + base64.b64encode(b"k" * 32).decode()
APP = AppKeys(
    consumer_key="invented-consumer-key",
    consumer_secret="invented-consumer-secret",
    access_token="222222222-invented-token",
    access_token_secret="invented-token-secret",
    bearer_token="invented-bearer",
    bot_id="222222222",
)

#: Codes on a card here: places 20 and more would read like years in a date.
PLACES = 19
START_CENTS = 20_000

_MANY = 1_000_000

#: As often as one likes: X's limits are tested elsewhere.
_UNLIMITED = {f"{call.method} {call.path}": Allowance() for call in ENDPOINTS}


@dataclass(frozen=True, slots=True)
class Told:
    """Something that was written to the bot: its key, X's event, and whether it should pay."""

    key: str
    event: Json
    payer: str = ""  # numeric id; empty: it moves no money


def body(told: Sequence[Told]) -> bytes:
    """Return one body that brings all of *told*."""
    return json.dumps({"data": [one.event for one in told]}).encode()


@dataclass(slots=True)
class People:
    """Customers of the bank, each with 200 euros and a card; and their X."""

    world: World
    url: str
    users: list[User] = field(default_factory=list)
    _unused: Iterator[tuple[User, str]] = field(default_factory=lambda: iter(()))
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, book: Book, count: int) -> None:
        """Open *count* accounts."""
        book.run(_answer_without_limit)
        self.users = [self.world.add_user(f"payer_{n}", f"Payer {n}") for n in range(count)]
        for user in self.users:
            book.run(partial(_open, user=user))
        cards = [[(user, one) for one in _card()] for user in self.users]
        self._unused = itertools.chain.from_iterable(zip(*cards, strict=True))

    def write(self, dice: random.Random) -> Told:
        """Write something to the bot: an order to pay, a wrong one, or a question."""
        with self._lock:
            number = next(self._numbers)
            kind = dice.choice(("pay", "pay", "mistake", "balance", "balance"))
            author = dice.choice(self.users)
            if kind == "pay" and (unused := next(self._unused, None)):
                return self._pay(*unused, dice)
            if kind == "balance":
                return self._told(self.world.send_direct(author.x_id, APP.bot_id, "#solde"))
            words = f"@Smoney #12,5 @{author.handle} {_letters(number)}"
            return self._told(self.world.post(author.x_id, words))

    def _pay(self, payer: User, code: str, dice: random.Random) -> Told:
        payee = dice.choice([user for user in self.users if user is not payer])
        words = f"@Smoney #1 @{payee.handle} #{code}"
        return self._told(self.world.post(payer.x_id, words), payer.x_id)

    def _told(self, thing: Post | Direct, payer: str = "") -> Told:
        event, *_ = events(self.world, APP.bot_id, thing)
        prefix = "d" if isinstance(thing, Direct) else "t"
        event_of_x = event.body(user_id=APP.bot_id, tag=None)["data"]
        return Told(f"{prefix}:{thing.id}", event_of_x, payer)


def _answer_without_limit(connection: Connection) -> None:
    """Note what X would tell if it answered as often as one likes, as this one does."""
    now = Book.now(connection)
    for call in endpoints.ENDPOINTS.values():
        spans = [limit.span for limit in call.limits]
        told = [windows.Told(span, _MANY, _MANY, now + span.lasts) for span in spans]
        windows.note(connection, call.window, told, now)


def _letters(number: int) -> str:
    """Return *number* in letters: X refuses the same words twice, digits could be a code."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def _card() -> list[str]:
    return [f"{place:02}{place * 7919 % 1_000_000:06}" for place in range(1, PLACES + 1)]


def _open(connection: Connection, user: User) -> None:
    now = Book.now(connection)
    customer = customers.open_account(connection, handle=user.handle, x_id=user.x_id, now=now)
    ledger.deposit(connection, customer, euros(START_CENTS // 100), f"first {user.x_id}", now)
    hashed = [(int(one[:2]), *codes.hash_code(KEYRING, user.x_id, one)) for one in _card()]
    code_records.issue_card(connection, customer.id, hashed, now)


@contextmanager
def local_people() -> Iterator[People]:
    """Have a local X, with the bot on it and nobody else yet."""
    world = World()
    world.add_user("Smoney", "Smoney", x_id=APP.bot_id, automated=True)
    deliveries = Deliveries(world, consumer_secret=APP.consumer_secret, bot_id=APP.bot_id)
    server = serve(create_api(world, app=APP, deliveries=deliveries, allowances=_UNLIMITED))
    try:
        yield People(world, server.url)
    finally:
        server.stop()
        deliveries.close()
