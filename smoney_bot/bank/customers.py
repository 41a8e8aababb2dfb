"""Who the bank knows: persons and associations, by X's numeric id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What a customer is; the limit of a payment depends on the payee's kind."""

    PERSON = "person"
    ASSOCIATION = "association"


class State(StrEnum):
    """What an account may do."""

    OPEN = "open"
    FROZEN = "frozen"  # pays nothing, still receives; an operator unfreezes
    CLOSED = "closed"


class Language(StrEnum):
    """The languages that the bank answers in."""

    FRENCH = "fr"
    ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Customer:
    """An account holder, as the book knows them.

    `x_id` is X's numeric user id and never changes; `handle` is what X last
    showed, without the @, and is only ever displayed.
    """

    id: int
    account_id: int
    x_id: str
    handle: str
    kind: Kind = Kind.PERSON
    state: State = State.OPEN
    language: Language = Language.FRENCH
    private: bool = False
    private_since: datetime | None = None  # the switching post's own time, UTC
    silent: bool = False  # said "stop": the bot never writes to them
    wrote_first: bool = False  # wrote a direct message once: X lets the bot answer
    show_name: bool = False  # beside their gifts, on the pages of collections
