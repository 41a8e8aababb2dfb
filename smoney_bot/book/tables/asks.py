"""Asks for money, and who wants to hear none of whom."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Text, UniqueConstraint, text

from smoney_bot.bank.asks import AskState
from smoney_bot.book.columns import BigId, Choice, Flag, Moment, Money
from smoney_bot.book.tables.base import one_of, table

_open = text("state = 'open'")

asks = table(
    "asks",
    Column("id", BigId, primary_key=True),
    Column("reference", Text, nullable=False),  # all parts of a shared bill have one
    Column("message_key", Text, nullable=False),
    Column("asker_id", BigId, ForeignKey("customers.id"), nullable=False),
    Column("asked_id", BigId, ForeignKey("customers.id"), nullable=False),
    Column("amount_cents", Money, nullable=False),
    Column("note", Text, nullable=False),
    Column("shown", Flag, nullable=False),  # no: the asked had blocked the asker
    Column("state", Choice(AskState), nullable=False),
    Column("payment_reference", Text, ForeignKey("payments.reference"), unique=True),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("ended_at", Moment),
    one_of("state", AskState),
    UniqueConstraint("reference", "asked_id"),
    CheckConstraint("amount_cents > 0", name="amount_is_positive"),
    CheckConstraint("asker_id <> asked_id", name="two_people"),
    CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended_has_moment"),
    CheckConstraint("(state = 'paid') = (payment_reference IS NOT NULL)", name="paid_has_payment"),
    Index("ix_asks_asker_id_created_at", "asker_id", "created_at"),
    Index("ix_asks_open_until", "expires_at", sqlite_where=_open, postgresql_where=_open),
    Index("ix_asks_asked_id", "asked_id"),
)

#: A customer hears nothing that a blocked one asks for; who is blocked never learns.
blocks = table(
    "blocks",
    Column("customer_id", BigId, ForeignKey("customers.id"), primary_key=True, autoincrement=False),
    Column("blocked_id", BigId, ForeignKey("customers.id"), primary_key=True, autoincrement=False),
    Column("blocked_at", Moment, nullable=False),
    CheckConstraint("customer_id <> blocked_id", name="two_people"),
)
