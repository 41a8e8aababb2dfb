"""The HTTP API of the local X: the calls that the bot and tweepy make."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from smoney_bot.channels.sandbox.calls import Call, Endpoint, Keys, check_query
from smoney_bot.channels.sandbox.deliveries import Deliveries
from smoney_bot.channels.sandbox.endpoints import (
    activity,
    directs,
    people,
    reading,
    webhooks,
    writing,
)
from smoney_bot.channels.sandbox.faults import Fault, Faults
from smoney_bot.channels.sandbox.limits import Allowance, RateLimits
from smoney_bot.channels.sandbox.oauth import AppKeys, Caller, Gate
from smoney_bot.channels.sandbox.problems import (
    Json,
    Problem,
    forbidden,
    invalid,
    not_found,
    too_many,
    unsupported_authentication,
)
from smoney_bot.channels.sandbox.refusals import WorldRefuses
from smoney_bot.channels.sandbox.subscriptions import Shape
from smoney_bot.channels.sandbox.world import World

ENDPOINTS = (
    *writing.ENDPOINTS,
    *reading.ENDPOINTS,
    *people.ENDPOINTS,
    *directs.ENDPOINTS,
    *webhooks.ENDPOINTS,
    *activity.ENDPOINTS,
)


def create_api(
    world: World,
    *,
    app: AppKeys,
    deliveries: Deliveries,
    faults: Faults | None = None,
    allowances: Mapping[str, Allowance] | None = None,
    code_88: bool = False,
    shape: Shape = Shape.NESTED,
) -> Starlette:
    """Return the API as an ASGI app.

    *allowances* changes how often a call may be made, by name (`"POST /2/tweets"`);
    *code_88* answers 429 in X's older form; *shape* is how it tells of what it has
    made of webhooks and subscriptions.
    """
    door = _Door(
        world=world,
        deliveries=deliveries,
        gate=Gate(app),
        limits=RateLimits(lambda: world.now().timestamp()),
        faults=faults or Faults(),
        allowances=allowances or {},
        code_88=code_88,
        shape=shape,
    )
    routes = [_route(door, endpoint) for endpoint in ENDPOINTS]
    return Starlette(routes=routes, exception_handlers={404: _nowhere, 405: _nowhere})


def _route(door: _Door, endpoint: Endpoint) -> Route:
    async def serve(request: Request) -> Response:
        return await door.serve(endpoint, request)

    return Route(endpoint.path, serve, methods=[endpoint.method])


async def _nowhere(_request: Request, _error: Exception) -> Response:
    return _problem(not_found(), {})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Door:
    """What every call passes: faults, keys, limits, then the call itself."""

    world: World
    deliveries: Deliveries
    gate: Gate
    limits: RateLimits
    faults: Faults
    allowances: Mapping[str, Allowance]
    code_88: bool
    shape: Shape

    async def serve(self, endpoint: Endpoint, request: Request) -> Response:
        fault = self.faults.take(request.method, request.url.path)
        if fault is None:
            return await self._answer(endpoint, request)
        await request.body()  # what has arrived is done even if the caller hangs up meanwhile
        await asyncio.sleep(fault.delay)
        usual: Response | None = None
        if fault.done or (fault.status is None and not fault.cut):
            usual = await self._answer(endpoint, request)
        if fault.cut:
            return _CutOff()
        return usual if usual is not None and fault.status is None else _faulty(fault)

    async def _answer(self, endpoint: Endpoint, request: Request) -> Response:
        headers = {
            "x-access-level": "read-write-directmessages",
            "x-transaction-id": secrets.token_hex(8),
        }
        try:
            caller = self._admit(endpoint, request, headers)
            call = Call(
                world=self.world,
                deliveries=self.deliveries,
                caller=caller,
                shape=self.shape,
                path=request.path_params,
                query=request.query_params,
                body=_read_body(await request.body()),
            )
            check_query(call.query, endpoint.query)
            answer = await run_in_threadpool(endpoint.run, call)
        except Problem as problem:
            return _problem(problem, headers)
        except WorldRefuses as refusal:
            return _problem(forbidden(str(refusal)), headers)
        if answer is None:
            return Response(status_code=204, headers=headers)
        return _json(endpoint.status, answer, headers)

    def _admit(self, endpoint: Endpoint, request: Request, headers: dict[str, str]) -> Caller:
        """Return who calls, and put the state of the limits into *headers*.

        Raises the problems 401, 403 (wrong kind of key) and 429.
        """
        caller = self.gate.caller(request.method, str(request.url), request.headers)
        unfit = Keys.APP if caller.user_id is not None else Keys.USER
        if endpoint.keys is unfit:
            raise unsupported_authentication(endpoint.keys.value)
        name = f"{endpoint.method} {endpoint.path}"
        allowance = self.allowances.get(name, endpoint.allowance)
        allowed, told = self.limits.count(endpoint.counted_as or name, allowance, caller)
        headers.update(told)
        if not allowed:
            raise too_many(code_88=self.code_88)
        return caller


class _CutOff(Response):
    """An answer that promises more than it brings: the server closes the connection."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        promised = [(b"content-type", b"application/json"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": promised})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


def _read_body(raw: bytes) -> Json:
    """Return the JSON object that came with a call, empty if none did; raise 400."""
    if not raw:
        return {}
    try:
        body: Any = json.loads(raw)
    except ValueError:
        raise invalid("Request body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise invalid("$: object expected")
    return body


def _faulty(fault: Fault) -> Response:
    status = fault.status or 200
    if isinstance(fault.body, str):
        return Response(fault.body, status, dict(fault.headers), "text/html")
    return _json(status, fault.body, fault.headers)


def _problem(problem: Problem, headers: Mapping[str, str]) -> Response:
    return _json(problem.status, problem.body, headers, "application/problem+json")


def _json(
    status: int, body: Json, headers: Mapping[str, str], kind: str = "application/json"
) -> Response:
    raw = json.dumps(body).encode()
    return Response(raw, status, dict(headers), f"{kind}; charset=utf-8")
