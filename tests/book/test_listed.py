"""Lists as one parameter: what goes into the database is what comes out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import Connection, Text, bindparam, column, func, literal, select, union_all
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import StatementError

from smoney_bot.bank.money import Cents
from smoney_bot.book.columns import BigId, Flag, Moment, Money
from smoney_bot.book.engine import Book
from smoney_bot.book.listed import Listed, is_in
from smoney_bot.book.tables import inbox

#: What PostgreSQL could take for something else: its own signs, blanks, other words.
TEXTS = some.one_of(
    some.text(some.characters(exclude_characters="\0", codec="utf-8")),
    some.text("{}\",\\ \t\n'nulNUL%:\u2003\u3000é"),
    some.sampled_from(["", "NULL", "null", "{}", '"', "\\", "\\N", "%s", "a,b", " "]),
)
MOMENTS = some.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(  # noqa: DTZ001 - a zone follows
    lambda moment: moment.replace(tzinfo=UTC)
)
BIG = 2**63

MANY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def returned(connection: Connection, given_values: Sequence[Any], item: Any) -> list[Any]:  # noqa: ANN401 - any type
    """Send the values to PostgreSQL as one list, and read them as rows."""
    one = column("one", item)
    rows = func.unnest(bindparam("values", type_=Listed(item))).table_valued(one, name="given")
    statement = select(rows.render_derived().c.one)
    return list(connection.execute(statement, {"values": list(given_values)}).scalars())


@pytest.fixture
def on_postgresql(postgres_url: Callable[[], str]) -> Iterator[Book]:
    opened = Book(postgres_url())
    yield opened
    opened.close()


@MANY
@given(some.lists(some.none() | TEXTS))
def test_texts_come_back_as_they_were(on_postgresql: Book, texts: list[str | None]) -> None:
    with on_postgresql.reading() as connection:
        assert returned(connection, texts, inbox.c.key.type) == texts


@MANY
@given(
    some.lists(some.none() | some.integers(-BIG, BIG - 1)),
    some.lists(some.none() | some.booleans()),
    some.lists(some.none() | MOMENTS),
)
def test_so_do_numbers_flags_and_moments(
    on_postgresql: Book,
    numbers: list[int | None],
    flags: list[bool | None],
    moments: list[datetime | None],
) -> None:
    with on_postgresql.reading() as connection:
        assert returned(connection, numbers, BigId) == numbers
        assert returned(connection, flags, Flag()) == flags
        assert returned(connection, moments, Moment()) == moments
        assert returned(connection, [Cents(5), Cents(-1)], Money()) == [5, -1]


def test_what_no_column_holds_is_refused(on_postgresql: Book) -> None:
    with (
        on_postgresql.reading() as connection,
        pytest.raises(StatementError, match="cannot hold a timedelta"),
    ):
        returned(connection, [timedelta(1)], inbox.c.key.type)


KEYS = ["a", 'b"', "c\\", "NULL", "{}", ""]


@pytest.mark.parametrize("asked", [[], ["a"], KEYS, ["a", "a"], ["nobody's"]])
def test_is_in_finds_what_in_finds(book: Book, asked: list[str]) -> None:
    column_ = union_all(*(select(literal(one, Text).label("key")) for one in KEYS)).subquery().c.key
    with book.reading() as connection:
        inside = select(column_).where(is_in(column_, "asked"))
        outside = select(column_).where(~is_in(column_, "asked"))
        found = set(connection.execute(inside, {"asked": asked}).scalars())
        others = set(connection.execute(outside, {"asked": asked}).scalars())
    assert found == set(KEYS) & set(asked)
    assert others == set(KEYS) - set(asked)


def test_the_statement_is_the_same_for_any_number_and_goes_by_the_index(book: Book) -> None:
    statement = select(inbox.c.id).where(is_in(inbox.c.key, "asked"))
    with book.reading() as connection:
        compiled = statement.compile(dialect=connection.dialect)
        assert list(compiled.params) == ["asked"]
        if connection.dialect.name == "sqlite":
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", ("[]",)).all()
            assert "SEARCH inbox USING" in str(plan[0])


def test_the_driver_is_given_text_that_it_need_not_look_through() -> None:
    process = Listed(inbox.c.key.type).bind_processor(postgresql.dialect())  # type: ignore[no-untyped-call]
    assert process is not None
    assert process(['a"b', None, "\\"]) == r'{"a\"b",NULL,"\\"}'
