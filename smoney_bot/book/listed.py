"""Lists as one parameter of a statement, on both databases.

`column.in_(...)` writes a parameter for each value: another text for each length,
which is compiled, read and planned anew. Here a list is one value, so the statement
stays the same, and PostgreSQL keeps it prepared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Dialect,
    TypeDecorator,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeEngine

Processor = Callable[[Any], Any]


class Listed(TypeDecorator[list[Any]]):
    """A list of values of one type: an array, or JSON on SQLite.

    PostgreSQL is given the array as text ("Array Input and Output Syntax" of its
    manual). The driver would write it by a regular expression for each value, which
    cost a fifth of the counter's time.
    """

    impl = postgresql.ARRAY
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__(item)
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type that the database itself knows."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(JSON())
        return dialect.type_descriptor(postgresql.ARRAY(self.item))

    def bind_processor(self, dialect: Dialect) -> Processor | None:
        """Return what turns a list into what the driver is given."""
        if dialect.name == "sqlite":
            return super().bind_processor(dialect)
        prepare = self.item.dialect_impl(dialect).bind_processor(dialect)
        return lambda values: _array(values if prepare is None else map(prepare, values))


def _array(values: Iterable[Any]) -> str:
    return "{" + ",".join([_element(one) for one in values]) + "}"


def _element(value: Any) -> str:  # noqa: ANN401 - whatever a column holds
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if value is None:
        return "NULL"
    if isinstance(value, int):  # and bool: PostgreSQL reads 0 and 1 as those
        return str(int(value))
    if isinstance(value, date):  # and datetime
        return f'"{value.isoformat()}"'
    message = f"a list for the database cannot hold a {type(value).__name__}"
    raise TypeError(message)


class is_in(FunctionElement[bool]):  # noqa: N801 - it reads as a function, and is one in SQL
    """Whether *column* is one of the values that the statement is given as *name*."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        super().__init__(column, bindparam(name, type_=Listed(column.type)))

    def self_group(self, against: OperatorType | None = None) -> is_in:
        """Stand as it is: SQLAlchemy would compare it with 1 on SQLite, past every index."""
        del against
        return self


@compiles(is_in)
def _in_array(element: is_in, compiler: SQLCompiler, **words: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    column, values = element.clauses
    return compiler.process(column == any_(values), **words)


@compiles(is_in, "sqlite")
def _in_json(element: is_in, compiler: SQLCompiler, **words: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    column, values = element.clauses
    each = func.json_each(values).table_valued("value")
    return compiler.process(column.in_(select(each.c.value)), **words)
