"""Holds: payments whose money waits in the bank's `held` account, and how they end.

    held ──the payee has an account──► booked
      ├──the payer takes it back────► cancelled
      └──its time is over───────────► returned

Each end is a transfer out of `held` and a change of state that only a payment still
held lets happen, in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    bindparam,
    cast,
    func,
    or_,
    select,
    text,
    update,
)

from smoney_bot.bank.customers import Customer, Kind, State
from smoney_bot.bank.desk import Payment, PaymentState, Transfer
from smoney_bot.bank.errors import PayeeUnavailable
from smoney_bot.bank.holding import way_out
from smoney_bot.bank.holds import RELEASE, RETURN
from smoney_bot.bank.money import Cents
from smoney_bot.bank.policy import Limits, check_room
from smoney_bot.book import customers as customer_records
from smoney_bot.book import ledger, rows
from smoney_bot.book.errors import NotWaiting
from smoney_bot.book.payments import SHOWN, payment_of
from smoney_bot.book.states import AccountKind
from smoney_bot.book.tables import accounts, balances, customers, payments

#: How many holds one round of the timer ends: other payments wait for the same accounts.
_AT_ONCE = 500

# Literal, because PostgreSQL uses a partial index only where it sees the state.
_HELD = text("payments.state = 'held'")


@dataclass(frozen=True, slots=True)
class Ended:
    """A payment that was held, as it has ended; `payee` is None if it went back."""

    payment: Payment
    payer: Customer
    payee: Customer | None

    @property
    def target(self) -> Customer:
        """Whose account the money goes to."""
        return self.payee or self.payer


def account(connection: Connection) -> int:
    """Return the id of the account where held money is."""
    return ledger.system_account(connection, AccountKind.HELD)


def wanted_back(connection: Connection, references: Iterable[str]) -> dict[str, Payment]:
    """Return those of *references* that are held, by reference."""
    asked = sorted(set(references))
    if not asked:
        return {}
    statement = select(*SHOWN).where(payments.c.reference.in_(asked), _HELD)
    return {row.reference: payment_of(row) for row in connection.execute(statement)}


def end(connection: Connection, ended: Iterable[Payment]) -> None:
    """End held payments as *ended* says; raise `NotWaiting` if one is held no longer."""
    statement = (
        update(payments)
        .where(payments.c.reference == bindparam("of_reference"), _HELD)
        .values(
            state=rows.given("new_state", payments.c.state),
            payee_id=rows.given("new_payee", payments.c.payee_id),
            booked_at=rows.given("new_booked_at", payments.c.booked_at),
        )
    )
    each = [
        {
            "of_reference": one.reference,
            "new_state": one.state,
            "new_payee": one.payee_id,
            "new_booked_at": one.booked_at,
        }
        for one in ended
    ]
    if rows.change_each(connection, statement, each) != len(each):
        raise NotWaiting


def set_aside(connection: Connection, payer_ids: Iterable[int]) -> dict[int, Cents]:
    """Return how much of each payer's money is held, by customer id."""
    asked = sorted(set(payer_ids))
    if not asked:
        return {}
    statement = (
        select(payments.c.payer_id, cast(func.sum(payments.c.amount_cents), BigInteger))
        .where(payments.c.payer_id.in_(asked), _HELD)
        .group_by(payments.c.payer_id)
    )
    return {payer: Cents(cents) for payer, cents in connection.execute(statement)}


def any_due(connection: Connection, now: datetime, limits: Limits) -> bool:
    """Return whether a held payment can end now."""
    return any(
        connection.execute(statement.limit(1)).first() is not None
        for statement in (_arriving(limits), _over(now))
    )


def settle(connection: Connection, now: datetime, limits: Limits) -> list[Ended]:
    """Pay what is held for those who have an account now; give back what is over.

    A person whose account would be too full gets what there is room for, oldest
    first; the rest stays held, and goes back in its time. Who had an account
    before the time was over is paid, however late this comes round.
    """
    held_account, due = account(connection), _due(connection, now, limits)
    held = ledger.lock(connection, [held_account, *(one.target.account_id for one in due)])
    still = _still_held(connection, due)
    ended: list[Ended] = []
    for one in due:
        if one.payment.reference in still and _has_room(limits, one, held):
            held[one.target.account_id] += one.payment.amount
            ended.append(one)
    ledger.book(connection, [_transfer(one, held_account, now) for one in ended])
    end(connection, [one.payment for one in ended])
    return ended


def _due(connection: Connection, now: datetime, limits: Limits) -> list[Ended]:
    """Return how each payment that may end now would end: first those that arrive."""
    arriving = _found(connection, _arriving(limits))
    # One round that is full of arrivals may not know all: nothing goes back in it.
    over = _found(connection, _over(now)) if len(arriving) < _AT_ONCE else []
    payers = customer_records.by_ids(connection, {one.payer_id for one in arriving + over})
    payees = customer_records.by_x_ids(connection, {one.payee_x_id or "" for one in arriving})
    due = {
        one.reference: _arrived(one, payers[one.payer_id], payees[one.payee_x_id or ""], now)
        for one in arriving
    }
    for one in over:
        back = Ended(replace(one, state=PaymentState.RETURNED), payers[one.payer_id], None)
        due.setdefault(one.reference, back)
    return list(due.values())


def _arrived(held: Payment, payer: Customer, payee: Customer, now: datetime) -> Ended:
    paid = replace(held, state=PaymentState.BOOKED, payee_id=payee.id, booked_at=now)
    return Ended(paid, payer, payee)


def _arriving(limits: Limits) -> Select[Any]:
    """Held payments whose payee has an account that takes them."""
    room = balances.c.balance_cents + payments.c.amount_cents <= limits.balance
    return (
        select(*SHOWN)
        .join(customers, customers.c.x_id == payments.c.payee_x_id)
        .join(accounts, accounts.c.customer_id == customers.c.id)
        .join(balances, balances.c.account_id == accounts.c.id)
        .where(
            _HELD,
            customers.c.state != State.CLOSED,
            customers.c.opened_at < payments.c.expires_at,
            or_(customers.c.kind == Kind.ASSOCIATION, room),
        )
    )


def _over(now: datetime) -> Select[Any]:
    """Held payments whose time is over."""
    return select(*SHOWN).where(_HELD, payments.c.expires_at <= now)


def _found(connection: Connection, statement: Select[Any]) -> list[Payment]:
    """Return the oldest first, and no more than one round takes on."""
    ordered = statement.order_by(payments.c.created_at, payments.c.reference).limit(_AT_ONCE)
    return [payment_of(row) for row in connection.execute(ordered)]


def _still_held(connection: Connection, due: Sequence[Ended]) -> set[str]:
    """Return which of *due* are held under the locks, and keep them so: some may just have ended.

    Asked after the balances, as everybody does who ends one: nobody waits in a circle.
    """
    statement = (
        select(payments.c.reference)
        .where(payments.c.reference.in_([one.payment.reference for one in due]), _HELD)
        .with_for_update()
    )
    return set(connection.execute(statement).scalars())


def _has_room(limits: Limits, one: Ended, held: Mapping[int, Cents]) -> bool:
    """Return whether the account may take it; what goes back always may."""
    if one.payee is None:
        return True
    balance = held[one.payee.account_id]
    try:
        check_room(limits, one.payee.kind, one.payee.handle, balance, one.payment.amount)
    except PayeeUnavailable:
        return False
    return True


def _transfer(one: Ended, held_account: int, now: datetime) -> Transfer:
    kind = RETURN if one.payee is None else RELEASE
    return way_out(one.payment, kind, held_account, one.target.account_id, now)
