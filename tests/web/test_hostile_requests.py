"""Whatever strangers and operators send to any address gets an answer, and is no error of ours."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from http.client import HTTPConnection
from itertools import product
from urllib.parse import urlsplit

import pytest
from door_cast import settings
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy import Connection

from smoney_bot.bank.customers import Language
from smoney_bot.bank.keys import mac
from smoney_bot.bank.operators import Role
from smoney_bot.book import operators, sessions
from smoney_bot.book.engine import Book
from smoney_bot.channels.sandbox.server import serve
from smoney_bot.web import app as web_app
from smoney_bot.web.app import create_app
from smoney_bot.web.console import create_console
from smoney_bot.web.console.deeds import FORMS
from smoney_bot.web.console.gate import COOKIE
from smoney_bot.web.console.views import PAGES

#: Method, path, body, headers.
Request = tuple[str, str, str, dict[str, str]]

#: NUL, half a character, no UTF-8 at all, numbers too large or of another script, patterns.
ODD = (
    "%00",
    "a%00b",
    "%ED%A0%80",
    "%FF%FE",
    "%F0%9F%8D%85",
    "0",
    "-1",
    "9" * 30,
    "9" * 5000,
    "%D9%A9" * 20,
    "%2E%2E%2F",
    "%0A",
    "%27%22%25_",
    "x" * 3000,
)
ADDRESSES = (
    "/enrolment/{odd}",
    "/enrolment/{odd}/code",
    "/enrolment/static/{odd}",
    "/statement/{odd}",
    "/statement/{odd}.csv",
    "/c/{odd}",
    "/c/static/{odd}",
    *(one.path for one in (*PAGES, *FORMS)),
)
ASKED = ("/console", "/console/payments", "/console/customers", "/statement", "/webhooks/x")
FORM_PATHS = (
    "/enrolment",
    "/enrolment/some-token",
    "/statement",
    "/console/sign-in",
    "/console/language",
    *(one.path for one in FORMS),
)
#: Two lists, because no form of ours has more fields than eight.
FIELDS = (
    ("word", "code", "pin", "again", "name", "password", "language"),
    ("key", "reason", "words", "{odd}"),
)
HEADERS = ("Origin", "Cookie", "Accept-Language", "Content-Type", "Content-Encoding", "Host")
ODD_HEADERS = ("http://[", "[", "\xff", "=;,;=", "a=\xff; " * 50, "9" * 5000, "")


def put(path: str, odd: str) -> str:
    """Put *odd* where *path* has a name or a number."""
    for slot in ("{odd}", "{number:int}", "{reference}"):
        path = path.replace(slot, odd)
    return path


def requests(csrf: str, session: dict[str, str]) -> Iterator[Request]:
    """Yield requests by somebody with a session, and by strangers."""
    for path, odd in product(ADDRESSES, ODD):
        yield "GET", put(path, odd), "", session
        yield "POST", put(path, odd), f"csrf={csrf}", session
    for path, odd, name in product(ASKED, ODD, ("q", "said", "lang", "crc_token", "{odd}")):
        yield "GET", f"{path}?{put(name, odd)}={odd}", "", session
    for path, odd, names in product(FORM_PATHS, ODD, FIELDS):
        fields = "&".join(f"{put(name, odd)}={odd}" for name in names)
        yield "POST", put(path, "1"), f"csrf={csrf}&{fields}", session
    for path, name, odd in product((*FORM_PATHS[:4], "/webhooks/x"), HEADERS, ODD_HEADERS):
        yield "POST", path, "word=a", {name: odd}
        yield "GET", f"{path}/", "", {name: odd}


@pytest.fixture
def token(book: Book) -> str:
    """The session of a supervisor."""

    def work(connection: Connection) -> str:
        now, role = book.now(connection), Role.SUPERVISOR
        office = operators.add(
            connection, name="office", role=role, password_hash="", secret=None, now=now
        )
        return sessions.open_session(connection, office, Language.ENGLISH, now)

    return book.run(work)


def test_nothing_that_is_sent_is_an_error_of_ours(
    book_url: str,
    book: Book,
    token: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(MovingWindowRateLimiter, "hit", lambda *_: True)
    monkeypatch.setattr(web_app, "create_console", partial(create_console, refused_after=0.0))
    csrf, session = mac(token.encode(), "console-form"), {"Cookie": f"{COOKIE}={token}"}
    server = serve(create_app(settings(book_url), book))
    try:
        sent = [(send(server.url, one), one) for one in requests(csrf, session)]
    finally:
        server.stop()
    assert [one for status, one in sent if status >= 500] == []
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []
    assert {status for status, _ in sent} >= {200, 303, 400, 401, 403, 404, 409, 415, 422}


def send(url: str, request: Request) -> int:
    """Send one request; return the status."""
    method, path, body, headers = request
    given = {"Content-Type": "application/x-www-form-urlencoded"} | headers
    connection = HTTPConnection(urlsplit(url).netloc, timeout=20)
    try:
        connection.request(method, path, body or None, given)
        return connection.getresponse().status
    finally:
        connection.close()
