"""The addresses of the page of statements.

    GET  /statement                 how to get in: the fields for a word and a code
    POST /statement                 a living code: on to this month
    GET  /statement/{month}         one month, as `2026-11`
    GET  /statement/{month}.csv     the same for a spreadsheet
    POST /statement/leave           the session ends

The language stands in `?lang=`; who is looking, in a cookie that no script reads, that
no other site sends, and that is worth nothing after 15 minutes.
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

from smoney_bot.bank.errors import TryLater
from smoney_bot.bank.keys import Keyring
from smoney_bot.book.engine import Book
from smoney_bot.book.months import read_month
from smoney_bot.book.statement_sessions import LIFE
from smoney_bot.web.enrolment.admission import NotAdmitted
from smoney_bot.web.enrolment.choices import Mistake, read_any_code, read_word
from smoney_bot.web.enrolment.shield import BODY_MAX, REQUESTS_MAX, Shield, Turnstile
from smoney_bot.web.forms import fields_of
from smoney_bot.web.languages import language_of
from smoney_bot.web.statements.pages import Pages
from smoney_bot.web.statements.porter import NoSuchMonth, Porter, Shown, SignedOut
from smoney_bot.web.statements.sheet import sheet

#: `__Host-`: the browser takes it from this host alone, over https, for all of it.
COOKIE = "__Host-smoney-statement"

_STATIC = Path(__file__).with_name("static")
_RETRY_SECONDS = 5


def create_statements(
    book: Book, keyring: Keyring, *, bot_handle: str, requests_max: int = REQUESTS_MAX
) -> list[BaseRoute]:
    """Return the routes of the page, to be added to those of the web application.

    *requests_max* is how often one address may ask in a minute.
    """
    pages = Pages(bot_handle)
    endpoints = _Endpoints(Porter(book, keyring), pages)
    app = Starlette(
        routes=[
            Route("/statement", endpoints.ask_word, methods=["GET"]),
            Route("/statement", endpoints.come_in, methods=["POST"]),
            Route("/statement/leave", endpoints.leave, methods=["POST"]),
            Route("/statement/{month}.csv", endpoints.sheet, methods=["GET"]),
            Route("/statement/{month}", endpoints.show, methods=["GET"]),
        ],
        exception_handlers={
            HTTPException: endpoints.refused,
            SignedOut: endpoints.signed_out,
            NoSuchMonth: endpoints.nothing_there,
            TryLater: endpoints.away,
        },
        middleware=[
            Middleware(Turnstile, pages.stop, requests_max),
            Middleware(RequestBodyLimitMiddleware, BODY_MAX),
        ],
    )
    shielded = [Middleware(Shield)]
    return [
        Mount("/statement/static", StaticFiles(directory=_STATIC), middleware=shielded),
        Route("/statement", app, middleware=shielded),
        Route("/statement/{rest:path}", app, middleware=shielded),
    ]


@dataclass(frozen=True, slots=True)
class _Endpoints:
    """The endpoints, and what becomes of each thing that stops one."""

    porter: Porter
    pages: Pages

    def ask_word(self, request: Request) -> Response:
        return self.pages.ask_word(language_of(request))

    async def come_in(self, request: Request) -> Response:
        """Take the word and the code of the form."""
        fields = await fields_of(request)
        # A field that is missing or there twice is worth nothing.
        word, code = fields.get("word", ""), fields.get("code", "")
        return await run_in_threadpool(self._come_in, request, word, code)

    def _come_in(self, request: Request, typed_word: str, typed_code: str) -> Response:
        language = language_of(request)
        word, digits = read_word(typed_word), read_any_code(typed_code)
        for typed in (word, digits):
            if isinstance(typed, Mistake):
                return self.pages.ask_word(language, typed)
        try:
            token, month = self.porter.admit(word, digits)
        except NotAdmitted as refusal:
            return self.pages.ask_word(language, refusal)
        answer = RedirectResponse(f"/statement/{month}?lang={language}", 303)
        answer.set_cookie(
            COOKIE,
            token,
            max_age=int(LIFE.total_seconds()),
            path="/",
            secure=True,
            httponly=True,
            samesite="strict",
        )
        return answer

    def show(self, request: Request) -> Response:
        shown = self._shown(request)
        return self.pages.statement(shown, language_of(request, shown.statement.customer.language))

    def sheet(self, request: Request) -> Response:
        """Send the month as a file; its name tells nothing but the month."""
        shown = self._shown(request)
        language = language_of(request, shown.statement.customer.language)
        name = f"smoney-{shown.statement.month}.csv"
        return Response(
            sheet(shown.statement, language),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def leave(self, request: Request) -> Response:
        self.porter.leave(request.cookies.get(COOKIE, ""))
        answer = RedirectResponse(f"/statement?lang={language_of(request)}", 303)
        answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
        return answer

    def _shown(self, request: Request) -> Shown:
        month = read_month(request.path_params["month"])
        if month is None:
            raise NoSuchMonth
        return self.porter.show(request.cookies.get(COOKIE, ""), month)

    def refused(self, _: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return self.pages.stop(error.status_code, error.headers or {})

    def signed_out(self, request: Request, _: Exception) -> Response:
        return RedirectResponse(f"/statement?lang={language_of(request)}", 303)

    def nothing_there(self, _: Request, __: Exception) -> Response:
        return self.pages.stop(404)

    def away(self, _: Request, __: Exception) -> Response:
        return self.pages.stop(503, {"Retry-After": str(_RETRY_SECONDS)})
