"""A local X that listens, and a door for it to knock at, for tests of our registration there."""

from __future__ import annotations

import atexit
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from smoney_bot.channels.sandbox.api import create_api
from smoney_bot.channels.sandbox.deliveries import Deliveries
from smoney_bot.channels.sandbox.faults import Faults
from smoney_bot.channels.sandbox.oauth import AppKeys
from smoney_bot.channels.sandbox.server import serve
from smoney_bot.channels.sandbox.subscriptions import Shape
from smoney_bot.channels.sandbox.world import World
from smoney_bot.channels.x.admin import XAdmin
from smoney_bot.channels.x.signature import sign

ALICE, BOT, BOB = "111111111", "222222222", "333333333"

#: The keys that `tests/service/driver.py` gives the service.
APP = AppKeys(
    consumer_key="consumer-key",
    consumer_secret="an-invented-consumer-secret",
    access_token=f"{BOT}-token",
    access_token_secret="token-secret",
    bearer_token="bearer",
    user_token="an-invented-user-token",
    bot_id=BOT,
)


class Door:
    """Signs challenges with `secret`, answers deliveries with `statuses` in turn, then 200."""

    def __init__(self) -> None:
        self.secret = APP.consumer_secret
        self.challenge_status = 200
        self.headers: dict[str, str] = {}
        self.statuses: list[int] = []
        self.bodies: list[dict[str, Any]] = []
        routes = [
            Route("/webhooks/x", self._challenge, methods=["GET"]),
            Route("/webhooks/x", self._deliver, methods=["POST"]),
        ]
        self.app = Starlette(routes=routes)

    async def _challenge(self, request: Request) -> Response:
        token = sign(self.secret, request.query_params["crc_token"].encode())
        return JSONResponse(
            {"response_token": token}, status_code=self.challenge_status, headers=self.headers
        )

    async def _deliver(self, request: Request) -> Response:
        self.bodies.append(json.loads(await request.body()))
        return Response(status_code=self.statuses.pop(0) if self.statuses else 200)


@dataclass(frozen=True)
class XSide:
    """The local X at `url`, and the door at `webhook_url`."""

    world: World
    deliveries: Deliveries
    url: str
    webhook_url: str
    faults: Faults = field(default_factory=Faults)
    door: Door = field(default_factory=Door)

    def admin(self, **other_keys: str | None) -> XAdmin:
        """Return our side, with the app's keys or *other_keys*."""
        names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
        keys = {name: getattr(APP, name) for name in (*names, "bearer_token")}
        return XAdmin(self.url, **(keys | other_keys), bot_id=BOT, read_seconds=2)

    @property
    def kinds(self) -> list[str]:
        """What X tells us, by kind."""
        return sorted(one.kind for one in self.deliveries.subscriptions.all())


class _Stage:
    """A server whose app changes from test to test: starting and stopping one takes a while."""

    def __init__(self) -> None:
        self.app: ASGIApp = Starlette()
        self.server = serve(self._play)
        atexit.register(self.server.stop)

    async def _play(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@cache
def _stages() -> tuple[_Stage, _Stage]:
    return _Stage(), _Stage()


@contextmanager
def x_side(
    *,
    shape: Shape = Shape.NESTED,
    clock: Callable[[], float] = time.time,
    retry_after: Sequence[float] = (0.01, 0.01, 0.01),
    app: AppKeys = APP,
) -> Iterator[XSide]:
    """Run the local X, which knows *app*, and the door until the block ends."""
    world, faults, door = World(clock), Faults(), Door()
    world.add_user("alice", "Alice", x_id=ALICE)
    world.add_user("Smoney", "Smoney", x_id=BOT, automated=True)
    world.add_user("bob", "Bob", x_id=BOB)
    deliveries = Deliveries(
        world,
        consumer_secret=app.consumer_secret,
        bot_id=app.bot_id,
        retry_after=retry_after,
        timeout=2,
    )
    api, hook = _stages()
    api.app = create_api(world, app=app, deliveries=deliveries, faults=faults, shape=shape)
    hook.app = door.app
    try:
        yield XSide(
            world, deliveries, api.server.url, hook.server.url + "/webhooks/x", faults, door
        )
    finally:
        deliveries.close()
