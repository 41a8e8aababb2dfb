"""Strangers: people without an account, who are told once a day how it works.

Whoever writes again within that day is not answered: a flood of messages costs
X's money and our time only once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from smoney_bot.book import upserts
from smoney_bot.book.claims import in_state
from smoney_bot.book.states import MessageState
from smoney_bot.book.tables import inbox, strangers

#: How long one answer is enough.
QUIET = timedelta(hours=24)

#: How many messages one batch passes over at most: payments share the database with it.
_PASSED_OVER_MAX = 1_000


def told(connection: Connection, x_ids: Iterable[str], now: datetime) -> set[str]:
    """Return those of *x_ids* who have been told within a day."""
    asked = sorted(set(x_ids))
    if not asked:
        return set()
    statement = select(strangers.c.x_id).where(
        strangers.c.x_id.in_(asked), strangers.c.answered_at > now - QUIET
    )
    return set(connection.execute(statement).scalars())


def tell(connection: Connection, x_ids: Iterable[str], now: datetime) -> None:
    """Note that *x_ids* are told now."""
    answered = [{"x_id": x_id, "answered_at": now} for x_id in sorted(set(x_ids))]
    upserts.add_or_change(connection, strangers, answered, {"answered_at": now})


def any_over(connection: Connection, now: datetime) -> bool:
    """Return whether somebody was told more than a day ago."""
    over = select(strangers.c.x_id).where(strangers.c.answered_at <= now - QUIET).limit(1)
    return connection.execute(over).first() is not None


def forget(connection: Connection, now: datetime) -> int:
    """Forget those who were told more than a day ago; return how many.

    They are no customers: nothing of them is to be kept for longer than it is used.
    """
    return connection.execute(
        delete(strangers).where(strangers.c.answered_at <= now - QUIET)
    ).rowcount


def pass_over(connection: Connection, x_ids: Iterable[str], now: datetime) -> list[bool]:
    """Ignore what still waits of *x_ids*, who were told today; return for each if it was public.

    All at once and unread: of a flood by one author only the first message is worked.
    """
    waits = (
        select(inbox.c.id)
        .where(
            in_state(inbox.c.state, MessageState.RECEIVED),
            inbox.c.author_id.in_(sorted(set(x_ids))),
        )
        .limit(_PASSED_OVER_MAX)
        .with_for_update(skip_locked=True)
    )
    ignored = (
        update(inbox)
        .where(inbox.c.id.in_(waits.scalar_subquery()))
        .values(state=MessageState.IGNORED, reason="told_today", payload=None, decided_at=now)
        .returning(inbox.c.public)
    )
    return list(connection.execute(ignored).scalars())
