"""What others' money rests with the bank, in figures: held payments, collections that go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Connection, cast, func, select, text

from smoney_bot.bank.collections import TAKING
from smoney_bot.bank.money import Cents
from smoney_bot.book.tables import collections, payments

# Literal, because PostgreSQL uses a partial index only where it sees the state.
_HELD = text("payments.state = 'held'")


@dataclass(frozen=True, slots=True)
class HeldFigures:
    """Payments held for people without an account, and how many collections take gifts."""

    count: int
    cents: Cents
    oldest: datetime | None  # since when the oldest is held (UTC)
    first_end: datetime | None  # when the next one ends, or should have (UTC)
    collections: int


def read(connection: Connection) -> HeldFigures:
    """Return how it stands: one look at the few rows that are held, one at collections."""
    held = select(
        func.count(),
        # PostgreSQL adds BIGINTs up to a NUMERIC, which is not a number of cents.
        func.coalesce(cast(func.sum(payments.c.amount_cents), BigInteger), 0),
        func.min(payments.c.created_at),
        func.min(payments.c.expires_at),
    ).where(_HELD)
    count, cents, oldest, first_end = connection.execute(held).one()
    taking = select(func.count()).select_from(collections).where(collections.c.state.in_(TAKING))
    open_ones: int = connection.execute(taking).scalar_one()
    return HeldFigures(count, Cents(cents), oldest, first_end, open_ones)
