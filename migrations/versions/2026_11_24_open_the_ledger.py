"""Open the ledger: every table, the append-only triggers, the two system accounts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_open_the_ledger"
down_revision = None
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_cents = _id
_flag = sa.Boolean().with_variant(sa.Integer(), "sqlite")
_moment = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Build everything."""
    _open_customers()
    _open_accounts()
    _open_transfers()
    _open_payments()
    _open_inbox()
    _open_outbox()
    _open_cards()
    _open_guards()
    _open_enrolment()
    _open_upkeep()
    _never_change("transfers")
    _never_change("seals")
    _open_system_accounts()


def downgrade() -> None:
    """Refuse: a book is never unwritten."""
    message = "a book is never unwritten: restore a backup instead"
    raise NotImplementedError(message)


def _table(name: str, *parts: Any, never_reuse_ids: bool = False) -> None:  # noqa: ANN401 - columns and constraints
    op.create_table(name, *parts, sqlite_strict=True, sqlite_autoincrement=never_reuse_ids)


def _column(name: str, type_: sa.types.TypeEngine[Any], *rest: Any) -> sa.Column[Any]:  # noqa: ANN401 - foreign keys, computed
    return sa.Column(name, type_, *rest, nullable=False)


def _one_of(column: str, *words: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=f"{column}_is_known")


def _index(name: str, table: str, *columns: str, unique: bool = False, where: str = "") -> None:
    rows = sa.text(where) if where else None
    op.create_index(
        name, table, list(columns), unique=unique, sqlite_where=rows, postgresql_where=rows
    )


def _open_customers() -> None:
    _table(
        "customers",
        sa.Column("id", _id, primary_key=True),
        _column("x_id", sa.Text()),
        _column("handle", sa.Text()),
        _column("handle_lower", sa.Text(), sa.Computed("lower(handle)", persisted=True)),
        _column("handle_seen_at", _moment),
        _column("kind", sa.Text()),
        _column("state", sa.Text()),
        _column("language", sa.Text()),
        _column("private", _flag),
        sa.Column("private_since", _moment),
        _column("silent", _flag),
        _column("wrote_first", _flag),
        _column("opened_at", _moment),
        sa.UniqueConstraint("x_id"),
        _one_of("kind", "person", "association"),
        _one_of("state", "open", "frozen", "closed"),
    )
    _index("ix_customers_handle_lower", "customers", "handle_lower")


def _open_accounts() -> None:
    _table(
        "accounts",
        sa.Column("id", _id, primary_key=True),
        _column("kind", sa.Text()),
        sa.Column("customer_id", _id, sa.ForeignKey("customers.id")),
        sa.Column("name", sa.Text()),
        sa.UniqueConstraint("customer_id"),
        sa.UniqueConstraint("name"),
        _one_of("kind", "customer", "funding", "held"),
        sa.CheckConstraint(
            "(kind = 'customer') = (customer_id IS NOT NULL)", name="customer_has_owner"
        ),
        sa.CheckConstraint("(kind = 'customer') = (name IS NULL)", name="system_has_name"),
    )
    _table(
        "balances",
        sa.Column(
            "account_id", _id, sa.ForeignKey("accounts.id"), primary_key=True, autoincrement=False
        ),
        _column("balance_cents", _cents),
        sa.Column("floor_cents", _cents),
        sa.CheckConstraint("balance_cents >= floor_cents", name="not_below_floor"),
    )


def _open_transfers() -> None:
    _table(
        "transfers",
        sa.Column("id", _id, primary_key=True),
        _column("key", sa.Text()),
        _column("kind", sa.Text()),
        _column("source_id", _id, sa.ForeignKey("accounts.id")),
        _column("target_id", _id, sa.ForeignKey("accounts.id")),
        _column("amount_cents", _cents),
        _column("memo", sa.Text()),
        _column("booked_at", _moment),
        sa.UniqueConstraint("key"),
        sa.CheckConstraint("amount_cents > 0", name="amount_is_positive"),
        sa.CheckConstraint("source_id <> target_id", name="two_accounts"),
        never_reuse_ids=True,
    )
    _index("ix_transfers_source_id_booked_at", "transfers", "source_id", "booked_at")
    _index("ix_transfers_target_id_booked_at", "transfers", "target_id", "booked_at")


