"""The addresses of the enrolment page.

    GET  /enrolment                how to renew: the fields for a word and a code
    POST /enrolment                a living code: on to a fresh link
    GET  /enrolment/{token}        whose account this is, and the choice of a PIN
    POST /enrolment/{token}        the PIN, twice: the card is shown, this once
    GET  /enrolment/{token}/code   the field for a first code
    POST /enrolment/{token}/code   a first code: everything becomes living
    GET  /enrolment/done           what to do next; knows nobody

The language stands in `?lang=`; nothing else ever does.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
from smoney_bot.web.enrolment.choices import (
    Mistake,
    fault_of_pins,
    read_any_code,
    read_code,
    read_word,
)
from smoney_bot.web.enrolment.clerk import Clerk, LinkEnded, NothingStaged, Visit, WrongCode
from smoney_bot.web.enrolment.pages import Pages
from smoney_bot.web.enrolment.porter import NotAdmitted, Porter
from smoney_bot.web.enrolment.shield import BODY_MAX, REQUESTS_MAX, Shield, Turnstile
from smoney_bot.web.forms import fields_of
from smoney_bot.web.languages import language_of

_STATIC = Path(__file__).with_name("static")
_RETRY_SECONDS = 5


def create_enrolment(
    book: Book,
    keyring: Keyring,
    *,
    bot_handle: str,
    public_url: str | None = None,
    requests_max: int = REQUESTS_MAX,
) -> list[BaseRoute]:
    """Return the routes of the page, to be added to those of the web application.

    *public_url* is where customers reach it, for the card; *requests_max* is how
    often one address may ask in a minute.
    """
    pages = Pages(bot_handle, public_url)
    endpoints = _Endpoints(Clerk(book, keyring), Porter(book, keyring), pages)
    app = Starlette(
        routes=[
            Route("/enrolment", endpoints.ask_word, methods=["GET"]),
            Route("/enrolment", endpoints.renew, methods=["POST"]),
            Route("/enrolment/done", endpoints.done, methods=["GET"]),
            Route("/enrolment/{token}", endpoints.begin, methods=["GET"]),
            Route("/enrolment/{token}", endpoints.choose, methods=["POST"]),
            Route("/enrolment/{token}/code", endpoints.ask_code, methods=["GET"]),
            Route("/enrolment/{token}/code", endpoints.confirm, methods=["POST"]),
        ],
        exception_handlers={
            HTTPException: endpoints.refused,
            LinkEnded: endpoints.ended,
            NothingStaged: endpoints.nothing_staged,
            TryLater: endpoints.away,
        },
        middleware=[
            Middleware(Turnstile, pages.stop, requests_max),
            Middleware(RequestBodyLimitMiddleware, BODY_MAX),
        ],
    )
    shielded = [Middleware(Shield)]
    return [
        Mount("/enrolment/static", StaticFiles(directory=_STATIC), middleware=shielded),
        # Not a mount: that would not answer at /enrolment itself.
        Route("/enrolment", app, middleware=shielded),
        Route("/enrolment/{rest:path}", app, middleware=shielded),
    ]


@dataclass(frozen=True, slots=True)
class _Endpoints:
    """The endpoints, and what becomes of each thing that stops one."""

    clerk: Clerk
    porter: Porter
    pages: Pages

    def ask_word(self, request: Request) -> Response:
        return self.pages.renew(_language(request))

    async def renew(self, request: Request) -> Response:
        """Take the word and the code of the form."""
        word, code = await _fields(request, "word", "code")
        return await run_in_threadpool(self._renew, request, word, code)

    def begin(self, request: Request) -> Response:
        visit = self._visit(request)
        return self.pages.choose(visit, _token(request), _language(request, visit))

    async def choose(self, request: Request) -> Response:
        """Take the PIN of the form."""
        pin, again = await _fields(request, "pin", "again")
        return await run_in_threadpool(self._choose, request, pin, again)

    def ask_code(self, request: Request) -> Response:
        visit = self._visit(request)
        if visit.invitation.staged is None:
            raise NothingStaged
        return self.pages.ask_code(_token(request), _language(request, visit))

    async def confirm(self, request: Request) -> Response:
        """Take the first code of the form."""
        (typed,) = await _fields(request, "code")
        return await run_in_threadpool(self._confirm, request, typed)

    def done(self, request: Request) -> Response:
        return self.pages.done(_language(request))

    def _renew(self, request: Request, typed_word: str, typed_code: str) -> Response:
        language = _language(request)
        word, digits = read_word(typed_word), read_any_code(typed_code)
        for typed in (word, digits):
            if isinstance(typed, Mistake):
                return self.pages.renew(language, typed)
        try:
            token = self.porter.admit(word, digits)
        except NotAdmitted as refusal:
            return self.pages.renew(language, refusal)
        return RedirectResponse(f"/enrolment/{token}?lang={language}", 303)

    def _choose(self, request: Request, pin: str, again: str) -> Response:
        visit = self._visit(request)
        language = _language(request, visit)
        mistake = fault_of_pins(pin, again)
        if mistake:
            return self.pages.choose(visit, _token(request), language, mistake)
        drawn = self.clerk.choose(visit, pin)
        return self.pages.card(visit, drawn, _token(request), language)

    def _confirm(self, request: Request, typed: str) -> Response:
        visit = self._visit(request)
        language = _language(request, visit)
        digits = read_code(typed)
        if isinstance(digits, Mistake):
            return self.pages.ask_code(_token(request), language, digits)
        try:
            self.clerk.confirm(visit, digits)
        except WrongCode as wrong:
            return self.pages.ask_code(_token(request), language, wrong)
        # 303: loading the next page again must not post the code again.
        return RedirectResponse(f"/enrolment/done?lang={language}", 303)

    def _visit(self, request: Request) -> Visit:
        return self.clerk.visit(_token(request))

    def refused(self, _: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return self.pages.stop(error.status_code, error.headers or {})

    def ended(self, _: Request, __: Exception) -> Response:
        return self.pages.stop(404)

    def nothing_staged(self, request: Request, _: Exception) -> Response:
        return RedirectResponse(f"/enrolment/{_token(request)}", 303)

    def away(self, _: Request, __: Exception) -> Response:
        return self.pages.stop(503, {"Retry-After": str(_RETRY_SECONDS)})


def _token(request: Request) -> str:
    token: str = request.path_params["token"]
    return token


def _language(request: Request, visit: Visit | None = None) -> Language:
    """Return the language asked for in the address, else the customer's, else the browser's."""
    return language_of(request, visit.customer.language if visit else None)


async def _fields(request: Request, *names: str) -> tuple[str, ...]:
    """Return these fields of the form; "" for one that is missing or there twice."""
    fields = await fields_of(request)
    return tuple(fields.get(name, "") for name in names)
