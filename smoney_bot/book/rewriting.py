"""Rewriting the database's files, so that what was erased is not in them any more.

A database marks erased rows as free and overwrites them some day. Rewritten,
its files hold what is on the book and nothing else. What lies outside them is
not reached: backups, an archived log, free blocks of the disk.
"""

from __future__ import annotations

import re
import time
from typing import Any

from sqlalchemy import make_url

from smoney_bot.bank.errors import TryLater
from smoney_bot.book.engines import open_engine
from smoney_bot.book.faults import told_apart

_ON_SQLITE = ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)")

#: PostgreSQL also keeps examples of what stands in each column, for its planner:
#: taken anew, and then the old ones removed. Its files go at the next checkpoint.
_ON_POSTGRESQL = ("VACUUM (FULL, ANALYZE, VERBOSE)", "VACUUM (FULL, VERBOSE) pg_statistic")

#: It carries over what a transaction that began earlier, its own autovacuum say, could
#: still want to see, and says so in any language: the number of such rows comes first.
_KEPT = re.compile(r"\D*(\d+)")
_ROUNDS_MAX = 20
_PAUSE_SECONDS = 0.5


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
            if is_sqlite:
                for statement in _ON_SQLITE:
                    live.execute(statement)
            else:
                _rewrite_postgresql(live)
    finally:
        engine.dispose()


def _rewrite_postgresql(live: Any) -> None:  # noqa: ANN401 - psycopg is an extra
    """Rewrite until nothing was carried over that had been erased."""
    kept: list[int] = []
    live.autocommit = True  # VACUUM runs in no transaction
    live.add_notice_handler(lambda told: kept.append(_carried_over(told.message_detail)))
    for _ in range(_ROUNDS_MAX):
        kept.clear()
        for statement in _ON_POSTGRESQL:
            live.execute(statement)
        if not any(kept):
            return
        time.sleep(_PAUSE_SECONDS)
    raise TryLater("an older transaction still sees what was erased; end it, then `db rewrite`")


def _carried_over(detail: str | None) -> int:
    found = _KEPT.match(detail or "")
    return int(found[1]) if found else 0
