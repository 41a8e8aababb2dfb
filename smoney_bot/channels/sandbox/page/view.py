"""What the page asks of the bank, and what it gets: facts, no sentences.

Whoever puts the demonstration together implements `BankView` over the book.
All methods are called from several threads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from smoney_bot.bank.customers import Kind
from smoney_bot.bank.desk import Outcome
from smoney_bot.bank.money import Cents


@dataclass(frozen=True, slots=True)
class CardCode:
    """One code of a printed card, eight digits: two of place, six secret."""

    digits: str = field(repr=False)
    used: bool = False

    @property
    def place(self) -> int:
        """Its place on the card, 1 to 20."""
        return int(self.digits[:2])


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """A customer with their printed card, which only an invented one shows to a page."""

    handle: str
    name: str
    kind: Kind
    balance_cents: Cents
    private: bool = False
    frozen: bool = False
    card: tuple[CardCode, ...] = ()
    tag: str = ""  # of a collection of theirs that takes gifts

    @property
    def unused(self) -> tuple[CardCode, ...]:
        """The codes that still work, in order of place."""
        return tuple(code for code in self.card if not code.used)


class Place(StrEnum):
    """Pages of the bank itself, beside the local X."""

    COLLECTION = "collection"
    STATEMENT = "statement"
    CONSOLE = "console"


class StepName(StrEnum):
    """The steps of a message's way through the bank."""

    RECEIVED = "received"
    CHECKED = "checked"  # its code
    BOOKED = "booked"
    ANSWERED = "answered"


class StepState(StrEnum):
    """How far one step has come."""

    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `at` is UTC, None while it waits or where no time was kept."""

    name: StepName
    at: datetime | None
    state: StepState


@dataclass(frozen=True, slots=True)
class Way:
    """The way of one message: the steps that apply to it, in order.

    An order that moves no money has no step `checked` nor `booked`. `reference`
    is "" as long as there is none, `outcome` None until it is decided.
    """

    steps: tuple[Step, ...]
    reference: str = ""
    outcome: Outcome | None = None


class BankView(Protocol):
    """The bank as the page sees it."""

    def person(self, x_id: str) -> PersonView:
        """Return the customer of that X id; raise `KeyError` for a stranger."""

    def way(self, message_key: str) -> Way | None:
        """Return how far `t:<first post id>` or `d:<direct id>` has come; None if unknown."""

    def changes(self) -> int:
        """Return a number that grows with each change the page could show."""
