"""The address of a collection's page, and what stands in front of it.

GET  /c/{tag}   the collection as it stands; the language in `?lang=`
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from smoney_bot.bank.errors import TryLater
from smoney_bot.book.engine import Book
from smoney_bot.web.collections.pages import Pages
from smoney_bot.web.collections.view import look
from smoney_bot.web.enrolment.shield import Shield, Turnstile
from smoney_bot.web.languages import language_of

#: Requests of one address in a minute: many who share a link may sit behind one.
REQUESTS_MAX = 120

_STATIC = Path(__file__).with_name("static")
_RETRY_SECONDS = 5

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def create_collections(
    book: Book,
    *,
    bot_handle: str,
    public_url: str | None = None,
    requests_max: int = REQUESTS_MAX,
) -> list[BaseRoute]:
    """Return the routes of the page, to be added to those of the web application.

    *public_url* is where the page is shared from; *requests_max* is how often one
    address may ask in a minute.
    """
    pages = Pages(bot_handle, public_url)
    endpoints = _Endpoints(book, pages)
    app = Starlette(
        routes=[Route("/c/{tag}", endpoints.show, methods=["GET"])],
        exception_handlers={HTTPException: endpoints.refused, TryLater: endpoints.away},
        middleware=[Middleware(Turnstile, pages.stop, requests_max)],
    )
    shielded = [Middleware(Shield, _HEADERS)]
    return [
        Mount("/c/static", StaticFiles(directory=_STATIC), middleware=shielded),
        Route("/c/{rest:path}", app, middleware=shielded),
    ]


@dataclass(frozen=True, slots=True)
class _Endpoints:
    """The endpoint, and what becomes of each thing that stops it."""

    book: Book
    pages: Pages

    def show(self, request: Request) -> Response:
        view = look(self.book, request.path_params["tag"])
        if view is None:
            return self.pages.stop(404)
        return self.pages.collection(view, language_of(request))

    def refused(self, _: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return self.pages.stop(error.status_code, error.headers or {})

    def away(self, _: Request, __: Exception) -> Response:
        return self.pages.stop(503, {"Retry-After": str(_RETRY_SECONDS)})
