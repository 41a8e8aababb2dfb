"""What was written to and by the desk goes after ninety days; that it was asked for stays.

An answer stands in the outbox too, and goes from there with its line.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, text, update

from smoney_bot.book.tables import outbox, request_lines, requests

KEPT = timedelta(days=90)

#: How many lines one purge takes on: payments share the database with it.
_PURGE_MAX = 500

# Literal, in the words of the partial index, or it would not be used.
_TOLD = text("words <> ''")


def any_due(connection: Connection, now: datetime) -> bool:
    """Return whether some line has been kept for long enough."""
    old = select(request_lines.c.id).where(_TOLD, request_lines.c.written_at <= now - KEPT)
    return connection.execute(old.limit(1)).first() is not None


def purge(connection: Connection, now: datetime) -> int:
    """Erase the words of lines that are ninety days old; return of how many."""
    old = (
        select(request_lines.c.id, request_lines.c.reference)
        .where(_TOLD, request_lines.c.written_at <= now - KEPT)
        .order_by(request_lines.c.written_at)
        .limit(_PURGE_MAX)
    )
    found = list(connection.execute(old))
    ids = [row.id for row in found]
    connection.execute(update(request_lines).where(request_lines.c.id.in_(ids)).values(words=""))
    keys = select(requests.c.message_key).where(
        requests.c.reference.in_({row.reference for row in found})
    )
    answers = outbox.c.kind.in_([f"desk-{one}" for one in ids])
    connection.execute(
        update(outbox).where(outbox.c.message_key.in_(keys), answers).values(text="")
    )
    return len(ids)
