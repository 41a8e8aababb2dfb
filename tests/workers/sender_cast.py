"""A local X beside a book whose clock can be put forward, and replies for alice in its outbox."""

from __future__ import annotations

import time
from collections import Counter as Tally
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send
from workers_cast import BOT, rows

from smoney_bot.bank.desk import Priority, Reply
from smoney_bot.book import customers, outbox, windows
from smoney_bot.book.engine import Book
from smoney_bot.channels.sandbox.faults import Faults
from smoney_bot.channels.sandbox.oauth import AppKeys
from smoney_bot.channels.sandbox.server import RunningServer, serve
from smoney_bot.channels.sandbox.world import Post, World
from smoney_bot.channels.x.budget import Budget
from smoney_bot.channels.x.client import XClient
from smoney_bot.channels.x.pacing import Pacing
from smoney_bot.channels.x.session import READ_SECONDS
from smoney_bot.workers.sender import Sender

ALICE = "111111111"
POSTING = ("POST", "/2/tweets")
KEYS = AppKeys(
    consumer_key="invented-consumer-key",
    consumer_secret="invented-consumer-secret",
    access_token="222222222-invented-token",
    access_token_secret="invented-token-secret",
    bearer_token="invented-bearer",
    bot_id=BOT.x_id,
)


@dataclass
class Clock:
    """One clock for X and for the book, which can be put forward."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> float:
        return time.time() + self.ahead.total_seconds()


class LaterBook(Book):
    """A book whose clock is put forward too."""

    def __init__(self, url: str, clock: Clock) -> None:
        super().__init__(url)
        self._clock = clock

    def now(self, connection: Connection) -> datetime:  # type: ignore[override] # of this book alone
        return Book.now(connection) + self._clock.ahead

    moment = now


@dataclass
class LocalX:
    """The local X, how to reach it, and which calls it was asked for."""

    url: str
    clock: Clock
    world: World
    faults: Faults
    calls: Tally[tuple[str, str]] = field(default_factory=Tally)

    def ask(self, number: int) -> Post:
        """Let alice write post *number* to the bot."""
        return self.world.post(ALICE, f"@Smoney #help {number}")

    def said(self) -> list[str]:
        """Return what the bot has posted, without the names before it."""
        posts = [one for one in self.world.timeline(1000) if one.author_id == BOT.x_id]
        return sorted(one.text[slice(*one.body)].strip() for one in posts)

    def written(self) -> list[str]:
        """Return what the bot has written to alice."""
        directs = self.world.conversation(BOT.x_id, ALICE)
        return [one.text for one in directs if one.sender_id == BOT.x_id]


class Stage:
    """One server for all tests; its app changes, because starting one takes a moment."""

    def __init__(self) -> None:
        self.app: Any = Starlette()
        self.calls: Tally[tuple[str, str]] = Tally()
        self.server: RunningServer = serve(self._play)

    async def _play(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.calls[scope["method"], scope["path"]] += 1
        await self.app(scope, receive, send)


def sending(
    book: Book, x: LocalX, budget: Budget | None = None, *, read_seconds: float = READ_SECONDS
) -> Sender:
    """Return a sender that keeps X's pace, as the service runs it."""
    budget = budget or Budget()
    return Sender(book, client(x, Pacing(book, budget), read_seconds), budget)


def client(x: LocalX, gate: Pacing | None = None, read_seconds: float = READ_SECONDS) -> XClient:
    """Return the bot's client; without *gate* nobody keeps the pace."""
    return XClient(
        x.url,
        consumer_key=KEYS.consumer_key,
        consumer_secret=KEYS.consumer_secret,
        access_token=KEYS.access_token,
        access_token_secret=KEYS.access_token_secret,
        bearer_token=KEYS.bearer_token,
        bot_id=BOT.x_id,
        read_seconds=read_seconds,
        gate=gate,
    )


def put(
    book: Book,
    x: LocalX,
    number: int,
    *,
    public: bool = True,
    priority: Priority = Priority.USUAL,
) -> None:
    """Put the answer to alice's post or direct message *number* into the outbox."""
    reply = Reply(
        message_key=f"{'t' if public else 'd'}:{number}",
        kind="answer",
        to_x_id=ALICE,
        in_reply_to=x.ask(number).id if public else None,
        text=line(number),
        reference=f"REF{number}",
        priority=priority,
    )
    book.run(lambda c: outbox.put(c, [reply], book.now(c)))


def put_private_answer(book: Book, post_id: str) -> None:
    """Put a private answer to alice's post into the outbox."""
    reply = Reply(
        message_key=f"t:{post_id}",
        kind="answer",
        to_x_id=ALICE,
        in_reply_to=None,
        text=line(1),
        reference="REF1",
    )
    book.run(lambda c: outbox.put(c, [reply], book.now(c)))


def open_account(book: Book, *, silent: bool = False, wrote_first: bool = False) -> None:
    """Open an account for alice."""

    def work(connection: Connection) -> None:
        alice = customers.open_account(
            connection, handle="alice", x_id=ALICE, now=book.now(connection)
        )
        known = replace(alice, silent=silent, wrote_first=wrote_first)
        customers.update(connection, [known])

    book.run(work)


def say_stop(book: Book) -> None:
    """Let alice have said stop."""

    def work(connection: Connection) -> None:
        alice = customers.by_x_ids(connection, [ALICE], lock=True)[ALICE]
        customers.update(connection, [replace(alice, silent=True)])

    book.run(work)


def line(number: int) -> str:
    """The words of the answer to post *number*: its reference makes them unique."""
    return f"Done (ref. REF{number})."


def states(book: Book) -> list[str]:
    """The states of all replies, in the order they were written."""
    return [state for (state,) in rows(book, "SELECT state FROM outbox ORDER BY id")]


def errors(book: Book) -> list[str]:
    """What stands beside each reply about its last attempt."""
    return [why for (why,) in rows(book, "SELECT error FROM outbox ORDER BY id")]


def later(x: LocalX, **moments: float) -> None:
    """Put the clock of X and of the book forward."""
    x.clock.ahead += timedelta(**moments)


def remaining(book: Book, endpoint: str = "POST /2/tweets") -> dict[str, int]:
    """Return how many calls each window of *endpoint* has left."""
    with book.reading() as connection:
        return {
            one.span.value: one.remaining
            for one in windows.listing(connection)
            if one.endpoint == endpoint
        }
