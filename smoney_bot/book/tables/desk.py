"""Requests for the desk, and what customers and operators wrote about each."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Text, text

from smoney_bot.bank.branch import RequestKind, RequestState
from smoney_bot.book.columns import BigId, Choice, Moment
from smoney_bot.book.tables.base import one_of, table

_waits = text("state IN ('open', 'taken')")
_told = text("words <> ''")

requests = table(
    "requests",
    Column("reference", Text, primary_key=True),
    Column("message_key", Text, nullable=False),
    Column("customer_id", BigId, ForeignKey("customers.id"), nullable=False),
    Column("kind", Choice(RequestKind), nullable=False),
    Column("state", Choice(RequestState), nullable=False),
    Column("taken_by", Text),  # an operator's name
    Column("opened_at", Moment, nullable=False),
    Column("soon_at", Moment, nullable=False),  # the last third of its time begins
    Column("due_at", Moment, nullable=False),
    Column("answered_at", Moment),
    Column("closed_at", Moment),
    one_of("kind", RequestKind),
    one_of("state", RequestState),
    CheckConstraint("opened_at <= soon_at AND soon_at <= due_at", name="soon_before_due"),
    CheckConstraint("state <> 'taken' OR taken_by IS NOT NULL", name="taken_by_somebody"),
    CheckConstraint("state <> 'answered' OR answered_at IS NOT NULL", name="answered_has_moment"),
    CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_has_moment"),
    # One of a kind waits at a time: what its customer writes meanwhile goes with it.
    Index(
        "ix_requests_waiting",
        "customer_id",
        "kind",
        unique=True,
        sqlite_where=_waits,
        postgresql_where=_waits,
    ),
    Index("ix_requests_due", "due_at", sqlite_where=_waits, postgresql_where=_waits),
    Index("ix_requests_answered_at", "answered_at"),
    Index("ix_requests_customer_id", "customer_id"),
)

#: `operator` is NULL for what the customer wrote; words are "" once purged.
request_lines = table(
    "request_lines",
    Column("id", BigId, primary_key=True),
    Column("reference", Text, ForeignKey("requests.reference"), nullable=False, index=True),
    Column("operator", Text),
    Column("words", Text, nullable=False),
    Column("written_at", Moment, nullable=False),
    Index("ix_request_lines_purge", "written_at", sqlite_where=_told, postgresql_where=_told),
    never_reuse_ids=True,  # an answer in the outbox goes by its line's id
)
