"""The tables, and every rule about money that the database itself enforces.

Cents are whole numbers, moments are UTC, ids of X are text. A constraint's name
says what it demands. `migrations/` builds the same; a test compares the two.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from smoney_bot.bank.customers import Kind, Language, State
from smoney_bot.bank.desk import PaymentState
from smoney_bot.bank.policy import PaymentKind
from smoney_bot.book.columns import BigId, Choice, Flag, Moment, Money


class AccountKind(StrEnum):
    """What an account is for."""

    CUSTOMER = "customer"
    FUNDING = "funding"  # where money enters and leaves: the outside world's side
    HELD = "held"  # money of payments whose payee has no account yet


class MessageState(StrEnum):
    """Where a message stands; the last five are final, as in `bank.desk.Outcome`."""

    RECEIVED = "received"
    CLAIMED = "claimed"
    IGNORED = "ignored"
    REFUSED = "refused"
    DECLINED = "declined"
    APPLIED = "applied"
    SET_ASIDE = "set_aside"  # failed too often: waits for an operator


class ReplyState(StrEnum):
    """Where a reply stands."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"  # may be out: look before sending again
    GAVE_UP = "gave_up"


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def _table(name: str, *parts: Any, never_reuse_ids: bool = False) -> Table:  # noqa: ANN401 - columns, constraints, indexes
    return Table(name, metadata, *parts, sqlite_strict=True, sqlite_autoincrement=never_reuse_ids)


def _one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_is_known")


customers = _table(
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
    _one_of("kind", Kind),
    _one_of("state", State),
    Index("ix_customers_handle_lower", "handle_lower"),
)

#: Who an account belongs to; never updated. The balance stands apart, because a
#: foreign key to a row that is updated makes a hot account several times slower.
accounts = _table(
    "accounts",
    Column("id", BigId, primary_key=True),
    Column("kind", Choice(AccountKind), nullable=False),
    Column("customer_id", BigId, ForeignKey("customers.id"), unique=True),
    Column("name", Text, unique=True),
    _one_of("kind", AccountKind),
    CheckConstraint("(kind = 'customer') = (customer_id IS NOT NULL)", name="customer_has_owner"),
    CheckConstraint("(kind = 'customer') = (name IS NULL)", name="system_has_name"),
)

balances = _table(
    "balances",
    Column("account_id", BigId, ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    Column("balance_cents", Money, nullable=False),
    Column("floor_cents", Money),  # NULL: no floor
    CheckConstraint("balance_cents >= floor_cents", name="not_below_floor"),
)

#: Only ever added: triggers refuse UPDATE and DELETE.
transfers = _table(
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

#: The ceilings repeat `policy.CEILING_PEER` and `policy.CEILING_DONATION`.
payments = _table(
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
    Column("expires_at", Moment),  # until when an order waits for its code
    _one_of("kind", PaymentKind),
    _one_of("state", PaymentState),
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
    Index("ix_payments_payer_id_created_at", "payer_id", "created_at"),
    Index("ix_payments_payee_id_created_at", "payee_id", "created_at"),
)

_received = text("state = 'received'")
_claimed = text("state = 'claimed'")

inbox = _table(
    "inbox",
    Column("id", BigId, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("author_id", Text, nullable=False),
    Column("public", Flag, nullable=False),
    Column("written_at", Moment, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("payload", Text),  # `Message.to_json`; its tags go when the message is decided
    Column("state", Choice(MessageState), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("errors", Integer, nullable=False),
    Column("crashes", Integer, nullable=False),
    Column("counted", Flag, nullable=False),  # its codes, as attempts of their author
    Column("lease_until", Moment),
    Column("fence", BigId, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_at", Moment),
    _one_of("state", MessageState),
    CheckConstraint("(state = 'claimed') = (lease_until IS NOT NULL)", name="claimed_has_lease"),
    CheckConstraint(
        "(state IN ('received', 'claimed')) = (decided_at IS NULL)", name="decided_has_moment"
    ),
    Index(
        "uq_inbox_one_claimed_per_author",
        "author_id",
        unique=True,
        sqlite_where=_claimed,
        postgresql_where=_claimed,
    ),
    Index("ix_inbox_claim", "written_at", "id", sqlite_where=_received, postgresql_where=_received),
    Index(
        "ix_inbox_author",
        "author_id",
        "written_at",
        "id",
        sqlite_where=_received,
        postgresql_where=_received,
    ),
    never_reuse_ids=True,  # payment references are made from these ids
)

_unfinished = text("state IN ('pending', 'sending', 'unknown')")

outbox = _table(
    "outbox",
    Column("id", BigId, primary_key=True),
    Column("message_key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("to_x_id", Text, nullable=False),
    Column("in_reply_to", Text),  # NULL: by direct message
    Column("text", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("state", Choice(ReplyState), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("lease_until", Moment),
    Column("fence", BigId, nullable=False),
    Column("remote_id", Text),
    Column("error", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("sent_at", Moment),
    UniqueConstraint("message_key", "kind"),
    _one_of("state", ReplyState),
    CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name="sending_has_lease"),
    CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_has_moment"),
    CheckConstraint("(state = 'sent') = (remote_id IS NOT NULL)", name="sent_has_remote_id"),
    Index("ix_outbox_claim", "id", sqlite_where=_unfinished, postgresql_where=_unfinished),
)

_living = text("retired_at IS NULL")

cards = _table(
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

card_codes = _table(
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

pins = _table(
    "pins",
    Column("customer_id", BigId, ForeignKey("customers.id"), primary_key=True, autoincrement=False),
    Column("hash", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("set_at", Moment, nullable=False),
    Column("void_at", Moment),
)

#: What stands between a guesser and an account.
guards = _table(
    "guards",
    Column("customer_id", BigId, ForeignKey("customers.id"), primary_key=True, autoincrement=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Moment),
    Column("locks", Integer, nullable=False),
    CheckConstraint("failures BETWEEN 0 AND 100", name="failures_in_range"),
    CheckConstraint("locks >= 0", name="locks_not_negative"),
)

#: Secrets that are read back are encrypted; their key is not in the database.
authenticators = _table(
    "authenticators",
    Column("customer_id", BigId, ForeignKey("customers.id"), primary_key=True, autoincrement=False),
    Column("secret", Text, nullable=False),  # passlib's wallet: JSON with the key's id
    Column("last_step", BigId, nullable=False),  # the last 30 s step accepted; never twice
    Column("set_at", Moment, nullable=False),
)

#: A link to the enrolment page: single use, and only its hash is known here.
invitations = _table(
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

#: Pages of the book, closed by a keyed chain over their transfers; only ever added.
seals = _table(
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

#: How far each way of catching up with X has read.
cursors = _table(
    "cursors",
    Column("name", Text, primary_key=True),
    Column("position", Text, nullable=False),
    Column("moved_at", Moment, nullable=False),
)

#: Posts that X says are gone: not carried out any more, and their text goes within a day.
deletions = _table(
    "deletions",
    Column("post_id", Text, primary_key=True),
    Column("heard_at", Moment, nullable=False),
    Column("purged_at", Moment),
    Index(
        "ix_deletions_heard_at",
        "heard_at",
        sqlite_where=text("purged_at IS NULL"),
        postgresql_where=text("purged_at IS NULL"),
    ),
)
