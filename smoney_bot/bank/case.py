"""A case: one message before the teller, with all that bears on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from smoney_bot.bank import branch, opening_hours, orders, policy
from smoney_bot.bank.answers import Answer
from smoney_bot.bank.asks import NOTHING, Changes
from smoney_bot.bank.codes import (
    FAILURES_MAX,
    Checked,
    CodeKind,
    CodeUse,
    PinInPublic,
    Verdict,
)
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Desk, Payment, Priority, Renewal, Transfer
from smoney_bot.bank.errors import CodeMissing, CodeRefused, SeveralCodes
from smoney_bot.bank.messages import Message

#: Their answers say what became of money, or of its protection: they leave first.
_ABOUT_MONEY = (orders.Pay, orders.GiveCode, orders.PayAsk, orders.Cancel, orders.Freeze)

#: Their answers can be left out when X takes too few, or costs too much.
_FOR_HELP = (orders.AskHelp, orders.NotUnderstood, orders.Speak)


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules in force: who the bot is, the limits, what a PIN may do in public.

    A payment to somebody without an account is held as long as *hold*, or refused
    if that is None; an ask stays open as long as *ask_life*; *desk* is when people are there.
    """

    bot: orders.Bot
    limits: policy.Limits
    pin_in_public: PinInPublic = PinInPublic.BURN
    hold: timedelta | None = None
    ask_life: timedelta = policy.ASK_LIFE
    desk: opening_hours.Hours = field(default_factory=opening_hours.usual)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One message, its order and its author, the desk, and the judgement on its codes."""

    rules: Rules
    desk: Desk
    message: Message
    reference: str
    checked: Checked
    order: orders.Order
    author: Customer | None

    def check_code(self, code_at: int | None) -> None:
        """Raise unless the one code at *code_at* is right and allowed here.

        Raises `CodeMissing`, `SeveralCodes`, or `CodeRefused` for every other cause.
        """
        if code_at is None:
            raise CodeMissing
        refused = CodeRefused(last_chance=self.checked.failures == FAILURES_MAX - 1)
        if self.checked.locked:
            raise refused
        if len(self.checked.codes) > 1:
            raise SeveralCodes
        code = self.checked.at(code_at)
        if code is None or code.use is None:
            raise refused
        if self._shown_pin(code.use) and self.rules.pin_in_public is PinInPublic.REFUSE:
            raise refused

    @property
    def uses(self) -> tuple[CodeUse, ...]:
        """The right codes that this message uses up, whatever is decided."""
        seen = dict.fromkeys(code.use for code in self.checked.codes)  # each once
        return tuple(use for use in seen if use is not None and self._spends(use))

    @property
    def priority(self) -> Priority:
        """How soon the author's answer leaves."""
        if self.author is None or isinstance(self.order, _FOR_HELP):
            return Priority.HELP
        return Priority.PAYMENT if isinstance(self.order, _ABOUT_MONEY) else Priority.USUAL

    @property
    def forgiven(self) -> int | None:
        """The customer whose failed attempts are wiped out by a right code."""
        codes = self.checked.codes
        right = bool(codes) and all(code.verdict is Verdict.RIGHT for code in codes)
        return self.author.id if right and self.author is not None else None

    def _shown_pin(self, use: CodeUse) -> bool:
        return use.kind is CodeKind.PIN and self.message.public

    def _spends(self, use: CodeUse) -> bool:
        """Return whether *use* ends the code: always, but for a PIN kept private."""
        if use.kind is not CodeKind.PIN:
            return True
        return self.message.public and self.rules.pin_in_public is not PinInPublic.ACCEPT


@dataclass(frozen=True, slots=True)
class Notice:
    """What somebody else is told by direct message, if X and they let the bot write.

    `kind` is what the outbox knows it by, unique among the answers to one message.
    """

    to: Customer
    said: Answer
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An order carried out: what to say, and what changes."""

    answer: Answer
    private: bool = False  # the answer is nobody else's business
    customer: Customer | None = None  # the author as changed
    renewal: Renewal | None = None  # a window that opens
    payment: Payment | None = None  # a new one
    settled: Payment | None = None  # one that waited, as it ends now
    taken_back: Payment | None = None  # one that was held, as it ends now
    transfer: Transfer | None = None
    payee: Customer | None = None
    asks: Changes = NOTHING
    requests: branch.Changes = branch.NOTHING
    notices: tuple[Notice, ...] = ()
