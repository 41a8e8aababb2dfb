"""Calls on X's door, made in the application's own loop: thousands of them a second."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message

DOOR = "/webhooks/x"

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Call:
    """One request, byte by byte; *address* is where it seems to come from."""

    body: bytes = b""
    headers: Headers = ()
    query: bytes = b""
    method: str = "POST"
    address: str = "192.0.2.1"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the door said, and how long it thought."""

    status: int
    body: bytes
    seconds: float

    @property
    def kept(self) -> int:
        """How many messages the door says it has kept."""
        return int(json.loads(self.body).get("kept", 0)) if self.status == 200 else 0


def ask_all(client: TestClient, calls: Iterable[Call]) -> list[Answer]:
    """Make *calls* one after the other."""
    assert client.portal is not None, "enter the client first"
    return client.portal.call(_ask_all, client.app, calls)


def ask_all_meanwhile(
    client: TestClient, calls: Iterable[Call], waiting: Iterable[Call]
) -> list[Answer]:
    """Make *calls* while those of *waiting* wait for their answers, as long as they may."""
    assert client.portal is not None, "enter the client first"
    return client.portal.call(_ask_all_meanwhile, client.app, calls, waiting)


async def _ask_all(app: ASGIApp, calls: Iterable[Call]) -> list[Answer]:
    return [await _ask(app, call) for call in calls]


async def _ask_all_meanwhile(
    app: ASGIApp, calls: Iterable[Call], waiting: Iterable[Call]
) -> list[Answer]:
    async with _running(app, waiting) as tasks:
        await asyncio.sleep(0.1)
        answers = await _ask_all(app, calls)
        assert not any(one.done() for one in tasks), "they were to wait"
    return answers


@asynccontextmanager
async def _running(
    app: ASGIApp, calls: Iterable[Call]
) -> AsyncIterator[list[asyncio.Task[Answer]]]:
    tasks = [asyncio.create_task(_ask(app, call)) for call in calls]
    yield tasks
    for one in tasks:
        one.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _ask(app: ASGIApp, call: Call) -> Answer:
    said: list[Message] = []
    given = iter(({"type": "http.request", "body": call.body, "more_body": False},))

    async def receive() -> Message:
        return next(given, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        said.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": call.method,
        "scheme": "https",
        "path": DOOR,
        "raw_path": DOOR.encode(),
        "root_path": "",
        "query_string": call.query,
        "headers": [(b"host", b"bank.example"), *call.headers],
        "client": (call.address, 40_000),
        "server": ("bank.example", 443),
    }
    began = time.perf_counter()
    await app(scope, receive, send)
    seconds = time.perf_counter() - began
    head, *parts = said
    return Answer(head["status"], b"".join(one.get("body", b"") for one in parts), seconds)
