"""Admission: who knows the word of an open window gets in by a code that still works.

The word is looked up first (`book.renewals`): who does not know it makes the bank
count nothing and hash nothing, so nobody but the customer can spend the customer's
attempts. From then on a code here is judged by the rules that judge every code:
counted before the check, used up when right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from smoney_bot.bank import codes
from smoney_bot.bank.codes import CheckedCode, CodeKind, CodeUse, OnFile
from smoney_bot.bank.customers import Customer, State
from smoney_bot.bank.desk import Purpose
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import SeenCode
from smoney_bot.book import codes as code_records
from smoney_bot.book import customers, renewals
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import CodeAlreadyUsed
from smoney_bot.web.enrolment.staging import see

#: What happens when somebody is let in, in the transaction that does it.
LetIn = Callable[[Connection, Customer, datetime], None]


class NotAdmitted(Exception):
    """No way in; never says why: unknown or old word, wrong or used code, lock, freeze."""


@dataclass(eq=False)
class WrongCode(NotAdmitted):
    """The word was right and the code was not; this is for the log alone."""

    customer_id: int


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A code that is about to be checked, already counted."""

    customer: Customer
    seen: SeenCode
    on_file: OnFile | None
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Admission:
    """Lets customers in through the windows of one *purpose*."""

    book: Book
    keyring: Keyring
    purpose: Purpose

    def admit(self, word: str, digits: str, let_in: LetIn) -> Customer:
        """Do *let_in* for the customer; the window closes and the code is used up.

        *word* and *digits* are well formed (`choices`). Raises `NotAdmitted`, or
        `TryLater`.
        """
        with self.book.reading() as connection:  # a stranger does not even hold up the writers
            if renewals.find(connection, word, self.book.now(connection), self.purpose) is None:
                raise NotAdmitted
        attempt = self.book.run(lambda c: self._count(c, word, digits))
        checked = self._check(attempt)
        if checked.use is None:
            self.book.run(lambda c: _note(c, checked))
            raise WrongCode(attempt.customer.id)
        use = checked.use
        try:
            self.book.run(lambda c: self._admit(c, attempt.customer, word, use, let_in))
        except CodeAlreadyUsed:
            raise NotAdmitted from None
        return attempt.customer

    def _count(self, connection: Connection, word: str, digits: str) -> _Attempt:
        """Count the attempt before the check, and read what is on file of the code."""
        now = self.book.now(connection)
        one = renewals.find(connection, word, now, self.purpose)
        if one is None:
            raise NotAdmitted
        customer = customers.by_ids(connection, [one])[one]
        if customer.state is not State.OPEN:
            raise NotAdmitted
        if not code_records.reserve(connection, {one: 1}, now)[one].granted:
            raise NotAdmitted
        seen = see(self.keyring, customer, digits)
        on_file = code_records.on_file(connection, [(one, seen)], now)
        return _Attempt(customer, seen, on_file.get((one, seen.start)), now)

    def _check(self, attempt: _Attempt) -> CheckedCode:
        """Judge the code, outside every transaction (20 ms)."""
        return codes.check(
            attempt.seen,
            attempt.on_file,
            keyring=self.keyring,
            author_id=attempt.customer.x_id,
            written_at=attempt.made_at,
        )

    def _admit(
        self, connection: Connection, customer: Customer, word: str, use: CodeUse, let_in: LetIn
    ) -> None:
        """Close the window, use up the code and let in: all of it, or nothing."""
        now = self.book.now(connection)
        held = customers.by_x_ids(connection, [customer.x_id], lock=True)[customer.x_id]
        if held.state is not State.OPEN or not renewals.close(connection, word, self.purpose):
            raise NotAdmitted
        if use.kind is not CodeKind.PIN:  # here nobody else has read it
            code_records.use_up(connection, {f"{self.purpose}:{word}": [use]}, now)
        code_records.forgive(connection, [customer.id])
        let_in(connection, customer, now)


def _note(connection: Connection, checked: CheckedCode) -> None:
    """Note which place of the card was tried in vain."""
    if isinstance(checked.missed, codes.CodeOnFile):
        code_records.note_wrong(connection, [checked.missed])
