"""The porter: lets in who comes without a link, by a code that still works (`admission`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection
from structlog import get_logger

from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Purpose
from smoney_bot.bank.keys import Keyring
from smoney_bot.book import invitations
from smoney_bot.book.engine import Book
from smoney_bot.web.enrolment.admission import Admission, NotAdmitted, WrongCode

__all__ = ["LINK_LIFE", "NotAdmitted", "Porter"]

log = get_logger(__name__)

#: How long the link works that a code has opened: its customer is looking at the page.
LINK_LIFE = timedelta(hours=1)


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
        token = invitations.new_token()

        def invite(connection: Connection, customer: Customer, now: datetime) -> None:
            hashed = invitations.hash_token(token)
            invitations.invite(connection, customer.id, hashed, now, LINK_LIFE)

        admission = Admission(self.book, self.keyring, Purpose.RENEWAL)
        try:
            admitted = admission.admit(word, digits, invite)
        except WrongCode as wrong:
            log.info("renewal.wrong_code", customer=wrong.customer_id)
            raise
        log.info("renewal.admitted", customer=admitted.id)
        return token
