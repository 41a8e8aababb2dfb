"""The story of a message: when it came, what became of it, which answers left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, or_, select

from smoney_bot.bank.desk import PaymentState
from smoney_bot.book.states import MessageState, ReplyState
from smoney_bot.book.tables import inbox, outbox, payments


@dataclass(frozen=True, slots=True)
class ReplyLine:
    """One answer of a story; never its words."""

    kind: str
    reference: str
    public: bool
    state: ReplyState
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Story:
    """One message from arrival to answer; all moments are UTC."""

    key: str
    author_id: str
    state: MessageState
    reason: str
    received_at: datetime
    decided_at: datetime | None
    payment: PaymentState | None  # None: it was no order to pay
    replies: tuple[ReplyLine, ...]


def by_key(connection: Connection, key: str) -> Story | None:
    """Return the story of the message *key*, or None if it never arrived."""
    columns = (
        inbox.c.author_id,
        inbox.c.state,
        inbox.c.reason,
        inbox.c.received_at,
        inbox.c.decided_at,
        payments.c.state,
    )
    joined = inbox.outerjoin(payments, payments.c.message_key == inbox.c.key)
    found = select(*columns).select_from(joined).where(inbox.c.key == key)
    row = connection.execute(found).first()
    return None if row is None else Story(key, *row, _replies(connection, key))


def key_of(connection: Connection, reference: str) -> str | None:
    """Return the key of the message that bears *reference*, or None."""
    found = (
        select(inbox.c.key)
        .outerjoin(payments, payments.c.message_key == inbox.c.key)
        .outerjoin(outbox, outbox.c.message_key == inbox.c.key)
        .where(or_(payments.c.reference == reference, outbox.c.reference == reference))
        .limit(1)
    )
    key: str | None = connection.execute(found).scalar()
    return key


def _replies(connection: Connection, key: str) -> tuple[ReplyLine, ...]:
    columns = (
        outbox.c.kind,
        outbox.c.reference,
        outbox.c.in_reply_to.is_not(None),
        outbox.c.state,
        outbox.c.sent_at,
    )
    rows = connection.execute(
        select(*columns).where(outbox.c.message_key == key).order_by(outbox.c.id)
    )
    return tuple(ReplyLine(*row) for row in rows)


def changes(connection: Connection) -> int:
    """Return a number that grows whenever a message or an answer gets on."""
    inside = select(func.coalesce(func.sum(inbox.c.fence), 0) + func.count(inbox.c.decided_at))
    outside = select(func.coalesce(func.sum(outbox.c.fence), 0) + func.count(outbox.c.sent_at))
    arrived = select(func.count()).select_from(inbox)
    return sum(int(connection.execute(one).scalar_one()) for one in (arrived, inside, outside))
