"""X's door on a book of its own: bodies as X writes them, signed as X signs them."""

from __future__ import annotations

import base64
import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from smoney_bot import settings as environment
from smoney_bot.bank.customers import Customer
from smoney_bot.book import customers, inbox
from smoney_bot.book.engine import Book
from smoney_bot.channels.sandbox.events import events
from smoney_bot.channels.sandbox.posts import Direct, Post
from smoney_bot.channels.sandbox.world import World
from smoney_bot.channels.x.signature import SIGNATURE_HEADERS, sign
from smoney_bot.settings import Settings

BOT, ALICE, BOB = "222222222", "111111111", "333333333"
SECRET, CLIENT_SECRET = "an-invented-consumer-secret", "an-invented-client-secret"
CODE = "07482193"

#: Nobody listens there.
AWAY = "postgresql+psycopg://smoney:invented-word@127.0.0.1:9/smoney"

#: Everything that must never be seen from outside, by setting.
SECRETS = {
    "secret_keys": "test:" + base64.b64encode(b"k" * 32).decode(),
    "x_consumer_key": "an-invented-consumer-key",
    "x_consumer_secret": SECRET,
    "x_access_token": f"{BOT}-an-invented-token",
    "x_access_token_secret": "an-invented-token-secret",
    "x_bearer_token": "an-invented-bearer",
    "x_client_secret": CLIENT_SECRET,
}


def settings(database_url: str, **given: object) -> Settings:
    """Return settings that are complete, some of them *given*."""
    usual: dict[str, object] = {"database_url": database_url, "x_bot_id": BOT, **SECRETS}
    return environment.load(**(usual | given))


class X:
    """The bodies that X would bring."""

    def __init__(self) -> None:
        self.world = World()
        self.world.add_user("Smoney", "Smoney", x_id=BOT, automated=True)
        self.world.add_user("alice", "Alice", x_id=ALICE)
        self.world.add_user("bob", "Bob", x_id=BOB)
        self._numbers = itertools.count(1)

    def mention(self, words: str = f"#20 @bob #{CODE}") -> bytes:
        """Alice posts to the bot."""
        text = f"@Smoney {words} tomatoes{next(self._numbers)}"
        return self._body(self.world.post(ALICE, text))

    def direct(self, words: str = "#balance") -> bytes:
        """Alice writes to the bot."""
        return self._body(self.world.send_direct(ALICE, BOT, words))

    def renamed(self, x_id: str, handle: str) -> bytes:
        """Somebody has another handle."""
        change = {"before": "old", "after": handle}
        return self._event("profile.update.handle", x_id, change)

    def _body(self, thing: Post | Direct) -> bytes:
        (event,) = events(self.world, BOT, thing)
        return json.dumps(event.body(user_id=BOT, tag=None)).encode()

    @staticmethod
    def _event(kind: str, x_id: str, payload: dict[str, str]) -> bytes:
        event = {
            "event_uuid": "1",
            "filter": {"user_id": x_id},
            "event_type": kind,
            "payload": payload,
        }
        return json.dumps({"data": event}).encode()


def signed(body: bytes, secret: str = SECRET, by: str = "consumer") -> dict[str, str]:
    """Return the headers of *body* as X brings it."""
    return {SIGNATURE_HEADERS[by]: sign(secret, body), "content-type": "application/json"}


def open_account(book: Book, handle: str = "alice", x_id: str = ALICE) -> Customer:
    """Open an account with nothing in it."""
    return book.run(lambda c: customers.open_account(c, handle=handle, x_id=x_id, now=book.now(c)))


def kept(book: Book) -> list[inbox.Line]:
    """Return what is in the inbox, the newest first."""
    with book.reading() as connection:
        return inbox.listing(connection, limit=10_000)


def rows(book: Book, question: str) -> list[tuple[Any, ...]]:
    """Return the rows that answer *question*."""
    with book.reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(question)]


@contextmanager
def writes_held(url: str) -> Iterator[None]:
    """Let nobody write into the inbox behind *url* until the end of the block."""
    book, held, free = Book(url), threading.Event(), threading.Event()

    def hold() -> None:
        with book.writing() as connection:
            _lock(connection)
            held.set()
            free.wait(30)

    holding = threading.Thread(target=hold)
    holding.start()
    assert held.wait(10)
    try:
        yield
    finally:
        free.set()
        holding.join()
        book.close()


def _lock(connection: Connection) -> None:
    # On SQLite an open write transaction is enough.
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE inbox IN EXCLUSIVE MODE")
