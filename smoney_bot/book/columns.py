"""Column types that mean the same on SQLite and on PostgreSQL.

SQLite's tables are STRICT, so only its own type names may reach it; what they
stand for in Python is said here, once.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import TIMESTAMP, BigInteger, Boolean, Dialect, Integer, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

from smoney_bot.bank.money import Cents

Word = TypeVar("Word", bound=StrEnum)

#: Ids and counters: BIGINT, but INTEGER on SQLite, whose integers are as wide.
BigId = BigInteger().with_variant(Integer(), "sqlite")

#: One width for all moments, so that texts sort as times do.
_MOMENT_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime: timestamptz, or fixed-width ISO 8601 text on SQLite.

    Raises `ValueError` for a naive datetime: its zone would be a guess.
    """

    impl = TIMESTAMP(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type that the database itself knows."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(TIMESTAMP(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        """Turn a moment into what is stored."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"a moment needs its zone, and {value.isoformat()} has none"
            raise ValueError(message)
        moment = value.astimezone(UTC)
        return moment.strftime(_MOMENT_FORMAT) if dialect.name == "sqlite" else moment

    def process_result_value(
        self, value: datetime | str | None, dialect: Dialect
    ) -> datetime | None:
        """Turn what is stored into a moment in UTC."""
        del dialect
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        return None if value is None else value.astimezone(UTC)


class Money(TypeDecorator[Cents]):
    """Whole cents of euro."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[int]:
        """Return the type that the database itself knows."""
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else BigInteger())

    def process_bind_param(self, value: Cents | None, dialect: Dialect) -> int | None:
        """Turn cents into a plain int: drivers look at the exact type."""
        del dialect
        return None if value is None else int(Cents(value))

    def process_result_value(self, value: int | None, dialect: Dialect) -> Cents | None:
        """Turn what is stored into cents."""
        del dialect
        return None if value is None else Cents(value)


class Flag(TypeDecorator[bool]):
    """Yes or no: BOOLEAN, or INTEGER 0 and 1 on SQLite."""

    impl = Boolean
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type that the database itself knows."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Integer())
        return dialect.type_descriptor(Boolean())

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> bool | int | None:  # noqa: FBT001 - SQLAlchemy's signature
        """Turn the flag into what is stored."""
        return int(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: int | None, dialect: Dialect) -> bool | None:
        """Turn what is stored into the flag."""
        del dialect
        return None if value is None else bool(value)


class Choice(TypeDecorator[Word], Generic[Word]):
    """One word of a `StrEnum`, kept as text."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[Word]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: Word | None, dialect: Dialect) -> str | None:
        """Turn the word into text; raise `ValueError` for one that is not in the list."""
        del dialect
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> Word | None:
        """Turn text into the word."""
        del dialect
        return None if value is None else self.words(value)
