"""The budget: how much X may cost in a UTC day, and what is left out as it runs low.

Payments themselves never wait for it: only words do, those that matter least first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import IntEnum

from smoney_bot.bank.money import Cents, euros

#: What may be spent on what matters least: help lines, and reading all mentions anew.
_SPARE_PERCENT = 80

_MICRO_PER_CENT = 10_000

_USUAL_DAY = euros(20, 0)


class Purse(IntEnum):
    """How much of the day's budget is left; each level allows less than the one before."""

    FULL = 0
    LOW = 1  # four fifths are spent: only what customers wait for
    EMPTY = 2  # all is spent: only what a payment waits for, until the next UTC day


@dataclass(frozen=True)
class Budget:
    """Euros a UTC day, and how many euros a dollar is: X bills dollars."""

    day: Cents = _USUAL_DAY
    euro_per_dollar: Decimal = Decimal(1)

    @property
    def micro_dollars(self) -> int:
        """The day's budget in millionths of a dollar."""
        return int(self.day * _MICRO_PER_CENT / self.euro_per_dollar)

    def purse(self, spent: int) -> Purse:
        """Return how it stands after *spent* millionths of a dollar."""
        if spent >= self.micro_dollars:
            return Purse.EMPTY
        low = spent * 100 >= self.micro_dollars * _SPARE_PERCENT
        return Purse.LOW if low else Purse.FULL

    def in_euros(self, micro_dollars: int) -> Decimal:
        """Return what *micro_dollars* are in euros, to the thousandth."""
        exact = Decimal(micro_dollars) / 1_000_000 * self.euro_per_dollar
        return exact.quantize(Decimal("0.001"))


def next_day(now: datetime) -> datetime:
    """Return when the next UTC day begins."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1)
