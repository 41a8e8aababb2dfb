"""Accounts, balances, transfers, payments and seals."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Text, text

from smoney_bot.bank.collections import CollectionState
from smoney_bot.bank.desk import PaymentState
from smoney_bot.bank.policy import PaymentKind
from smoney_bot.book.columns import BigId, Choice, Flag, Moment, Money
from smoney_bot.book.states import AccountKind
from smoney_bot.book.tables.base import one_of, table

#: Who an account belongs to; never updated. The balance stands apart, because a
#: foreign key to a row that is updated makes a hot account several times slower.
accounts = table(
    "accounts",
    Column("id", BigId, primary_key=True),
    Column("kind", Choice(AccountKind), nullable=False),
    Column("customer_id", BigId, ForeignKey("customers.id"), unique=True),
    Column("name", Text, unique=True),
    one_of("kind", AccountKind),
    CheckConstraint("(kind = 'customer') = (customer_id IS NOT NULL)", name="customer_has_owner"),
    CheckConstraint("(kind = 'customer') = (name IS NULL)", name="system_has_name"),
)

balances = table(
    "balances",
    Column("account_id", BigId, ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    Column("balance_cents", Money, nullable=False),
    Column("floor_cents", Money),  # NULL: no floor
    CheckConstraint("balance_cents >= floor_cents", name="not_below_floor"),
)

#: Only ever added: triggers refuse UPDATE and DELETE.
transfers = table(
    "transfers",
    Column("id", BigId, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("source_id", BigId, ForeignKey("accounts.id"), nullable=False),
    Column("target_id", BigId, ForeignKey("accounts.id"), nullable=False),
    Column("amount_cents", Money, nullable=False),
    Column("memo", Text, nullable=False),  # the operator's reference, else ""
    Column("booked_at", Moment, nullable=False),
    CheckConstraint("amount_cents > 0", name="amount_is_positive"),
    CheckConstraint("source_id <> target_id", name="two_accounts"),
    Index("ix_transfers_source_id_booked_at", "source_id", "booked_at"),
    Index("ix_transfers_target_id_booked_at", "target_id", "booked_at"),
    never_reuse_ids=True,
)

#: What associations gather; the money is in an account of the collection's own.
collections = table(
    "collections",
    Column("id", BigId, primary_key=True),
    Column("tag", Text, nullable=False, unique=True),
    Column("owner_id", BigId, ForeignKey("customers.id"), nullable=False),
    Column("account_id", BigId, ForeignKey("accounts.id"), nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("goal_cents", Money, nullable=False),
    Column("ends_at", Moment),  # NULL: an operator ends it
    Column("all_or_nothing", Flag, nullable=False),
    Column("state", Choice(CollectionState), nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("reached_at", Moment),
    Column("ended_at", Moment),
    one_of("state", CollectionState),
    CheckConstraint("tag = lower(tag)", name="tag_in_small_letters"),
    CheckConstraint("goal_cents > 0", name="goal_is_positive"),
    CheckConstraint("(state IN ('open', 'reached')) = (ended_at IS NULL)", name="ended_has_moment"),
    CheckConstraint("state <> 'reached' OR reached_at IS NOT NULL", name="reached_has_moment"),
    CheckConstraint("state <> 'returned' OR reached_at IS NULL", name="returned_below_goal"),
)

#: The ceilings repeat `policy.CEILING_PEER` and `policy.CEILING_DONATION`.
payments = table(
    "payments",
    Column("reference", Text, primary_key=True),
    Column("message_key", Text, nullable=False, unique=True),
    Column("message_id", Text, nullable=False),
    Column("kind", Choice(PaymentKind), nullable=False),
    Column("state", Choice(PaymentState), nullable=False),
    Column("reason", Text, nullable=False),
    Column("amount_cents", Money, nullable=False),
    Column("payer_id", BigId, ForeignKey("customers.id"), nullable=False),
    Column("payee_id", BigId, ForeignKey("customers.id")),
    Column("payee_x_id", Text),
    Column("payee_handle", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("booked_at", Moment),
    Column("expires_at", Moment),  # until when it waits for its code, or is held
    # A gift to one of the payee's collections. No foreign key: SQLite cannot add one.
    Column("collection_id", BigId),
    one_of("kind", PaymentKind),
    one_of("state", PaymentState),
    CheckConstraint("amount_cents >= 0", name="amount_is_not_negative"),
    CheckConstraint("state = 'refused' OR amount_cents > 0", name="amount_is_positive"),
    CheckConstraint(
        "state = 'refused' OR kind <> 'peer' OR amount_cents <= 25000", name="peer_ceiling"
    ),
    CheckConstraint("state = 'refused' OR amount_cents <= 50000", name="donation_ceiling"),
    CheckConstraint("(booked_at IS NOT NULL) = (state = 'booked')", name="booked_has_moment"),
    CheckConstraint("state <> 'booked' OR payee_id IS NOT NULL", name="booked_has_payee"),
    CheckConstraint("state <> 'waiting' OR expires_at IS NOT NULL", name="waiting_has_end"),
    CheckConstraint("state = 'refused' OR payee_id <> payer_id", name="payee_is_not_payer"),
    Index(
        "uq_payments_one_waiting_per_payer",
        "payer_id",
        unique=True,
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    # What is held, by whom it is for and by when it ends: few rows among many.
    Index(
        "ix_payments_held_for",
        "payee_x_id",
        sqlite_where=text("state = 'held'"),
        postgresql_where=text("state = 'held'"),
    ),
    Index(
        "ix_payments_held_until",
        "expires_at",
        sqlite_where=text("state = 'held'"),
        postgresql_where=text("state = 'held'"),
    ),
    Index("ix_payments_payer_id_created_at", "payer_id", "created_at"),
    Index("ix_payments_payee_id_created_at", "payee_id", "created_at"),
    Index(
        "ix_payments_collection_id_created_at",
        "collection_id",
        "created_at",
        sqlite_where=text("collection_id IS NOT NULL"),
        postgresql_where=text("collection_id IS NOT NULL"),
    ),
)

#: Pages of the book, closed by a keyed chain over their transfers; only ever added.
seals = table(
    "seals",
    Column("id", BigId, primary_key=True),
    Column("last_transfer_id", BigId, nullable=False, unique=True),
    Column("transfers", BigId, nullable=False),  # how many the page holds
    Column("hash", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("sealed_at", Moment, nullable=False),
    CheckConstraint("transfers > 0", name="seal_is_not_empty"),
    never_reuse_ids=True,
)
