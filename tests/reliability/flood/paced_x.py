"""A local X that keeps its limits, a book on the same clock, and senders that work together."""

from __future__ import annotations

import threading
import time
from collections import Counter as Tally
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from smoney_bot.bank.desk import Reply
from smoney_bot.bank.money import euros
from smoney_bot.book import outbox
from smoney_bot.book.engine import Book
from smoney_bot.channels.sandbox.api import create_api
from smoney_bot.channels.sandbox.deliveries import Deliveries
from smoney_bot.channels.sandbox.limits import Allowance
from smoney_bot.channels.sandbox.oauth import AppKeys
from smoney_bot.channels.sandbox.server import serve
from smoney_bot.channels.sandbox.world import World
from smoney_bot.channels.x.budget import Budget
from smoney_bot.channels.x.client import XClient
from smoney_bot.channels.x.pacing import Pacing
from smoney_bot.channels.x.session import Gate
from smoney_bot.workers.sender import Sender

ALICE, SMONEY = "111111111", "222222222"
KEYS = AppKeys(
    consumer_key="invented-consumer-key",
    consumer_secret="invented-consumer-secret",
    access_token="222222222-invented-token",
    access_token_secret="invented-token-secret",
    bearer_token="invented-bearer",
    bot_id=SMONEY,
)
#: Enough for all of it: what is tried is the pace.
BUDGET = Budget(euros(1_000))


@dataclass
class Clock:
    """One clock for X and for the book; it is put forward by hand."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> float:
        return time.time() + self.ahead.total_seconds()


class ClockBook(Book):
    """A book on that clock."""

    def __init__(self, url: str, clock: Clock) -> None:
        super().__init__(url)
        self._clock = clock

    def now(self, connection: Connection) -> datetime:  # type: ignore[override] # of this book alone
        return Book.now(connection) + self._clock.ahead

    moment = now


@dataclass
class PacedX:
    """X, and how often it gave each status to somebody who wanted to post."""

    world: World
    clock: Clock
    url: str
    statuses: Tally[int] = field(default_factory=Tally)

    def visible(self) -> Tally[str]:
        """Return how often each of the bot's lines can be read."""
        posts = self.world.timeline(1_000_000)
        said = (one.text[slice(*one.body)].strip() for one in posts if one.author_id == SMONEY)
        return Tally(said)


class _Counting:
    """Passes calls on, and counts the statuses of those that post."""

    def __init__(self, app: ASGIApp, statuses: Tally[int]) -> None:
        self._app = app
        self._statuses = statuses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["method"] == "POST":
                self._statuses[message["status"]] += 1
            await send(message)

        await self._app(scope, receive, counted)


@contextmanager
def paced_x(posts_a_window: int) -> Iterator[PacedX]:
    """Open an X that takes so many posts in 15 minutes."""
    clock = Clock()
    world = World(clock)
    world.add_user("Smoney", "Smoney", x_id=SMONEY, automated=True)
    world.add_user("alice", "Alice", x_id=ALICE)
    deliveries = Deliveries(world, consumer_secret=KEYS.consumer_secret, bot_id=SMONEY)
    allowances: Mapping[str, Allowance] = {"POST /2/tweets": Allowance(user=posts_a_window)}
    api = create_api(world, app=KEYS, deliveries=deliveries, allowances=allowances)
    statuses: Tally[int] = Tally()
    server = serve(_Counting(api, statuses))
    yield PacedX(world, clock, server.url, statuses)
    server.stop()
    deliveries.close()


def sender(book: Book, x: PacedX, *, paced: bool = True) -> Sender:
    """Return a sender as each process runs one; one that is not *paced* only hears of 429."""
    gate: Gate | None = Pacing(book, BUDGET) if paced else None
    client = XClient(
        x.url,
        consumer_key=KEYS.consumer_key,
        consumer_secret=KEYS.consumer_secret,
        access_token=KEYS.access_token,
        access_token_secret=KEYS.access_token_secret,
        bearer_token=KEYS.bearer_token,
        bot_id=SMONEY,
        gate=gate,
    )
    return Sender(book, client, BUDGET)


def put(book: Book, x: PacedX, count: int) -> list[str]:
    """Put answers to *count* posts of alice into the outbox; return their words."""
    replies = [
        Reply(
            message_key=f"t:{number}",
            kind="answer",
            to_x_id=ALICE,
            in_reply_to=x.world.post(ALICE, f"@Smoney #help {number}").id,
            text=f"Done (ref. REF{number}).",
            reference=f"REF{number}",
        )
        for number in range(count)
    ]
    book.run(lambda c: outbox.put(c, replies, book.now(c)))
    return [one.text for one in replies]


def serve_together(senders: list[Sender]) -> None:
    """Let every sender work in a thread of its own until none finds anything to do."""

    def work(one: Sender) -> None:
        while one.serve():
            pass

    threads = [threading.Thread(target=work, args=(one,)) for one in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def backlog(book: Book) -> int:
    """Return how many replies wait."""
    with book.reading() as connection:
        return outbox.waiting(connection)[0]
