"""A local X that listens, with four people on it, for the tests of this folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
import tweepy
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from smoney_bot.channels.sandbox.api import create_api
from smoney_bot.channels.sandbox.deliveries import Deliveries
from smoney_bot.channels.sandbox.faults import Faults
from smoney_bot.channels.sandbox.limits import Allowance
from smoney_bot.channels.sandbox.oauth import AppKeys
from smoney_bot.channels.sandbox.server import serve
from smoney_bot.channels.sandbox.world import World

ALICE, SMONEY, BOB, CAROL = "111111111", "222222222", "333333333", "444444444"

#: 2026-11-20 10:00 UTC.
TEN_O_CLOCK = 1_795_168_800.0

APP = AppKeys(
    consumer_key="invented-consumer-key",
    consumer_secret="invented-consumer-secret",
    access_token="222222222-invented-token",
    access_token_secret="invented-token-secret",
    bearer_token="invented-bearer",
    bot_id=SMONEY,
)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = TEN_O_CLOCK) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class HostSession(requests.Session):
    """Sends what tweepy means for X to *url*; OAuth signs what is really sent."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:  # type: ignore[override] # noqa: ANN401 - passes everything through
        here = url.replace("https://api.twitter.com", self.url)
        return super().request(method, here, *args, **{"timeout": 5, **kwargs})


@dataclass(frozen=True)
class LocalX:
    """The local X and what the tests do with it."""

    world: World
    deliveries: Deliveries
    faults: Faults
    url: str
    sessions: list[requests.Session] = field(default_factory=list)

    def client(self, **other_keys: str) -> Any:  # noqa: ANN401 - tweepy ships no types
        """Return tweepy's client with the bot's keys, or *other_keys*."""
        names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
        keys = {name: getattr(APP, name) for name in (*names, "bearer_token")} | other_keys
        client = tweepy.Client(**keys, return_type=requests.Response)
        client.session = HostSession(self.url)
        self.sessions.append(client.session)
        return client

    def as_app(self, method: str, path: str, body: object = None) -> requests.Response:
        """Make a call with the app's bearer token."""
        bearer = {"Authorization": f"Bearer {APP.bearer_token}"}
        return requests.request(method, self.url + path, json=body, headers=bearer, timeout=5)


def new_world(clock: Callable[[], float] = time.time) -> World:
    world = World(clock)
    for handle, x_id in (("alice", ALICE), ("Smoney", SMONEY), ("bob", BOB), ("carol", CAROL)):
        world.add_user(handle, handle.title(), x_id=x_id, automated=handle == "Smoney")
    return world


class Stage:
    """A server whose app changes from test to test: starting one takes a moment."""

    def __init__(self) -> None:
        self.app: ASGIApp = Starlette()
        self.server = serve(self._play)

    async def _play(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@contextmanager
def local_x(
    stage: Stage,
    clock: Callable[[], float] = time.time,
    *,
    retry_after: Sequence[float] = (0.01, 0.01, 0.01),
    client_secret: str | None = None,
    allowances: Mapping[str, Allowance] | None = None,
    code_88: bool = False,
) -> Iterator[LocalX]:
    world, faults = new_world(clock), Faults()
    deliveries = Deliveries(
        world,
        consumer_secret=APP.consumer_secret,
        client_secret=client_secret,
        bot_id=SMONEY,
        retry_after=retry_after,
        timeout=2,
    )
    stage.app = create_api(
        world, app=APP, deliveries=deliveries, faults=faults, allowances=allowances, code_88=code_88
    )
    x = LocalX(world, deliveries, faults, stage.server.url)
    try:
        yield x
    finally:
        for session in x.sessions:
            session.close()
        deliveries.close()
