"""What can go wrong with an order, and who deals with it.

    Refused      the bank does not do what was asked: the customer gets an answer
    TryLater     a machine is away: the message stays in its box and waits

Anything else is a bug: the message is set aside and an operator is called.
Refusals carry facts; the sentence is made by `replies`.
"""

from __future__ import annotations

from dataclasses import dataclass

from smoney_bot.bank.money import Cents


class Refused(Exception):
    """The order is not carried out and no money moves; the author is told why."""

    @property
    def reason(self) -> str:
        """A stable word for logs and for the book, such as `over_limit`."""
        name = type(self).__name__
        return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


class TryLater(Exception):
    """Something outside is away for now; the same message may succeed later."""


# `eq=False` keeps exceptions hashable; they are not frozen because Python sets
# __traceback__ on them.


@dataclass(eq=False)
class NoAccount(Refused):
    """The author has no account."""


@dataclass(eq=False)
class AccountFrozen(Refused):
    """The author's account is frozen."""


@dataclass(eq=False)
class AccountClosed(Refused):
    """The author's account is closed."""


@dataclass(eq=False)
class Unclear(Refused):
    """Meant as an order but outside the grammar; `paste` is the line to write."""

    paste: str


@dataclass(eq=False)
class AlreadyEdited(Refused):
    """The post had been edited before the bank first saw it."""


@dataclass(eq=False)
class TooLate(Refused):
    """The message is not of the last *hours* hours: what it asked may not be wanted any more."""

    hours: int


@dataclass(eq=False)
class PrivateOnly(Refused):
    """The author is in private mode and ordered in public."""


@dataclass(eq=False)
class UnknownPayee(Refused):
    """Nobody of that handle has an account here, or on X."""

    handle: str


@dataclass(eq=False)
class NotNamed(Refused):
    """X could not tell in time whose the handle is, and by now it may be another's."""


@dataclass(eq=False)
class PayeeIsPayer(Refused):
    """One cannot pay oneself."""


@dataclass(eq=False)
class PayeeUnavailable(Refused):
    """The payee's account cannot receive this amount (closed, or too full)."""

    handle: str


@dataclass(eq=False)
class UnknownCollection(Refused):
    """That payee has no open collection of this tag."""

    handle: str
    tag: str


@dataclass(eq=False)
class CollectionEnded(Refused):
    """That collection takes no gifts any more."""

    handle: str
    tag: str


@dataclass(eq=False)
class OverLimit(Refused):
    """More than one payment to such a payee may be."""

    limit: Cents


@dataclass(eq=False)
class OverDayLimit(Refused):
    """More than may be sent in 24 hours; `left` can still be sent now."""

    limit: Cents
    left: Cents


@dataclass(eq=False)
class NotEnoughMoney(Refused):
    """The payer's balance does not cover the amount."""


@dataclass(eq=False)
class NothingToCancel(Refused):
    """No payment of that reference can still be cancelled by its author."""

    reference: str


@dataclass(eq=False)
class AnotherWaits(Refused):
    """An order of this author waits for its code already: that one first."""

    reference: str


@dataclass(eq=False)
class NothingWaits(Refused):
    """A code came alone, and no order of this author waits for one."""


@dataclass(eq=False)
class DirectOnly(Refused):
    """Asks are made, paid and declined by direct message only."""


@dataclass(eq=False)
class CannotBeAsked(Refused):
    """The bank may not write to *handle*: no account, never wrote first, or said stop."""

    handle: str


@dataclass(eq=False)
class AskedIsAsker(Refused):
    """One cannot ask oneself, nor block oneself."""


@dataclass(eq=False)
class TooManyAsks(Refused):
    """So many asks are unpaid already: to that *handle*, or to all if it is None."""

    limit: int
    handle: str | None = None


@dataclass(eq=False)
class TooLittleToShare(Refused):
    """Fewer cents than people."""


@dataclass(eq=False)
class NothingAsked(Refused):
    """No open ask of that reference is the author's to answer."""

    reference: str


@dataclass(eq=False)
class CodeMissing(Refused):
    """The order needs a code and brought none."""


@dataclass(eq=False)
class SeveralCodes(Refused):
    """More than one code stood in the message; those that were right are void."""


@dataclass(eq=False)
class CodeRefused(Refused):
    """The code was not accepted; never says why (RTS on SCA, article 4(3)(a)).

    `last_chance` asks for the warning that one more failure locks; it depends
    on the count of failures alone, never on the cause.
    """

    last_chance: bool = False
