"""A case: one message before the teller, with all that bears on it."""

from __future__ import annotations

from dataclasses import dataclass

from smoney_bot.bank import orders, policy
from smoney_bot.bank.answers import Answer
from smoney_bot.bank.codes import (
    FAILURES_MAX,
    Checked,
    CodeKind,
    CodeUse,
    PinInPublic,
    Verdict,
)
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Desk, Payment, Transfer
from smoney_bot.bank.errors import CodeMissing, CodeRefused, SeveralCodes
from smoney_bot.bank.messages import Message


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules in force: who the bot is, the limits, what a PIN may do in public."""

    bot: orders.Bot
    limits: policy.Limits
    pin_in_public: PinInPublic = PinInPublic.BURN


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An order carried out: what to say, and what changes."""

    answer: Answer
    private: bool = False  # the answer is nobody else's business
    customer: Customer | None = None  # the author as changed
    payment: Payment | None = None  # a new one
    settled: Payment | None = None  # one that waited, as it ends now
    transfer: Transfer | None = None
    payee: Customer | None = None
