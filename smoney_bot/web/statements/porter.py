"""The porter: lets a customer see the statement for 15 minutes, by a word and a living code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from structlog import get_logger

from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Purpose
from smoney_bot.bank.keys import Keyring
from smoney_bot.book import statement_sessions as sessions
from smoney_bot.book import statements
from smoney_bot.book.engine import Book
from smoney_bot.book.months import Month, month_of
from smoney_bot.book.statements import Statement
from smoney_bot.web.enrolment.admission import Admission, WrongCode

log = get_logger(__name__)


class SignedOut(Exception):
    """There is no living session: ask for a word, and come in again."""


class NoSuchMonth(Exception):
    """The account was not open in that month, or the month is yet to come."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A statement, and between which months its customer may turn the pages."""

    statement: Statement
    first: Month
    last: Month


@dataclass(frozen=True, slots=True)
class Porter:
    """Lets customers in, and shows nobody more than their own account."""

    book: Book
    keyring: Keyring

    def admit(self, word: str, digits: str) -> tuple[str, Month]:
        """Return the token of a session, and the month of now. The window closes.

        *word* and *digits* are well formed. Raises `NotAdmitted`, or `TryLater`.
        """
        token = sessions.new_token()
        opened: list[datetime] = []

        def let_in(connection: Connection, customer: Customer, now: datetime) -> None:
            sessions.open_session(connection, customer.id, token, now)
            opened.append(now)

        admission = Admission(self.book, self.keyring, Purpose.STATEMENT)
        try:
            admitted = admission.admit(word, digits, let_in)
        except WrongCode as wrong:
            log.info("statement.wrong_code", customer=wrong.customer_id)
            raise
        log.info("statement.admitted", customer=admitted.id)
        return token, month_of(opened[-1])

    def show(self, token: str, month: Month) -> Shown:
        """Return the statement of that *month*; raise `SignedOut`, `NoSuchMonth` or `TryLater`."""
        with self.book.reading() as connection:
            now = self.book.now(connection)
            customer = sessions.find(connection, token, now) if token else None
            if customer is None:
                raise SignedOut
            first, last = statements.first_month(connection, customer), month_of(now)
            if not first <= month <= last:
                raise NoSuchMonth
            return Shown(statements.of_month(connection, customer, month), first, last)

    def leave(self, token: str) -> None:
        """End the session, if there is one."""
        if token:
            self.book.run(lambda c: sessions.end(c, token))
