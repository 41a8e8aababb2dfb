"""Gifts to collections: how much they come to, and where they go in the end.

A collection that has ended is paid out in one transfer, or each gift goes back in
one of its own, to its giver, whatever has become of their account. Both ways are
guarded three times: by the state of the row, by the key in the book, and by the
floor of the collection's account.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Connection, bindparam, cast, func, select, update

from smoney_bot.bank.collections import Collection, CollectionState
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Payment, PaymentState, Transfer
from smoney_bot.bank.money import Cents
from smoney_bot.book import collections, customers, ledger, rows
from smoney_bot.book.errors import NotAsItWas
from smoney_bot.book.payments import SHOWN, payment_of
from smoney_bot.book.tables import customers as customers_table
from smoney_bot.book.tables import payments

#: The kinds of transfer by which money leaves a collection's account.
PAY_OUT = "payout"
GIVE_BACK = "gift_return"

#: How many gifts go back in one transaction.
AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """What was given to a collection, whatever became of it later."""

    total: Cents
    gifts: int


@dataclass(frozen=True, slots=True)
class Gift:
    """One gift as the page shows it; `handle` is None unless the giver agreed to be named."""

    amount: Cents
    handle: str | None
    given_at: datetime


def standings(connection: Connection, ids: Iterable[int]) -> dict[int, Standing]:
    """Return what was given to the collections of these *ids*."""
    asked = sorted(set(ids))
    total = cast(func.sum(payments.c.amount_cents), BigInteger)
    statement = (
        select(payments.c.collection_id, total, func.count())
        .where(payments.c.collection_id.in_(asked), _given)
        .group_by(payments.c.collection_id)
    )
    found = {
        of: Standing(Cents(cents), count) for of, cents, count in connection.execute(statement)
    }
    return {one: found.get(one, Standing(Cents(0), 0)) for one in asked}


def latest(connection: Connection, collection: Collection, limit: int) -> list[Gift]:
    """Return the last gifts, newest first."""
    statement = (
        select(
            payments.c.amount_cents,
            customers_table.c.handle,
            customers_table.c.show_name,
            payments.c.created_at,
        )
        .join(customers_table, customers_table.c.id == payments.c.payer_id)
        .where(payments.c.collection_id == collection.id, _given)
        .order_by(payments.c.created_at.desc(), payments.c.reference.desc())
        .limit(limit)
    )
    return [
        Gift(amount, handle if named else None, given_at)
        for amount, handle, named, given_at in connection.execute(statement)
    ]


_given = payments.c.state.in_((PaymentState.BOOKED, PaymentState.RETURNED))


def pay_out(connection: Connection, collection: Collection, now: datetime) -> Cents:
    """Pay what a closed *collection* has to its owner; return how much. Lock its row before."""
    owner = customers.by_ids(connection, [collection.owner_id])[collection.owner_id]
    held = ledger.lock(connection, [collection.account_id, owner.account_id])
    total = held[collection.account_id]
    if total:
        paid = _transfer(f"{PAY_OUT}:{collection.tag}", PAY_OUT, collection, owner, total, now)
        ledger.book(connection, [paid])
    collections.settle(connection, collection, CollectionState.PAID_OUT)
    return total


def give_back(connection: Connection, collection: Collection, now: datetime) -> list[Payment]:
    """Return the next gifts of a closed *collection*; those gifts. Lock its row before.

    At most `AT_ONCE`; after the last ones the collection is `returned`.
    """
    still_there = (payments.c.collection_id == collection.id, _booked)
    statement = select(*SHOWN).where(*still_there).order_by(payments.c.reference).limit(AT_ONCE)
    gifts = [payment_of(row) for row in connection.execute(statement)]
    givers = customers.by_ids(connection, {one.payer_id for one in gifts})
    ledger.lock(connection, [collection.account_id, *(one.account_id for one in givers.values())])
    _note_returned(connection, gifts)
    back = [
        _transfer(
            f"return:{one.reference}", GIVE_BACK, collection, givers[one.payer_id], one.amount, now
        )
        for one in gifts
    ]
    ledger.book(connection, back)
    if len(gifts) < AT_ONCE:
        collections.settle(connection, collection, CollectionState.RETURNED)
    return gifts


_booked = payments.c.state == PaymentState.BOOKED


def _note_returned(connection: Connection, gifts: list[Payment]) -> None:
    statement = (
        update(payments)
        .where(payments.c.reference == bindparam("of_reference"), _booked)
        .values(state=PaymentState.RETURNED, booked_at=None)
    )
    each = [{"of_reference": one.reference} for one in gifts]
    if rows.change_each(connection, statement, each) != len(gifts):
        raise NotAsItWas("a gift")


def _transfer(
    key: str, kind: str, collection: Collection, to: Customer, amount: Cents, now: datetime
) -> Transfer:
    return Transfer(
        key=key,
        kind=kind,
        source=collection.account_id,
        target=to.account_id,
        amount=amount,
        booked_at=now,
    )
