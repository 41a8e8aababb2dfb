"""Codes, as hashes or encrypted, and what stands between them and a guesser."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)

from smoney_bot.book.columns import BigId, Moment
from smoney_bot.book.tables.base import table

_living = text("retired_at IS NULL")

cards = table(
    "cards",
    Column("id", BigId, primary_key=True),
    Column("customer_id", BigId, ForeignKey("customers.id"), nullable=False),
    Column("issued_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("retired_at", Moment),
    Index(
        "uq_cards_one_living_per_customer",
        "customer_id",
        unique=True,
        sqlite_where=_living,
        postgresql_where=_living,
    ),
)

card_codes = table(
    "card_codes",
    Column("id", BigId, primary_key=True),
    Column("card_id", BigId, ForeignKey("cards.id"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("hash", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("wrong", Integer, nullable=False),
    Column("used_at", Moment),
    Column("used_by", Text),  # the message's key
    UniqueConstraint("card_id", "place"),
    CheckConstraint("place BETWEEN 1 AND 99", name="place_has_two_digits"),
    CheckConstraint("wrong >= 0", name="wrong_is_not_negative"),
    CheckConstraint("(used_at IS NULL) = (used_by IS NULL)", name="used_by_a_message"),
)

pins = table(
    "pins",
    Column("customer_id", BigId, ForeignKey("customers.id"), primary_key=True, autoincrement=False),
    Column("hash", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("set_at", Moment, nullable=False),
    Column("void_at", Moment),
)

#: What stands between a guesser and an account.
guards = table(
    "guards",
    Column("customer_id", BigId, ForeignKey("customers.id"), primary_key=True, autoincrement=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Moment),
    Column("locks", Integer, nullable=False),
    CheckConstraint("failures BETWEEN 0 AND 100", name="failures_in_range"),
    CheckConstraint("locks >= 0", name="locks_not_negative"),
)

#: Secrets that are read back are encrypted; their key is not in the database.
authenticators = table(
    "authenticators",
    Column("customer_id", BigId, ForeignKey("customers.id"), primary_key=True, autoincrement=False),
    Column("secret", Text, nullable=False),  # passlib's wallet: JSON with the key's id
    Column("last_step", BigId, nullable=False),  # the last 30 s step accepted; never twice
    Column("set_at", Moment, nullable=False),
)
