"""Donations: what reached an association in a year, for its books and its givers' taxes.

Gifts count in the year in which the giver paid them, by UTC: the tax goes by that
(CGI, article 200). Those to a collection are told once it has been paid out, for until
then they may still go back: so the list of a year may grow after its end, and what
is missing from it is told too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import BigInteger, ColumnElement, Connection, cast, func, or_, select

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


@dataclass(frozen=True, slots=True)
class Pending:
    """What lies in a collection that has not been paid out: so many gifts of a year."""

    tag: str
    gifts: int
    amount: Cents


def pending(connection: Connection, association: Customer, year: int) -> list[Pending]:
    """Return what of that *year* may still reach *association*, by the collection's tag."""
    total = cast(func.sum(payments.c.amount_cents), BigInteger)  # PostgreSQL makes it NUMERIC
    statement = (
        select(collections.c.tag, func.count(), total)
        .join(collections, collections.c.id == payments.c.collection_id)
        .where(
            *_given(association, year),
            collections.c.state.not_in((CollectionState.PAID_OUT, CollectionState.RETURNED)),
        )
        .group_by(collections.c.tag)
        .order_by(collections.c.tag)
    )
    rows = connection.execute(statement)
    return [Pending(tag, count, Cents(cents)) for tag, count, cents in rows]


def _given(association: Customer, year: int) -> tuple[ColumnElement[bool], ...]:
    return (
        payments.c.payee_id == association.id,
        payments.c.state == PaymentState.BOOKED,
        payments.c.booked_at >= datetime(year, 1, 1, tzinfo=UTC),
        payments.c.booked_at < datetime(year + 1, 1, 1, tzinfo=UTC),
    )


def of_year(connection: Connection, association: Customer, year: int) -> list[Donation]:
    """Return what *association* was given in that *year* and has got, oldest first.

    Refunded gifts are left out.
    """
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
            *_given(association, year),
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
