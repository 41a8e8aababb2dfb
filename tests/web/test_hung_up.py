"""Who hangs up before all has arrived is a stranger like others: no error, nothing kept."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from door_cast import kept, settings
from prometheus_client import REGISTRY

from smoney_bot.book.engine import Book
from smoney_bot.channels.sandbox.server import RunningServer, serve
from smoney_bot.web.app import create_app

FORM = "application/x-www-form-urlencoded"
DOOR = "/webhooks/x"


@pytest.fixture
def server(sqlite_url: str, sqlite_book: Book) -> Iterator[RunningServer]:
    """The whole of the web, really served."""
    running = serve(create_app(settings(sqlite_url), sqlite_book))
    yield running
    running.stop()


def hang_up(url: str, path: str) -> None:
    """Promise a form of a hundred bytes, send four, and go."""
    host = urlsplit(url)
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: {FORM}\r\nContent-Length: 100"
    with socket.create_connection((host.hostname, host.port)) as stranger:
        stranger.sendall(f"{head}\r\n\r\nword".encode())


def cut() -> float:
    return REGISTRY.get_sample_value("smoney_deliveries_refused_total", {"why": "cut"}) or 0.0


@pytest.mark.parametrize(
    "path",
    [
        DOOR,
        "/enrolment",
        "/enrolment/some-token",
        "/enrolment/some-token/code",
        "/statement",
        "/console/sign-in",
        "/console/sign-out",
        "/console/language",
        "/console/seals/verify",
    ],
)
def test_who_hangs_up_in_the_middle_is_no_error(
    server: RunningServer, sqlite_book: Book, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    before = cut()
    hang_up(server.url, path)
    server.stop()  # all is done with by then
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []
    assert cut() - before == (path == DOOR)
    assert kept(sqlite_book) == []
