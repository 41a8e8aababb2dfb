"""The enrolment page on a real server over a real book, and a customer who reads its pages."""

from __future__ import annotations

import http.client
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import structlog
from passlib.totp import TOTP
from sqlalchemy import Connection
from starlette.applications import Starlette

from smoney_bot.bank.customers import Language
from smoney_bot.bank.keys import Keyring
from smoney_bot.book import customers, invitations
from smoney_bot.book.engine import Book
from smoney_bot.channels.sandbox.server import serve
from smoney_bot.web.enrolment import create_enrolment

ALICE = "111111111"
KEYS = Keyring({"test": b"k" * 32})
PIN = "7391"

_CARD_CODE = re.compile(r"<li><b>(\d\d)</b>(\d{6})</li>")
_SECRET = re.compile(r'<p class="key">([A-Z2-7 ]+)</p>')


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def codes(self) -> list[str]:
        """The codes of the card that this page shows."""
        return [place + secret for place, secret in _CARD_CODE.findall(self.text)]

    @property
    def secret(self) -> str:
        """The secret to type into an authenticator app."""
        found = _SECRET.search(self.text)
        assert found
        return found[1].replace(" ", "")

    @property
    def app_code(self) -> str:
        """What the customer's app shows now."""
        shown: str = TOTP(key=self.secret, format="base32").generate().token
        return shown


def ask(
    url: str,
    fields: Mapping[str, str] | None = None,
    *,
    method: str | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    """Send one request, a form if there are *fields*; follow nothing."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    given = {"Content-Type": "application/x-www-form-urlencoded"} | dict(headers or {})
    if fields is not None:
        body = urlencode(fields).encode()
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    try:
        connection.request(method or ("GET" if body is None else "POST"), path, body, given)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read().decode())
    finally:
        connection.close()


def invite(book: Book, handle: str, life: timedelta = invitations.LIFE) -> str:
    """Invite a customer; return the token."""
    token = invitations.new_token()

    def work(connection: Connection) -> None:
        customer = customers.by_handle(connection, handle)
        assert customer
        now = book.now(connection)
        hashed = invitations.hash_token(token)
        invitations.invite(connection, customer.id, hashed, now, life)

    book.run(work)
    return token


@dataclass(frozen=True)
class Site:
    """The page, where alice has an account and no code at all."""

    book: Book
    url: str

    def invite(self, life: timedelta = invitations.LIFE) -> str:
        """Invite alice; return her link."""
        return f"{self.url}/enrolment/{invite(self.book, 'alice', life)}"

    def drawn(self, link: str) -> Answer:
        """Choose a PIN at *link*; return the page with the card."""
        answer = ask(link, {"pin": PIN, "again": PIN})
        assert answer.status == 200, answer.text
        return answer


@contextmanager
def site(book: Book, requests_max: int = 10_000) -> Iterator[Site]:
    """Serve the page over *book* until the end of the block."""
    book.run(
        lambda c: customers.open_account(
            c, handle="alice", x_id=ALICE, language=Language.ENGLISH, now=book.now(c)
        )
    )
    routes = create_enrolment(book, KEYS, bot_handle="Smoney", requests_max=requests_max)
    server = serve(Starlette(routes=routes))
    try:
        yield Site(book, server.url)
    finally:
        server.stop()


@contextmanager
def log_put_back() -> Iterator[None]:
    """Undo at the end what a test or a command made of the log."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    try:
        yield
    finally:
        root.handlers = handlers
        root.setLevel(level)
        structlog.reset_defaults()
