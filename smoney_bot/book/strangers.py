"""Strangers: people without an account, who are told once a day how it works.

Whoever writes again within that day is not answered: a flood of messages costs
X's money and our time only once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select, update

from smoney_bot.book import rows, upserts
from smoney_bot.book.listed import is_in
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
    found = connection.execute(_TOLD, {"asked": asked, "since": now - QUIET})
    return set(found.scalars())


_TOLD = select(strangers.c.x_id).where(
    is_in(strangers.c.x_id, "asked"), strangers.c.answered_at > bindparam("since")
)


def tell(connection: Connection, x_ids: Iterable[str], now: datetime) -> None:
    """Note that *x_ids* are told now."""
    answered = [{"x_id": x_id, "answered_at": now} for x_id in sorted(set(x_ids))]
    upserts.add_or_change(connection, strangers, answered, anew=["answered_at"])


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
    ignored = connection.execute(_PASS_OVER, {"asked": sorted(set(x_ids)), "at": now})
    return list(ignored.scalars())


_PASS_OVER = (
    update(inbox)
    .where(
        inbox.c.id.in_(
            select(inbox.c.id)
            .where(
                is_in(inbox.c.author_id, "asked"),
                inbox.c.decided_at.is_(None),  # by author, whatever else waits
                inbox.c.state != MessageState.CLAIMED,
            )
            .limit(_PASSED_OVER_MAX)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
    )
    .values(
        state=MessageState.IGNORED,
        reason="told_today",
        payload=None,
        decided_at=rows.given("at", inbox.c.decided_at),
    )
    .returning(inbox.c.public)
)
