"""Collections: what an association gathers for one purpose, up to a day.

    open ──the goal──► reached
      └───────┬───────────┘  the day is over, or an operator ends it
            closed ──► paid_out    the owner gets all, in one transfer
               └─────► returned    all or nothing, and it was nothing: each gift went back

One that has reached its goal takes gifts until it ends. Until then the money is in
an account of the collection's own, out of its owner's reach.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from smoney_bot.bank.customers import Customer
from smoney_bot.bank.errors import CollectionEnded, UnknownCollection
from smoney_bot.bank.money import Cents


class CollectionState(StrEnum):
    """The life of a collection; the last two are final."""

    OPEN = "open"
    REACHED = "reached"
    CLOSED = "closed"  # ended, the money still has to move
    PAID_OUT = "paid_out"
    RETURNED = "returned"


#: In these a collection takes gifts.
TAKING = (CollectionState.OPEN, CollectionState.REACHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One collection; moments are UTC.

    `tag` is how orders name it, in small letters and without the #; no two
    collections have the same. `owner_id` is the association's customer id.
    """

    id: int
    tag: str
    owner_id: int
    account_id: int
    title: str
    goal: Cents
    ends_at: datetime | None  # None: an operator ends it
    all_or_nothing: bool
    state: CollectionState
    opened_at: datetime
    reached_at: datetime | None
    ended_at: datetime | None

    def takes_gifts(self, now: datetime) -> bool:
        """Return whether a gift may still arrive, should the timer not have come round."""
        return self.state in TAKING and (self.ends_at is None or now < self.ends_at)

    @property
    def fails(self) -> bool:
        """Whether every gift goes back, if it ends as it stands now."""
        return self.all_or_nothing and self.reached_at is None


def check_taking(found: Collection | None, owner: Customer, tag: str, now: datetime) -> None:
    """Raise unless *owner* has a collection *tag*, and it takes gifts.

    Raises `UnknownCollection`, or `CollectionEnded`.
    """
    if found is None or found.owner_id != owner.id:
        raise UnknownCollection(owner.handle, tag)
    if not found.takes_gifts(now):
        raise CollectionEnded(owner.handle, tag)


@dataclass(frozen=True, slots=True)
class NameShown:
    """To a giver: the pages of collections show the name beside the gifts."""


@dataclass(frozen=True, slots=True)
class NameHidden:
    """To a giver: the pages of collections show the gifts without a name."""


@dataclass(frozen=True, slots=True)
class GiftReturned:
    """To a giver: the goal was not reached, and the gift is in their account again."""

    amount: Cents
    tag: str


@dataclass(frozen=True, slots=True)
class PaidOut:
    """To the owner: the collection has ended, and what was given is in the account.

    The collection's tag is the reference of this reply, and of the next.
    """

    total: Cents


@dataclass(frozen=True, slots=True)
class NotReached:
    """To the owner: the collection has ended below its goal, and every gift went back."""


Answer = NameShown | NameHidden | GiftReturned | PaidOut | NotReached
