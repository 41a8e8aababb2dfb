"""Open collections: what associations gather, whose gift is whose, and names that may be shown."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_open_collections"
down_revision = "2026_11_24_purge_old_payloads"
branch_labels = None
depends_on = None

_count = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_flag = sa.Boolean().with_variant(sa.Integer(), "sqlite")
_moment = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")

_GIFT = sa.text("collection_id IS NOT NULL")


def upgrade() -> None:
    """Build the table; no payment there is a gift to a collection, and no name is shown."""
    op.create_table(
        "collections",
        sa.Column("id", _count, primary_key=True),
        _column("tag", sa.Text(), unique=True),
        _column("owner_id", _count),
        _column("account_id", _count, unique=True),
        _column("title", sa.Text()),
        _column("goal_cents", _count),
        sa.Column("ends_at", _moment),
        _column("all_or_nothing", _flag),
        _column("state", sa.Text()),
        _column("opened_at", _moment),
        sa.Column("reached_at", _moment),
        sa.Column("ended_at", _moment),
        sa.ForeignKeyConstraint(["owner_id"], ["customers.id"]),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.CheckConstraint(
            "state IN ('open', 'reached', 'closed', 'paid_out', 'returned')", name="state_is_known"
        ),
        sa.CheckConstraint("tag = lower(tag)", name="tag_in_small_letters"),
        sa.CheckConstraint("goal_cents > 0", name="goal_is_positive"),
        sa.CheckConstraint(
            "(state IN ('open', 'reached')) = (ended_at IS NULL)", name="ended_has_moment"
        ),
        sa.CheckConstraint(
            "state <> 'reached' OR reached_at IS NOT NULL", name="reached_has_moment"
        ),
        sa.CheckConstraint("state <> 'returned' OR reached_at IS NULL", name="returned_below_goal"),
        sqlite_strict=True,
    )
    op.add_column("payments", sa.Column("collection_id", _count))
    op.create_index(
        "ix_payments_collection_id_created_at",
        "payments",
        ["collection_id", "created_at"],
        sqlite_where=_GIFT,
        postgresql_where=_GIFT,
    )
    op.add_column(
        "customers", sa.Column("show_name", _flag, nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    """Forget the collections; the money stays where it is, and every payment too."""
    op.drop_column("customers", "show_name")
    op.drop_index("ix_payments_collection_id_created_at", "payments")
    op.drop_column("payments", "collection_id")
    op.drop_table("collections")


def _column(name: str, type_: sa.types.TypeEngine[Any], *, unique: bool = False) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=False, unique=unique)
