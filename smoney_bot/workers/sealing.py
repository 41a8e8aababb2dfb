"""Sealing: closes pages of the book behind the transfers, once a minute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from structlog import get_logger

from smoney_bot.bank.keys import Keyring
from smoney_bot.book import seals
from smoney_bot.book.engine import Book
from smoney_bot.book.seals import LATE, SETTLE

log = get_logger(__name__)

EVERY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Sealing:
    """Closes whatever can be closed, each page in a transaction of its own."""

    book: Book
    keyring: Keyring
    settle: timedelta = SETTLE
    late: timedelta = LATE

    def serve(self) -> int:
        """Close what is there; return 0, so that the loop sleeps."""
        self.close_pages()
        return 0

    def close_pages(self) -> int:
        """Close pages until none is left; return how many transfers they hold."""
        with self.book.reading() as connection:
            # One moment for all: what is booked meanwhile waits for the next time.
            now = self.book.now(connection)
        closed = 0
        while seal := self.book.run(
            lambda c: seals.close_page(c, self.keyring, now, settle=self.settle, late=self.late)
        ):
            log.info("page.closed", page=seal.id, transfers=seal.transfers)
            closed += seal.transfers
        return closed
