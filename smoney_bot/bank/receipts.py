"""Receipts and statements: what customers are told about money that has moved.

Facts only; `receipting` has the rules, `receipt_words` the words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from smoney_bot.bank.money import Cents


class Fate(StrEnum):
    """What has become of a payment: its state, or that it was undone later."""

    WAITING = "waiting"
    HELD = "held"
    BOOKED = "booked"
    REFUSED = "refused"
    RETURNED = "returned"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The facts of one payment."""

    reference: str
    payer_id: int  # customer id
    payee_id: int | None  # customer id; None when unknown here
    payer: str  # the handles
    payee: str
    tag: str | None  # of the payee's collection that it went to
    amount: Cents
    note: str
    fate: Fate
    at: datetime  # when it was booked, else ordered; UTC

    def is_open_to(self, customer_id: int) -> bool:
        """Return whether that customer may read it: the payer, and who got the money."""
        got_it = self.payee_id == customer_id and self.fate in (Fate.BOOKED, Fate.REFUNDED)
        return self.payer_id == customer_id or got_it


@dataclass(frozen=True, slots=True)
class ReceiptIs:
    """The answer to `AskReceipt`, to either party."""

    receipt: Receipt


@dataclass(frozen=True, slots=True)
class NoReceipt:
    """The same answer for a payment of others as for one that never was."""

    asked: str


@dataclass(frozen=True, slots=True)
class StatementOpen:
    """For 15 minutes the bank's page shows a statement for a code along with *word*."""

    word: str


@dataclass(frozen=True, slots=True)
class StatementDirectly:
    """`AskStatement` is heard by direct message only; nothing was opened."""


Answer = ReceiptIs | NoReceipt | StatementOpen | StatementDirectly
