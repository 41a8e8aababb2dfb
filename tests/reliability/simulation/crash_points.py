"""Crash points: every statement, commit and call to X, and what may befall each.

A `Points` counts them as they come. Armed with a `Blow`, it strikes the one that
was asked for: the process dies there (`Killed` passes every `except Exception`),
or the database or the network fails there, before the thing happened or after.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psycopg
import requests
from sqlalchemy import Engine, event


class Killed(BaseException):
    """The process is gone: nothing may catch this but whoever starts it anew."""


class Fate(StrEnum):
    """What befalls a crash point."""

    DIES_BEFORE = "dies before"
    DIES_AFTER = "dies after"
    FAILS_BEFORE = "fails before"
    FAILS_AFTER = "fails after"


DEATHS = (Fate.DIES_BEFORE, Fate.DIES_AFTER)


@dataclass(frozen=True)
class Blow:
    """What happens to the crash point number *at*, counted from 1."""

    at: int
    fate: Fate


class Points:
    """Counts crash points, and strikes once where it is told to.

    With *statements* off only calls to X count: they are the same in number on
    both databases.
    """

    def __init__(self) -> None:
        self.count = 0
        self.statements = True
        self.struck = 0
        self._blow: Blow | None = None
        self._resting = 0

    def arm(self, blow: Blow) -> None:
        """Begin to count anew, and strike as *blow* says."""
        self.count, self._blow = 0, blow

    def disarm(self) -> None:
        """Strike no more."""
        self._blow = None

    @property
    def armed(self) -> bool:
        """Whether the blow is still to come."""
        return self._blow is not None

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Let the test itself look into the book, uncounted."""
        self._resting += 1
        try:
            yield
        finally:
            self._resting -= 1

    def statement(self, do: Callable[[], None], fails: Callable[[], Exception]) -> None:
        """Pass one statement or commit; it may fail as the database *fails*."""
        if self.statements and not self._resting:
            self._pass(do, fails, fails)
        else:
            do()

    def call(self, do: Callable[[], None]) -> None:
        """Pass one call to X; it may be cut off, or its answer may never come."""
        self._pass(do, _cut_off, _no_answer)

    def _pass(
        self,
        do: Callable[[], None],
        before: Callable[[], Exception],
        after: Callable[[], Exception],
    ) -> None:
        self.count += 1
        fate = self._blow.fate if self._blow and self._blow.at == self.count else None
        if fate is not None:
            self._blow, self.struck = None, self.struck + 1
        if fate is Fate.DIES_BEFORE:
            raise Killed
        if fate is Fate.FAILS_BEFORE:
            raise before()
        do()
        if fate is Fate.DIES_AFTER:
            raise Killed
        if fate is Fate.FAILS_AFTER:
            raise after()


def watch(engine: Engine, points: Callable[[], Points]) -> None:
    """Let every statement and every commit of *engine* pass through the *points* of the moment.

    But for BEGIN: before it nothing has happened yet, and what may befall behind
    it befalls the first statement.
    """

    gone = _gone if engine.dialect.name == "postgresql" else _disk_fails

    def one(cursor: Any, statement: str, parameters: Any, *_: object) -> bool:  # noqa: ANN401 - the driver's
        if statement.startswith("BEGIN"):
            return False
        with _closed_at_death(cursor):
            points().statement(
                lambda: cursor.execute(statement, parameters), lambda: gone(cursor.connection)
            )
        return True

    def many(cursor: Any, statement: str, parameters: Any, *_: object) -> bool:  # noqa: ANN401 - the driver's
        with _closed_at_death(cursor):
            points().statement(
                lambda: cursor.executemany(statement, parameters), lambda: gone(cursor.connection)
            )
        return True

    event.listen(engine, "do_execute", one)
    event.listen(engine, "do_executemany", many)
    commit = engine.dialect.do_commit
    # SQLAlchemy has no event behind a commit, so the step itself is wrapped.
    engine.dialect.do_commit = lambda connection: points().statement(  # type: ignore[method-assign, assignment] # same, by position
        lambda: commit(connection), lambda: gone(connection.driver_connection)
    )


@contextmanager
def _closed_at_death(cursor: Any) -> Iterator[None]:  # noqa: ANN401 - likewise
    """Close *cursor* if its process dies: a real death leaves no lock behind."""
    try:
        yield
    except Killed:
        cursor.close()
        if not isinstance(cursor, sqlite3.Cursor):
            cursor.connection.close()  # the server hears of it, and undoes what was begun
        raise
    except BaseException:
        cursor.close()
        raise


def _disk_fails(_: object) -> Exception:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    return error


def _gone(connection: Any) -> Exception:  # noqa: ANN401 - likewise
    """Cut *connection*: whether the server has done what it was told, nobody knows."""
    connection.close()
    return psycopg.OperationalError("the connection was lost")


def _cut_off() -> Exception:
    return requests.ConnectionError("connection reset")


def _no_answer() -> Exception:
    return requests.ReadTimeout("no answer in time")
