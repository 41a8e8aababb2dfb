"""The watch: notes in the book that the loops of this process come round.

Whichever loop comes round first after a while notes all that did meanwhile: one
small transaction each 15 s, so that an idle SQLite is hardly written to, and no
thread of its own that could die unseen. A loop that hangs is not noted by the
others: its moment stays where it was.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from time import monotonic

from sqlalchemy import Connection
from structlog import get_logger

from smoney_bot.bank.errors import TryLater
from smoney_bot.book import rounds
from smoney_bot.book.engine import Book
from smoney_bot.book.rounds import Round

log = get_logger(__name__)

#: Well below the shortest time that a loop may rest (a minute).
NOTE_SECONDS = 15.0


class Watch:
    """Safe to share between loops; *may_rest* says for how many seconds each of them may."""

    def __init__(self, book: Book, may_rest: Mapping[str, int]) -> None:
        self._book = book
        self._may_rest = dict(may_rest)
        self._came: dict[str, float] = {}  # since the last note; by `monotonic`
        self._next = 0.0
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Note all loops before they start, so that one which hangs at once is late too."""
        self._write(self._begin)

    def came_round(self, loop: str) -> None:
        """Hear that *loop* came round, and note it if the last note is old."""
        now = monotonic()
        with self._lock:
            self._came[loop] = now
            if now < self._next:
                return
            self._next = now + NOTE_SECONDS
            came, self._came = self._came, {}
        self._write(lambda connection: self._note(connection, came))

    def _begin(self, connection: Connection) -> None:
        rounds.forget_others(connection, self._may_rest.keys(), self._book.now(connection))
        self._note(connection, dict.fromkeys(self._may_rest, monotonic()))

    def _note(self, connection: Connection, came: Mapping[str, float]) -> None:
        # The book's clock, less what has passed here since: the clocks may differ.
        now, here = self._book.now(connection), monotonic()
        rounds.note(
            connection,
            (
                Round(loop, self._may_rest[loop], now - timedelta(seconds=here - at))
                for loop, at in came.items()
            ),
        )

    def _write(self, work: Callable[[Connection], None]) -> None:
        try:
            self._book.run(work)
        except TryLater as away:
            log.warning("watch.away", why=str(away))  # the next note tells of later rounds
