"""What a receipt tells: the association, the giver, and the gifts of one year."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from smoney_bot.bank.customers import Customer
from smoney_bot.bank.money import Cents
from smoney_bot.book.donations import Donation


@dataclass(frozen=True, slots=True)
class Association:
    """Who received the gifts, as the law wants it named; "" is left blank on the page."""

    handle: str
    name: str = ""
    address: str = ""
    purpose: str = ""
    number: str = ""  # RNA or SIREN


@dataclass(frozen=True, slots=True)
class Receipt:
    """All gifts of one giver in one year, oldest first."""

    association: Association
    giver: Customer
    year: int
    gifts: tuple[Donation, ...]

    @property
    def number(self) -> str:
        """The receipt's number: the same however often it is made."""
        return f"{self.year}-{self.giver.id}"

    @property
    def total(self) -> Cents:
        """What the gifts come to."""
        return sum((one.amount for one in self.gifts), Cents(0))


def receipts_of(
    association: Association, year: int, donations: Iterable[Donation]
) -> list[Receipt]:
    """Return a receipt for each giver, in order of their first gift."""
    by_giver: defaultdict[int, list[Donation]] = defaultdict(list)
    for one in donations:
        by_giver[one.giver.id].append(one)
    return [Receipt(association, given[0].giver, year, tuple(given)) for given in by_giver.values()]
