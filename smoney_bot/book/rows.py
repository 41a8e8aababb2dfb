"""Writing many rows at once, in the same words on both databases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Table, Update, insert
from sqlalchemy.dialects import postgresql, sqlite

from smoney_bot.book.errors import LostLease

Row = Mapping[str, Any]

_Insert = Callable[[Table], postgresql.Insert | sqlite.Insert]

_INSERTS: dict[str, _Insert] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


def add(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert *rows*; a row that breaks a constraint raises `IntegrityError`."""
    if rows:
        connection.execute(insert(table), list(rows))


def add_new(
    connection: Connection, table: Table, rows: Sequence[Row], key: Column[str]
) -> frozenset[str]:
    """Insert those of *rows* whose *key* is not there yet; return their keys.

    It returns keys because a count cannot be had: `rowcount` of an insert of
    many rows is -1 on PostgreSQL.
    """
    if not rows:
        return frozenset()
    statement = _INSERTS[connection.dialect.name](table)
    once = statement.on_conflict_do_nothing(index_elements=[key]).returning(key)
    return frozenset(connection.execute(once, list(rows)).scalars())


def change_each(connection: Connection, statement: Update, rows: Sequence[Row]) -> int:
    """Run *statement* once for each of *rows* and return how many rows changed."""
    if not rows:
        return 0
    return connection.execute(statement, list(rows)).rowcount


def change_held(connection: Connection, statement: Update, rows: Sequence[Row]) -> None:
    """Like `change_each`, for leased rows: raise `LostLease` unless each was still held."""
    if change_each(connection, statement, rows) != len(rows):
        raise LostLease
