"""Ask and share: what customers ask each other for, and who blocks whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_ask_and_share"
down_revision = "2026_11_24_hold_for_newcomers"
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_cents = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_flag = sa.Boolean().with_variant(sa.Integer(), "sqlite")
_moment = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")

_OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    """Build the tables; nothing that is there changes."""
    op.create_table(
        "asks",
        sa.Column("id", _id, primary_key=True),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("message_key", sa.Text(), nullable=False),
        sa.Column("asker_id", _id, sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("asked_id", _id, sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("amount_cents", _cents, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("shown", _flag, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("payment_reference", sa.Text(), sa.ForeignKey("payments.reference")),
        sa.Column("created_at", _moment, nullable=False),
        sa.Column("expires_at", _moment, nullable=False),
        sa.Column("ended_at", _moment),
        sa.CheckConstraint(
            "state IN ('open', 'paid', 'declined', 'expired', 'cancelled')", name="state_is_known"
        ),
        sa.CheckConstraint("amount_cents > 0", name="amount_is_positive"),
        sa.CheckConstraint("asker_id <> asked_id", name="two_people"),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended_has_moment"),
        sa.CheckConstraint(
            "(state = 'paid') = (payment_reference IS NOT NULL)", name="paid_has_payment"
        ),
        sa.UniqueConstraint("payment_reference"),
        sa.UniqueConstraint("reference", "asked_id"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_asks_open", "asks", ["asker_id"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_index(
        "ix_asks_open_until", "asks", ["expires_at"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_index("ix_asks_asked_id", "asks", ["asked_id"])
    op.create_table(
        "blocks",
        sa.Column(
            "customer_id", _id, sa.ForeignKey("customers.id"), primary_key=True, autoincrement=False
        ),
        sa.Column(
            "blocked_id", _id, sa.ForeignKey("customers.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("blocked_at", _moment, nullable=False),
        sa.CheckConstraint("customer_id <> blocked_id", name="two_people"),
        sqlite_strict=True,
    )


def downgrade() -> None:
    """Remove the tables; asks and blocks are lost, payments are not."""
    op.drop_table("blocks")
    op.drop_table("asks")
