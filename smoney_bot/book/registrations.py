"""The registration at X: under which id our webhook is there, and whether it was sound.

It stands among the cursors, so that all processes share the turns of looking.
Without it nobody looks: an operator who took the webhook back keeps it so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete

from smoney_bot.book import cursors
from smoney_bot.book.tables import cursors as table

_NAME = "registration"
_SOUND, _BROKEN = "sound", "broken"


@dataclass(frozen=True, slots=True)
class Registration:
    """X knows the webhook `webhook_id`; looked at for the last time at `seen_at` (UTC).

    `sound`: it was valid, and told all that the bank cannot do without.
    """

    webhook_id: str
    sound: bool
    seen_at: datetime


def find(connection: Connection) -> Registration | None:
    """Return what was last seen at X; None if we are not registered."""
    cursor = cursors.find(connection, _NAME)
    if cursor is None:
        return None
    webhook_id, _, state = cursor.position.partition(" ")
    return Registration(webhook_id, state == _SOUND, cursor.moved_at)


def note(connection: Connection, webhook_id: str, now: datetime, *, sound: bool) -> None:
    """Note what was seen at X now."""
    position = f"{webhook_id} {_SOUND if sound else _BROKEN}"
    cursors.move(connection, _NAME, position, now)


def forget(connection: Connection) -> None:
    """Note that we are not registered any more."""
    connection.execute(delete(table).where(table.c.name == _NAME))
