"""Audit of refunds: each has a booked payment, two operators, and exactly one transfer back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, exists, literal, select

from smoney_bot.bank.desk import PaymentState
from smoney_bot.bank.refunds import REFUND
from smoney_bot.book.states import ApprovalState
from smoney_bot.book.tables import accounts, approvals, payments, transfers

_payer = accounts.alias("refunded_payer")
_payee = accounts.alias("refunding_payee")

_PREFIX = f"{REFUND}:"
_APPROVED = approvals.c.state == ApprovalState.APPROVED


def _refunds_unbooked() -> Select[tuple[str, str]]:
    """Find approved refunds without exactly the transfer that they tell of."""
    return (
        select(approvals.c.payment_reference, literal("no such transfer back to the payer"))
        .join(payments, payments.c.reference == approvals.c.payment_reference)
        .join(_payer, _payer.c.customer_id == payments.c.payer_id)
        .outerjoin(_payee, _payee.c.customer_id == payments.c.payee_id)
        .outerjoin(
            transfers,
            (transfers.c.key == literal(_PREFIX).concat(payments.c.reference))
            & (transfers.c.kind == REFUND)
            & (transfers.c.amount_cents == payments.c.amount_cents)
            & (transfers.c.source_id == _payee.c.id)
            & (transfers.c.target_id == _payer.c.id)
            & (payments.c.state == PaymentState.BOOKED),
        )
        .where(_APPROVED, transfers.c.id.is_(None))
    )


def _transfers_unapproved() -> Select[tuple[str, str]]:
    """Find transfers of a refund that no two operators have decided on."""
    named = literal(_PREFIX).concat(approvals.c.payment_reference)
    told = exists().where(transfers.c.key == named, _APPROVED)
    return select(transfers.c.key, literal("no second operator approved it")).where(
        transfers.c.kind == REFUND, ~told
    )


RULES: dict[str, Select[Any]] = {
    "approved_refund_has_transfer": _refunds_unbooked(),
    "refund_was_approved": _transfers_unapproved(),
}
