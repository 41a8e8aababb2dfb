"""The outside world: how lines leave the bank, and what became of each.

A channel is asked to say one line, or to look up who a handle belongs to.
It never decides anything about money.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Sent:
    """It is out; `remote_id` is its id there."""

    remote_id: str


@dataclass(frozen=True, slots=True)
class Wait:
    """It did not go out, and may until `until` (UTC; None: back off as usual)."""

    until: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not be out: look before sending again."""

    why: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """It will never go out as it is."""

    why: str


@dataclass(frozen=True, slots=True)
class Parked:
    """It did not go out, and nobody here knows why: an operator shall look."""

    why: str


@dataclass(frozen=True, slots=True)
class Halt:
    """Nothing may be sent at all until an operator acts (credits, keys)."""

    why: str


Delivery = Sent | Wait | Unknown | Rejected | Parked | Halt


class Channel(Protocol):
    """One way out of the bank. One instance per thread; never raises for the network."""

    def post(self, text: str, *, in_reply_to: str) -> Delivery:
        """Post *text* as a public reply to the post *in_reply_to*."""

    def direct(self, text: str, *, to_x_id: str) -> Delivery:
        """Send *text* by direct message."""

    def find_post(self, text: str, *, in_reply_to: str) -> str | None:
        """Return the id of our own reply with this *text*, if it is already out.

        Raises `TryLater` if the channel cannot say.
        """

    def find_direct(self, text: str, *, to_x_id: str) -> str | None:
        """Return the id of our own direct message with this *text*, if it is out.

        Raises `TryLater` if the channel cannot say.
        """

    def resolve(self, handles: Iterable[str]) -> dict[str, str]:
        """Return the numeric id that each of *handles* belongs to now.

        Keys are the handles as given; handles that nobody has are left out.
        Raises `TryLater` if the channel cannot say.
        """
