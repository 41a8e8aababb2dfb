"""Rewriting the database's files, so that what was erased is not in them any more.

A database marks erased rows as free and overwrites them some day. Rewritten,
its files hold what is on the book and nothing else. What lies outside them is
not reached: backups, an archived log, free blocks of the disk.
"""

from __future__ import annotations

from sqlalchemy import make_url

from smoney_bot.book.engine import open_engine
from smoney_bot.book.faults import told_apart

_ON_SQLITE = ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)")

#: PostgreSQL also keeps examples of what stands in each column, for its planner:
#: taken anew, and then the old ones removed. Its files go at the next checkpoint.
_ON_POSTGRESQL = ("VACUUM (FULL, ANALYZE)", "VACUUM FULL pg_statistic")


def rewrite(database_url: str) -> None:
    """Rewrite the whole database; nothing else gets at it until that is done.

    It needs as much disk again as the database has. Raises `TryLater` if others
    are in the way for too long.
    """
    is_sqlite = make_url(database_url).get_backend_name() == "sqlite"
    engine = open_engine(database_url)
    try:
        with told_apart(), engine.connect() as connection:
            live = connection.connection.driver_connection
            assert live is not None
            if not is_sqlite:
                live.autocommit = True  # VACUUM runs in no transaction
            for statement in _ON_SQLITE if is_sqlite else _ON_POSTGRESQL:
                live.execute(statement)
    finally:
        engine.dispose()
