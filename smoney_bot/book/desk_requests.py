"""Requests for the desk: opened by customers, taken, answered and closed by operators.

    open ──take──► taken ──answer──► answered ──close──► closed

An answer leaves by the outbox, in the transaction that notes it. Which operator may
do what is for the caller to check.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, insert, select, text, update

from smoney_bot.bank import reception
from smoney_bot.bank.branch import (
    Changes,
    DeskAnswered,
    Request,
    RequestClosed,
    RequestKind,
    RequestLine,
    RequestState,
)
from smoney_bot.bank.customers import Customer
from smoney_bot.book import customers, outbox, rows
from smoney_bot.book.errors import NotWaiting
from smoney_bot.book.outbox import Unfit
from smoney_bot.book.tables import request_lines, requests

# Literal, because PostgreSQL uses a partial index only where it sees the state.
_WAITS = text("requests.state IN ('open', 'taken')")
_SHOWN = [requests.c[name] for name in Request.__slots__]
_SAID = [request_lines.c[name] for name in RequestLine.__slots__]


def open_request(connection: Connection, request: Request) -> None:
    """Add a request; a second one of its kind that waits for the same customer is a bug."""
    rows.add(connection, requests, [{name: getattr(request, name) for name in Request.__slots__}])


def write(connection: Connection, changes: Iterable[Changes]) -> None:
    """Write what was decided on messages: requests that open, and lines."""
    for one in changes:
        if one.new is not None:
            open_request(connection, one.new)
        if one.line is not None:
            _add_line(connection, one.line)


def waiting_of(
    connection: Connection, customer_ids: Iterable[int]
) -> dict[tuple[int, RequestKind], Request]:
    """Return the requests of these customers that wait, held, by customer id and kind."""
    asked = sorted(set(customer_ids))
    if not asked:
        return {}
    theirs = select(*_SHOWN).where(requests.c.customer_id.in_(asked), _WAITS)
    found = connection.execute(theirs.order_by(requests.c.reference).with_for_update())
    return {(row.customer_id, row.kind): _request(row) for row in found}


def listing(connection: Connection, *, ended: bool = False, limit: int = 50) -> list[Request]:
    """Return what waits, what is due first before all; or, if *ended*, the newest that do not."""
    statement = select(*_SHOWN).limit(limit)
    if ended:
        old = requests.c.state.in_((RequestState.ANSWERED, RequestState.CLOSED))
        statement = statement.where(old).order_by(requests.c.opened_at.desc())
    else:
        statement = statement.where(_WAITS).order_by(requests.c.due_at, requests.c.reference)
    return [_request(row) for row in connection.execute(statement)]


def show(connection: Connection, reference: str) -> tuple[Request, list[RequestLine]] | None:
    """Return a request and what was written about it, oldest first; None if there is none."""
    row = connection.execute(select(*_SHOWN).where(requests.c.reference == reference)).first()
    if row is None:
        return None
    said = select(*_SAID).where(request_lines.c.reference == reference)
    lines = connection.execute(said.order_by(request_lines.c.id))
    return _request(row), [RequestLine(**one._mapping) for one in lines]  # noqa: SLF001 - public by SQLAlchemy's documentation


def take(connection: Connection, reference: str, operator: str) -> str | None:
    """Note that *operator* sees to it; return who did before; raise `NotWaiting`."""
    request = _held(connection, reference)
    if not request.waits:
        raise NotWaiting
    _change(connection, replace(request, state=RequestState.TAKEN, taken_by=operator))
    return request.taken_by


def answer(
    connection: Connection, reference: str, words: str, operator: str, now: datetime
) -> list[Unfit]:
    """Send *words* to the customer by direct message; a request has as many answers as it needs.

    Returns what the outbox took only in plainer words. Raises `NotWaiting` if it is
    closed, and `reception.NotSayable`.
    """
    request = _held(connection, reference)
    if request.state is RequestState.CLOSED:
        raise NotWaiting
    reception.check_words(words)
    reader = _reader(connection, request)
    reception.check_reader(reader)
    line = RequestLine(reference=reference, operator=operator, words=words.strip(), written_at=now)
    number = _add_line(connection, line)
    answered = replace(
        request,
        state=RequestState.ANSWERED,
        taken_by=request.taken_by or operator,
        answered_at=request.answered_at or now,
    )
    _change(connection, answered)
    said = DeskAnswered(request.kind, line.words)
    return outbox.put(connection, [reception.reply(request, reader, said, number)], now)


def close(connection: Connection, reference: str, operator: str, now: datetime) -> Request:
    """End a request; who waited for an answer is told. Raises `NotWaiting` if it has ended."""
    request = _held(connection, reference)
    if request.state is RequestState.CLOSED:
        raise NotWaiting
    closed = replace(
        request,
        state=RequestState.CLOSED,
        taken_by=request.taken_by or operator,
        closed_at=now,
    )
    _change(connection, closed)
    reader = _reader(connection, request)
    if request.waits and reader.wrote_first and not reader.silent:
        said = RequestClosed(request.kind)
        # No line has this number: a request closes once.
        outbox.put(connection, [reception.reply(request, reader, said, 0)], now)
    return closed


def _add_line(connection: Connection, line: RequestLine) -> int:
    facts = {name: getattr(line, name) for name in RequestLine.__slots__}
    added = insert(request_lines).values(**facts).returning(request_lines.c.id)
    number: int = connection.execute(added).scalar_one()
    return number


def _held(connection: Connection, reference: str) -> Request:
    """Return the request, held until the transaction ends; raise `NotWaiting` if there is none."""
    mine = select(*_SHOWN).where(requests.c.reference == reference)
    row = connection.execute(mine.with_for_update()).first()
    if row is None:
        raise NotWaiting
    return _request(row)


def _change(connection: Connection, request: Request) -> Request:
    changed = {
        name: getattr(request, name) for name in ("state", "taken_by", "answered_at", "closed_at")
    }
    this = requests.c.reference == request.reference
    connection.execute(update(requests).where(this).values(**changed))
    return request


def _reader(connection: Connection, request: Request) -> Customer:
    return customers.by_ids(connection, [request.customer_id])[request.customer_id]


def _request(row: object) -> Request:
    return Request(**{name: getattr(row, name) for name in Request.__slots__})
