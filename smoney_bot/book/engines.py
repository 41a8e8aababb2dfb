"""Opening databases: one URL, and what each engine needs to be safe to write to.

Of PostgreSQL's connections those that write look first whether they still live; those
for single statements do not: what they do may be done twice.
"""

from __future__ import annotations

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from smoney_bot.book import sqlite
from smoney_bot.book.errors import UnusableUrl
from smoney_bot.book.faults import keep_terse, leave_demoted

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

_DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql+psycopg")

Opened = tuple[Engine, Engine, Engine]  # that write, that read, that do single statements


def open_engine(url: str) -> Engine:
    """Return an engine for migrations: no time limits, foreign keys as the engine has them.

    Raises `UnusableUrl`.
    """
    parsed = parse(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, begin="BEGIN IMMEDIATE", pragmas={})
    return _create(parsed, connect_args={"options": "-c timezone=UTC"})


def open_served(url: URL) -> Opened:
    """Return the engines of a book that serves. Raises `UnusableUrl`; nothing connects yet."""
    if url.get_backend_name() == "sqlite":
        return _open_served_sqlite(url)
    return _open_served_postgresql(url)


def parse(url: str) -> URL:
    """Return what *url* says; raise `UnusableUrl` if it cannot be read or used."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # a port that is no number
        message = "the database URL cannot be read: write it like sqlite:///smoney.db"
        raise UnusableUrl(message) from None
    if parsed.get_backend_name() == "sqlite":
        sqlite.check_url(parsed)
    if parsed.drivername not in _DRIVERS:
        message = f"no such database: {parsed.drivername} (known: sqlite, postgresql+psycopg)"
        raise UnusableUrl(message)
    return parsed


def _create(url: URL, **settings: object) -> Engine:
    # hide_parameters: a driver's error would print notes and hashes into the log.
    try:
        return create_engine(url, hide_parameters=True, **settings)
    except ModuleNotFoundError:
        message = "PostgreSQL's driver is not installed: pip install 'smoney-bot[postgres]'"
        raise UnusableUrl(message) from None


def _open_sqlite(url: URL, *, begin: str, pragmas: dict[str, str]) -> Engine:
    # isolation_level None: the driver must not begin transactions by itself.
    settings = {"isolation_level": None, "timeout": sqlite.BUSY_TIMEOUT_SECONDS}
    engine = _create(url, connect_args=settings)
    sqlite.prepare(engine, begin=begin, pragmas=pragmas)
    return engine


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
