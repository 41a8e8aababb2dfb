"""Payments: every order to pay and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Row,
    bindparam,
    func,
    literal,
    or_,
    select,
    text,
    update,
)

from smoney_bot.bank.answers import HistoryLine
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Payment, PaymentState
from smoney_bot.bank.receipts import Fate
from smoney_bot.bank.refunding import key_of
from smoney_bot.book import rows
from smoney_bot.book.errors import NotWaiting
from smoney_bot.book.listed import is_in
from smoney_bot.book.tables import customers, payments, transfers

_FACTS = [payments.c[name] for name in Payment.__slots__ if name != "amount"]

# Literal, because PostgreSQL uses a partial index only where it sees the state.
_WAITS = text("payments.state = 'waiting'")
#: What `payment_of` needs of a row.
SHOWN = [*_FACTS, payments.c.amount_cents.label("amount")]
#: Joins the transfer that undid a payment, if one did: its state stays `booked`.
UNDONE = transfers.c.key == literal(key_of("")).concat(payments.c.reference)
_WAITING = select(*SHOWN).where(is_in(payments.c.payer_id, "asked"), _WAITS)


def put(connection: Connection, added: Iterable[Payment]) -> None:
    """Add payments; a second one of the same message is a bug."""
    rows.add(connection, payments, [_row(payment) for payment in added])


def _row(payment: Payment) -> rows.Row:
    facts = {name: getattr(payment, name) for name in Payment.__slots__}
    facts["amount_cents"] = facts.pop("amount")
    return facts


def payment_of(row: Row[*tuple[Any, ...]]) -> Payment:
    """Return the payment that a row of `SHOWN` is."""
    return Payment(**row._mapping)  # noqa: SLF001 - public by SQLAlchemy's documentation


def waiting(connection: Connection, payer_ids: Iterable[int], now: datetime) -> dict[int, Payment]:
    """Return the order that waits for its code, by the payer's customer id.

    Those whose time is over end here, should the timer not have come round.
    """
    asked = sorted(set(payer_ids))
    if not asked:
        return {}
    orders = connection.execute(_WAITING, {"asked": asked})
    found = {row.payer_id: payment_of(row) for row in orders}
    if any(_is_over(one, now) for one in found.values()):
        expire(connection, now)
    return {payer: one for payer, one in found.items() if not _is_over(one, now)}


def _is_over(payment: Payment, now: datetime) -> bool:
    return payment.expires_at is not None and payment.expires_at <= now


def settle(connection: Connection, settled: Iterable[Payment]) -> None:
    """End orders that waited, as *settled* says; raise `NotWaiting` if one has ended already."""
    ended = [
        {
            "of_reference": one.reference,
            "new_state": one.state,
            "new_payee": one.payee_id,
            "new_booked_at": one.booked_at,
            "new_end": one.expires_at,
        }
        for one in settled
    ]
    if rows.change_each(connection, _SETTLE, ended) != len(ended):
        raise NotWaiting


_SETTLE = (
    update(payments)
    .where(payments.c.reference == bindparam("of_reference"), _WAITS)
    .values(
        state=rows.given("new_state", payments.c.state),
        payee_id=rows.given("new_payee", payments.c.payee_id),
        booked_at=rows.given("new_booked_at", payments.c.booked_at),
        expires_at=rows.given("new_end", payments.c.expires_at),
    )
)


def next_end(connection: Connection) -> datetime | None:
    """Return when the next order that waits for its code expires, or None."""
    statement = select(func.min(payments.c.expires_at)).where(_WAITS)
    moment: datetime | None = connection.execute(statement).scalar()
    return moment


def expire(connection: Connection, now: datetime) -> int:
    """End the orders whose time to wait is over; return how many there were."""
    ended = (
        update(payments)
        .where(_WAITS, payments.c.expires_at <= now)
        .values(state=PaymentState.EXPIRED)
    )
    return connection.execute(ended).rowcount


def find(connection: Connection, reference: str) -> Payment | None:
    """Return the payment of that *reference*, or None."""
    row = connection.execute(select(*SHOWN).where(payments.c.reference == reference)).first()
    return None if row is None else payment_of(row)


def listing(
    connection: Connection,
    *,
    fate: Fate | None = None,
    customer_id: int | None = None,
    limit: int = 50,
) -> list[Payment]:
    """Return the newest payments, of one *fate* or of one customer if asked."""
    statement = select(*SHOWN).order_by(payments.c.created_at.desc(), payments.c.reference.desc())
    if fate in (Fate.BOOKED, Fate.REFUNDED):
        undone = transfers.c.id.is_not(None) if fate is Fate.REFUNDED else transfers.c.id.is_(None)
        statement = statement.outerjoin(transfers, UNDONE).where(
            payments.c.state == PaymentState.BOOKED, undone
        )
    elif fate is not None:
        statement = statement.where(payments.c.state == PaymentState(fate.value))
    if customer_id is not None:
        sides = (payments.c.payer_id == customer_id, payments.c.payee_id == customer_id)
        statement = statement.where(or_(*sides))
    found = connection.execute(statement.limit(limit))
    return [payment_of(row) for row in found]


def undone(connection: Connection, found: Iterable[Payment]) -> dict[str, datetime]:
    """Return when each of these payments was undone, by reference; most never were."""
    statement = (
        select(payments.c.reference, transfers.c.booked_at)
        .join(transfers, UNDONE)
        .where(payments.c.reference.in_(sorted(one.reference for one in found)))
    )
    return {row.reference: row.booked_at for row in connection.execute(statement)}


def fate_of(payment: Payment, undone_at: Mapping[str, datetime]) -> Fate:
    """Return what has become of *payment*, as `undone` tells."""
    return Fate.REFUNDED if payment.reference in undone_at else Fate(payment.state.value)


def history(
    connection: Connection, askers: Iterable[Customer], limit: int
) -> dict[int, tuple[HistoryLine, ...]]:
    """Return the last payments of each of *askers*, newest first, by account id.

    Those that were booked, and those that they made and that are held.
    """
    return {asker.account_id: _lines(connection, asker.id, limit) for asker in askers}


def _lines(connection: Connection, asker_id: int, limit: int) -> tuple[HistoryLine, ...]:
    # Side by side, because each has an index in order of time: a long history
    # costs no more than a short one.
    sent = _one_side(connection, payments.c.payer_id, payments.c.payee_id, asker_id, limit)
    received = _one_side(connection, payments.c.payee_id, payments.c.payer_id, asker_id, limit)
    newest = sorted(sent + received, key=lambda row: (row.created_at, row.reference), reverse=True)
    return tuple(
        HistoryLine(
            booked_at=row.booked_at or row.created_at,
            incoming=row.payee_id == asker_id,
            amount=row.amount_cents,
            other=row.handle or row.payee_handle,
            reference=row.reference,
            held=row.state is PaymentState.HELD,
            undone=row.undone_by is not None,
        )
        for row in newest[:limit]
    )


def _one_side(
    connection: Connection, own: Column[int], other: Column[int], asker_id: int, limit: int
) -> list[Row[*tuple[Any, ...]]]:
    statement = (
        select(payments, customers.c.handle, transfers.c.id.label("undone_by"))
        .outerjoin(customers, customers.c.id == other)
        .outerjoin(transfers, UNDONE)
        .where(own == asker_id, payments.c.state.in_((PaymentState.BOOKED, PaymentState.HELD)))
        .order_by(payments.c.created_at.desc(), payments.c.reference.desc())
        .limit(limit)
    )
    if own is payments.c.payee_id:  # what collections gather is not in the account yet
        statement = statement.where(payments.c.collection_id.is_(None))
    return list(connection.execute(statement))
