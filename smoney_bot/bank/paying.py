"""Paying: who gets it, may it move, and what the book is to say.

The code is judged first, so that nobody without it learns anything about the
payer's money; then what everybody may know; then the money.
"""

from __future__ import annotations

from dataclasses import replace

from smoney_bot.bank import holding, policy
from smoney_bot.bank.answers import Cancelled, Paid, Waiting
from smoney_bot.bank.case import Case, Done
from smoney_bot.bank.codes import CodeKind
from smoney_bot.bank.collections import Collection, check_taking
from smoney_bot.bank.customers import Customer, Kind, State
from smoney_bot.bank.desk import Payment, PaymentState, Transfer
from smoney_bot.bank.errors import (
    AccountFrozen,
    AnotherWaits,
    PayeeIsPayer,
    PayeeUnavailable,
    UnknownPayee,
)
from smoney_bot.bank.holds import Newcomer
from smoney_bot.bank.money import Cents
from smoney_bot.bank.orders import Pay


def carry_out(case: Case, author: Customer, pay: Pay) -> Done:
    """Return the payment that *author* orders; raise `Refused` if it may not be."""
    if author.state is State.FROZEN:
        raise AccountFrozen
    if pay.code_at is not None:
        case.check_code(pay.code_at)
    payee = _payee(case, author, pay)
    collection = _collection(case, pay, payee)
    kind = policy.payment_kind(payee.kind, collection=collection is not None)
    policy.check_amount(case.rules.limits, kind, pay.amount)
    if pay.code_at is None:
        return _wait(case, author, pay, payee)
    if isinstance(payee, Newcomer):
        held = _new(case, author, pay, payee, PaymentState.HELD)
        return holding.set_aside(case, author, held, _paid(case, author, pay.amount, payee))
    _check_money(case, author, payee, pay.amount)
    return Done(
        answer=_paid(case, author, pay.amount, payee, collection),
        payment=_new(case, author, pay, payee, PaymentState.BOOKED),
        transfer=_transfer(case, case.message.key, author, collection or payee, pay.amount),
        payee=None if collection else payee,  # who collects hears of the end, not of each gift
    )


def confirm(case: Case, author: Customer, waiting: Payment, code_at: int) -> Done:
    """Return the payment that waited for the code at *code_at*; raise `Refused` if it may not."""
    case.check_code(code_at)
    if author.state is State.FROZEN:
        raise AccountFrozen
    payee = case.desk.customers.get(waiting.payee_x_id or "")
    if payee is None and waiting.payee_id is None:
        newcomer = holding.newcomer(case, waiting.payee_x_id, waiting.payee_handle)
        receipt = _paid(case, author, waiting.amount, newcomer)
        return holding.set_aside(case, author, waiting, receipt)
    if payee is None or payee.state is State.CLOSED:
        raise PayeeUnavailable(waiting.payee_handle)
    collection = case.desk.collection(waiting.collection_id)
    if collection is not None:
        check_taking(collection, payee, collection.tag, case.desk.now)
    _check_money(case, author, payee, waiting.amount)
    booked = replace(waiting, state=PaymentState.BOOKED, payee_id=payee.id, booked_at=case.desk.now)
    return Done(
        answer=_paid(case, author, waiting.amount, payee, collection),
        settled=booked,
        transfer=_transfer(case, waiting.message_key, author, collection or payee, waiting.amount),
        payee=None if collection else payee,
    )


def cancel(waiting: Payment) -> Done:
    """Return that the order which waited will not be carried out."""
    cancelled = replace(waiting, state=PaymentState.CANCELLED)
    return Done(answer=Cancelled(waiting.amount, waiting.payee_handle), settled=cancelled)


def refused(case: Case, author: Customer, pay: Pay, reason: str) -> Payment:
    """Return the record of a payment that was not made, and why."""
    payment = _new(case, author, pay, _known_payee(case, pay), PaymentState.REFUSED)
    return replace(payment, reason=reason)


