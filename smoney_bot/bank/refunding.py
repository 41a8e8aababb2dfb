"""Refunding: whether operators may undo a payment, and the transfer that does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from smoney_bot.bank.customers import Customer, State
from smoney_bot.bank.desk import Payment, PaymentState, Reply, Transfer
from smoney_bot.bank.money import Cents
from smoney_bot.bank.refunds import REFUND, Answer, Refunded, TakenForRefund
from smoney_bot.bank.replies import render


@dataclass(eq=False)
class NotRefundable(Exception):
    """The payment cannot be undone; `why` says so in a word for the console."""

    why: str


def check_payment(payment: Payment) -> None:
    """Raise `NotRefundable` unless the payee has got the money.

    A gift to a collection lies in the collection's account, which pays out or gives
    back all of them alike.
    """
    if payment.state is not PaymentState.BOOKED:
        raise NotRefundable("not_booked")
    if payment.collection_id is not None:
        raise NotRefundable("in_collection")


def check_sides(payer: Customer, payee: Customer, held: Cents, amount: Cents) -> None:
    """Raise `NotRefundable` unless *payee*, who has *held*, can give *amount* to *payer*.

    No limit counts: this is no payment, and what was the payer's always fits.
    """
    if State.CLOSED in (payer.state, payee.state):
        raise NotRefundable("account_closed")
    if held < amount:
        raise NotRefundable("payee_lacks_money")


def key_of(reference: str) -> str:
    """Return the key of the transfer that undoes the payment of that *reference*."""
    return f"{REFUND}:{reference}"


def transfer(payment: Payment, payer: Customer, payee: Customer, now: datetime) -> Transfer:
    """Return the transfer that undoes *payment*; its key lets it happen once."""
    return Transfer(
        key=key_of(payment.reference),
        kind=REFUND,
        source=payee.account_id,
        target=payer.account_id,
        amount=payment.amount,
        booked_at=now,
    )


def notices(payment: Payment, payer: Customer, payee: Customer) -> list[Reply]:
    """Return what both sides are told, by direct message; nothing to who must not be written to."""
    told: list[tuple[Customer, str, Answer]] = [
        (payer, "refund", Refunded(payment.amount, payee.handle)),
        (payee, "refund_notice", TakenForRefund(payment.amount, payer.handle)),
    ]
    return [
        Reply(
            message_key=payment.message_key,
            kind=kind,
            to_x_id=to.x_id,
            in_reply_to=None,
            text=render(said, to.language, public=False, reference=payment.reference),
            reference=payment.reference,
        )
        for to, kind, said in told
        if to.wrote_first and not to.silent
    ]
