"""The desk in the console: what waits and how urgent it is, one request, and its forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from structlog import get_logger

from smoney_bot.bank.branch import Request
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.reception import ANSWER_MAX, NotSayable
from smoney_bot.bank.references import read_reference
from smoney_bot.book import customers, desk_requests
from smoney_bot.book.errors import NotWaiting
from smoney_bot.web.console.gate import Doing, Done, Drawn, Looking, NotThere, Unwilling

log = get_logger(__name__)

_LINES = 50


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request as it is listed; its words are on its own page."""

    request: Request
    colour: str
    customer: Customer
    left: float  # seconds until it is due; less than 0 once it is late


def listing(looking: Looking) -> Drawn:
    """Show what waits, the most urgent first, and what is over."""
    connection = looking.connection
    facts = {
        "waiting": _lines(looking, desk_requests.listing(connection, limit=_LINES)),
        "ended": _lines(looking, desk_requests.listing(connection, ended=True, limit=_LINES)),
    }
    return Drawn("desk.html", facts)


def _lines(looking: Looking, found: Sequence[Request]) -> list[Waiting]:
    known = customers.by_ids(looking.connection, {one.customer_id for one in found})
    return [
        Waiting(
            one,
            (one.colour(looking.now) or one.state).value,
            known[one.customer_id],
            (one.due_at - looking.now).total_seconds(),
        )
        for one in found
    ]


def request(looking: Looking) -> Drawn:
    """Show one request and all that was written about it."""
    reference = _reference(looking.path)
    found = desk_requests.show(looking.connection, reference)
    if found is None:
        raise NotThere
    shown, lines = found
    facts = {
        "line": _lines(looking, [shown])[0],
        "lines": lines,
        "answer_max": ANSWER_MAX,
    }
    return Drawn("request.html", facts, subject=reference)


def _reference(path: Mapping[str, Any]) -> str:
    """Return the number in an address; raise `NotThere` unless it is spelt as the bank does."""
    reference = str(path["reference"])
    if read_reference(reference) != reference:
        raise NotThere
    return reference


def take(doing: Doing) -> Done:
    """See to a request, so that nobody else does."""
    return _do(doing, lambda c, of: desk_requests.take(c, of, doing.operator.name))


def answer(doing: Doing) -> Done:
    """Send the customer an answer by direct message."""
    words = doing.fields.get("words", "").replace("\r\n", "\n")

    def act(connection: Connection, reference: str) -> None:
        name = doing.operator.name
        for one in desk_requests.answer(connection, reference, words, name, doing.now):
            log.error("reply.unfit", reference=reference, why=one.why)

    return _do(doing, act)


def close(doing: Doing) -> Done:
    """End a request."""
    return _do(doing, lambda c, of: desk_requests.close(c, of, doing.operator.name, doing.now))


def _do(doing: Doing, act: Callable[[Connection, str], object]) -> Done:
    reference = _reference(doing.path)
    try:
        act(doing.connection, reference)
    except NotWaiting:
        raise Unwilling("does_not_wait") from None
    except NotSayable as no:
        raise Unwilling(f"answer_{no.why}") from None
    return Done(f"/console/desk/{reference}", subject=reference)
