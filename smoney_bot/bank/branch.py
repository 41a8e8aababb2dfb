"""The branch: what customers ask people for, and by when somebody answers.

Facts only; `reception` has the rules, `opening_hours` the times, `branch_words` the
words. The bot grants nothing: a card or a loan is for people to decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RequestKind(StrEnum):
    """What a request is about."""

    HELP = "help"
    CARD = "card"
    LOAN = "loan"
    IDEA = "idea"


class RequestState(StrEnum):
    """The life of a request: the first two wait for an answer, the last one is final."""

    OPEN = "open"
    TAKEN = "taken"  # by an operator
    ANSWERED = "answered"
    CLOSED = "closed"


class Colour(StrEnum):
    """How a request that waits stands: in time, in the last third of its time, late."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, named by the reference of the message that opened it; moments are UTC."""

    reference: str
    message_key: str
    customer_id: int
    kind: RequestKind
    state: RequestState
    taken_by: str | None  # an operator's name
    opened_at: datetime
    soon_at: datetime  # here the last third of its time begins
    due_at: datetime
    answered_at: datetime | None  # for the first time
    closed_at: datetime | None

    @property
    def waits(self) -> bool:
        """Whether the customer is waiting for an answer."""
        return self.state in (RequestState.OPEN, RequestState.TAKEN)

    def colour(self, now: datetime) -> Colour | None:
        """Return how it stands at *now*; None if nobody waits for it."""
        if not self.waits:
            return None
        if now > self.due_at:
            return Colour.RED
        return Colour.AMBER if now >= self.soon_at else Colour.GREEN


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLine:
    """What somebody wrote: the customer, or an operator by name; "" once it is purged."""

    reference: str
    operator: str | None
    words: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Changes:
    """What a decision changes about requests."""

    new: Request | None = None
    line: RequestLine | None = None


NOTHING = Changes()


@dataclass(frozen=True, slots=True)
class RequestOpened:
    """To the customer: somebody answers by `due_at`, told in the desk's own time zone."""

    kind: RequestKind
    due_at: datetime
    code_seen: bool = False  # there was something like a code in it


@dataclass(frozen=True, slots=True)
class RequestWaits:
    """To the customer: this one of theirs waits already, and now has these words too."""

    request: str
    kind: RequestKind
    due_at: datetime
    late: bool
    words_added: bool
    code_seen: bool = False


@dataclass(frozen=True, slots=True)
class WriteToDesk:
    """To a customer who asked in public: here, by direct message; nothing was opened."""


@dataclass(frozen=True, slots=True)
class DeskAnswered:
    """To the customer: what an operator says about the request."""

    kind: RequestKind
    words: str


@dataclass(frozen=True, slots=True)
class RequestClosed:
    """To the customer: nobody goes on with a request that had no answer."""

    kind: RequestKind


Answer = RequestOpened | RequestWaits | WriteToDesk | DeskAnswered | RequestClosed
