"""Eight threads that bring the same to the bank again and again, and read X's lists between.

The code is the service's own: door, keeper, catching up with tweepy, counter;
only sockets are left out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from crash_points import Points
from one_thread import Asking, Inline, InProcess
from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.routing import Route
from whole_bank import APP, BOT, DOOR_URL, KEYS, RULES, SIGNATURE, X_URL

from smoney_bot.book.engine import Book
from smoney_bot.channels.sandbox.api import ENDPOINTS, create_api
from smoney_bot.channels.sandbox.deliveries import Deliveries
from smoney_bot.channels.sandbox.limits import Allowance
from smoney_bot.channels.sandbox.signing import Secrets
from smoney_bot.channels.sandbox.world import World
from smoney_bot.channels.x.client import XClient
from smoney_bot.web.keeper import Keeper
from smoney_bot.web.webhook import Door
from smoney_bot.workers.catching_up import CatchingUp
from smoney_bot.workers.counter import Counter

THREADS = 8

#: As often as one likes: X's limits are tested elsewhere.
_UNLIMITED = {f"{call.method} {call.path}": Allowance() for call in ENDPOINTS}

Task = Callable[[], object]


class LaterBook(Book):
    """A book whose clock can be put forward."""

    later = timedelta(0)

    def now(self, connection: Connection) -> datetime:  # type: ignore[override] # of this book alone
        del connection
        return datetime.now(UTC) + self.later

    moment = now


class Storm:
    """Tasks for `THREADS` threads; each has its own way to the door and to X."""

    def __init__(self, book: Book, world: World, keeper: Keeper, deliveries: Deliveries) -> None:
        door = Door(book, keeper, KEYS, BOT, APP.consumer_secret, SIGNATURE)
        self._door = Starlette(routes=[Route("/webhooks/x", door.deliver, methods=["POST"])])
        self._x = create_api(world, app=APP, deliveries=deliveries, allowances=_UNLIMITED)
        self._book = book
        self._secrets = Secrets(APP.consumer_secret)
        self._mine = threading.local()
        self._all_asking: list[Asking] = []
        self._threads = ThreadPoolExecutor(THREADS)
        self.refused = 0

    def run(self, tasks: Iterable[Task]) -> None:
        """Have every task done; raise what one of them raises."""
        for _ in self._threads.map(lambda task: task(), tasks):
            pass

    def bring(self, body: bytes) -> None:
        """Bring one body to the door until it is acknowledged."""
        headers = self._secrets.headers(body)
        while self._asking().ask(self._door, "POST", DOOR_URL, headers, body).status != 200:
            self.refused += 1

    def read_lists(self) -> None:
        """Catch up with X."""
        CatchingUp(self._book, self._client(), KEYS, BOT).catch_up()

    def serve(self) -> int:
        """Serve one batch of the inbox; return how many messages it held."""
        return Counter(self._book, RULES, self._client(), Inline(), KEYS).serve()

    def close(self) -> None:
        """End the threads, then their loops."""
        self._threads.shutdown()
        for asking in self._all_asking:
            asking.close()

    def _client(self) -> XClient:
        client = XClient(
            X_URL,
            consumer_key=APP.consumer_key,
            consumer_secret=APP.consumer_secret,
            access_token=APP.access_token,
            access_token_secret=APP.access_token_secret,
            bearer_token=APP.bearer_token,
            bot_id=BOT.x_id,
        )
        line = InProcess(self._x, self._asking(), Points())
        client._x.session.mount("http://", line)  # noqa: SLF001 - in place of sockets
        return client

    def _asking(self) -> Asking:
        if not hasattr(self._mine, "asking"):
            self._mine.asking = Asking()
            self._all_asking.append(self._mine.asking)
        asking: Asking = self._mine.asking
        return asking


@contextmanager
def storm(book: Book, world: World) -> Iterator[Storm]:
    """Have a storm over *book* and *world* until the end of the block."""
    keeper = Keeper(book)
    deliveries = Deliveries(world, consumer_secret=APP.consumer_secret, bot_id=BOT.x_id)
    keeper.start()
    blowing = Storm(book, world, keeper, deliveries)
    try:
        yield blowing
    finally:
        blowing.close()
        keeper.stop()
        deliveries.close()
