"""The timers: what ends by itself, measured by the database's clock."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection
from structlog import get_logger

from smoney_bot.book import deletions, payments
from smoney_bot.book.engine import Book

log = get_logger(__name__)

EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Timers:
    """Ends the orders that waited too long for a code, and erases what was deleted on X."""

    book: Book

    def serve(self) -> int:
        """Look once; return 0, so that the loop sleeps."""
        with self.book.reading() as connection:
            end = payments.next_end(connection)
            over = end is not None and end <= self.book.now(connection)
            gone = deletions.any_left(connection)
        if over:
            log.info("payment.expired", payments=self.book.run(self._expire))
        if gone:
            log.info("post.purged", posts=self.book.run(self._purge))
        return 0

    def _expire(self, connection: Connection) -> int:
        return payments.expire(connection, self.book.now(connection))

    def _purge(self, connection: Connection) -> int:
        return deletions.purge(connection, self.book.now(connection))
