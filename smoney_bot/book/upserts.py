"""Adding rows, or changing those that have their primary keys, in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from smoney_bot.book.rows import Row, arrays, from_arrays, takes_arrays

_Insert = postgresql.Insert | sqlite.Insert


def add_or_change(
    connection: Connection, table: Table, rows: Sequence[Row], changes: Mapping[str, Any]
) -> None:
    """Add *rows*; where a primary key is there already, make *changes* to that row.

    No two of *rows* may have the same key.
    """
    if not rows:
        return
    added, given = _adding(connection, table, rows)
    connection.execute(
        added.on_conflict_do_update(index_elements=_key(table), set_=dict(changes)), given
    )


def add_once(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Add those of *rows* whose primary key is not there yet; return how many they were."""
    if not rows:
        return 0
    added, given = _adding(connection, table, rows)
    once = added.on_conflict_do_nothing(index_elements=_key(table)).returning(*_key(table))
    return len(connection.execute(once, given).all())


def _adding(
    connection: Connection, table: Table, rows: Sequence[Row]
) -> tuple[_Insert, list[dict[str, Any]]]:
    """Return a statement and its parameters. The rows are no part of it: it is compiled once."""
    if takes_arrays(connection):
        return from_arrays(postgresql.insert(table), table, list(rows[0])), [arrays(rows)]
    return sqlite.insert(table), [dict(row) for row in rows]


def _key(table: Table) -> list[Any]:
    return list(table.primary_key.columns)
