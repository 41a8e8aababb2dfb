"""Operators, their sessions, what they did, and the refunds that two of them decide on."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Text, text

from smoney_bot.bank.customers import Language
from smoney_bot.bank.operators import Role
from smoney_bot.book.columns import BigId, Choice, Moment
from smoney_bot.book.states import ApprovalState
from smoney_bot.book.tables.base import one_of, table

operators = table(
    "operators",
    Column("id", BigId, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Choice(Role), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("secret", Text),  # of an authenticator: passlib's wallet, JSON with the key's id
    Column("last_step", BigId, nullable=False),  # the last 30 s step accepted; never twice
    Column("failures", Integer, nullable=False),  # in a row
    Column("locked_until", Moment),
    Column("disabled_at", Moment),
    Column("created_at", Moment, nullable=False),
    one_of("role", Role),
    CheckConstraint("name = lower(name)", name="name_in_small_letters"),
    CheckConstraint("failures BETWEEN 0 AND 100", name="failures_in_range"),
)

#: Who is signed in: only a hash of what the browser holds.
sessions = table(
    "sessions",
    Column("token_hash", Text, primary_key=True),
    Column("operator_id", BigId, ForeignKey("operators.id"), nullable=False),
    Column("language", Choice(Language), nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    one_of("language", Language),
    CheckConstraint("seen_at >= opened_at", name="seen_after_opened"),
)

#: What operators did; only ever added: triggers refuse UPDATE and DELETE.
actions = table(
    "actions",
    Column("id", BigId, primary_key=True),
    Column("done_at", Moment, nullable=False),
    Column("operator_id", BigId, ForeignKey("operators.id")),  # NULL: nobody of that name
    Column("operator", Text, nullable=False),
    Column("deed", Text, nullable=False),  # one of `bank.operators.Deed`
    Column("subject", Text, nullable=False),  # a number or a reference; never a person's name
    Column("detail", Text, nullable=False),
    never_reuse_ids=True,
)

_living = text("state IN ('asked', 'approved')")

#: Refunds: asked for by one operator, decided on by another.
approvals = table(
    "approvals",
    Column("id", BigId, primary_key=True),
    Column("payment_reference", Text, ForeignKey("payments.reference"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Choice(ApprovalState), nullable=False),
    Column("asked_by", BigId, ForeignKey("operators.id"), nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("decided_by", BigId, ForeignKey("operators.id")),
    Column("decided_at", Moment),
    one_of("state", ApprovalState),
    CheckConstraint("decided_by <> asked_by", name="second_person"),
    CheckConstraint("(state = 'asked') = (decided_at IS NULL)", name="decided_has_moment"),
    CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="decided_by_somebody"),
    Index(
        "uq_approvals_one_living_per_payment",
        "payment_reference",
        unique=True,
        sqlite_where=_living,
        postgresql_where=_living,
    ),
)
