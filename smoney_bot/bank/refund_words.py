"""The words about a payment that an operator has undone."""

from __future__ import annotations

from typing import assert_never

from smoney_bot.bank import refunds
from smoney_bot.bank.languages import Voice


def words(voice: Voice, said: refunds.Answer) -> str:
    """Return the words for *said*; its reference is that of the payment."""
    match said:
        case refunds.Refunded(amount, payee):
            return voice.gettext(
                "Our service has undone your payment (ref. %(reference)s):"
                " %(amount)s is back in your account, from %(payee)s.",
                amount=voice.amount(amount),
                payee=payee,
            )
        case refunds.TakenForRefund(amount, payer):
            return voice.gettext(
                "Our service has undone a payment that you received (ref. %(reference)s):"
                " %(amount)s left your account and went back to %(payer)s.",
                amount=voice.amount(amount),
                payer=payer,
            )
        case _:
            assert_never(said)
