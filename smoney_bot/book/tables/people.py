"""Customers, the links that invite them, and the windows in which they may renew."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Computed, ForeignKey, Index, Integer, Text, false

from smoney_bot.bank.customers import Kind, Language, State
from smoney_bot.book.columns import BigId, Choice, Flag, Moment
from smoney_bot.book.tables.base import one_of, table

customers = table(
    "customers",
    Column("id", BigId, primary_key=True),
    Column("x_id", Text, nullable=False, unique=True),
    Column("handle", Text, nullable=False),
    Column("handle_lower", Text, Computed("lower(handle)", persisted=True), nullable=False),
    Column("handle_seen_at", Moment, nullable=False),
    Column("kind", Choice(Kind), nullable=False),
    Column("state", Choice(State), nullable=False),
    Column("language", Choice(Language), nullable=False),
    Column("private", Flag, nullable=False),
    Column("private_since", Moment),
    Column("silent", Flag, nullable=False),
    Column("wrote_first", Flag, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("show_name", Flag, nullable=False, server_default=false()),  # beside their gifts
    Column("handle_since", Moment),  # first seen with it; NULL: since the account was opened
    one_of("kind", Kind),
    one_of("state", State),
    Index("ix_customers_handle_lower", "handle_lower"),
)

#: A link to the enrolment page: single use, and only its hash is known here.
invitations = table(
    "invitations",
    Column("id", BigId, primary_key=True),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("customer_id", BigId, ForeignKey("customers.id"), nullable=False),
    Column("staged", Text),  # hashes of what was chosen but not yet confirmed: JSON
    Column("failures", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    CheckConstraint("failures BETWEEN 0 AND 100", name="failures_in_range"),
    CheckConstraint("used_at IS NULL OR staged IS NULL", name="used_keeps_nothing"),
)

#: While one is open the enrolment page takes a living code in place of a link.
renewals = table(
    "renewals",
    Column("customer_id", BigId, ForeignKey("customers.id"), primary_key=True, autoincrement=False),
    Column("word", Text, nullable=False, unique=True),  # names the window, opens nothing
    Column("opened_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    CheckConstraint("expires_at > opened_at", name="closes_after_it_opens"),
)