def _open_payments() -> None:
    _table(
        "payments",
        sa.Column("reference", sa.Text(), primary_key=True),
        _column("message_key", sa.Text()),
        _column("message_id", sa.Text()),
        _column("kind", sa.Text()),
        _column("state", sa.Text()),
        _column("reason", sa.Text()),
        _column("amount_cents", _cents),
        _column("payer_id", _id, sa.ForeignKey("customers.id")),
        sa.Column("payee_id", _id, sa.ForeignKey("customers.id")),
        sa.Column("payee_x_id", sa.Text()),
        _column("payee_handle", sa.Text()),
        _column("note", sa.Text()),
        _column("created_at", _moment),
        sa.Column("booked_at", _moment),
        sa.Column("expires_at", _moment),
        sa.UniqueConstraint("message_key"),
        *_payment_rules(),
    )
    waiting = "state = 'waiting'"
    _index("uq_payments_one_waiting_per_payer", "payments", "payer_id", unique=True, where=waiting)
    _index("ix_payments_payer_id_created_at", "payments", "payer_id", "created_at")
    _index("ix_payments_payee_id_created_at", "payments", "payee_id", "created_at")


def _payment_rules() -> tuple[sa.CheckConstraint, ...]:
    # S-money, 14 October 2014: 250 euros to a person, 500 to an association.
    rules = {
        "amount_is_not_negative": "amount_cents >= 0",
        "amount_is_positive": "state = 'refused' OR amount_cents > 0",
        "peer_ceiling": "state = 'refused' OR kind <> 'peer' OR amount_cents <= 25000",
        "donation_ceiling": "state = 'refused' OR amount_cents <= 50000",
        "booked_has_moment": "(booked_at IS NOT NULL) = (state = 'booked')",
        "booked_has_payee": "state <> 'booked' OR payee_id IS NOT NULL",
        "waiting_has_end": "state <> 'waiting' OR expires_at IS NOT NULL",
        "payee_is_not_payer": "state = 'refused' OR payee_id <> payer_id",
    }
    return (
        _one_of("kind", "peer", "donation", "collection"),
        _one_of(
            "state", "waiting", "held", "booked", "refused", "returned", "expired", "cancelled"
        ),
        *(sa.CheckConstraint(rule, name=name) for name, rule in rules.items()),
    )


def _open_inbox() -> None:
    states = ("received", "claimed", "ignored", "refused", "declined", "applied", "set_aside")
    _table(
        "inbox",
        sa.Column("id", _id, primary_key=True),
        _column("key", sa.Text()),
        _column("author_id", sa.Text()),
        _column("public", _flag),
        _column("written_at", _moment),
        _column("received_at", _moment),
        sa.Column("payload", sa.Text()),
        _column("state", sa.Text()),
        _column("attempts", sa.Integer()),
        _column("errors", sa.Integer()),
        _column("crashes", sa.Integer()),
        _column("counted", _flag),
        sa.Column("lease_until", _moment),
        _column("fence", _id),
        _column("due_at", _moment),
        _column("reason", sa.Text()),
        sa.Column("decided_at", _moment),
        sa.UniqueConstraint("key"),
        _one_of("state", *states),
        sa.CheckConstraint(
            "(state = 'claimed') = (lease_until IS NOT NULL)", name="claimed_has_lease"
        ),
        sa.CheckConstraint(
            "(state IN ('received', 'claimed')) = (decided_at IS NULL)", name="decided_has_moment"
        ),
        never_reuse_ids=True,
    )
    claimed, received = "state = 'claimed'", "state = 'received'"
    _index("uq_inbox_one_claimed_per_author", "inbox", "author_id", unique=True, where=claimed)
    _index("ix_inbox_claim", "inbox", "written_at", "id", where=received)
    _index("ix_inbox_author", "inbox", "author_id", "written_at", "id", where=received)


def _open_outbox() -> None:
    _table(
        "outbox",
        sa.Column("id", _id, primary_key=True),
        _column("message_key", sa.Text()),
        _column("kind", sa.Text()),
        _column("to_x_id", sa.Text()),
        sa.Column("in_reply_to", sa.Text()),
        _column("text", sa.Text()),
        _column("reference", sa.Text()),
        _column("state", sa.Text()),
        _column("attempts", sa.Integer()),
        _column("due_at", _moment),
        sa.Column("lease_until", _moment),
        _column("fence", _id),
        sa.Column("remote_id", sa.Text()),
        _column("error", sa.Text()),
        _column("created_at", _moment),
        sa.Column("sent_at", _moment),
        sa.UniqueConstraint("message_key", "kind"),
        _one_of("state", "pending", "sending", "sent", "unknown", "gave_up"),
        sa.CheckConstraint(
            "(state = 'sending') = (lease_until IS NOT NULL)", name="sending_has_lease"
        ),
        sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_has_moment"),
        sa.CheckConstraint("(state = 'sent') = (remote_id IS NOT NULL)", name="sent_has_remote_id"),
    )
    _index("ix_outbox_claim", "outbox", "id", where="state IN ('pending', 'sending', 'unknown')")


