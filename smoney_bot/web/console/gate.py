"""The gate: whatever a browser asks for goes through here first.

Who is not signed in is shown the way to sign in. Whose role may not is refused, and
that is recorded. A form must bring the token of its own session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from structlog import get_logger

from smoney_bot.bank.customers import Language
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.operators import Deed, may
from smoney_bot.book import actions
from smoney_bot.book.engine import Book
from smoney_bot.book.operators import Operator
from smoney_bot.telemetry import metrics
from smoney_bot.web import forms
from smoney_bot.web.console.pages import Pages
from smoney_bot.web.console.porter import Porter, Visit

log = get_logger(__name__)

#: `__Host-`: the browser takes it from this host alone, over https, for all of it.
COOKIE = "__Host-smoney-console"
SIGN_IN = "/console/sign-in"

_ID_MAX = (1 << 63) - 1


class NotThere(Exception):
    """There is nothing of that number or reference."""


@dataclass(eq=False)
class Unwilling(Exception):
    """It cannot be done as things are; `why` is a word that `words` has a sentence for."""

    why: str


@dataclass(frozen=True, slots=True)
class Looking:
    """What a page may ask: one moment of the book, and what the address says."""

    connection: Connection
    now: datetime
    visit: Visit
    keyring: Keyring
    path: Mapping[str, Any]
    query: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page: its template and its facts; `subject` is what was looked at, for the record."""

    template: str
    facts: Mapping[str, object]
    subject: str = ""
    go_to: str | None = None  # the page is elsewhere


@dataclass(frozen=True, slots=True)
class Doing:
    """What a deed may change: one transaction, and what the form says."""

    connection: Connection
    now: datetime
    operator: Operator
    path: Mapping[str, Any]
    fields: Mapping[str, str]
    evidence: str


@dataclass(frozen=True, slots=True)
class Done:
    """A deed: what the record says of it, and where the operator goes on."""

    back: str
    subject: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """An address to look at; who may is said by *deed*, None: everybody signed in."""

    path: str
    view: Callable[[Looking], Drawn]
    deed: Deed | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """An address to send a form to; *before* gathers evidence, outside the transaction."""

    path: str
    deed: Deed
    act: Callable[[Doing], Done]
    before: Callable[[Book, Keyring], str] = lambda _book, _keyring: ""


@dataclass(frozen=True, slots=True)
class Gate:
    """Makes endpoints of pages and forms."""

    book: Book
    keyring: Keyring
    porter: Porter
    pages: Pages

    def page(self, page: Page) -> Callable[[Request], Response]:
        """Return the endpoint that shows *page*; it runs in a thread."""

        def endpoint(request: Request) -> Response:
            visit = self.porter.visit(request.cookies.get(COOKIE, ""))
            if visit is None:
                return _to_sign_in(request)
            if page.deed is not None and not may(visit.operator.role, page.deed):
                return self._turn_back(visit, page.deed)
            return self._look(request, visit, page)

        return endpoint

    def form(self, form: Form) -> Callable[[Request], Any]:
        """Return the endpoint that takes *form*."""

        async def endpoint(request: Request) -> Response:
            fields = await fields_of(request)
            return await run_in_threadpool(self._take, request, form, fields)

        return endpoint

    def _look(self, request: Request, visit: Visit, page: Page) -> Response:
        with self.book.reading() as connection:
            looking = Looking(
                connection,
                self.book.now(connection),
                visit,
                self.keyring,
                request.path_params,
                {name: _plain(value) for name, value in request.query_params.items()},
            )
            try:
                drawn = page.view(looking)
            except NotThere:
                return self.pages.stop(404, visit)
        if drawn.go_to is not None:
            return RedirectResponse(drawn.go_to, 303)
        if page.deed is not None:
            self._record(visit.operator, page.deed, drawn.subject)
        said = request.query_params.get("said", "")
        return self.pages.draw(drawn.template, visit, drawn.facts, said=said)

    def _take(self, request: Request, form: Form, fields: Mapping[str, str]) -> Response:
        visit = self.porter.visit(request.cookies.get(COOKIE, ""))
        if visit is None:
            return _to_sign_in(request)
        if not visit.owns(fields.get("csrf", "")):
            metrics.DEEDS.labels("foreign_form").inc()
            return self.pages.stop(403, visit, why="foreign_form")
        if not may(visit.operator.role, form.deed):
            return self._turn_back(visit, form.deed)
        try:
            done = self._do(request, visit, form, fields)
        except NotThere:
            return self.pages.stop(404, visit)
        except Unwilling as unwilling:
            metrics.DEEDS.labels("unwilling").inc()
            return self.pages.stop(409, visit, why=unwilling.why)
        metrics.DEEDS.labels("done").inc()
        log.info("operator.acted", operator=visit.operator.name, deed=form.deed.value)
        return RedirectResponse(f"{done.back}?said={form.deed.value}", 303)

    def _do(self, request: Request, visit: Visit, form: Form, fields: Mapping[str, str]) -> Done:
        """Do the deed and record it, in one transaction."""
        evidence = form.before(self.book, self.keyring)

        def work(connection: Connection) -> Done:
            now = self.book.now(connection)
            done = form.act(
                Doing(connection, now, visit.operator, request.path_params, fields, evidence)
            )
            actions.note(
                connection,
                visit.operator,
                form.deed,
                now,
                subject=done.subject,
                detail=done.detail,
            )
            return done

        return self.book.run(work)

    def _turn_back(self, visit: Visit, deed: Deed) -> Response:
        metrics.DEEDS.labels("not_allowed").inc()
        log.warning("operator.refused", operator=visit.operator.name, deed=deed.value)
        self._record(visit.operator, Deed.TRY, deed.value)
        return self.pages.stop(403, visit, why="not_allowed")

    def _record(self, operator: Operator, deed: Deed, subject: str) -> None:
        self.book.run(lambda c: actions.note(c, operator, deed, self.book.now(c), subject=subject))


def _to_sign_in(request: Request) -> Response:
    """Show the way to sign in, in the language that the address asks for."""
    asked = request.query_params.get("lang", "")
    there = f"{SIGN_IN}?lang={asked}" if asked in tuple(Language) else SIGN_IN
    return RedirectResponse(there, 303)


async def fields_of(request: Request) -> dict[str, str]:
    """Return the fields of a form that are there once; raise `HTTPException` if it is none."""
    return {name: _plain(value) for name, value in (await forms.fields_of(request)).items()}


def number_of(path: Mapping[str, Any]) -> int:
    """Return the number in an address; raise `NotThere` for one that no row can have."""
    number = int(path["number"])
    if number > _ID_MAX:
        raise NotThere
    return number


def _plain(text: str) -> str:
    """Return *text* without the one sign that PostgreSQL does not store."""
    return text.replace("\0", "")
