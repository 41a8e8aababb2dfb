"""Holding: money for somebody without an account waits in the bank's `held` account.

It leaves once, by one of two ways: to the payee, as soon as there is an account of
that X id, or back to the payer, whatever has become of theirs. Both ways have the
same key in the book, so that no race can make it leave by both. All limits count
when the money is set aside; what comes back has been sent all the same, or else a
day's limit could be spent again and again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from smoney_bot.bank import policy
from smoney_bot.bank.answers import Paid
from smoney_bot.bank.case import Case, Done
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Payment, PaymentState, Transfer
from smoney_bot.bank.errors import UnknownPayee
from smoney_bot.bank.holds import HOLD, RETURN, Newcomer, SetAside, TakenBack
from smoney_bot.bank.money import Cents


def newcomer(case: Case, x_id: str | None, handle: str) -> Newcomer:
    """Return the newcomer of that *x_id*; raise `UnknownPayee` if nothing is held for them.

    Without an id of X nobody is sure to be meant, and the bot itself never enrols.
    """
    if case.rules.hold is None or x_id is None or x_id == case.rules.bot.x_id:
        raise UnknownPayee(handle)
    return Newcomer(x_id, handle)


def set_aside(case: Case, author: Customer, payment: Payment, receipt: Paid) -> Done:
    """Return *payment* as held; raise `Refused` if the payer's money does not allow it.

    It is a new one, or one that waited for its code: `Done` has it as `payment`
    or as `settled`.
    """
    assert case.rules.hold is not None, "nothing is held here"
    limits, desk = case.rules.limits, case.desk
    policy.check_day(limits, desk.sent.get(author.account_id, Cents(0)), payment.amount)
    policy.check_funds(desk.balances[author.account_id], payment.amount)
    held = replace(payment, state=PaymentState.HELD, expires_at=desk.now + case.rules.hold)
    done = Done(
        answer=SetAside(
            payment.amount,
            payment.payee_handle,
            case.rules.hold.days,
            place=receipt.place,
            codes_left=receipt.codes_left,
            pin_void=receipt.pin_void,
        ),
        transfer=Transfer(
            key=payment.message_key,
            kind=HOLD,
            source=author.account_id,
            target=desk.held_account,
            amount=payment.amount,
            booked_at=desk.now,
        ),
    )
    waited = payment.state is PaymentState.WAITING
    return replace(done, settled=held) if waited else replace(done, payment=held)


def take_back(case: Case, author: Customer, held: Payment) -> Done:
    """Return that *held* goes back to *author*, its payer."""
    desk = case.desk
    return Done(
        answer=TakenBack(held.amount, held.payee_handle),
        taken_back=replace(held, state=PaymentState.CANCELLED),
        transfer=way_out(held, RETURN, desk.held_account, author.account_id, desk.now),
    )


def way_out(held: Payment, kind: str, held_account: int, target: int, now: datetime) -> Transfer:
    """Return the transfer that ends *held*: of one key, whichever *kind* it is."""
    return Transfer(
        key=f"held:{held.reference}",
        kind=kind,
        source=held_account,
        target=target,
        amount=held.amount,
        booked_at=now,
    )
