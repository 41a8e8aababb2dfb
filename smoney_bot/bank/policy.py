"""How much, and how late: the limits of the service, as data with names.

S-money, 14 October 2014: 250 € to a person, 500 € to an association or a
collection. The book repeats these two as constraints, so they can be lowered
by a setting but not raised by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from smoney_bot.bank.customers import Kind
from smoney_bot.bank.errors import (
    NotEnoughMoney,
    OverDayLimit,
    OverLimit,
    PayeeUnavailable,
    TooLate,
)
from smoney_bot.bank.money import Cents, euros

#: The ceilings that the database enforces too.
CEILING_PEER = euros(250)
CEILING_DONATION = euros(500)

_DAY_LIMIT = euros(1000)
_BALANCE_LIMIT = euros(2500)

#: How long an order without a code waits for one.
CODE_WAIT = timedelta(minutes=15)

#: How long money is held for somebody without an account, and how long an ask stays
#: open: a week has a weekend in it, and nobody's money is away for longer.
HOLD_LIFE = timedelta(days=7)
ASK_LIFE = timedelta(days=7)

#: How old an order may be: after an outage nobody pays what they have forgotten.
ORDER_LIFE = timedelta(hours=24)

#: How far a message's time may lie ahead of the database's clock: two clocks differ.
_CLOCKS_DIFFER = timedelta(minutes=5)

#: The window of the limit on what a customer sends.
DAY = timedelta(hours=24)


class PaymentKind(StrEnum):
    """What a payment is for; decides its limit."""

    PEER = "peer"
    DONATION = "donation"
    COLLECTION = "collection"


@dataclass(frozen=True)
class Limits:
    """The limits in force: for one payment, for 24 hours, for a balance, for an order's age."""

    peer: Cents = CEILING_PEER
    donation: Cents = CEILING_DONATION
    day: Cents = _DAY_LIMIT
    balance: Cents = _BALANCE_LIMIT
    order_life: timedelta = ORDER_LIFE


def check_age(limits: Limits, written_at: datetime, now: datetime) -> None:
    """Raise `TooLate` if a message *written_at* that time (UTC) may not be carried out *now*.

    One from the future is refused as well: its time decides whether a code of
    the moment is right and which switch of private mode came last, so it is a
    forgery or a wrong clock, and neither may move money.
    """
    if not now - limits.order_life <= written_at <= now + _CLOCKS_DIFFER:
        raise TooLate(limits.order_life // timedelta(hours=1))


def payment_kind(payee: Kind, *, collection: bool = False) -> PaymentKind:
    """Return what a payment to a *payee* of that kind is."""
    if collection:
        return PaymentKind.COLLECTION
    return PaymentKind.PEER if payee is Kind.PERSON else PaymentKind.DONATION


def check_amount(limits: Limits, kind: PaymentKind, amount: Cents) -> None:
    """Raise `OverLimit` if one payment of *kind* may not be this large."""
    limit = limits.peer if kind is PaymentKind.PEER else limits.donation
    if amount > limit:
        raise OverLimit(limit)


def check_day(limits: Limits, sent: Cents, amount: Cents) -> None:
    """Raise `OverDayLimit` if *amount* after *sent* passes the 24-hour limit."""
    if sent + amount > limits.day:
        raise OverDayLimit(limits.day, left=max(limits.day - sent, Cents(0)))


def check_funds(balance: Cents, amount: Cents) -> None:
    """Raise `NotEnoughMoney` if *balance* does not cover *amount*."""
    if balance < amount:
        raise NotEnoughMoney


def check_room(limits: Limits, payee: Kind, handle: str, balance: Cents, amount: Cents) -> None:
    """Raise `PayeeUnavailable` if a person would hold more than allowed.

    Associations collect for others and pay out at once; they have no ceiling.
    """
    if payee is Kind.PERSON and balance + amount > limits.balance:
        raise PayeeUnavailable(handle)