def _wait(case: Case, author: Customer, pay: Pay, payee: Customer | Newcomer) -> Done:
    """Return the order as one that waits for its code, unless another one does."""
    if (other := case.desk.waiting.get(author.id)) is not None:
        raise AnotherWaits(other.reference)
    payment = _new(case, author, pay, payee, PaymentState.WAITING)
    until = case.desk.now + policy.CODE_WAIT
    collection = case.desk.collection(payment.collection_id)
    answer = Waiting(
        pay.amount,
        payee.handle,
        tag=collection.tag if collection else None,
        verified=_is_verified(payee),
    )
    return Done(answer=answer, payment=replace(payment, expires_at=until))


def _known_payee(case: Case, pay: Pay) -> Customer | None:
    return case.desk.whom(pay.payee)


def _payee(case: Case, author: Customer, pay: Pay) -> Customer | Newcomer:
    payee = _known_payee(case, pay)
    if payee is None and pay.tag is not None:
        raise UnknownPayee(pay.payee.handle)  # whoever has no account collects nothing
    if payee is None:
        return holding.newcomer(case, case.desk.x_id_of(pay.payee), pay.payee.handle)
    if payee.id == author.id:
        raise PayeeIsPayer
    if payee.state is State.CLOSED:
        raise PayeeUnavailable(pay.payee.handle)
    if pay.tag is not None:
        check_taking(case.desk.collections.get(pay.tag.lower()), payee, pay.tag, case.desk.now)
    return payee


def _collection(case: Case, pay: Pay, payee: Customer | Newcomer | None) -> Collection | None:
    """Return the collection that *pay* names, if it is the *payee*'s."""
    found = case.desk.collections.get((pay.tag or "").lower())
    owned = found is not None and isinstance(payee, Customer) and found.owner_id == payee.id
    return found if owned else None


def _is_verified(payee: Customer | Newcomer) -> bool:
    """Return whether an operator has vouched for the payee: associations open no other way."""
    return isinstance(payee, Customer) and payee.kind is Kind.ASSOCIATION


def _check_money(case: Case, author: Customer, payee: Customer, amount: Cents) -> None:
    """Raise if the amount may not move; the code has been judged before."""
    limits, balances = case.rules.limits, case.desk.balances
    policy.check_day(limits, case.desk.sent.get(author.account_id, Cents(0)), amount)
    policy.check_funds(balances[author.account_id], amount)
    held = balances[payee.account_id]
    policy.check_room(limits, payee.kind, payee.handle, held, amount)


def _paid(
    case: Case,
    author: Customer,
    amount: Cents,
    payee: Customer | Newcomer,
    collection: Collection | None = None,
) -> Paid:
    paid = Paid(
        amount,
        payee.handle,
        tag=collection.tag if collection else None,
        verified=_is_verified(payee),
    )
    use = next(iter(case.uses), None)
    if use is None or use.kind is not CodeKind.CARD:
        return replace(paid, pin_void=use is not None and use.kind is CodeKind.PIN)
    left = case.desk.codes_left[author.id] - 1
    return replace(paid, place=use.place, codes_left=left)


def _transfer(
    case: Case, key: str, author: Customer, payee: Customer | Collection, amount: Cents
) -> Transfer:
    return Transfer(
        key=key,
        kind="payment",
        source=author.account_id,
        target=payee.account_id,
        amount=amount,
        booked_at=case.desk.now,
    )


def _new(
    case: Case,
    author: Customer,
    pay: Pay,
    payee: Customer | Newcomer | None,
    state: PaymentState,
) -> Payment:
    collection = _collection(case, pay, payee)
    kind = payee.kind if payee else Kind.PERSON
    return Payment(
        reference=case.reference,
        message_key=case.message.key,
        message_id=case.message.message_id,
        kind=policy.payment_kind(kind, collection=collection is not None),
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
        collection_id=collection.id if collection else None,
    )
