"""Audit of what is held: every cent in `held` has its payment, and every end its transfer.

A held payment has a transfer into `held` and none out of it; a returned one has one
back to the payer besides, and so has one cancelled after it was held; one booked
after it was held has one on to the payee.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
)

from smoney_bot.bank.desk import PaymentState
from smoney_bot.bank.holds import HOLD, RELEASE, RETURN
from smoney_bot.book.states import AccountKind
from smoney_bot.book.tables import accounts, balances, payments, transfers

_held = accounts.alias("held_account")
_payer = accounts.alias("payer_of_held")
_payee = accounts.alias("payee_of_held")
_into = transfers.alias("into_held")
_out = transfers.alias("out_of_held")

_IS_HELD = _held.c.name == AccountKind.HELD.value
_OUT_KEY = "held:"


def was_released() -> ColumnElement[bool]:
    """Return whether the payment of the row was paid out of `held`: it is judged here."""
    mine = literal(_OUT_KEY).concat(payments.c.reference)
    return exists().where(_out.c.key == mine, _out.c.kind == RELEASE)


def _account_off() -> Select[tuple[int, str]]:
    """Find the account `held`, if it has not exactly what is held."""
    held = select(func.coalesce(func.sum(payments.c.amount_cents), 0)).where(
        payments.c.state == PaymentState.HELD
    )
    told = cast(held.scalar_subquery(), BigInteger)
    return (
        select(_held.c.id, literal("it has more or less than the held payments come to"))
        .join(balances, balances.c.account_id == _held.c.id)
        .where(_IS_HELD, cast(balances.c.balance_cents, BigInteger) != told)
    )


def _payments_off() -> Select[tuple[str, str]]:
    """Find payments without exactly the transfers of a hold that they tell of."""
    into = and_(
        _into.c.key == payments.c.message_key,
        _into.c.kind == HOLD,
        _into.c.amount_cents == payments.c.amount_cents,
        _into.c.source_id == _payer.c.id,
        _into.c.target_id == _held.c.id,
    )
    joined = (
        payments.join(_held, _IS_HELD)
        .join(_payer, _payer.c.customer_id == payments.c.payer_id)
        .outerjoin(_payee, _payee.c.customer_id == payments.c.payee_id)
        .outerjoin(_into, into)
        .outerjoin(_out, _out.c.key == literal(_OUT_KEY).concat(payments.c.reference))
    )
    return (
        select(payments.c.reference, literal("no such transfers into and out of what is held"))
        .select_from(joined)
        # What goes back from a collection was never held: `gifts_audit` judges it.
        .where(payments.c.collection_id.is_(None), case((_is_right(), 1), else_=0) == 0)
    )


def _is_right() -> ColumnElement[bool]:
    state, into, out = payments.c.state, _into.c.id.is_not(None), _out.c.id.is_not(None)
    moved = and_(_out.c.source_id == _held.c.id, _out.c.amount_cents == payments.c.amount_cents)
    back = and_(into, moved, _out.c.kind == RETURN, _out.c.target_id == _payer.c.id)
    on = and_(into, moved, _out.c.kind == RELEASE, _out.c.target_id == _payee.c.id)
    neither = and_(~into, ~out)
    ends = (PaymentState.HELD, PaymentState.RETURNED, PaymentState.CANCELLED, PaymentState.BOOKED)
    return or_(
        and_(state == PaymentState.HELD, into, ~out),
        and_(state == PaymentState.RETURNED, back),
        and_(state == PaymentState.CANCELLED, or_(neither, back)),
        and_(state == PaymentState.BOOKED, or_(neither, on)),
        and_(state.not_in(ends), neither),
    )


def _transfers_off() -> Select[tuple[str, str]]:
    """Find transfers of a hold whose payment tells of none, or that have no payment."""
    into = payments.c.message_key == transfers.c.key
    out = payments.c.reference == func.substr(transfers.c.key, len(_OUT_KEY) + 1)
    told = or_(
        and_(transfers.c.kind == HOLD, exists().where(into, _in_state(*_AFTER_HOLD))),
        and_(transfers.c.kind == RELEASE, exists().where(out, _in_state(PaymentState.BOOKED))),
        and_(transfers.c.kind == RETURN, exists().where(out, _in_state(*_GONE_BACK))),
    )
    return select(
        transfers.c.key, literal("no payment tells of this transfer of held money")
    ).where(transfers.c.kind.in_((HOLD, RELEASE, RETURN)), ~told)


_GONE_BACK = (PaymentState.RETURNED, PaymentState.CANCELLED)
_AFTER_HOLD = (PaymentState.HELD, PaymentState.BOOKED, *_GONE_BACK)


def _in_state(*states: PaymentState) -> ColumnElement[bool]:
    return payments.c.state.in_(states)


RULES: dict[str, Select[Any]] = {
    "held_is_sum_of_held_payments": _account_off(),
    "held_payment_has_transfers": _payments_off(),
    "held_transfer_has_payment": _transfers_off(),
}
