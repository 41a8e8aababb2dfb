"""Dispatch: which replies of the outbox may leave now, and in whose hands they are.

Posts and direct messages are claimed each by themselves, those that matter most
first. States and ways stand in the queries as literals, because PostgreSQL uses a
partial index only where it can see them in the statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, or_, select, text, update

from smoney_bot.bank.desk import Priority, Reply
from smoney_bot.book import rows
from smoney_bot.book.listed import is_in
from smoney_bot.book.states import ReplyState
from smoney_bot.book.tables import outbox

UNFINISHED = text("state IN ('pending', 'sending', 'unknown')")
_TO_POST = outbox.c.in_reply_to.is_not(None)
_TO_WRITE = outbox.c.in_reply_to.is_(None)


@dataclass(frozen=True, slots=True)
class Pending:
    """A reply in hand, until its lease runs out."""

    id: int
    fence: int
    attempts: int  # this one included
    look_first: bool  # it may be out already
    created_at: datetime
    lease_until: datetime  # UTC; `outbox.hold` makes it later
    reply: Reply
    error: str = ""  # why the last attempt did not end well


def claim(
    connection: Connection,
    *,
    now: datetime,
    limit: int,
    lease: timedelta,
    public: bool,
    least: Priority = Priority.HELP,
) -> list[Pending]:
    """Take up to *limit* due replies of one way in hand: posts, or direct messages.

    Those that matter most come first, in the order they were written; none that
    matter less than *least*. Commit before sending, so that a sender that dies
    leaves its trace.
    """
    if limit <= 0:
        return []
    due = _DUE_POSTS if public else _DUE_DIRECTS
    return _take(connection, due, {"now": now, "least": least, "most": limit}, now + lease)


def _is_free() -> ColumnElement[bool]:
    in_hand = outbox.c.state == ReplyState.SENDING
    due, expired = (one <= bindparam("now") for one in (outbox.c.due_at, outbox.c.lease_until))
    return or_(~in_hand & due, in_hand & expired)


def _due(way: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        select(outbox)
        .where(UNFINISHED, way, _is_free(), outbox.c.priority <= bindparam("least"))
        .order_by(outbox.c.priority, outbox.c.id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
    )


_DUE_POSTS, _DUE_DIRECTS = _due(_TO_POST), _due(_TO_WRITE)


def claim_old(
    connection: Connection, *, now: datetime, life: timedelta, limit: int, lease: timedelta
) -> list[Pending]:
    """Take in hand what has waited longer than *life*, among the *limit* oldest: to give it up.

    Not what an operator wants tried again: that is tried once more.
    """
    asked = {"now": now, "since": now - life, "most": limit}
    return _take(connection, _LATE, asked, now + lease)


def _late() -> Select[*tuple[Any, ...]]:
    oldest = select(outbox.c.id).where(UNFINISHED).order_by(outbox.c.id).limit(bindparam("most"))
    wanted = (outbox.c.state == ReplyState.UNKNOWN) & (outbox.c.attempts == 0)
    in_hand = (outbox.c.state == ReplyState.SENDING) & (outbox.c.lease_until > bindparam("now"))
    late = outbox.c.created_at < bindparam("since")
    return (
        select(outbox)
        .where(outbox.c.id.in_(oldest.scalar_subquery()), late, ~wanted, ~in_hand)
        .order_by(outbox.c.id)
        .with_for_update(skip_locked=True)
    )


_LATE = _late()


def _take(
    connection: Connection,
    due: Select[*tuple[Any, ...]],
    asked: Mapping[str, object],
    lease_until: datetime,
) -> list[Pending]:
    found = connection.execute(due, asked).all()
    if found:
        connection.execute(_TAKE, {"ids": [row.id for row in found], "until": lease_until})
    return [_pending(row, lease_until) for row in found]


_TAKE = (
    update(outbox)
    .where(is_in(outbox.c.id, "ids"))
    .values(
        state=ReplyState.SENDING,
        attempts=outbox.c.attempts + 1,
        fence=outbox.c.fence + 1,
        lease_until=rows.given("until", outbox.c.lease_until),
    )
)


def _pending(row: Row[*tuple[Any, ...]], lease_until: datetime) -> Pending:
    """Return what *row* said before it was taken in hand."""
    facts = {name: getattr(row, name) for name in Reply.__slots__}
    return Pending(
        id=row.id,
        fence=row.fence + 1,
        attempts=row.attempts + 1,
        look_first=row.state is not ReplyState.PENDING,
        created_at=row.created_at,
        lease_until=lease_until,
        reply=Reply(**facts | {"priority": Priority(row.priority)}),
        error=row.error,
    )
