"""Serving an app in a thread."""

from __future__ import annotations

import asyncio
import threading
import time
from urllib.parse import urlsplit

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from smoney_bot.channels.sandbox.server import serve


async def hello(_request: Request) -> Response:
    return PlainTextResponse("hello")


async def never(_request: Request) -> Response:
    await asyncio.sleep(60)
    return PlainTextResponse("late")


APP = Starlette(routes=[Route("/hello", hello), Route("/never", never)])


def test_it_answers_as_soon_as_it_is_served_and_not_after_it_stopped() -> None:
    server = serve(APP)
    assert requests.get(f"{server.url}/hello", timeout=5).text == "hello"
    server.stop()
    server.stop()

    with pytest.raises(requests.ConnectionError):
        requests.get(f"{server.url}/hello", timeout=5)


def test_a_port_that_is_taken_is_an_error_at_once() -> None:
    server = serve(APP)
    try:
        with pytest.raises(OSError, match="in use"):
            serve(APP, "127.0.0.1", urlsplit(server.url).port or 0)
    finally:
        server.stop()


def test_stopping_does_not_wait_for_a_page_that_waits() -> None:
    server = serve(APP)
    ended = threading.Event()

    def watch() -> None:
        try:
            requests.get(f"{server.url}/never", timeout=30)
        except requests.RequestException:
            pass
        finally:
            ended.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    time.sleep(0.1)
    start = time.monotonic()
    server.stop()
    watcher.join()

    assert ended.is_set()
    assert time.monotonic() - start < 5


def test_an_app_that_cannot_start_is_an_error_at_once() -> None:
    async def broken(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "lifespan.startup.failed", "message": "no"})

    with pytest.raises(RuntimeError, match="did not start"):
        serve(broken)
