"""Renew by code: the windows in which the enrolment page takes a living code."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_renew_by_code"
down_revision = "2026_11_24_watch_the_loops"
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_moment = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Build the table; nothing that is there changes."""
    op.create_table(
        "renewals",
        sa.Column(
            "customer_id",
            _id,
            sa.ForeignKey("customers.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("opened_at", _moment, nullable=False),
        sa.Column("expires_at", _moment, nullable=False),
        sa.CheckConstraint("expires_at > opened_at", name="closes_after_it_opens"),
        sa.UniqueConstraint("word"),
        sqlite_strict=True,
    )


def downgrade() -> None:
    """Remove the windows; whoever wants to renew asks again."""
    op.drop_table("renewals")
