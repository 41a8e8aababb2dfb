"""The bank and the local X in one thread, on one clock that only the test moves.

The code is the service's own: door, keeper, counter, sender, timers, catch-up,
tweepy. Between them and the local X stands `InProcess` in place of sockets, and
`ClockBook` reads the test's clock in place of the machine's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import requests
from crash_points import Points, watch
from requests.adapters import BaseAdapter
from sqlalchemy import Connection, Engine, event
from starlette.types import ASGIApp
from starlette.types import Message as AsgiMessage

from smoney_bot.bank.messages import Message
from smoney_bot.book.engine import Book
from smoney_bot.web.keeper import Keeper, _Call

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
_TICK = timedelta(milliseconds=1)

#: Crashes of the process lose nothing that SQLite was given; power cuts are
#: another test's matter, so the disk is spared.
_SPARING = ("PRAGMA synchronous=OFF", "PRAGMA journal_mode=MEMORY")


class Clock:
    """The time, UTC: a millisecond passes whenever somebody looks."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        """Return the time."""
        self.time += _TICK
        return self.time

    def seconds(self) -> float:
        """Return the time as seconds since 1970, for the local X."""
        return self.now().timestamp()


class ClockBook(Book):
    """A book on the test's *clock*, whose statements are crash *points*."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.clock, self.points = Clock(), Points()
        engines = (self._writer, self._reader, self._single)
        for engine in dict.fromkeys(engines):
            if engine.dialect.name == "sqlite":
                event.listen(engine, "connect", _spare_the_disk)
        for engine in _apart(*engines):
            watch(engine, lambda: self.points)

    def now(self, connection: Connection) -> datetime:  # type: ignore[override] # of this book alone
        del connection
        return self.clock.now()

    moment = now


@lru_cache(maxsize=4)
def clock_book(url: str) -> ClockBook:
    """Return the book at *url*, whatever file is there by now.

    A closed one has no connection left, only statements that SQLAlchemy has
    compiled: to compile them anew for each run would take a third of the time.
    """
    return ClockBook(url)


def _apart(*engines: Engine) -> list[Engine]:
    """Return one engine of each dialect object: PostgreSQL's two share theirs."""
    return list({id(engine.dialect): engine for engine in engines}.values())


def _spare_the_disk(connection: Any, _entry: object) -> None:  # noqa: ANN401 - the driver's
    for pragma in _SPARING:
        connection.execute(pragma)


Result = TypeVar("Result")


async def in_this_thread(work: Callable[..., Result], *arguments: object) -> Result:
    """Do what the local X does in a thread."""
    return work(*arguments)


class Inline(Executor):
    """Checks codes where it is asked to; *meanwhile* happens once before."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], None] | None = None

    def map(
        self,
        fn: Callable[..., Any],
        *iterables: Iterable[Any],
        **_options: Any,  # noqa: ANN401 - likewise
    ) -> Iterator[Any]:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return iter([fn(*arguments) for arguments in zip(*iterables, strict=True)])


class PromptKeeper(Keeper):
    """Writes each call's messages at once, in the thread that asks."""

    async def keep(self, messages: Sequence[Message]) -> frozenset[str]:
        loop = asyncio.get_running_loop()
        call = _Call(messages, loop, loop.create_future())
        self._write([call])
        return await call.kept


@dataclass(frozen=True)
class Answer:
    """What an app answered; `whole` is False if it broke off."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool


class Asking:
    """Calls ASGI apps without sockets, on an event loop of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    def close(self) -> None:
        """End the loop."""
        self._loop.close()

    def ask(
        self, app: ASGIApp, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """Return what *app* answers."""
        with _no_other_loop():
            return self._loop.run_until_complete(_ask(app, method, url, headers, body))


@contextmanager
def _no_other_loop() -> Iterator[None]:
    """Let a loop run although a browser's counts as running in this thread.

    Playwright keeps its own between its calls, and leaves it marked.
    """
    other = asyncio._get_running_loop()  # noqa: SLF001 - nothing public tells or sets it
    asyncio._set_running_loop(None)  # noqa: SLF001 - likewise
    try:
        yield
    finally:
        asyncio._set_running_loop(other)  # noqa: SLF001 - likewise


async def _ask(
    app: ASGIApp, method: str, url: str, headers: Mapping[str, str], body: bytes
) -> Answer:
    address = urlsplit(url)
    sent: list[AsgiMessage] = []
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": address.scheme,
        "path": unquote(address.path),
        "raw_path": address.path.encode(),
        "root_path": "",
        "query_string": address.query.encode(),
        "headers": [
            (b"host", address.netloc.encode()),
            *((name.lower().encode(), value.encode()) for name, value in headers.items()),
        ],
        "server": (address.hostname, 80),
        "client": ("127.0.0.1", 1),
    }

    async def receive() -> AsgiMessage:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: AsgiMessage) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, *parts = sent
    return Answer(
        status=start["status"],
        headers={name.decode(): value.decode() for name, value in start["headers"]},
        body=b"".join(part.get("body", b"") for part in parts),
        whole=bool(parts) and not parts[-1].get("more_body", False),
    )


class InProcess(BaseAdapter):
    """Carries the requests of tweepy to an app in this process; each is a crash point."""

    def __init__(self, app: ASGIApp, asking: Asking, points: Points) -> None:
        super().__init__()
        self._app = app
        self._asking = asking
        self._points = points
        self.calls: list[tuple[str, str]] = []
        self.before: Callable[[], None] = lambda: None  # happens before each call

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override] # noqa: ANN401 - requests' own options
        self.before()
        answers: list[Answer] = []
        self._points.call(lambda: answers.append(self._answer(request)))
        (answer,) = answers
        if not answer.whole:
            raise requests.exceptions.ChunkedEncodingError("broke off")
        response = requests.Response()
        response.status_code, response.url, response.request = (
            answer.status,
            request.url or "",
            request,
        )
        response.headers.update(answer.headers)
        response._content = answer.body  # noqa: SLF001 - requests has no other way to make one
        return response

    def _answer(self, request: requests.PreparedRequest) -> Answer:
        method, url = request.method or "", request.url or ""
        self.calls.append((method, urlsplit(url).path))
        body = request.body or b""
        raw = body.encode() if isinstance(body, str) else body
        headers = {name: _text(value) for name, value in request.headers.items()}
        return self._asking.ask(self._app, method, url, headers, raw)

    def close(self) -> None:
        """Nothing is open."""


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
