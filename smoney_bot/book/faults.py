"""Telling the database's faults apart: conflicts, absences, and bugs of ours.

A conflict goes away by doing the same again. An absence is for later. Anything
else (a constraint, a wrong statement) stays what it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from smoney_bot.bank.errors import TryLater
from smoney_bot.book.errors import UnusableBook

#: Serialization failure and deadlock (PostgreSQL, appendix A of its manual).
_CONFLICTS = frozenset({"40001", "40P01"})
#: By class: connection, resources, intervention by an operator, system, not ready.
_ABSENCES = ("08", "53", "57", "58", "55P03")
#: A server that only answers questions: a standby, or one that was demoted to it.
_READ_ONLY = "25006"

_SQLITE_CONFLICTS = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_SQLITE_ABSENCES = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY}
)
_SQLITE_DAMAGES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PRIMARY_CODE = 0xFF  # SQLite's extended codes keep the primary one in the low byte


def is_conflict(error: BaseException) -> bool:
    """Whether another transaction was in the way: the same work may now succeed."""
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite_code(error.orig) in _SQLITE_CONFLICTS
    return getattr(error.orig, "sqlstate", None) in _CONFLICTS


def is_conflict_or_cut(error: BaseException) -> bool:
    """Whether `is_conflict`, or the connection was lost: a new one may do."""
    return is_conflict(error) or (isinstance(error, DBAPIError) and error.connection_invalidated)


def is_absence(error: BaseException) -> bool:
    """Whether the database is away, full, shutting down or too slow to answer."""
    if isinstance(error, NoConnectionFree):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite_code(error.orig) in _SQLITE_ABSENCES
    state: str | None = getattr(error.orig, "sqlstate", None)
    if state is None:  # the server never answered: only the driver speaks
        return type(error.orig).__name__ == "OperationalError" or error.connection_invalidated
    return error.connection_invalidated or state.startswith(_ABSENCES)


@contextmanager
def told_apart() -> Iterator[None]:
    """Raise `TryLater` in place of a conflict or an absence, `UnusableBook` of damage."""
    try:
        yield
    except (DBAPIError, NoConnectionFree) as error:
        if is_conflict(error) or is_absence(error):
            raise TryLater(_away(error)) from error
        if isinstance(error, DBAPIError) and _sqlite_code(error.orig) in _SQLITE_DAMAGES:
            message = "the file is damaged, or no book at all: see docs/recovery.md"
            raise UnusableBook(message) from error
        raise


def _away(error: Exception) -> str:
    """Say that the database is away, with the few words that SQLite has for why."""
    why = getattr(error, "orig", None)
    return "the database is away or busy" + (f" ({why})" if isinstance(why, sqlite3.Error) else "")


def keep_terse(context: ExceptionContext) -> None:
    """Cut an error of PostgreSQL down to its first line.

    Its DETAIL shows the refused row: notes, hashes and texts have no business in
    a log. Listens to SQLAlchemy's `handle_error`.
    """
    original, shown = context.original_exception, context.sqlalchemy_exception
    primary: str | None = getattr(getattr(original, "diag", None), "message_primary", None)
    if primary is not None:
        original.args = (primary,)
    if primary is not None and shown is not None:
        shown.args = (f"({type(original).__name__}) {primary}",)


def leave_demoted(context: ExceptionContext) -> None:
    """Close a connection that may not write any more: after a failover another server does.

    The next one is opened anew, and where the URL names several servers it finds
    that one. Listens to SQLAlchemy's `handle_error`.
    """
    options = context.connection.get_execution_options() if context.connection else {}
    by_choice = options.get("postgresql_readonly", False)
    if getattr(context.original_exception, "sqlstate", None) == _READ_ONLY and not by_choice:
        context.is_disconnect = True


def _sqlite_code(error: BaseException | None) -> int | None:
    code: int | None = getattr(error, "sqlite_errorcode", None)  # not set by the driver itself
    return None if code is None else code & _PRIMARY_CODE
