"""Refunds: one operator asks for a payment to be undone, another decides.

    asked ──another operator──► approved   the money goes back, in the same transaction
              └───────────────► declined

Exactly once: the state of the row, the rule that a payment has one living request,
and the key of the transfer each let only one approval through. What operators may do
is for the caller to check; that they are two is checked here, and by the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from smoney_bot.bank import refunding
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Payment
from smoney_bot.bank.refunding import NotRefundable
from smoney_bot.book import customers, ledger, outbox, payments
from smoney_bot.book.errors import AlreadyBooked
from smoney_bot.book.operators import Operator
from smoney_bot.book.outbox import Unfit
from smoney_bot.book.states import ApprovalState
from smoney_bot.book.tables import approvals
from smoney_bot.book.tables import payments as payment_rows

_LIVING = (ApprovalState.ASKED, ApprovalState.APPROVED)


class SecondPersonNeeded(Exception):
    """Who asks for a refund does not decide on it."""


class AlreadyDecided(Exception):
    """Somebody has decided on this refund before, or there is none of that number."""


@dataclass(frozen=True, slots=True)
class Refund:
    """A payment that somebody asked to undo; moments are UTC."""

    id: int
    payment_reference: str
    reason: str
    state: ApprovalState
    asked_by: int  # operator id
    asked_at: datetime
    decided_by: int | None
    decided_at: datetime | None


_SHOWN = [approvals.c[name] for name in Refund.__slots__]


def ask(
    connection: Connection, reference: str, reason: str, operator: Operator, now: datetime
) -> Refund:
    """Ask that the payment of that *reference* be undone; raise `NotRefundable`.

    *reason* is for the operator who decides, and names nobody: it is kept.
    """
    # Held, so that two who ask at once come one after the other.
    row = select(payment_rows.c.reference).where(payment_rows.c.reference == reference)
    connection.execute(row.with_for_update())
    payment = payments.find(connection, reference)
    if payment is None:
        raise NotRefundable("unknown")
    refunding.check_payment(payment)
    if living(connection, reference) is not None:
        raise NotRefundable("asked_before")
    _both(connection, payment)
    asked = {
        "payment_reference": reference,
        "reason": reason,
        "state": ApprovalState.ASKED,
        "asked_by": operator.id,
        "asked_at": now,
    }
    added = connection.execute(insert(approvals).values(**asked).returning(*_SHOWN)).one()
    return Refund(*added)


def approve(
    connection: Connection, refund_id: int, operator: Operator, now: datetime
) -> tuple[Refund, list[Unfit]]:
    """Give the money back and tell both sides; return which refund, and unfit notices.

    Raises `SecondPersonNeeded`, `AlreadyDecided`, and `NotRefundable` (then it may be
    tried again, once the payee has money).
    """
    refund = _held(connection, refund_id, operator)
    payment = payments.find(connection, refund.payment_reference)
    assert payment is not None  # pair: the foreign key of approvals
    refunding.check_payment(payment)
    payer, payee = _both(connection, payment)
    _decide(connection, refund, ApprovalState.APPROVED, operator, now)
    try:
        back = refunding.transfer(payment, payer, payee, now)
        ledger.book(connection, [back], memo=payment.reference)
    except AlreadyBooked:
        raise AlreadyDecided from None
    unfit = outbox.put(connection, refunding.notices(payment, payer, payee), now)
    return refund, unfit


def decline(connection: Connection, refund_id: int, operator: Operator, now: datetime) -> Refund:
    """Leave the payment as it is. Raises `SecondPersonNeeded`, `AlreadyDecided`."""
    refund = _held(connection, refund_id, operator)
    _decide(connection, refund, ApprovalState.DECLINED, operator, now)
    return refund


def living(connection: Connection, reference: str) -> Refund | None:
    """Return the refund of a payment that is asked for or approved, or None."""
    mine = (approvals.c.payment_reference == reference, approvals.c.state.in_(_LIVING))
    row = connection.execute(select(*_SHOWN).where(*mine)).first()
    return None if row is None else Refund(*row)


def listing(
    connection: Connection, state: ApprovalState | None = None, limit: int = 50
) -> list[Refund]:
    """Return the newest refunds first, of one *state* or of all."""
    statement = select(*_SHOWN).order_by(approvals.c.id.desc()).limit(limit)
    if state is not None:
        statement = statement.where(approvals.c.state == state)
    return [Refund(*row) for row in connection.execute(statement)]


def _held(connection: Connection, refund_id: int, operator: Operator) -> Refund:
    """Return the refund that waits, held until the transaction ends."""
    statement = select(*_SHOWN).where(approvals.c.id == refund_id).with_for_update()
    row = connection.execute(statement).first()
    if row is None or row.state is not ApprovalState.ASKED:
        raise AlreadyDecided
    if row.asked_by == operator.id:  # pair: ck_approvals_second_person
        raise SecondPersonNeeded
    return Refund(*row)


def _decide(
    connection: Connection,
    refund: Refund,
    state: ApprovalState,
    operator: Operator,
    now: datetime,
) -> None:
    this = (approvals.c.id == refund.id, approvals.c.state == ApprovalState.ASKED)
    decided = {"state": state, "decided_by": operator.id, "decided_at": now}
    if connection.execute(update(approvals).where(*this).values(**decided)).rowcount != 1:
        raise AlreadyDecided


def _both(connection: Connection, payment: Payment) -> tuple[Customer, Customer]:
    """Return payer and payee, their balances held; raise `NotRefundable` if it cannot be now."""
    assert payment.payee_id is not None  # pair: ck_payments_booked_has_payee
    known = customers.by_ids(connection, [payment.payer_id, payment.payee_id])
    payer, payee = known[payment.payer_id], known[payment.payee_id]
    held = ledger.lock(connection, [payer.account_id, payee.account_id])
    refunding.check_sides(payer, payee, held[payee.account_id], payment.amount)
    return payer, payee
