"""The timers: what ends by itself, measured by the database's clock."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection
from structlog import get_logger

from smoney_bot.bank.policy import Limits
from smoney_bot.book import deletions, desk_purges, payments, purges, strangers
from smoney_bot.book.engine import Book
from smoney_bot.workers.collecting import Collecting
from smoney_bot.workers.endings import Endings

log = get_logger(__name__)

EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Timers:
    """Ends the orders that waited too long for a code; erases what was deleted on X, or is old."""

    book: Book
    limits: Limits = field(default_factory=Limits)

    def serve(self) -> int:
        """Look once; return 0, so that the loop sleeps, unless gifts go on going back."""
        with self.book.reading() as connection:
            now = self.book.now(connection)
            end = payments.next_end(connection)
            over = end is not None and end <= now
            gone = deletions.any_left(connection)
            old = purges.any_due(connection, now)
            written_long_ago = desk_purges.any_due(connection, now)
            told_long_ago = strangers.any_over(connection, now)
        if over:
            log.info("payment.expired", payments=self.book.run(self._expire))
        if gone:
            log.info("post.purged", posts=self.book.run(self._purge_deleted))
        if old:
            log.info("message.purged", messages=self.book.run(self._purge_old))
        if written_long_ago:
            log.info("request.purged", lines=self.book.run(self._purge_desk))
        if told_long_ago:
            log.info("strangers.forgotten", strangers=self.book.run(self._forget))
        Endings(self.book, self.limits).serve()
        return Collecting(self.book).serve()

    def _expire(self, connection: Connection) -> int:
        return payments.expire(connection, self.book.now(connection))

    def _purge_deleted(self, connection: Connection) -> int:
        return deletions.purge(connection, self.book.now(connection))

    def _purge_old(self, connection: Connection) -> int:
        return purges.purge(connection, self.book.now(connection))

    def _purge_desk(self, connection: Connection) -> int:
        return desk_purges.purge(connection, self.book.now(connection))

    def _forget(self, connection: Connection) -> int:
        return strangers.forget(connection, self.book.now(connection))
