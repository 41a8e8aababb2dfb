"""The office: two operators at the real console, who go on until they are answered.

Their forms pass the same crash points as everything else. When the process dies under
a form, or the page says that it is away, they do what people do: they look whether it
is done, and if not they send it again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlencode

from crash_points import Killed
from invariants import rows
from sqlalchemy import Connection
from starlette.applications import Starlette
from whole_bank import KEYS, RICH, WholeBank

from smoney_bot.bank.customers import Language
from smoney_bot.bank.keys import mac
from smoney_bot.bank.operators import Role
from smoney_bot.book import operators, sessions
from smoney_bot.web.console import create_console
from smoney_bot.web.console.gate import COOKIE

_URL = "http://bank.invalid"

#: A form that comes twice is told so by a page of this status; then it is done.
_DONE, _DONE_BEFORE = 303, 409

#: How often a form is sent at most: one blow costs one or two.
_PATIENCE = 5

TELLER, SUPERVISOR = Role.TELLER, Role.SUPERVISOR


def send(
    bank: WholeBank,
    role: Role,
    path: str,
    *,
    done: Callable[[], bool] = lambda: False,
    **fields: str,
) -> None:
    """Let the operator of that *role* send a form until it is *done*, or the console says so."""
    token = _signed_in(bank, role)
    fields["csrf"] = mac(token.encode(), "console-form")
    body = urlencode(fields).encode()
    headers = {
        "cookie": f"{COOKIE}={token}",
        "content-type": "application/x-www-form-urlencoded",
    }
    for attempt in range(_PATIENCE):
        if attempt and done():
            return
        status = _press(bank, path, headers, body)
        if status == _DONE or (attempt and status == _DONE_BEFORE):
            return
    raise AssertionError(path, status)


def state_is(bank: WholeBank, table: str, state: str) -> Callable[[], bool]:
    """Return what looks whether the only line of *table* is in that *state* by now."""
    question = f"SELECT state FROM {table}"  # noqa: S608 - a table of the book
    return lambda: rows(bank, question) == [(state,)]


def only(bank: WholeBank, column: str, table: str) -> str:
    """Return the *column* of the only line of *table*."""
    ((found,),) = rows(bank, f"SELECT {column} FROM {table}")  # noqa: S608 - a table of the book
    return str(found)


def _press(bank: WholeBank, path: str, headers: dict[str, str], body: bytes) -> int | None:
    """Send a form once; None if no answer came back."""
    console = Starlette(routes=create_console(bank.book, KEYS, RICH))
    try:
        # A server logs what a page raises, and answers 500.
        with suppress(Exception):
            return bank.asking.ask(console, "POST", f"{_URL}{path}", headers, body).status
    except Killed:
        bank.restart()
    return None


def _signed_in(bank: WholeBank, role: Role) -> str:
    """Return the token of a new session, uncounted: nothing befalls that."""

    def work(connection: Connection) -> str:
        now, name = bank.book.now(connection), role.value
        operator = operators.find(connection, name) or operators.add(
            connection, name=name, role=role, password_hash="none", secret=None, now=now
        )
        return sessions.open_session(connection, operator, Language.ENGLISH, now)

    with bank.points.at_rest():
        return bank.book.run(work)
