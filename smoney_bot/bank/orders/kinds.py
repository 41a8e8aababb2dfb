"""The kinds of order: what a message can ask the bank to do. Facts only, no rules."""

from __future__ import annotations

from dataclasses import dataclass, field

from smoney_bot.bank.branch import RequestKind
from smoney_bot.bank.customers import Language
from smoney_bot.bank.money import Cents


@dataclass(frozen=True, slots=True)
class Bot:
    """The bot's own account on X: how orders address it."""

    x_id: str
    handle: str


@dataclass(frozen=True, slots=True)
class Payee:
    """Who is to be paid; `x_id` is None where X marked no mention there."""

    handle: str
    x_id: str | None


@dataclass(frozen=True, slots=True)
class Pay:
    """Send money. `code_at` is where the code stands in the text, or None."""

    amount: Cents
    payee: Payee
    tag: str | None = None  # a collection's #tag, without the #
    code_at: int | None = None
    note: str = ""
    amount_at: tuple[int, int] = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class AskBalance:
    """Tell me how much I have."""


@dataclass(frozen=True, slots=True)
class AskHistory:
    """Tell me my last payments."""


@dataclass(frozen=True, slots=True)
class AskStatement:
    """Let me see my statement, month by month, on the bank's page."""


@dataclass(frozen=True, slots=True)
class AskReceipt:
    """Tell me the facts of one payment of mine."""

    reference: str


@dataclass(frozen=True, slots=True)
class GoPrivate:
    """From now on only by direct message."""


@dataclass(frozen=True, slots=True)
class GoPublic:
    """Public orders again; needs a code."""

    code_at: int | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take back a payment that is still held or waiting."""

    reference: str


@dataclass(frozen=True, slots=True)
class Freeze:
    """Stop all payments from my account."""


@dataclass(frozen=True, slots=True)
class AskHelp:
    """Tell me how this works."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Never write to me again."""


@dataclass(frozen=True, slots=True)
class Resume:
    """You may write to me again."""


@dataclass(frozen=True, slots=True)
class Speak:
    """Answer me in this language."""

    language: Language


@dataclass(frozen=True, slots=True)
class Renew:
    """I want a new card, PIN or app: let me in with a code that I still have."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask somebody for money; *asked* pays or does not."""

    amount: Cents
    asked: Payee
    note: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """Share a bill of *amount* with *others*: each is asked for a part, one stays mine."""

    amount: Cents
    others: tuple[Payee, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class PayAsk:
    """Pay what I was asked for."""

    reference: str
    code_at: int | None = None


@dataclass(frozen=True, slots=True)
class DeclineAsk:
    """I do not pay what I was asked for."""

    reference: str


@dataclass(frozen=True, slots=True)
class Block:
    """Let nothing that *other* asks for reach me."""

    other: Payee


@dataclass(frozen=True, slots=True)
class Unblock:
    """Let *other* ask me again."""

    other: Payee


@dataclass(frozen=True, slots=True)
class ShowName:
    """Show my name beside my gifts on the pages of collections; or no more, if not *on*."""

    on: bool


@dataclass(frozen=True, slots=True)
class Consult:
    """I want people: about *kind*, and in these words."""

    kind: RequestKind
    words: str = ""


@dataclass(frozen=True, slots=True)
class GiveCode:
    """A code alone: confirms the order that waits for one."""

    code_at: int


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Meant as an order, but outside the grammar.

    `paste` is the corrected line to paste, where one can be told (with the
    placeholders @name and #code, never with digits of a code), else "".
    """

    paste: str = ""


@dataclass(frozen=True, slots=True)
class NotAnOrder:
    """Words that do not ask the bank for anything: no answer."""


def named_in(order: Order) -> tuple[Payee, ...]:
    """Return the people whom *order* names."""
    match order:
        case Pay():
            return (order.payee,)
        case Ask():
            return (order.asked,)
        case Share():
            return order.others
        case Block() | Unblock():
            return (order.other,)
        case _:
            return ()


Order = (
    Pay
    | AskBalance
    | AskHistory
    | AskStatement
    | AskReceipt
    | GoPrivate
    | GoPublic
    | Cancel
    | Freeze
    | AskHelp
    | Stop
    | Resume
    | Speak
    | Renew
    | Ask
    | Share
    | PayAsk
    | DeclineAsk
    | Block
    | Unblock
    | ShowName
    | Consult
    | GiveCode
    | NotUnderstood
    | NotAnOrder
)
