"""The addresses of the console.

    GET  /console              what was paid today; `views.PAGES` has all pages
    POST /console/…            what operators do; `deeds.FORMS` has all forms
    GET  /console/sign-in      the form to sign in; POST signs in
    POST /console/sign-out     ends the session
    POST /console/language     shows the pages in another language

Not for the public: the proxy in front of smoney-bot does not pass it on.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from smoney_bot.bank.customers import Language
from smoney_bot.bank.errors import TryLater
from smoney_bot.bank.keys import Keyring
from smoney_bot.book.engine import Book
from smoney_bot.channels.x.budget import Budget
from smoney_bot.web.console.deeds import FORMS
from smoney_bot.web.console.gate import COOKIE, SIGN_IN, Gate, fields_of
from smoney_bot.web.console.pages import Pages
from smoney_bot.web.console.porter import NotAdmitted, Porter, Visit
from smoney_bot.web.console.views import PAGES
from smoney_bot.web.enrolment.shield import Shield, Turnstile, neighbourhood

_STATIC = Path(__file__).with_name("static")

#: Requests of one address in a minute; and how many of them may try to sign in.
REQUESTS_MAX = 240
SIGN_INS_MAX = 10

#: Seconds after which a refusal to sign in is told. To count an attempt, to check a
#: password and to note the failure takes a tenth of them, and less for some names.
REFUSED_AFTER = 0.5

#: The largest form, in bytes. An answer of the desk has a thousand signs, and one sign
#: of any script takes up to twelve bytes in a form.
BODY_MAX = 16 * 1024

_RETRY_SECONDS = 5


def create_console(
    book: Book,
    keyring: Keyring,
    budget: Budget,
    *,
    requests_max: int = REQUESTS_MAX,
    sign_ins_max: int = SIGN_INS_MAX,
    refused_after: float = REFUSED_AFTER,
) -> list[BaseRoute]:
    """Return the routes of the console, to be added to those of the web application."""
    pages, porter = Pages(budget), Porter(book, keyring)
    gate = Gate(book, keyring, porter, pages)
    entrance = _Entrance(porter, pages, RateLimitItemPerMinute(sign_ins_max), refused_after)
    app = Starlette(
        routes=[
            Route(SIGN_IN, entrance.ask, methods=["GET"]),
            Route(SIGN_IN, entrance.sign_in, methods=["POST"]),
            Route("/console/sign-out", entrance.sign_out, methods=["POST"]),
            Route("/console/language", entrance.speak, methods=["POST"]),
            *(Route(one.path, gate.page(one), methods=["GET"]) for one in PAGES),
            *(Route(one.path, gate.form(one), methods=["POST"]) for one in FORMS),
        ],
        exception_handlers={HTTPException: entrance.refused, TryLater: entrance.away},
        middleware=[
            Middleware(
                Turnstile,
                lambda status, headers: pages.stop(status, None, headers),
                requests_max,
                BODY_MAX,
            ),
            Middleware(RequestBodyLimitMiddleware, BODY_MAX),
        ],
    )
    shielded = [Middleware(Shield)]
    return [
        Mount("/console/static", StaticFiles(directory=_STATIC), middleware=shielded),
        Route("/console", app, middleware=shielded),
        Route("/console/{rest:path}", app, middleware=shielded),
    ]


@dataclass(frozen=True, slots=True)
class _Entrance:
    """Signing in and out, and what becomes of each thing that stops a request."""

    porter: Porter
    pages: Pages
    sign_ins: RateLimitItemPerMinute
    refused_after: float  # seconds
    # In memory: each process counts for itself; the book counts failures for good.
    limiter: MovingWindowRateLimiter = field(
        default_factory=lambda: MovingWindowRateLimiter(MemoryStorage())
    )

    def ask(self, request: Request) -> Response:
        if self._visit(request) is not None:
            return RedirectResponse("/console", 303)
        return self.pages.sign_in(_language(request))

    async def sign_in(self, request: Request) -> Response:
        """Take the name, the password and the digits of the form.

        Refusals are all told after the same time: else that would tell names that
        exist from others. It is waited outside the threads, which others need.
        """
        asked_at = time.monotonic()
        host = request.client.host if request.client else ""
        if not self.limiter.hit(self.sign_ins, neighbourhood(host)):
            return self.pages.stop(429, None, {"Retry-After": "60"})
        fields = await fields_of(request)
        try:
            return await run_in_threadpool(self._sign_in, request, fields)
        except NotAdmitted:
            await asyncio.sleep(asked_at + self.refused_after - time.monotonic())
            return self.pages.sign_in(_language(request), refused=True)

    def _sign_in(self, request: Request, fields: dict[str, str]) -> Response:
        name, password, code = (fields.get(one, "") for one in ("name", "password", "code"))
        token = self.porter.sign_in(name, password, code, _language(request))
        answer = RedirectResponse("/console", 303)
        answer.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="strict")
        return answer

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        fields = await fields_of(request)
        return await run_in_threadpool(self._sign_out, request, fields)

    def _sign_out(self, request: Request, fields: dict[str, str]) -> Response:
        visit = self._visit(request)
        if visit is not None:
            if not visit.owns(fields.get("csrf", "")):
                return self.pages.stop(403, visit, why="foreign_form")
            self.porter.sign_out(visit)
        answer = RedirectResponse(SIGN_IN, 303)
        answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
        return answer

    async def speak(self, request: Request) -> Response:
        """Change the language of the session."""
        fields = await fields_of(request)
        return await run_in_threadpool(self._speak, request, fields)

    def _speak(self, request: Request, fields: dict[str, str]) -> Response:
        visit, asked = self._visit(request), fields.get("language", "")
        if visit is None or asked not in tuple(Language):
            return RedirectResponse(SIGN_IN, 303)
        if not visit.owns(fields.get("csrf", "")):
            return self.pages.stop(403, visit, why="foreign_form")
        self.porter.speak(visit, Language(asked))
        return RedirectResponse("/console", 303)

    def _visit(self, request: Request) -> Visit | None:
        return self.porter.visit(request.cookies.get(COOKIE, ""))

    def refused(self, _: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return self.pages.stop(error.status_code, None, error.headers)

    def away(self, _: Request, __: Exception) -> Response:
        return self.pages.stop(503, None, {"Retry-After": str(_RETRY_SECONDS)})


def _language(request: Request) -> Language:
    """Return the language asked for in the address, else the browser's first that we speak."""
    asked = request.query_params.get("lang", "")
    spoken = request.headers.get("accept-language", "").split(",")
    for one in (asked, *spoken):
        tag = one.strip()[:2].lower()
        if tag in tuple(Language):
            return Language(tag)
    return Language.FRENCH
