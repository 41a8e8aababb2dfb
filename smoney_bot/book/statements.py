"""Statements: what moved on an account in a month, and the balance before, between and after.

All of it comes from the transfers, which nobody can change; what payments add are
names and notes. The balance at the beginning is today's less all that has moved
since, so call this where one moment of the book is seen (`Book.reading`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Row, cast, func, select

from smoney_bot.bank.customers import Customer
from smoney_bot.bank.holds import HOLD, RELEASE, RETURN
from smoney_bot.bank.money import Cents
from smoney_bot.bank.refunds import REFUND
from smoney_bot.book import customers, ledger
from smoney_bot.book.gifts import GIVE_BACK, PAY_OUT
from smoney_bot.book.ledger import DEPOSIT, PAYMENT, WITHDRAWAL
from smoney_bot.book.months import Month, month_of
from smoney_bot.book.tables import collections, payments, transfers
from smoney_bot.book.tables import customers as people

_AT_ONCE = 1000


class LineKind(StrEnum):
    """Why money moved: the kinds of transfer."""

    PAYMENT = PAYMENT
    DEPOSIT = DEPOSIT
    WITHDRAWAL = WITHDRAWAL
    SET_ASIDE = HOLD
    ARRIVED = RELEASE
    CAME_BACK = RETURN
    REFUND = REFUND
    PAY_OUT = PAY_OUT
    GIFT_BACK = GIVE_BACK
    OTHER = "other"  # a kind that this file does not know: shown all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One movement, seen from the account; `balance` is what there was after it."""

    booked_at: datetime  # UTC
    kind: LineKind
    incoming: bool
    amount: Cents
    other: str  # the handle on the other side, or ""
    tag: str  # of a collection, or ""
    note: str
    reference: str  # of the payment, or the operator's
    balance: Cents

    @property
    def signed(self) -> Cents:
        """What it adds to the account."""
        return self.amount if self.incoming else Cents(-self.amount)


@dataclass(frozen=True, slots=True)
class Statement:
    """One month of an account, oldest line first."""

    customer: Customer
    month: Month
    opening: Cents
    lines: tuple[Line, ...]

    @property
    def closing(self) -> Cents:
        """The balance at the end of the month, or now."""
        return self.lines[-1].balance if self.lines else self.opening

    @property
    def came_in(self) -> Cents:
        """All that arrived."""
        return _total(one.amount for one in self.lines if one.incoming)

    @property
    def went_out(self) -> Cents:
        """All that left."""
        return _total(one.amount for one in self.lines if not one.incoming)


def _total(amounts: Iterator[Cents]) -> Cents:
    return Cents(sum(amounts))


def of_month(connection: Connection, customer: Customer, month: Month) -> Statement:
    """Return the statement of *customer* for that *month*."""
    account = customer.account_id
    opening = _balance_at(connection, account, month.begins)
    balance = opening
    moved = _moved(connection, account, month)
    told = _Told(connection, customer, moved)
    lines = []
    for row in moved:
        incoming = row.target_id == account
        balance = Cents(balance + (row.amount_cents if incoming else -row.amount_cents))
        lines.append(told.line(row, incoming=incoming, balance=balance))
    return Statement(customer, month, opening, tuple(lines))


def first_month(connection: Connection, customer: Customer) -> Month:
    """Return the month in which the account was opened."""
    opened = select(people.c.opened_at).where(people.c.id == customer.id)
    return month_of(connection.execute(opened).scalar_one())


def _balance_at(connection: Connection, account: int, moment: datetime) -> Cents:
    """Return today's balance less all that has moved from *moment* on."""
    arrived = _sum_since(connection, transfers.c.target_id, account, moment)
    left = _sum_since(connection, transfers.c.source_id, account, moment)
    return Cents(ledger.balance(connection, account) - arrived + left)


def _sum_since(connection: Connection, side: Column[int], account: int, moment: datetime) -> Cents:
    # PostgreSQL adds BIGINTs up to a NUMERIC, which is not a number of cents.
    total = func.coalesce(cast(func.sum(transfers.c.amount_cents), BigInteger), 0)
    statement = select(total).where(side == account, transfers.c.booked_at >= moment)
    return Cents(connection.execute(statement).scalar_one())


def _moved(connection: Connection, account: int, month: Month) -> list[Row[*tuple[Any, ...]]]:
    """Return the transfers of the month in the order of the book; each side has an index."""
    within = (transfers.c.booked_at >= month.begins, transfers.c.booked_at < month.ends)
    found = [
        row
        for side in (transfers.c.source_id, transfers.c.target_id)
        for row in connection.execute(select(transfers).where(side == account, *within))
    ]
    return sorted(found, key=lambda row: (row.booked_at, row.id))


class _Told:
    """What payments have to tell of the transfers of one account."""

    def __init__(
        self, connection: Connection, customer: Customer, moved: Sequence[Row[*tuple[Any, ...]]]
    ) -> None:
        self._own = customer.id
        ordered = [row.key for row in moved if row.kind in {PAYMENT, HOLD}]
        named = [_behind(row.key) for row in moved if row.kind in _NAMED]
        self._payments = {
            **_payments(connection, payments.c.message_key, ordered),
            **_payments(connection, payments.c.reference, named),
        }
        ids = {one for row in self._payments.values() for one in (row.payer_id, row.payee_id)}
        self._people = customers.by_ids(connection, ids - {None})

    def line(self, row: Row[*tuple[Any, ...]], *, incoming: bool, balance: Cents) -> Line:
        """Return the line that tells of a transfer."""
        of = self._payments.get(_behind(row.key) if row.kind in _NAMED else row.key)
        return Line(
            booked_at=row.booked_at,
            kind=_kind(row.kind),
            incoming=incoming,
            amount=row.amount_cents,
            other=self._other(of) if of else "",
            tag=(of.tag or "") if of else _tag(row),
            note=of.note if of else "",
            reference=of.reference if of else row.memo,
            balance=balance,
        )

    def _other(self, payment: Row[*tuple[Any, ...]]) -> str:
        """Return the handle of the party that is not the account's owner."""
        other = payment.payee_id if payment.payer_id == self._own else payment.payer_id
        return self._people[other].handle if other else payment.payee_handle


#: Their keys end in the payment's reference: `held:`, `refund:` and `return:` before it.
_NAMED = frozenset({RELEASE, RETURN, REFUND, GIVE_BACK})


def _behind(key: str) -> str:
    return key.partition(":")[2]


def _tag(row: Row[*tuple[Any, ...]]) -> str:
    return _behind(row.key) if row.kind == PAY_OUT else ""


def _kind(written: str) -> LineKind:
    return LineKind(written) if written in tuple(LineKind) else LineKind.OTHER


def _payments(
    connection: Connection, column: Column[str], keys: Sequence[str]
) -> dict[str, Row[*tuple[Any, ...]]]:
    """Return the payments that have one of *keys* in *column*, by it."""
    names = ("reference", "note", "payer_id", "payee_id", "payee_handle")
    statement = select(
        column.label("known_as"), *(payments.c[one] for one in names), collections.c.tag
    ).outerjoin(collections, collections.c.id == payments.c.collection_id)
    return {
        row.known_as: row
        for begin in range(0, len(keys), _AT_ONCE)
        for row in connection.execute(statement.where(column.in_(keys[begin : begin + _AT_ONCE])))
    }
