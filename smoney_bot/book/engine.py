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
from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    create_engine,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from smoney_bot.bank.errors import TryLater
from smoney_bot.book import sqlite
from smoney_bot.book.errors import UnusableUrl
from smoney_bot.book.faults import (
    is_conflict,
    is_conflict_or_cut,
    keep_terse,
    leave_demoted,
    told_apart,
)

Result = TypeVar("Result")

#: A statement that runs longer than 5 s, or waits for a lock longer than 2 s, is
#: given up (`TryLater`). Moments travel in UTC whatever the server's zone.
_SERVED_OPTIONS = "-c timezone=UTC -c statement_timeout=5s -c lock_timeout=2s"

#: A server that fell silent without a word is given up after 15 s: those above are
#: for one that still answers.
_NEVER_HANG = {
    "connect_timeout": 5,  # seconds, as are these but the last
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,  # milliseconds
}

#: When the statement came in: the same for each of its columns.
_ITS_OWN_CLOCK = func.statement_timestamp()

_sqlite_writer = threading.Lock()
_WRITER_WAIT_SECONDS = 30.0


def open_engine(url: str) -> Engine:
    """Return an engine for migrations: no time limits, foreign keys as the engine has them.

    Raises `UnusableUrl`.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, begin="BEGIN IMMEDIATE", pragmas={})
    return _create(parsed, connect_args={"options": "-c timezone=UTC"})


class Book:
    """The database behind one URL; safe to share between threads.

    With a standby, the URL of PostgreSQL names both servers, and each new
    connection goes to the one that writes:
    `postgresql+psycopg://smoney@/smoney?host=a,b&port=5432,5432&target_session_attrs=read-write`.

    Raises `UnusableUrl` if the URL cannot be used. Nothing connects before the
    first transaction.
    """

    def __init__(self, url: str) -> None:
        parsed = _parse(url)
        self._is_sqlite = parsed.get_backend_name() == "sqlite"
        opened = _open_served_sqlite if self._is_sqlite else _open_served_postgresql
        self._writer, self._reader, self._single = opened(parsed)

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


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        message = "the database URL cannot be read: write it like sqlite:///smoney.db"
        raise UnusableUrl(message) from None
    if parsed.get_backend_name() == "sqlite":
        sqlite.check_url(parsed)
    return parsed


def _create(url: URL, **settings: object) -> Engine:
    # hide_parameters: a driver's error would print notes and hashes into the log.
    try:
        return create_engine(url, hide_parameters=True, **settings)
    except ModuleNotFoundError:
        message = "PostgreSQL's driver is not installed: pip install 'smoney-bot[postgres]'"
        raise UnusableUrl(message) from None
    except NoSuchModuleError:
        message = f"no such database: {url.drivername} (known: sqlite, postgresql+psycopg)"
        raise UnusableUrl(message) from None


def _open_sqlite(url: URL, *, begin: str, pragmas: dict[str, str]) -> Engine:
    # isolation_level None: the driver must not begin transactions by itself.
    settings = {"isolation_level": None, "timeout": sqlite.BUSY_TIMEOUT_SECONDS}
    engine = _create(url, connect_args=settings)
    sqlite.prepare(engine, begin=begin, pragmas=pragmas)
    return engine


Opened = tuple[Engine, Engine, Engine]  # that write, that read, that do single statements


def _open_served_sqlite(url: URL) -> Opened:
    pragmas = sqlite.SERVED_PRAGMAS
    writer = _open_sqlite(url, begin="BEGIN IMMEDIATE", pragmas=pragmas)
    reader = _open_sqlite(url, begin="BEGIN", pragmas=pragmas | {"query_only": "ON"})
    return writer, reader, writer


def _open_served_postgresql(url: URL) -> Opened:
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    writer = _create_served(url, pool_pre_ping=True)
    single = _create_served(url, isolation_level="AUTOCOMMIT")
    return writer, writer.execution_options(**options), single


def _create_served(url: URL, **settings: object) -> Engine:
    arguments = {"options": _SERVED_OPTIONS, "application_name": "smoney-bot", **_NEVER_HANG}
    engine = _create(url, connect_args=arguments, pool_timeout=5, **settings)
    event.listen(engine, "handle_error", keep_terse)
    event.listen(engine, "handle_error", leave_demoted)
    return engine
