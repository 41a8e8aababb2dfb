"""The way into the database: `Book`, its transactions and its clock.

SQLite is for one process: its writers queue at a lock of this process instead
of sleeping in SQLite's busy handler. PostgreSQL is for several.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar

import stamina
from sqlalchemy import ColumnElement, Connection, func, select

from smoney_bot.bank.errors import TryLater
from smoney_bot.book.engines import open_served, parse
from smoney_bot.book.faults import is_conflict, is_conflict_or_cut, told_apart

Result = TypeVar("Result")

#: When the statement came in: the same for each of its columns.
_ITS_OWN_CLOCK = func.statement_timestamp()

_sqlite_writer = threading.Lock()
_WRITER_WAIT_SECONDS = 30.0


class Book:
    """The database behind one URL; safe to share between threads.

    With a standby, the URL of PostgreSQL names both servers, and each new
    connection goes to the one that writes:
    `postgresql+psycopg://smoney@/smoney?host=a,b&port=5432,5432&target_session_attrs=read-write`.

    Raises `UnusableUrl` if the URL cannot be used. Nothing connects before the
    first transaction.
    """

    def __init__(self, url: str) -> None:
        parsed = parse(url)
        self._is_sqlite = parsed.get_backend_name() == "sqlite"
        self._writer, self._reader, self._single = open_served(parsed)

    def close(self) -> None:
        """Close every connection that is not in use."""
        for engine in (self._writer, self._reader, self._single):
            engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that sees one moment of the book and changes nothing.

        On SQLite keep it short, and never write within it from the same thread:
        an open reader holds up the writers. Raises `TryLater` if the database is
        away.
        """
        with told_apart(), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that is committed at the end, or undone by an exception.

        Raises `TryLater` if the database is away, or if another transaction was
        in the way; `run` does the latter over by itself.
        """
        with told_apart(), self._turn(), self._writer.begin() as connection:
            yield connection

    def run(self, work: Callable[[Connection], Result]) -> Result:
        """Do *work* in one write transaction and return what it returns.

        *work* is done over from its beginning when the database asks for that
        (a deadlock, a conflict, a busy file), so it touches nothing outside.
        Raises `TryLater` if the database stays in the way or is away; whether
        the commit arrived is then unknown, and the keys tell.
        """
        for attempt in _attempts(is_conflict):
            with attempt, self._turn(), self._writer.begin() as connection:
                return work(connection)
        raise AssertionError  # the loop either returns or raises

    def run_single(self, work: Callable[[Connection], Result]) -> Result:
        """Do *work*, one statement that may arrive twice, and return what it returns.

        On PostgreSQL it is committed by itself: one journey, where a transaction
        takes three and the look whether its connection still lives a fourth. So it is
        also done over where the connection was lost, with or without it. Raises
        `TryLater` like `run`.
        """
        for attempt in _attempts(is_conflict_or_cut):
            with attempt, self._turn(), self._single.begin() as connection:
                return work(connection)
        raise AssertionError  # likewise

    @staticmethod
    def now(connection: Connection) -> datetime:
        """Return the database's clock, in UTC: one clock for all processes.

        SQLite has no clock of its own, it asks this machine; so do we.
        """
        if connection.dialect.name == "sqlite":
            return datetime.now(UTC)
        moment: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC)

    def moment(self, connection: Connection) -> datetime | ColumnElement[datetime]:
        """Return the same as a value for a statement: PostgreSQL then reads its clock by itself."""
        return self.now(connection) if self._is_sqlite else _ITS_OWN_CLOCK

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for this thread's turn to write, on SQLite."""
        if not self._is_sqlite:
            yield
            return
        if not _sqlite_writer.acquire(timeout=_WRITER_WAIT_SECONDS):
            message = "too many writers wait for the database"
            raise TryLater(message)
        try:
            yield
        finally:
            _sqlite_writer.release()


def _attempts(again: Callable[[Exception], bool]) -> Iterator[stamina.Attempt]:
    """Yield attempts until one is through; `TryLater` in place of the last one's fault."""
    with told_apart():
        yield from stamina.retry_context(
            on=again, attempts=8, timeout=20, wait_initial=0.01, wait_jitter=0.05
        )
