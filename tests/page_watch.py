"""Everything that a running test is shown beside its own output, for the scan for secrets.

    answers of our apps    each ASGI app in this process, whoever asks: a client, a browser
    answers of processes   what `http.client` reads (urllib, requests), whoever answers
    captured output        what a test takes out of `capsys` and `capfd`
    captured log lines     what a test takes by structlog's `capture_logs`

Of an answer the headers count too. Only text is looked at: no pictures, no style sheets,
and nothing that a test sends.
"""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import LogCapture

#: Called with the path of a page ("" for what is none) and with what stood there.
Look = Callable[[str, str], None]

#: So much of what came before is looked at again, lest a secret be cut in two.
_SEAM = 128

_WATCHED = "smoney.page_watch"

_NO_TEXT = ("image/", "font/", "text/css", "text/javascript", "application/octet-stream")

#: An app called by this is not watched: as if it ran in another process.
UNWATCHED = Starlette.__call__


class Answer:
    """One answer on its way: looked at piece by piece."""

    def __init__(self, look: Look, path: str) -> None:
        self._look, self._path = look, path
        self._before = ""
        self._text = True

    def begins(self, headers: list[tuple[str, str]]) -> None:
        """Look at its headers."""
        kind = next((value for name, value in headers if name.lower() == "content-type"), "")
        self._text = not kind.startswith(_NO_TEXT)
        self._look(self._path, "\n".join(value for _, value in headers))

    def goes_on(self, piece: bytes) -> None:
        """Look at a piece of its body."""
        if piece and self._text:
            text = self._before + piece.decode(errors="replace")
            self._look(self._path, text)
            self._before = text[-_SEAM:]


def watch(look: Look, patch: pytest.MonkeyPatch) -> None:
    """Let *look* see everything, until *patch* is undone."""
    _watch_apps(look, patch)
    _watch_clients(look, patch)
    _watch_captures(look, patch)


def _watch_apps(look: Look, patch: pytest.MonkeyPatch) -> None:
    plain = Starlette.__call__

    async def watched(app: Starlette, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _WATCHED in scope:  # an app within another one
            return await plain(app, scope, receive, send)
        scope[_WATCHED] = True
        answer = Answer(look, scope["path"])

        async def seen(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.begins(
                    [(n.decode("latin1"), v.decode("latin1")) for n, v in message["headers"]]
                )
            else:
                answer.goes_on(message.get("body", b""))
            await send(message)

        return await plain(app, scope, receive, seen)

    patch.setattr(Starlette, "__call__", watched)


def _watch_clients(look: Look, patch: pytest.MonkeyPatch) -> None:
    ask, answered, read = HTTPConnection.putrequest, HTTPConnection.getresponse, HTTPResponse.read

    def asking(client: Any, method: str, url: str, *rest: Any, **more: Any) -> None:  # noqa: ANN401 - as they are
        client.asked_for = urlsplit(url).path
        ask(client, method, url, *rest, **more)

    def answering(client: Any) -> HTTPResponse:  # noqa: ANN401 - it is given an attribute
        response: Any = answered(client)
        response.watched = Answer(look, client.asked_for)
        response.watched.begins(response.getheaders())
        found: HTTPResponse = response
        return found

    def reading(response: Any, *size: Any) -> bytes:  # noqa: ANN401 - as above
        piece = read(response, *size)
        if (answer := getattr(response, "watched", None)) is not None:
            answer.goes_on(piece)
        return piece

    patch.setattr(HTTPConnection, "putrequest", asking)
    patch.setattr(HTTPConnection, "getresponse", answering)
    patch.setattr(HTTPResponse, "read", reading)


def _watch_captures(look: Look, patch: pytest.MonkeyPatch) -> None:
    read, note = pytest.CaptureFixture.readouterr, LogCapture.__call__

    def reading(capture: pytest.CaptureFixture[Any]) -> Any:  # noqa: ANN401 - pytest's own
        taken = read(capture)
        look("", f"{taken.out}\n{taken.err}")
        return taken

    def noting(capture: LogCapture, logger: Any, name: str, line: Any) -> Any:  # noqa: ANN401 - structlog's
        look("", str(line))
        return note(capture, logger, name, line)

    patch.setattr(pytest.CaptureFixture, "readouterr", reading)
    patch.setattr(LogCapture, "__call__", noting)
