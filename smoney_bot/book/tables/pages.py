"""The windows in which a customer gets to the statement, and who is looking at one."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Text

from smoney_bot.book.columns import BigId, Moment
from smoney_bot.book.tables.base import table

#: While one is open the page of statements takes a living code; as `renewals` does for its page.
statement_windows = table(
    "statement_windows",
    Column("customer_id", BigId, ForeignKey("customers.id"), primary_key=True, autoincrement=False),
    Column("word", Text, nullable=False, unique=True),  # names the window, opens nothing
    Column("opened_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    CheckConstraint("expires_at > opened_at", name="closes_after_it_opens"),
)

#: Who is looking at a statement: only a hash of what the browser holds.
statement_sessions = table(
    "statement_sessions",
    Column("token_hash", Text, primary_key=True),
    Column("customer_id", BigId, ForeignKey("customers.id"), nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    CheckConstraint("expires_at > opened_at", name="ends_after_it_opens"),
    Index("ix_statement_sessions_expires_at", "expires_at"),
)
