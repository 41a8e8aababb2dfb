"""Holds: what the bank tells about money set aside for somebody without an account.

Facts only; `holding` has the rules, `holding_words` the words.
"""

from __future__ import annotations

from dataclasses import dataclass

from smoney_bot.bank.customers import Kind
from smoney_bot.bank.money import Cents

#: The kinds of transfer: into the bank's `held` account, and the two ways out of it.
HOLD = "hold"
RELEASE = "release"
RETURN = "return"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody to be paid who has no account yet: an id of X, because handles change hands.

    A person, as long as nobody here has seen more of them: no more than a person may get.
    """

    x_id: str
    handle: str
    id: None = None  # as a customer
    kind: Kind = Kind.PERSON


@dataclass(frozen=True, slots=True)
class SetAside:
    """To the payer: held for so many *days*, unless the payee has an account before."""

    amount: Cents
    payee: str
    days: int
    place: int | None = None
    codes_left: int | None = None
    pin_void: bool = False


@dataclass(frozen=True, slots=True)
class TakenBack:
    """To the payer, who asked for it: the money is in their account again."""

    amount: Cents
    payee: str


@dataclass(frozen=True, slots=True)
class CameBack:
    """To the payer: the time is over, and the money is in their account again."""

    amount: Cents
    payee: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """To the payer: the payee has an account now, and the money is in it."""

    amount: Cents
    payee: str


Answer = SetAside | TakenBack | CameBack | Arrived
