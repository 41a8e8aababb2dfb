"""The porter: lets in who comes without a link, by a code that still works.

A window has to be open (`book.renewals`), and its word is looked up first: who
does not know it makes the bank count nothing and hash nothing, so nobody but the
customer can spend the customer's attempts. From then on a code here is judged by
the rules that judge every code: counted before the check, used up when right.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection
from structlog import get_logger

from smoney_bot.bank import codes
from smoney_bot.bank.codes import CheckedCode, CodeKind, CodeUse, OnFile
from smoney_bot.bank.customers import Customer, State
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import SeenCode
from smoney_bot.book import codes as code_records
from smoney_bot.book import customers, invitations, renewals
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import CodeAlreadyUsed
from smoney_bot.web.enrolment.staging import see

log = get_logger(__name__)

#: How long the link works that a code has opened: its customer is looking at the page.
LINK_LIFE = timedelta(hours=1)


class NotAdmitted(Exception):
    """No way in; never says why: unknown or old word, wrong or used code, lock, freeze."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A code that is about to be checked, already counted."""

    customer: Customer
    seen: SeenCode
    on_file: OnFile | None
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Porter:
    """Exchanges a word and a living code for a fresh link."""

    book: Book
    keyring: Keyring

    def admit(self, word: str, digits: str) -> str:
        """Return the token of a fresh link; the window closes and the code is used up.

        *word* and *digits* are well formed (`choices`). Raises `NotAdmitted`, or
        `TryLater`.
        """
        with self.book.reading() as connection:  # a stranger does not even hold up the writers
            if renewals.find(connection, word, self.book.now(connection)) is None:
                raise NotAdmitted
        attempt = self.book.run(lambda c: self._count(c, word, digits))
        checked = self._check(attempt)
        if checked.use is None:
            log.info("renewal.wrong_code", customer=attempt.customer.id)
            self.book.run(lambda c: _note(c, checked))
            raise NotAdmitted
        token, use = invitations.new_token(), checked.use
        try:
            self.book.run(lambda c: self._let_in(c, attempt.customer, word, use, token))
        except CodeAlreadyUsed:
            raise NotAdmitted from None
        log.info("renewal.admitted", customer=attempt.customer.id)
        return token

    def _count(self, connection: Connection, word: str, digits: str) -> _Attempt:
        """Count the attempt before the check, and read what is on file of the code."""
        now = self.book.now(connection)
        one = renewals.find(connection, word, now)
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

    def _let_in(
        self, connection: Connection, customer: Customer, word: str, use: CodeUse, token: str
    ) -> None:
        """Close the window, use up the code and invite: all of it, or nothing."""
        now = self.book.now(connection)
        held = customers.by_x_ids(connection, [customer.x_id], lock=True)[customer.x_id]
        if held.state is not State.OPEN or not renewals.close(connection, word):
            raise NotAdmitted
        if use.kind is not CodeKind.PIN:  # here nobody else has read it
            code_records.use_up(connection, {f"renewal:{word}": [use]}, now)
        code_records.forgive(connection, [customer.id])
        hashed = invitations.hash_token(token)
        invitations.invite(connection, customer.id, hashed, now, LINK_LIFE)


def _note(connection: Connection, checked: CheckedCode) -> None:
    """Note which place of the card was tried in vain."""
    if isinstance(checked.missed, codes.CodeOnFile):
        code_records.note_wrong(connection, [checked.missed])
