"""Claiming: which messages of the inbox may be worked now, and by whom.

The index `uq_inbox_one_claimed_per_author` is the guard; the queries here only
keep out of its way. States stand in them as literals, because PostgreSQL uses a
partial index only where it can see the state in the statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    case,
    exists,
    literal,
    literal_column,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from smoney_bot.bank.messages import Message
from smoney_bot.bank.references import reference
from smoney_bot.book import rows
from smoney_bot.book.errors import Outrun
from smoney_bot.book.listed import is_in
from smoney_bot.book.states import MessageState
from smoney_bot.book.tables import inbox

#: `threats.md` row 28: a message that kills its worker does so only this often,
#: and holds up nobody but its author.
CRASHES_MAX = 3

#: How many waiting messages are looked at together for those that are free, and how
#: often: authors of the first window may all be busy, those of eight are not.
_WINDOW = 256
_WINDOWS_MAX = 8


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message in hand, until its lease runs out."""

    id: int
    fence: int
    attempts: int  # this one included
    reference: str
    message: Message
    received_at: datetime  # when it reached the door, UTC
    counted: bool = False  # its codes have been counted as attempts already


def in_state(column: Column[MessageState], state: MessageState) -> ColumnElement[bool]:
    """Whether *column* says *state*, written into the statement as a literal."""
    return column == literal(state, column.type, literal_execute=True)


def claim(
    connection: Connection,
    *,
    now: datetime,
    limit: int,
    lease: timedelta,
    crashed: bool = True,
) -> list[Claimed]:
    """Take up to *limit* due messages in hand, oldest first, one per author.

    Commit before the work begins, so that a message that kills its worker is
    counted. One that has crashed before is taken alone, so that it takes nobody
    with it, and not at all if *crashed* is False; one that crashed too often is
    set aside here. Raises `Outrun`: then the transaction is undone.
    """
    found = _expired(connection, now, limit) if crashed else []
    found += _due(connection, now, limit - len(found), crashed=crashed)
    ids = _apart(found)
    try:
        return _take(connection, sorted(ids), now, now + lease)
    except IntegrityError as error:  # uq_inbox_one_claimed_per_author
        raise Outrun from error


def _apart(found: Sequence[Row[int, int]]) -> list[int]:
    """Return the ids of those *found* that may be worked together."""
    if found and found[0].crashes:
        return [found[0].id]
    return [row.id for row in found if not row.crashes]


def _expired(connection: Connection, now: datetime, limit: int) -> list[Row[int, int]]:
    return list(connection.execute(_EXPIRED, {"now": now, "most": limit}))


