"""Purges: what a customer wrote is kept for thirty days after it was decided, no longer.

By then nobody asks what an order said: the payment, its note and its reference
stay. What is left of the message (its key, whose it was, how it ended) stays for
ever, so that it is known if it ever comes again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, select, update

from smoney_bot.book.tables import inbox

#: `threats.md` row 33: payloads are gone after 30 days.
KEPT = timedelta(days=30)

#: How many messages one purge takes on: payments share the database with it.
_PURGE_MAX = 500


def any_due(connection: Connection, now: datetime) -> bool:
    """Return whether the words of some message have been kept for long enough."""
    return connection.execute(select(inbox.c.id).where(_is_due(now)).limit(1)).first() is not None


def purge(connection: Connection, now: datetime) -> int:
    """Erase what messages said that were decided thirty days ago; return of how many.

    One that was set aside is among them: whoever retries it now finds it unreadable.
    """
    oldest = select(inbox.c.id).where(_is_due(now)).order_by(inbox.c.decided_at).limit(_PURGE_MAX)
    erased = update(inbox).where(inbox.c.id.in_(oldest.scalar_subquery())).values(payload=None)
    return connection.execute(erased).rowcount


def _is_due(now: datetime) -> ColumnElement[bool]:
    # In the words of the partial index ix_inbox_purge, or it would not be used.
    return inbox.c.payload.is_not(None) & (inbox.c.decided_at <= now - KEPT)
