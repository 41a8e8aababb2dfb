"""The timers: what ends by itself, measured by the database's clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection
from structlog import get_logger

from smoney_bot.bank.policy import Limits
from smoney_bot.book import deletions, desk_purges, payments, purges, strangers
from smoney_bot.book.engine import Book
from smoney_bot.workers.collecting import Collecting
from smoney_bot.workers.endings import Endings
from smoney_bot.workers.steps import Steps

log = get_logger(__name__)

EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Timers:
    """Ends the orders that waited too long for a code; erases what was deleted on X, or is old."""

    book: Book
    limits: Limits = field(default_factory=Limits)

    def serve(self) -> int:
        """Look once; return 0, so that the loop sleeps, unless gifts go on going back.

        Money first. Raises what a step raised, but only after all had their turn;
        `TryLater` at once if the book is away.
        """
        with self.book.reading() as connection:
            self.book.now(connection)  # else each step would wait for a book that is away
        steps = Steps()
        steps.take("expiry", self._expire)
        steps.take("endings", Endings(self.book, self.limits).serve)
        go_on = steps.take("collections", Collecting(self.book).serve)
        steps.take("deleted posts", self._purge_deleted)
        steps.take("old messages", self._purge_old)
        steps.take("requests", self._purge_desk)
        steps.take("strangers", self._forget)
        steps.end()
        return go_on

    def _expire(self) -> int:
        with self.book.reading() as connection:
            end = payments.next_end(connection)
            over = end is not None and end <= self.book.now(connection)
        if over:
            log.info("payment.expired", payments=self._now(payments.expire))
        return 0

    def _purge_deleted(self) -> int:
        with self.book.reading() as connection:
            gone = deletions.any_left(connection)
        if gone:
            log.info("post.purged", posts=self._now(deletions.purge))
        return 0

    def _purge_old(self) -> int:
        if self._is_due(purges.any_due):
            log.info("message.purged", messages=self._now(purges.purge))
        return 0

    def _purge_desk(self) -> int:
        if self._is_due(desk_purges.any_due):
            log.info("request.purged", lines=self._now(desk_purges.purge))
        return 0

    def _forget(self) -> int:
        if self._is_due(strangers.any_over):
            log.info("strangers.forgotten", strangers=self._now(strangers.forget))
        return 0

    def _is_due(self, look: Callable[[Connection, datetime], bool]) -> bool:
        """Look first: to write where nothing is due would hold up the others."""
        with self.book.reading() as connection:
            return look(connection, self.book.now(connection))

    def _now(self, work: Callable[[Connection, datetime], int]) -> int:
        return self.book.run(lambda connection: work(connection, self.book.now(connection)))
