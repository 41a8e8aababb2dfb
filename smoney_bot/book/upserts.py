"""Adding rows, or changing those that have their primary keys, in one statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from smoney_bot.book.rows import Row

_Insert = postgresql.Insert | sqlite.Insert

_INSERTS: dict[str, Callable[[Table], _Insert]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}


def add_or_change(
    connection: Connection, table: Table, rows: Sequence[Row], changes: Mapping[str, Any]
) -> None:
    """Add *rows*; where a primary key is there already, make *changes* to that row.

    No two of *rows* may have the same key.
    """
    if not rows:
        return
    added = _insert(connection, table).values([dict(row) for row in rows])
    connection.execute(added.on_conflict_do_update(index_elements=_key(table), set_=dict(changes)))


def add_once(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Add those of *rows* whose primary key is not there yet; return how many they were."""
    if not rows:
        return 0
    added = _insert(connection, table).values([dict(row) for row in rows])
    once = added.on_conflict_do_nothing(index_elements=_key(table)).returning(*_key(table))
    return len(connection.execute(once).all())


def _insert(connection: Connection, table: Table) -> _Insert:
    return _INSERTS[connection.dialect.name](table)


def _key(table: Table) -> list[Any]:
    return list(table.primary_key.columns)