def _open_cards() -> None:
    _table(
        "cards",
        sa.Column("id", _id, primary_key=True),
        _column("customer_id", _id, sa.ForeignKey("customers.id")),
        _column("issued_at", _moment),
        _column("expires_at", _moment),
        sa.Column("retired_at", _moment),
    )
    living = "retired_at IS NULL"
    _index("uq_cards_one_living_per_customer", "cards", "customer_id", unique=True, where=living)
    _table(
        "card_codes",
        sa.Column("id", _id, primary_key=True),
        _column("card_id", _id, sa.ForeignKey("cards.id")),
        _column("place", sa.Integer()),
        _column("hash", sa.Text()),
        _column("key_id", sa.Text()),
        _column("wrong", sa.Integer()),
        sa.Column("used_at", _moment),
        sa.Column("used_by", sa.Text()),
        sa.UniqueConstraint("card_id", "place"),
        sa.CheckConstraint("place BETWEEN 1 AND 99", name="place_has_two_digits"),
        sa.CheckConstraint("wrong >= 0", name="wrong_is_not_negative"),
        sa.CheckConstraint("(used_at IS NULL) = (used_by IS NULL)", name="used_by_a_message"),
    )


def _open_guards() -> None:
    _table(
        "pins",
        _owner(),
        _column("hash", sa.Text()),
        _column("key_id", sa.Text()),
        _column("set_at", _moment),
        sa.Column("void_at", _moment),
    )
    _table(
        "guards",
        _owner(),
        _column("failures", sa.Integer()),
        sa.Column("locked_until", _moment),
        _column("locks", sa.Integer()),
        sa.CheckConstraint("failures BETWEEN 0 AND 100", name="failures_in_range"),
        sa.CheckConstraint("locks >= 0", name="locks_not_negative"),
    )


def _open_enrolment() -> None:
    _table(
        "authenticators",
        _owner(),
        _column("secret", sa.Text()),
        _column("last_step", _id),
        _column("set_at", _moment),
    )
    _table(
        "invitations",
        sa.Column("id", _id, primary_key=True),
        _column("token_hash", sa.Text()),
        _column("customer_id", _id, sa.ForeignKey("customers.id")),
        sa.Column("staged", sa.Text()),
        _column("failures", sa.Integer()),
        _column("created_at", _moment),
        _column("expires_at", _moment),
        sa.Column("used_at", _moment),
        sa.UniqueConstraint("token_hash"),
        sa.CheckConstraint("failures BETWEEN 0 AND 100", name="failures_in_range"),
        sa.CheckConstraint("used_at IS NULL OR staged IS NULL", name="used_keeps_nothing"),
    )


def _open_upkeep() -> None:
    _table(
        "seals",
        sa.Column("id", _id, primary_key=True),
        _column("last_transfer_id", _id),
        _column("transfers", _id),
        _column("hash", sa.Text()),
        _column("key_id", sa.Text()),
        _column("sealed_at", _moment),
        sa.UniqueConstraint("last_transfer_id"),
        sa.CheckConstraint("transfers > 0", name="seal_is_not_empty"),
        never_reuse_ids=True,
    )
    _table(
        "cursors",
        sa.Column("name", sa.Text(), primary_key=True),
        _column("position", sa.Text()),
        _column("moved_at", _moment),
    )
    _table(
        "deletions",
        sa.Column("post_id", sa.Text(), primary_key=True),
        _column("heard_at", _moment),
        sa.Column("purged_at", _moment),
    )
    _index("ix_deletions_heard_at", "deletions", "heard_at", where="purged_at IS NULL")


def _owner() -> sa.Column[Any]:
    return sa.Column(
        "customer_id", _id, sa.ForeignKey("customers.id"), primary_key=True, autoincrement=False
    )


def _never_change(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for deed in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuse_{deed.lower()} BEFORE {deed} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} are only ever added'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} are only ever added' "
        "USING ERRCODE = 'restrict_violation'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
    )


def _open_system_accounts() -> None:
    # Money enters and leaves through `funding`, which has no floor.
    op.execute("INSERT INTO accounts (kind, name) VALUES ('funding', 'funding'), ('held', 'held')")
    op.execute(
        "INSERT INTO balances (account_id, balance_cents, floor_cents) "
        "SELECT id, 0, CASE kind WHEN 'held' THEN 0 END FROM accounts"
    )
