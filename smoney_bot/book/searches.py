"""Searches: what an operator looks for, by the little that is known of it.

Each question is answered by an index, however long the book has grown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, or_, select, text

from smoney_bot.bank.desk import Payment
from smoney_bot.bank.money import Cents
from smoney_bot.bank.refunding import key_of
from smoney_bot.book import outbox, vitals
from smoney_bot.book.payments import SHOWN, payment_of
from smoney_bot.book.tables import customers, inbox, payments, seals, transfers
from smoney_bot.book.tables import outbox as replies

# Literal, because PostgreSQL uses a partial index only where it sees the state.
_HELD = text("payments.state = 'held'")


@dataclass(frozen=True, slots=True)
class Movement:
    """One transfer of a payment: it moved on, came back, or was undone."""

    id: int
    key: str
    kind: str
    amount: Cents
    booked_at: datetime


def customer_ids(connection: Connection, words: str, limit: int = 50) -> list[int]:
    """Return the ids of customers whose handle begins with *words*, or whose X id they are."""
    begins = customers.c.handle_lower.startswith(words.lower(), autoescape=True)
    statement = select(customers.c.id).where(or_(begins, customers.c.x_id == words))
    ordered = statement.order_by(customers.c.handle_lower, customers.c.id).limit(limit)
    return list(connection.execute(ordered).scalars())


def newest_payments(connection: Connection, limit: int = 50) -> list[Payment]:
    """Return the payments of the newest messages first.

    By the inbox, whose ids go with time: payments have no index on time alone.
    """
    joined = payments.join(inbox, inbox.c.key == payments.c.message_key)
    statement = select(*SHOWN).select_from(joined).order_by(inbox.c.id.desc()).limit(limit)
    return [payment_of(row) for row in connection.execute(statement)]


def held_payments(connection: Connection, limit: int = 100) -> list[Payment]:
    """Return what is held, that which ends first first."""
    statement = select(*SHOWN).where(_HELD).order_by(payments.c.expires_at).limit(limit)
    return [payment_of(row) for row in connection.execute(statement)]


def by_references(connection: Connection, references: Iterable[str]) -> dict[str, Payment]:
    """Return the payments of these references, by reference."""
    statement = select(*SHOWN).where(payments.c.reference.in_(sorted(set(references))))
    return {row.reference: payment_of(row) for row in connection.execute(statement)}


def movements(connection: Connection, payment: Payment) -> list[Movement]:
    """Return the transfers of a payment, in order."""
    mark = payment.reference
    keys = [payment.message_key, f"held:{mark}", f"return:{mark}", key_of(mark)]
    columns = [transfers.c[name] for name in ("id", "key", "kind", "amount_cents", "booked_at")]
    statement = select(*columns).where(transfers.c.key.in_(keys)).order_by(transfers.c.id)
    return [Movement(*row) for row in connection.execute(statement)]


def replies_to(connection: Connection, message_key: str) -> list[outbox.Line]:
    """Return the replies to a message, in order; never their words."""
    shown = [replies.c[name] for name in outbox.Line.__slots__]
    statement = select(*shown).where(replies.c.message_key == message_key)
    return [outbox.Line(*row) for row in connection.execute(statement.order_by(replies.c.id))]


@dataclass(frozen=True, slots=True)
class Sealed:
    """One page of the book that is closed."""

    id: int
    last_transfer_id: int
    transfers: int
    hash: str
    key_id: str
    sealed_at: datetime


def newest_seals(connection: Connection, limit: int = 20) -> list[Sealed]:
    """Return the pages that were closed last."""
    shown = [seals.c[name] for name in Sealed.__slots__]
    statement = select(*shown).order_by(seals.c.id.desc()).limit(limit)
    return [Sealed(*row) for row in connection.execute(statement)]


def unsealed(connection: Connection) -> int:
    """Return how many transfers are behind the last page."""
    last = connection.execute(select(func.max(seals.c.last_transfer_id))).scalar() or 0
    behind = select(func.count()).select_from(transfers).where(transfers.c.id > last)
    count: int = connection.execute(behind).scalar_one()
    return count


def waiting_orders(connection: Connection) -> vitals.Queue:
    """Return how many orders wait for their code, and since when the oldest does."""
    waits = text("payments.state = 'waiting'")
    counted = select(func.count(), func.min(payments.c.created_at)).where(waits)
    return vitals.Queue(*connection.execute(counted).one())
