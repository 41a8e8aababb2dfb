"""The outbox: replies leave later, at the channel's pace, and once to the eye.

    pending ──claim──► sending ──► sent | gave_up
       ▲                  │ │
       └──────wait────────┘ └──unknown, or the sender died──► unknown ──claim──► sending

A reply whose fate is unknown is handed out with `look_first`: look whether it is
out before sending it again. Like in the inbox, a claim is a fenced lease.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, bindparam, func, or_, select, text, update

from smoney_bot.bank.desk import Reply
from smoney_bot.book import rows
from smoney_bot.book.states import ReplyState
from smoney_bot.book.tables import outbox

# Literal, because PostgreSQL uses a partial index only where it sees the states.
_UNFINISHED = text("state IN ('pending', 'sending', 'unknown')")


@dataclass(frozen=True, slots=True)
class Pending:
    """A reply in hand, until its lease runs out."""

    id: int
    fence: int
    attempts: int  # this one included
    look_first: bool  # it may be out already
    created_at: datetime
    reply: Reply


def put(connection: Connection, replies: Iterable[Reply], now: datetime) -> None:
    """Add *replies*; a second one of the same message and kind is a bug."""
    added = [
        {
            "message_key": reply.message_key,
            "kind": reply.kind,
            "to_x_id": reply.to_x_id,
            "in_reply_to": reply.in_reply_to,
            "text": reply.text,
            "reference": reply.reference,
            "state": ReplyState.PENDING,
            "attempts": 0,
            "due_at": now,
            "fence": 0,
            "error": "",
            "created_at": now,
        }
        for reply in replies
    ]
    rows.add(connection, outbox, added)


def has(connection: Connection, message_key: str, kind: str) -> bool:
    """Return whether a reply of that *kind* to that message was ever put here."""
    mine = (outbox.c.message_key == message_key) & (outbox.c.kind == kind)
    return connection.execute(select(outbox.c.id).where(mine)).first() is not None


def claim(connection: Connection, *, now: datetime, limit: int, lease: timedelta) -> list[Pending]:
    """Take up to *limit* due replies in hand, in the order they were written.

    Commit before sending, so that a sender that dies leaves its trace.
    """
    statement = (
        select(outbox)
        .where(_UNFINISHED, _is_free(now))
        .order_by(outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = connection.execute(statement).all()
    taken = (
        update(outbox)
        .where(outbox.c.id.in_([row.id for row in found]))
        .values(
            state=ReplyState.SENDING,
            attempts=outbox.c.attempts + 1,
            fence=outbox.c.fence + 1,
            lease_until=now + lease,
        )
    )
    if found:
        connection.execute(taken)
    return [
        Pending(
            id=row.id,
            fence=row.fence + 1,
            attempts=row.attempts + 1,
            look_first=row.state is not ReplyState.PENDING,
            created_at=row.created_at,
            reply=Reply(**{name: getattr(row, name) for name in Reply.__slots__}),
        )
        for row in found
    ]


def _is_free(now: datetime) -> ColumnElement[bool]:
    in_hand = outbox.c.state == ReplyState.SENDING
    return or_(~in_hand & (outbox.c.due_at <= now), in_hand & (outbox.c.lease_until <= now))


_held = (
    update(outbox)
    .where(
        outbox.c.id == bindparam("row_id"),
        outbox.c.fence == bindparam("held_fence"),
        outbox.c.state == ReplyState.SENDING,
    )
    .values(lease_until=None)
)


def sent(connection: Connection, pending: Pending, *, remote_id: str, now: datetime) -> None:
    """Note that it is out, as *remote_id*. Raises `LostLease`."""
    _settle(connection, pending, state=ReplyState.SENT, remote_id=remote_id, sent_at=now, error="")


def unknown(connection: Connection, pending: Pending, *, due_at: datetime, why: str) -> None:
    """Note that it may be out; from *due_at* on somebody shall look. Raises `LostLease`."""
    _settle(connection, pending, state=ReplyState.UNKNOWN, due_at=due_at, error=why)


def wait(connection: Connection, pending: Pending, *, due_at: datetime, why: str) -> None:
    """Note that it did not go out now; again from *due_at* on. Raises `LostLease`.

    What may be out from an earlier attempt stays so.
    """
    state = ReplyState.UNKNOWN if pending.look_first else ReplyState.PENDING
    _settle(connection, pending, state=state, due_at=due_at, error=why)


def give_up(connection: Connection, pending: Pending, *, why: str) -> None:
    """Note that it will never go out. Raises `LostLease`."""
    _settle(connection, pending, state=ReplyState.GAVE_UP, error=why)


def _settle(connection: Connection, pending: Pending, **values: object) -> None:
    held = {"row_id": pending.id, "held_fence": pending.fence}
    rows.change_held(connection, _held.values(**values), [held])


def release(connection: Connection, look_at: datetime) -> int:
    """End leases at *look_at* that would last longer; return how many. Only for the one sender.

    Not at once: the channel may take a while to show what it has accepted, and
    what is not found then is sent again.
    """
    longer = (outbox.c.state == ReplyState.SENDING) & (outbox.c.lease_until > look_at)
    statement = update(outbox).where(_UNFINISHED, longer).values(lease_until=look_at)
    return connection.execute(statement).rowcount


def retry(connection: Connection, ids: Iterable[int], now: datetime) -> int:
    """Let replies that were given up be claimed again; return how many there were.

    They are looked for first: an operator cannot know whether they are out.
    """
    statement = (
        update(outbox)
        .where(outbox.c.id.in_(sorted(ids)), outbox.c.state == ReplyState.GAVE_UP)
        .values(state=ReplyState.UNKNOWN, attempts=0, due_at=now, error="")
    )
    return connection.execute(statement).rowcount


@dataclass(frozen=True, slots=True)
class Line:
    """One reply as an operator sees it: never its words."""

    id: int
    message_key: str
    kind: str
    reference: str
    to_x_id: str
    state: ReplyState
    attempts: int
    error: str
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None


def listing(connection: Connection, state: ReplyState | None = None, limit: int = 50) -> list[Line]:
    """Return the newest replies, of one *state* or of all."""
    shown = [outbox.c[name] for name in Line.__slots__]
    statement = select(*shown).order_by(outbox.c.id.desc()).limit(limit)
    if state is not None:
        statement = statement.where(outbox.c.state == state)
    return [Line(*row) for row in connection.execute(statement)]


def waiting(connection: Connection) -> tuple[int, datetime | None]:
    """Return how many replies have not left yet, and when the oldest was written."""
    statement = select(func.count(), func.min(outbox.c.created_at)).where(_UNFINISHED)
    count, oldest = connection.execute(statement).one()
    return count, oldest
