"""Paying: who gets it, may it move, and what the book is to say.

The code is judged first, so that nobody without it learns anything about the
payer's money; then what everybody may know; then the money.
"""

from __future__ import annotations

from dataclasses import replace

from smoney_bot.bank import policy
from smoney_bot.bank.answers import Cancelled, Paid, Waiting
from smoney_bot.bank.case import Case, Done
from smoney_bot.bank.codes import CodeKind
from smoney_bot.bank.customers import Customer, Kind, State
from smoney_bot.bank.desk import Payment, PaymentState, Transfer
from smoney_bot.bank.errors import (
    AccountFrozen,
    AnotherWaits,
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
    policy.check_amount(case.rules.limits, policy.payment_kind(payee.kind), pay.amount)
    if pay.code_at is None:
        return _wait(case, author, pay, payee)
    _check_money(case, author, payee, pay.amount)
    return Done(
        answer=_paid(case, author, pay.amount, payee),
        payment=_new(case, author, pay, payee, PaymentState.BOOKED),
        transfer=_transfer(case, case.message.key, author, payee, pay.amount),
        payee=payee,
    )


def confirm(case: Case, author: Customer, waiting: Payment, code_at: int) -> Done:
    """Return the payment that waited for the code at *code_at*; raise `Refused` if it may not."""
    case.check_code(code_at)
    if author.state is State.FROZEN:
        raise AccountFrozen
    payee = case.desk.customers.get(waiting.payee_x_id or "")
    if payee is None or payee.state is State.CLOSED:
        raise PayeeUnavailable(waiting.payee_handle)
    _check_money(case, author, payee, waiting.amount)
    booked = replace(waiting, state=PaymentState.BOOKED, booked_at=case.desk.now)
    return Done(
        answer=_paid(case, author, waiting.amount, payee),
        settled=booked,
        transfer=_transfer(case, waiting.message_key, author, payee, waiting.amount),
        payee=payee,
    )


def cancel(waiting: Payment) -> Done:
    """Return that the order which waited will not be carried out."""
    cancelled = replace(waiting, state=PaymentState.CANCELLED)
    return Done(answer=Cancelled(waiting.amount, waiting.payee_handle), settled=cancelled)


def refused(case: Case, author: Customer, pay: Pay, reason: str) -> Payment:
    """Return the record of a payment that was not made, and why."""
    payment = _new(case, author, pay, _known_payee(case, pay), PaymentState.REFUSED)
    return replace(payment, reason=reason)


def _wait(case: Case, author: Customer, pay: Pay, payee: Customer) -> Done:
    """Return the order as one that waits for its code, unless another one does."""
    if (other := case.desk.waiting.get(author.id)) is not None:
        raise AnotherWaits(other.reference)
    payment = _new(case, author, pay, payee, PaymentState.WAITING)
    until = case.desk.now + policy.CODE_WAIT
    return Done(
        answer=Waiting(pay.amount, payee.handle), payment=replace(payment, expires_at=until)
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


def _check_money(case: Case, author: Customer, payee: Customer, amount: Cents) -> None:
    """Raise if the amount may not move; the code has been judged before."""
    limits, balances = case.rules.limits, case.desk.balances
    policy.check_day(limits, case.desk.sent.get(author.account_id, Cents(0)), amount)
    policy.check_funds(balances[author.account_id], amount)
    held = balances[payee.account_id]
    policy.check_room(limits, payee.kind, payee.handle, held, amount)


def _paid(case: Case, author: Customer, amount: Cents, payee: Customer) -> Paid:
    use = next(iter(case.uses), None)
    if use is None or use.kind is not CodeKind.CARD:
        return Paid(amount, payee.handle, pin_void=use is not None and use.kind is CodeKind.PIN)
    left = case.desk.codes_left[author.id] - 1
    return Paid(amount, payee.handle, place=use.place, codes_left=left)


def _transfer(case: Case, key: str, author: Customer, payee: Customer, amount: Cents) -> Transfer:
    return Transfer(
        key=key,
        kind="payment",
        source=author.account_id,
        target=payee.account_id,
        amount=amount,
        booked_at=case.desk.now,
    )


def _new(
    case: Case, author: Customer, pay: Pay, payee: Customer | None, state: PaymentState
) -> Payment:
    return Payment(
        reference=case.reference,
        message_key=case.message.key,
        message_id=case.message.message_id,
        kind=policy.payment_kind(payee.kind if payee else Kind.PERSON),
        state=state,
        reason="",
        amount=pay.amount,
        payer_id=author.id,
        payee_id=payee.id if payee else None,
        payee_x_id=payee.x_id if payee else pay.payee.x_id,
        payee_handle=payee.handle if payee else pay.payee.handle,
        note=pay.note,
        created_at=case.message.written_at,
        booked_at=case.desk.now if state is PaymentState.BOOKED else None,
    )
