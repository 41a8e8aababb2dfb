"""Adding rows, or changing those that have their primary keys, in one statement.

Like those of `rows`, each statement is built once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from smoney_bot.book.rows import STATEMENTS_MAX, Row, arrays, from_arrays, takes_arrays

_Insert = postgresql.Insert | sqlite.Insert


def add_or_change(
    connection: Connection,
    table: Table,
    rows: Sequence[Row],
    *,
    anew: Sequence[str] = (),
    more: Sequence[str] = (),
) -> None:
    """Add *rows*; where a primary key is there already, change that row.

    Its columns *anew* take what is given, those named *more* grow by it. No two of
    *rows* may have the same key.
    """
    if rows:
        at_once = takes_arrays(connection)
        statement = _changing(table, tuple(rows[0]), tuple(anew), tuple(more), at_once=at_once)
        connection.execute(statement, _given(rows, at_once=at_once))


def add_once(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Add those of *rows* whose primary key is not there yet; return how many they were."""
    if not rows:
        return 0
    at_once = takes_arrays(connection)
    once = _adding_once(table, tuple(rows[0]), at_once=at_once)
    return len(connection.execute(once, _given(rows, at_once=at_once)).all())


@lru_cache(STATEMENTS_MAX)
def _changing(
    table: Table,
    names: tuple[str, ...],
    anew: tuple[str, ...],
    more: tuple[str, ...],
    *,
    at_once: bool,
) -> _Insert:
    added = _adding(table, names, at_once=at_once)
    changes: dict[str, ColumnElement[Any]] = {name: added.excluded[name] for name in anew}
    changes |= {name: table.c[name] + added.excluded[name] for name in more}
    return added.on_conflict_do_update(index_elements=_key(table), set_=changes)


@lru_cache(STATEMENTS_MAX)
def _adding_once(table: Table, names: tuple[str, ...], *, at_once: bool) -> Any:  # noqa: ANN401 - an insert that returns
    added = _adding(table, names, at_once=at_once)
    return added.on_conflict_do_nothing(index_elements=_key(table)).returning(*_key(table))


def _adding(table: Table, names: Sequence[str], *, at_once: bool) -> _Insert:
    if at_once:
        return from_arrays(postgresql.insert(table), table, names)
    return sqlite.insert(table)


def _given(rows: Sequence[Row], *, at_once: bool) -> list[dict[str, Any]]:
    return [arrays(rows)] if at_once else [dict(row) for row in rows]


def _key(table: Table) -> list[Any]:
    return list(table.primary_key.columns)
