"""The outbox: replies leave later, at the channel's pace, and once to the eye.

    pending ──claim──► sending ──► sent | gave_up
       ▲                  │ │
       └──────wait────────┘ └──unknown, or the sender died──► unknown ──claim──► sending

A reply whose fate is unknown is handed out with `look_first`: look whether it is
out before sending it again. Like in the inbox, a claim is a fenced lease; which
reply is claimed first stands in `dispatch`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, Update, bindparam, func, select, update

from smoney_bot.bank import fitness
from smoney_bot.bank.desk import Reply
from smoney_bot.book import rows
from smoney_bot.book.dispatch import UNFINISHED, Pending, claim, claim_old
from smoney_bot.book.states import ReplyState
from smoney_bot.book.tables import outbox

__all__ = [
    "Line",
    "Pending",
    "Unfit",
    "claim",
    "claim_old",
    "give_up",
    "has",
    "hold",
    "listing",
    "objection",
    "put",
    "release",
    "retry",
    "sent",
    "unknown",
    "wait",
    "waiting",
]


@dataclass(frozen=True, slots=True)
class Unfit:
    """A reply that may not leave in its own words, and why: a bug."""

    reply: Reply
    why: str


def put(connection: Connection, replies: Iterable[Reply], now: datetime) -> list[Unfit]:
    """Add *replies*; a second one of the same message and kind is a bug.

    One that X would not take, or bill as a link, is kept in the plainest words
    instead, because its order is carried out all the same. Returns those: raise
    an alarm.
    """
    written = list(replies)
    unfit = [Unfit(one, why) for one in written if (why := objection(one))]
    plain = {(one.reply.message_key, one.reply.kind) for one in unfit}
    added = [
        _row(_plainly(one) if (one.message_key, one.kind) in plain else one, now) for one in written
    ]
    rows.add(connection, outbox, added)
    return unfit


def objection(reply: Reply) -> str | None:
    """Return in a word why *reply* may not leave as it is, or None."""
    return fitness.objection(reply.text, public=reply.public)


def _plainly(reply: Reply) -> Reply:
    return replace(reply, text=fitness.plainest(reply.reference))


def _row(reply: Reply, now: datetime) -> rows.Row:
    return {
        "message_key": reply.message_key,
        "kind": reply.kind,
        "to_x_id": reply.to_x_id,
        "in_reply_to": reply.in_reply_to,
        "text": reply.text,
        "reference": reply.reference,
        "priority": reply.priority,
        "state": ReplyState.PENDING,
        "attempts": 0,
        "due_at": now,
        "fence": 0,
        "error": "",
        "created_at": now,
    }


def has(connection: Connection, message_key: str, kind: str) -> bool:
    """Return whether a reply of that *kind* to that message was ever put here."""
    mine = (outbox.c.message_key == message_key) & (outbox.c.kind == kind)
    return connection.execute(select(outbox.c.id).where(mine)).first() is not None


def hold(connection: Connection, pending: Pending, until: datetime) -> None:
    """Keep it in hand *until* then (UTC). Raises `LostLease`: somebody else may be sending it."""
    _settle(connection, pending, lease_until=until)


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
    given = {f"new_{name}": value for name, value in values.items()}
    rows.change_held(connection, _settling(tuple(values)), [held | given])


@lru_cache
def _settling(names: tuple[str, ...]) -> Update:
    """Return what gives a reply in hand new values of these columns, and ends its lease."""
    held = (
        outbox.c.id == bindparam("row_id"),
        outbox.c.fence == bindparam("held_fence"),
        outbox.c.state == ReplyState.SENDING,
    )
    new = {name: rows.given(f"new_{name}", outbox.c[name]) for name in names}
    return update(outbox).where(*held).values({"lease_until": None} | new)


def release(connection: Connection, look_at: datetime) -> int:
    """End leases at *look_at* that would last longer; return how many. Only for the one sender.

    Not at once: the channel may take a while to show what it has accepted, and
    what is not found then is sent again.
    """
    longer = (outbox.c.state == ReplyState.SENDING) & (outbox.c.lease_until > look_at)
    statement = update(outbox).where(UNFINISHED, longer).values(lease_until=look_at)
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
    statement = select(func.count(), func.min(outbox.c.created_at)).where(UNFINISHED)
    count, oldest = connection.execute(statement).one()
    return count, oldest