_EXPIRED = (
    select(inbox.c.id, (inbox.c.crashes + 1).label("crashes"))
    .where(in_state(inbox.c.state, MessageState.CLAIMED), inbox.c.lease_until <= bindparam("now"))
    .order_by(inbox.c.written_at, inbox.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)


def _due(
    connection: Connection, now: datetime, limit: int, *, crashed: bool
) -> list[Row[int, int]]:
    """Return the oldest due messages of authors who are not busy.

    Read window by window, each without the authors of those before: whoever has
    thousands of messages waiting fills the first one only.
    """
    asked = {"now": now, "crashes_max": CRASHES_MAX if crashed else 0, "window": _WINDOW}
    found: list[Row[int, int]] = []
    seen: set[str] = set()
    for _ in range(_WINDOWS_MAX):
        window = connection.execute(_DUE, asked | {"seen": sorted(seen)}).all()
        oldest = {row.author_id: row.id for row in reversed(window)}
        found += _free(connection, sorted(oldest.values()), limit - len(found))
        if len(window) < _WINDOW or len(found) >= limit:
            break
        seen |= oldest.keys()
    return found


_DUE = (
    select(inbox.c.id, inbox.c.author_id)
    .where(
        in_state(inbox.c.state, MessageState.RECEIVED),
        inbox.c.due_at <= bindparam("now"),
        inbox.c.crashes <= bindparam("crashes_max"),
        ~is_in(inbox.c.author_id, "seen"),
    )
    .order_by(inbox.c.written_at, inbox.c.id)
    .limit(bindparam("window"))
)


def _free(connection: Connection, ids: Sequence[int], limit: int) -> list[Row[int, int]]:
    """Return those of the messages *ids*, oldest first, whose authors are not busy."""
    if not ids or limit <= 0:
        return []
    return list(connection.execute(_FREE, {"ids": list(ids), "most": limit}))


def _author_is_busy() -> ColumnElement[bool]:
    """Whether a message of the same author is in hand, or an older one waits.

    The oldest is looked up by a query of its own, by `ix_inbox_undecided` alone: where
    the inbox was empty when PostgreSQL last counted, it takes any way through what waits
    for as short, and a join read all of it for each message.
    """
    other = inbox.alias("other")
    same = other.c.author_id == inbox.c.author_id
    claimed = in_state(other.c.state, MessageState.CLAIMED)
    oldest = (
        select(other.c.id)
        .where(same, other.c.decided_at.is_(None))
        .order_by(other.c.written_at, other.c.id)
        .limit(literal_column("1"))
        .scalar_subquery()
    )
    return exists().where(same, claimed) | (oldest != inbox.c.id)


def _finding_free(busy: ColumnElement[bool]) -> Select[int, int]:
    return (
        select(inbox.c.id, inbox.c.crashes)
        .where(
            is_in(inbox.c.id, "ids"),
            in_state(inbox.c.state, MessageState.RECEIVED),
            ~busy,
        )
        .order_by(inbox.c.written_at, inbox.c.id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
    )


_FREE = _finding_free(_author_is_busy())


def _take(
    connection: Connection, ids: Sequence[int], now: datetime, lease_until: datetime
) -> list[Claimed]:
    taken: list[Claimed] = []
    hopeless: dict[int, str] = {}
    for row in _mark(connection, ids, lease_until):
        claimed = _read(row)
        if isinstance(claimed, Claimed):
            taken.append(claimed)
        else:
            hopeless[row.id] = claimed
    _set_aside(connection, hopeless, now)
    return sorted(taken, key=lambda one: (one.message.written_at, one.id))


def _mark(
    connection: Connection, ids: Sequence[int], lease_until: datetime
) -> Sequence[Row[*tuple[Any, ...]]]:
    if not ids:
        return ()
    return connection.execute(_MARK, {"ids": list(ids), "until": lease_until}).all()


_crashed = case((in_state(inbox.c.state, MessageState.CLAIMED), 1), else_=0)
_MARK = (
    update(inbox)
    .where(is_in(inbox.c.id, "ids"))
    .values(
        state=MessageState.CLAIMED,
        attempts=inbox.c.attempts + 1,
        crashes=inbox.c.crashes + _crashed,
        fence=inbox.c.fence + 1,
        lease_until=rows.given("until", inbox.c.lease_until),
    )
    .returning(*inbox.c)
)


def _read(row: Row[*tuple[Any, ...]]) -> Claimed | str:
    """Return the message of *row*, or why it is hopeless."""
    if row.crashes >= CRASHES_MAX:
        return "crashed"
    try:
        message = Message.from_json(row.payload)
    except (ValueError, KeyError, TypeError):
        return "unreadable"
    return Claimed(
        row.id,
        row.fence,
        row.attempts,
        reference(row.id),
        message,
        row.received_at,
        row.counted,
    )


def _set_aside(connection: Connection, reasons: dict[int, str], now: datetime) -> None:
    changed = [{"row_id": row_id, "why": why, "at": now} for row_id, why in sorted(reasons.items())]
    rows.change_each(connection, _SET_ASIDE, changed)


_SET_ASIDE = (
    update(inbox)
    .where(inbox.c.id == bindparam("row_id"))
    .values(
        state=MessageState.SET_ASIDE,
        lease_until=None,
        decided_at=rows.given("at", inbox.c.decided_at),
        reason=rows.given("why", inbox.c.reason),
    )
)
