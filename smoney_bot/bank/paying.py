"""Paying: who gets it, may it move, and what the book is to say.

The code is judged first, so that nobody without it learns anything about the
payer's money; then what everybody may know; then the money.
"""

from __future__ import annotations

from smoney_bot.bank import policy
from smoney_bot.bank.answers import Paid
from smoney_bot.bank.case import Case, Done
from smoney_bot.bank.codes import CodeKind
from smoney_bot.bank.customers import Customer, Kind, State
from smoney_bot.bank.desk import Payment, PaymentState, Transfer
from smoney_bot.bank.errors import (
    AccountFrozen,
    CodeMissing,
    PayeeIsPayer,
    PayeeUnavailable,
    UnknownCollection,
    UnknownPayee,
)
from smoney_bot.bank.money import Cents
from smoney_bot.bank.orders import Pay


def carry_out(case: Case, author: Customer, pay: Pay) -> Done:
    """Return the payment that *author* orders; raise `Refused` if it may not be."""
    if author.state is State.FROZEN:
        raise AccountFrozen
    if pay.code_at is not None:
        case.check_code(pay.code_at)
    payee = _payee(case, author, pay)
    _check_money(case, author, payee, pay)
    return Done(
        answer=_paid(case, author, pay.amount, payee),
        payment=_booked(case, author, pay, payee),
        transfer=_transfer(case, author, pay, payee),
        payee=payee,
    )


def refused(case: Case, author: Customer, pay: Pay, reason: str) -> Payment:
    """Return the record of a payment that was not made, and why."""
    payee = _known_payee(case, pay)
    return Payment(
        reference=case.reference,
        message_key=case.message.key,
        message_id=case.message.message_id,
        kind=policy.payment_kind(payee.kind if payee else Kind.PERSON),
        state=PaymentState.REFUSED,
        reason=reason,
        amount=pay.amount,
        payer_id=author.id,
        payee_id=payee.id if payee else None,
        payee_x_id=payee.x_id if payee else pay.payee.x_id,
        payee_handle=pay.payee.handle,
        note=pay.note,
        created_at=case.message.written_at,
        booked_at=None,
    )


def _known_payee(case: Case, pay: Pay) -> Customer | None:
    x_id = pay.payee.x_id or case.desk.handles.get(pay.payee.handle.lower())
    return case.desk.customers.get(x_id) if x_id else None


def _payee(case: Case, author: Customer, pay: Pay) -> Customer:
    payee = _known_payee(case, pay)
    if payee is None:
        raise UnknownPayee(pay.payee.handle)
    if payee.id == author.id:
        raise PayeeIsPayer
    if payee.state is State.CLOSED:
        raise PayeeUnavailable(pay.payee.handle)
    if pay.tag is not None:
        raise UnknownCollection(pay.payee.handle, pay.tag)
    return payee


def _check_money(case: Case, author: Customer, payee: Customer, pay: Pay) -> None:
    """Raise if the amount may not move."""
    limits, balances = case.rules.limits, case.desk.balances
    policy.check_amount(limits, policy.payment_kind(payee.kind), pay.amount)
    if pay.code_at is None:
        raise CodeMissing
    sent = case.desk.sent.get(author.account_id, Cents(0))
    policy.check_day(limits, sent, pay.amount)
    policy.check_funds(balances[author.account_id], pay.amount)
    held = balances[payee.account_id]
    policy.check_room(limits, payee.kind, pay.payee.handle, held, pay.amount)


def _paid(case: Case, author: Customer, amount: Cents, payee: Customer) -> Paid:
    use = next(iter(case.uses), None)
    if use is None or use.kind is not CodeKind.CARD:
        return Paid(amount, payee.handle, pin_void=use is not None and use.kind is CodeKind.PIN)
    left = case.desk.codes_left[author.id] - 1
    return Paid(amount, payee.handle, place=use.place, codes_left=left)


def _transfer(case: Case, author: Customer, pay: Pay, payee: Customer) -> Transfer:
    return Transfer(
        key=case.message.key,
        kind="payment",
        source=author.account_id,
        target=payee.account_id,
        amount=pay.amount,
        booked_at=case.desk.now,
    )


def _booked(case: Case, author: Customer, pay: Pay, payee: Customer) -> Payment:
    return Payment(
        reference=case.reference,
        message_key=case.message.key,
        message_id=case.message.message_id,
        kind=policy.payment_kind(payee.kind),
        state=PaymentState.BOOKED,
        reason="",
        amount=pay.amount,
        payer_id=author.id,
        payee_id=payee.id,
        payee_x_id=payee.x_id,
        payee_handle=payee.handle,
        note=pay.note,
        created_at=case.message.written_at,
        booked_at=case.desk.now,
    )
