"""What can go wrong in the book, and what its caller does about it.

Each leaves the transaction to be rolled back by the caller, who owns it.

    LostLease        another worker has taken over: drop the work, write nothing
    Outrun           another worker was faster: claim again
    AlreadyBooked    done before: nothing to do
    CodeAlreadyUsed  the same code won elsewhere: decide again
    NotWaiting       the order was confirmed, cancelled or expired meanwhile: decide again
    ReferenceReused  an operator's mistake: say so
    AlreadyOpen      an operator's mistake: say so
    UnusableUrl      a setting's mistake: say so, do not start
    UnusableBook     what is there cannot be served: say so, do not start
"""

from __future__ import annotations

from dataclasses import dataclass


class LostLease(Exception):
    """The row is no longer held under this fence: its lease ran out meanwhile."""


class Outrun(Exception):
    """An older message of one of the authors was claimed by another worker meanwhile."""


@dataclass(eq=False)
class AlreadyBooked(Exception):
    """A transfer of one of these keys stands in the book."""

    keys: tuple[str, ...]


class CodeAlreadyUsed(Exception):
    """A code was used up by another message in the meantime."""


class NotWaiting(Exception):
    """An order no longer waits: it was confirmed, cancelled or expired in the meantime."""


@dataclass(eq=False)
class ReferenceReused(Exception):
    """The reference stands in the book for another amount or customer."""

    reference: str


@dataclass(eq=False)
class AlreadyOpen(Exception):
    """That X account has an account here already."""

    x_id: str


@dataclass(eq=False)
class TagTaken(Exception):
    """There is, or was, a collection of this tag."""

    tag: str


@dataclass(eq=False)
class NotAsItWas(Exception):
    """A collection, or a gift to it, is not in the state any more that it was just found in."""

    what: str


class UnusableUrl(ValueError):
    """The database URL cannot be used; the message says what to do, never the URL."""


class UnusableBook(Exception):
    """The database is none for this program: newer, damaged, or of somebody else's."""
