"""The timers: what ends by itself, measured by the database's clock."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection
from structlog import get_logger

from smoney_bot.book import payments
from smoney_bot.book.engine import Book

log = get_logger(__name__)

EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Timers:
    """Ends the orders whose time to wait for a code is over."""

    book: Book

    def serve(self) -> int:
        """Look once; return 0, so that the loop sleeps."""
        with self.book.reading() as connection:
            due = payments.next_end(connection)
            if due is None or due > self.book.now(connection):
                return 0
        expired = self.book.run(self._expire)
        log.info("payment.expired", payments=expired)
        return 0

    def _expire(self, connection: Connection) -> int:
        return payments.expire(connection, self.book.now(connection))
