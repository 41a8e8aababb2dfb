"""X's door on real HTTP, with every log line in a file."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from x_bodies import SECRET, SMONEY, Event, body, sign

from smoney_bot import settings as environment
from smoney_bot import telemetry
from smoney_bot.book.engine import Book
from smoney_bot.channels.sandbox.server import serve
from smoney_bot.web.app import create_app

SIGNATURE = "x-twitter-webhooks-signature"

#: The secret keys as a setting: those of the small bank.
SECRET_KEYS = "invented:" + base64.b64encode(b"k" * 32).decode()


@dataclass(frozen=True, slots=True)
class Door:
    """The way to the bot, as X takes it: one connection that is kept open."""

    connection: HTTPConnection

    def bring(self, events: Iterable[Event]) -> int:
        """Deliver *events* in one signed body; return the status."""
        raw = body(events)
        return self.ask("POST", "/webhooks/x", raw, **{SIGNATURE: sign(raw)})

    def ask(self, method: str, path: str, raw: bytes = b"", **headers: str) -> int:
        """Return the status that one request gets; its answer is read and dropped."""
        try:
            self.connection.request(method, path, raw, headers)
            answer = self.connection.getresponse()
            answer.read()
        except OSError:
            self.connection.close()
            raise
        if answer.status >= 500:  # then the server hangs up
            self.connection.close()
        return answer.status

    def turned_away(self, code: str) -> dict[str, int]:
        """Show *code* in every way that gets no further than the door; return the answers."""
        words = f'{{"data": {{"text": "@Smoney #1 @entraide #{code}"}}}}'.encode()
        return {
            "unsigned": self.ask("POST", "/webhooks/x", words),
            "badly signed": self.ask("POST", "/webhooks/x", words, **{SIGNATURE: code}),
            "broken": self._signed(words[:-1]),
            "key twice": self._signed(f'{{"a": "{code}", "a": "{code}"}}'.encode()),
            "bare number": self._signed(f'{{"data": {code}}}'.encode()),
            "unknown kind": self._signed(f'{{"{code}_events": [{{"text": "{code}"}}]}}'.encode()),
            "nowhere": self.ask("POST", f"/webhooks/{code}?code={code}", words),
        }

    def too_large(self, code: str) -> int:
        """Show *code* in a body larger than X's; return the status, 0 if the door just closed."""
        raw = b'{"data": "' + b"x" * 300_000 + code.encode() + b'"}'
        self.connection.close()
        try:
            return self._signed(raw)
        except OSError:
            return 0
        finally:
            self.connection.close()  # the server hangs up on such a body

    def _signed(self, raw: bytes) -> int:
        return self.ask("POST", "/webhooks/x", raw, **{SIGNATURE: sign(raw)})


@contextmanager
def open_door(book: Book, on_kept: Callable[[], None] = lambda: None) -> Iterator[Door]:
    """Serve the real web application on loopback."""
    settings = environment.load(
        secret_keys=SECRET_KEYS,
        x_bot_id=SMONEY.x_id,
        x_consumer_secret=SECRET,
    )
    server = serve(create_app(settings, book, on_kept))
    connection = HTTPConnection(urlsplit(server.url).netloc)
    try:
        yield Door(connection)
    finally:
        connection.close()
        server.stop()


@contextmanager
def logging_to(path: Path, log_format: str) -> Iterator[None]:
    """Set up telemetry as the daemon does, at its most talkative, with *path* for its output."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers, root.level
    with path.open("a", encoding="utf-8") as stream:
        telemetry.configure(log_format, "debug", stream)
        try:
            yield
        finally:
            root.handlers, root.level = handlers, level
            structlog.configure(**before)
