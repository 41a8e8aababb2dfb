"""Writing many rows at once, in the same words on both databases.

SQLite runs a statement once for each row, within this process. PostgreSQL is
given all rows as arrays: one statement, one plan, one journey.

To build a statement costs as much as to run it, so each is built once: keep yours in
a constant, and let `rows` give what changes from call to call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar, cast

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Insert,
    Table,
    TableValuedAlias,
    Update,
    bindparam,
    column,
    func,
    insert,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import visitors
from sqlalchemy.sql.visitors import ExternallyTraversible
from sqlalchemy.types import TypeEngine

from smoney_bot.book.errors import LostLease
from smoney_bot.book.listed import Listed

Row = Mapping[str, Any]

Adding = TypeVar("Adding", bound=Insert)

#: How many statements are kept; the program has fewer.
STATEMENTS_MAX = 256


def add(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert *rows*; a row that breaks a constraint raises `IntegrityError`."""
    if not rows:
        return
    if takes_arrays(connection):
        connection.execute(_adding(table, tuple(rows[0])), arrays(rows))
    else:
        connection.execute(_adding_each(table), list(rows))


_NOTHING: Row = {}


def add_new(
    connection: Connection,
    table: Table,
    rows: Sequence[Row],
    key: Column[str],
    same: Row = _NOTHING,
) -> frozenset[str]:
    """Insert those of *rows* whose *key* is not there yet; return their keys.

    *same* are columns that are the same in all rows, sent once; on PostgreSQL such a
    value may also be SQL, which is to be a constant like the statements.
    """
    if not rows:
        return frozenset()
    if takes_arrays(connection):
        said = {name: sql for name, sql in same.items() if isinstance(sql, ColumnElement)}
        new = _adding_new(table, tuple(rows[0]), key, tuple(same), tuple(said.items()))
        sent = {name: value for name, value in same.items() if name not in said}
        return frozenset(connection.execute(new, {**arrays(rows), **sent}).scalars())
    each = [{**row, **same} for row in rows]
    return frozenset(connection.execute(_adding_each_new(table, key), each).scalars())


def given(name: str, of: Column[Any]) -> BindParameter[Any]:
    """Return what each row gives as *name*: a new value *of* that column."""
    return bindparam(name, type_=of.type)


def change_each(connection: Connection, statement: Update, rows: Sequence[Row]) -> int:
    """Run *statement* once for each of *rows* and return how many rows changed.

    Its parameters have the names that *rows* give, and types: a comparison takes
    its column's, a new value says `given`. No two of *rows* may mean the same row
    of the table: PostgreSQL would change it once.
    """
    if not rows:
        return 0
    if takes_arrays(connection):
        return connection.execute(_for_all(statement, frozenset(rows[0])), arrays(rows)).rowcount
    return connection.execute(statement, list(rows)).rowcount


def change_held(connection: Connection, statement: Update, rows: Sequence[Row]) -> None:
    """Like `change_each`, for leased rows: raise `LostLease` unless each was still held."""
    if change_each(connection, statement, rows) != len(rows):
        raise LostLease


def takes_arrays(connection: Connection) -> bool:
    """Whether this database is given many rows as arrays."""
    return connection.dialect.name == "postgresql"


def arrays(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """Return *rows* as an array for each column."""
    return {name: [row[name] for row in rows] for name in rows[0]}


def _as_table(types: Mapping[str, TypeEngine[Any]]) -> TableValuedAlias:
    """Return the rows as PostgreSQL sees them: a table, made of an array for each column."""
    arrays = [bindparam(name, type_=Listed(type_)) for name, type_ in types.items()]
    columns = [column(name, type_) for name, type_ in types.items()]
    return func.unnest(*arrays).table_valued(*columns, name="given").render_derived()


def from_arrays(
    statement: Adding,
    table: Table,
    names: Sequence[str],
    same: Sequence[str] = (),
    said: Mapping[str, ColumnElement[Any]] = _NOTHING,
) -> Adding:
    """Return *statement*, which adds to *table*, with its rows as PostgreSQL is given them.

    *same* are columns that are the same in all of them: given, or *said* in SQL.
    """
    rows = _as_table({name: table.c[name].type for name in names})
    alike = [said.get(name, given(name, table.c[name])) for name in same]
    return statement.from_select([*names, *same], select(rows, *alike))


@lru_cache(STATEMENTS_MAX)
def _adding(table: Table, names: tuple[str, ...]) -> Insert:
    return from_arrays(insert(table), table, names)


@lru_cache(STATEMENTS_MAX)
def _adding_each(table: Table) -> Insert:
    return insert(table)


@lru_cache(STATEMENTS_MAX)
def _adding_new(
    table: Table,
    names: tuple[str, ...],
    key: Column[str],
    same: tuple[str, ...],
    said: tuple[tuple[str, ColumnElement[Any]], ...],
) -> Insert:
    all_at_once = from_arrays(postgresql.insert(table), table, names, same, dict(said))
    return all_at_once.on_conflict_do_nothing(index_elements=[key]).returning(key)


@lru_cache(STATEMENTS_MAX)
def _adding_each_new(table: Table, key: Column[str]) -> Insert:
    return sqlite.insert(table).on_conflict_do_nothing(index_elements=[key]).returning(key)


@lru_cache(STATEMENTS_MAX)
def _for_all(statement: Update, names: frozenset[str]) -> Update:
    """Return *statement* for all rows at once: a column of theirs for each parameter."""
    parameters = [one for one in visitors.iterate(statement) if isinstance(one, BindParameter)]
    rows = _as_table({one.key: one.type for one in parameters if one.key in names})

    def replace(element: ExternallyTraversible, **_: object) -> ExternallyTraversible | None:
        if isinstance(element, BindParameter) and element.key in names:
            return rows.c[element.key]
        return None

    return cast("Update", visitors.replacement_traverse(statement, {}, replace))
