"""What the bank tells people when all went well: facts; `replies` has the words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from smoney_bot.bank import asks, branch, collections, holds, receipts, refunds
from smoney_bot.bank.customers import Language
from smoney_bot.bank.money import Cents


@dataclass(frozen=True, slots=True)
class Paid:
    """To the payer: booked. `codes_left` is None unless a card code was used."""

    amount: Cents
    payee: str
    place: int | None = None
    codes_left: int | None = None
    pin_void: bool = False  # the PIN was shown in public and works no more
    tag: str | None = None  # of the payee's collection that it went to
    verified: bool = False  # the payee is an association


@dataclass(frozen=True, slots=True)
class Received:
    """To the payee: money arrived."""

    amount: Cents
    payer: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """To the payer: the order came without a code, and waits for one."""

    amount: Cents
    payee: str
    tag: str | None = None  # of the payee's collection that it is for
    verified: bool = False  # the payee is an association


@dataclass(frozen=True, slots=True)
class Cancelled:
    """To the payer: the order that waited will not be carried out."""

    amount: Cents
    payee: str


@dataclass(frozen=True, slots=True)
class BalanceIs:
    """The answer to `AskBalance`; `held` is set aside for people without an account."""

    balance: Cents
    held: Cents | None = None


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One past payment, seen from the one who asks; the moment is UTC."""

    booked_at: datetime  # or when it was set aside
    incoming: bool
    amount: Cents
    other: str
    reference: str
    held: bool = False  # set aside: it may still come back
    undone: bool = False  # operators have given it back since


@dataclass(frozen=True, slots=True)
class HistoryIs:
    """The answer to `AskHistory`: newest first, possibly empty."""

    lines: tuple[HistoryLine, ...]


@dataclass(frozen=True, slots=True)
class PrivateNow:
    """Private mode is on."""


@dataclass(frozen=True, slots=True)
class PublicNow:
    """Private mode is off."""


@dataclass(frozen=True, slots=True)
class FrozenNow:
    """The account is frozen, as its owner asked."""


@dataclass(frozen=True, slots=True)
class RenewalOpen:
    """For 15 minutes the bank's page takes a code along with *word*."""

    word: str


@dataclass(frozen=True, slots=True)
class RenewDirectly:
    """`Renew` is heard by direct message only; nothing was opened."""


@dataclass(frozen=True, slots=True)
class Help:
    """How to write an order."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The last thing the bot says after `Stop`."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The bot may write again."""


@dataclass(frozen=True, slots=True)
class Speaking:
    """The language has been changed."""

    language: Language


@dataclass(frozen=True, slots=True)
class SeeMessages:
    """A public line that reveals nothing: the answer went by direct message."""


@dataclass(frozen=True, slots=True)
class WriteFirst:
    """A public line: X lets the bot answer privately only who wrote to it first."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A public line that reveals nothing: X did not let the private answer through."""


Answer = (
    Paid
    | Received
    | Waiting
    | Cancelled
    | BalanceIs
    | HistoryIs
    | PrivateNow
    | PublicNow
    | FrozenNow
    | RenewalOpen
    | RenewDirectly
    | Help
    | Stopped
    | Resumed
    | Speaking
    | SeeMessages
    | WriteFirst
    | Unreachable
    | holds.Answer
    | asks.Answer
    | collections.Answer
    | refunds.Answer
    | branch.Answer
    | receipts.Answer
)
