"""Refunds: what both sides are told when operators undo a payment.

Facts only; `refunding` has the rules, `refund_words` the words.
"""

from __future__ import annotations

from dataclasses import dataclass

from smoney_bot.bank.money import Cents

#: The kind of transfer: from the payee back to the payer, once for a payment.
REFUND = "refund"


@dataclass(frozen=True, slots=True)
class Refunded:
    """To the payer: the money is in their account again."""

    amount: Cents
    payee: str


@dataclass(frozen=True, slots=True)
class TakenForRefund:
    """To the payee: the money went back to who had paid it."""

    amount: Cents
    payer: str


Answer = Refunded | TakenForRefund
