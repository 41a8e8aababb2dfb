"""Vitals: how the service stands at one moment, in figures alone.

Every question is answered by an index, so that asking each second costs little
however long the inbox and the ledger have grown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection, Select, func, select, text

from smoney_bot.book import (
    backups,
    cursors,
    desk_figures,
    held_figures,
    inbox,
    outbox,
    registrations,
    rounds,
    spending,
    windows,
)
from smoney_bot.book.desk_figures import DeskFigures
from smoney_bot.book.engine import Book
from smoney_bot.book.held_figures import HeldFigures
from smoney_bot.book.rounds import Round
from smoney_bot.book.spending import Spent
from smoney_bot.book.tables import inbox as messages
from smoney_bot.book.tables import outbox as replies
from smoney_bot.book.tables import seals, transfers
from smoney_bot.book.windows import Window

Value = TypeVar("Value")

#: X's lists, by the names of their cursors.
_LISTS = ("mentions", "directs")

# Literal, because PostgreSQL uses a partial index only where it sees the state.
_SET_ASIDE = text("state = 'set_aside'")
_GAVE_UP = text("state = 'gave_up'")

_GIVEN_UP_LATELY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Queue:
    """How many wait, and since when the oldest does (UTC)."""

    count: int
    oldest: datetime | None

    def age_seconds(self, now: datetime) -> float:
        """Return how long the oldest has waited; 0 if nothing waits."""
        return seconds_since(self.oldest, now) or 0.0


@dataclass(frozen=True, slots=True)
class Vitals:
    """The figures at `now`, by the database's clock."""

    now: datetime
    must_recover: str | None  # what to do before this book pays; None: it may
    rounds: list[Round]
    messages: Queue
    replies: Queue
    set_aside: int  # messages that wait for an operator
    given_up: int  # of the replies written in the last 24 hours
    kept_at: datetime | None  # when the last message came in
    sealed_at: datetime | None  # when the last page was closed
    unsealed: Queue  # transfers behind the last page
    lists_read_at: dict[str, datetime]  # when each of X's lists was last read
    halted: bool  # X takes nothing from us for now
    registered: bool  # X was told to bring us what happens
    windows: list[Window]
    spent: list[Spent]  # this UTC day
    desk: DeskFigures
    held: HeldFigures


def read(book: Book) -> Vitals:
    """Look at everything in one short transaction. Raises `TryLater` if the book is away."""
    with book.reading() as connection:
        now = book.now(connection)
        set_aside = select(func.count()).select_from(messages).where(_SET_ASIDE)
        lately = replies.c.created_at > now - _GIVEN_UP_LATELY
        given_up = select(func.count()).select_from(replies).where(_GAVE_UP, lately)
        return Vitals(
            now=now,
            must_recover=backups.must_recover(connection),
            rounds=rounds.listing(connection),
            messages=Queue(*inbox.waiting(connection)),
            replies=Queue(*outbox.waiting(connection)),
            set_aside=connection.execute(set_aside).scalar_one(),
            given_up=connection.execute(given_up).scalar_one(),
            kept_at=_first(
                connection, select(messages.c.received_at).order_by(messages.c.id.desc())
            ),
            sealed_at=_first(connection, select(seals.c.sealed_at).order_by(seals.c.id.desc())),
            unsealed=_unsealed(connection),
            lists_read_at={
                name: cursor.moved_at
                for name in _LISTS
                if (cursor := cursors.find(connection, name)) is not None
            },
            halted=windows.halted(connection),
            registered=registrations.find(connection) is not None,
            windows=[one for one in windows.listing(connection) if one.endpoint != windows.ALL],
            spent=spending.listing(connection, now),
            desk=desk_figures.due(connection, now),
            held=held_figures.read(connection),
        )


def seconds_since(moment: datetime | None, now: datetime) -> float | None:
    """Return how long ago *moment* was, never less than 0; None if there was none."""
    return None if moment is None else max((now - moment).total_seconds(), 0.0)


def _unsealed(connection: Connection) -> Queue:
    # Behind the last page: what committed late, below it, is closed within a minute too.
    last = _first(connection, select(func.max(seals.c.last_transfer_id))) or 0
    behind = select(func.count(), func.min(transfers.c.booked_at)).where(transfers.c.id > last)
    return Queue(*connection.execute(behind).one())


def _first(connection: Connection, statement: Select[Value]) -> Value | None:
    return connection.execute(statement.limit(1)).scalar()
