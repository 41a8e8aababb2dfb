"""Cursors: how far each way of catching up with X has read.

A cursor moves in the transaction that keeps what was read, so it never claims
more than is on disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from smoney_bot.book import rows
from smoney_bot.book.tables import cursors


@dataclass(frozen=True, slots=True)
class Cursor:
    """Everything up to the X id `position` was read, the last time at `moved_at` (UTC)."""

    position: str
    moved_at: datetime


def find(connection: Connection, name: str) -> Cursor | None:
    """Return the cursor of that *name*, or None before its first move."""
    statement = select(cursors.c.position, cursors.c.moved_at).where(cursors.c.name == name)
    row = connection.execute(statement).first()
    return None if row is None else Cursor(*row)


def move(connection: Connection, name: str, position: str, now: datetime) -> None:
    """Move a cursor to *position*.

    Of two processes that read at once the later one wins; a step back costs a
    second reading of messages that are kept already, and nothing else.
    """
    moved = update(cursors).where(cursors.c.name == name).values(position=position, moved_at=now)
    if connection.execute(moved).rowcount == 0:
        first = {"name": name, "position": position, "moved_at": now}
        rows.add_new(connection, cursors, [first], cursors.c.name)
