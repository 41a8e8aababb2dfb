"""Donations: what reached an association in a year, for its books and its givers' taxes.

Gifts count on the day (UTC) on which they were booked. Those to a collection count
once it has been paid out: until then they may still go back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, or_, select

from smoney_bot.bank.collections import CollectionState
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import PaymentState
from smoney_bot.bank.money import Cents
from smoney_bot.book import customers
from smoney_bot.book.payments import UNDONE
from smoney_bot.book.tables import collections, payments, transfers


@dataclass(frozen=True, slots=True)
class Donation:
    """One gift that has reached the association; `given_at` is UTC."""

    reference: str
    giver: Customer
    amount: Cents
    given_at: datetime
    tag: str | None  # the collection's


def of_year(connection: Connection, association: Customer, year: int) -> list[Donation]:
    """Return what *association* got in that *year*, oldest first; refunded gifts are left out."""
    statement = (
        select(
            payments.c.reference,
            payments.c.payer_id,
            payments.c.amount_cents,
            payments.c.booked_at,
            collections.c.tag,
        )
        .outerjoin(collections, collections.c.id == payments.c.collection_id)
        .outerjoin(transfers, UNDONE)
        .where(
            payments.c.payee_id == association.id,
            payments.c.state == PaymentState.BOOKED,
            payments.c.booked_at >= datetime(year, 1, 1, tzinfo=UTC),
            payments.c.booked_at < datetime(year + 1, 1, 1, tzinfo=UTC),
            or_(
                payments.c.collection_id.is_(None),
                collections.c.state == CollectionState.PAID_OUT,
            ),
            transfers.c.id.is_(None),
        )
        .order_by(payments.c.booked_at, payments.c.reference)
    )
    rows = list(connection.execute(statement))
    givers = customers.by_ids(connection, {row.payer_id for row in rows})
    return [
        Donation(row.reference, givers[row.payer_id], row.amount_cents, row.booked_at, row.tag)
        for row in rows
    ]
