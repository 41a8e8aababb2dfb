"""Asks: one customer asks another for money, who pays it, declines it, or lets it end.

Facts only; `asking` has the rules, `asking_words` the words.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from smoney_bot.bank.money import Cents


class AskState(StrEnum):
    """The life of an ask; all but the first are final."""

    OPEN = "open"
    PAID = "paid"
    DECLINED = "declined"
    EXPIRED = "expired"
    CANCELLED = "cancelled"  # by the asker


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One person asked by another; moments are UTC.

    `reference` is that of the message that asked: the parts of a shared bill have
    it in common, so that everybody round the table pays with the same line. The
    one asked of makes it one ask. `shown` is False where that person has blocked
    the asker: it lives like any other, but they never hear of it.
    """

    reference: str
    message_key: str
    asker_id: int  # customer id
    asked_id: int  # customer id
    amount: Cents
    note: str
    shown: bool
    state: AskState
    payment_reference: str | None  # of the payment that paid it
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Blocking:
    """*customer_id* wants to hear nothing that *blocked_id* asks for; or again, if not *on*."""

    customer_id: int
    blocked_id: int
    on: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """What a decision changes about asks."""

    new: tuple[Ask, ...] = ()
    ended: tuple[Ask, ...] = ()
    blocking: Blocking | None = None


NOTHING = Changes()


@dataclass(slots=True)
class OnDesk:
    """What lies on the desk about asks.

    `named` are the open ones of the references that messages name; `unpaid` how many
    of each asker are open, or came to nothing within a day, by the customer id of the
    asked; `blocks` the pairs (customer id, blocked id) among those concerned.
    """

    named: tuple[Ask, ...] = ()
    unpaid: dict[int, Counter[int]] = field(default_factory=dict)
    blocks: set[tuple[int, int]] = field(default_factory=set)

    def settle(self, changes: Changes) -> None:
        """Let *changes* take effect here, so that the next decision sees them."""
        gone = {(one.reference, one.asked_id) for one in changes.ended}
        self.named = tuple(one for one in self.named if (one.reference, one.asked_id) not in gone)
        if (blocking := changes.blocking) is not None:
            pair = (blocking.customer_id, blocking.blocked_id)
            (self.blocks.add if blocking.on else self.blocks.discard)(pair)


@dataclass(frozen=True, slots=True)
class Part:
    """One person's part: the name that is shown, and how much."""

    name: str
    amount: Cents


@dataclass(frozen=True, slots=True)
class Asked:
    """To the asker: the ask is out, and stays open for so many *days*."""

    asked: str
    amount: Cents
    days: int


@dataclass(frozen=True, slots=True)
class Shared:
    """To the asker: each of *parts* is asked for theirs, *own* stays; open for so many *days*."""

    total: Cents
    parts: tuple[Part, ...]
    own: Cents
    days: int


@dataclass(frozen=True, slots=True)
class AskedFor:
    """To the one asked: somebody would like money; the ask stays open for so many *days*."""

    asker: str
    amount: Cents
    days: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Declined:
    """To the one asked: nothing is paid, and the asker is told."""

    asker: str


@dataclass(frozen=True, slots=True)
class WasDeclined:
    """To the asker: *asked* does not pay what *reference* asked for."""

    asked: str
    amount: Cents
    reference: str


@dataclass(frozen=True, slots=True)
class AsksTakenBack:
    """To the asker: what of *reference* was still open can be paid no more."""

    reference: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class AsksOver:
    """To the asker: the time is over, and *parts* were not paid."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class BlockedNow:
    """What *other* asks for reaches the customer no more."""

    other: str


@dataclass(frozen=True, slots=True)
class UnblockedNow:
    """*other* may ask again."""

    other: str


Answer = (
    Asked
    | Shared
    | AskedFor
    | Declined
    | WasDeclined
    | AsksTakenBack
    | AsksOver
    | BlockedNow
    | UnblockedNow
)
