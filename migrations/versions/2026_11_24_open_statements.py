"""Open statements: the windows to the page of statements, and who is looking at one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_open_statements"
down_revision = "2026_11_24_open_the_desk"
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_moment = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Build the tables; nothing that is there changes."""
    op.create_table(
        "statement_windows",
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
    op.create_table(
        "statement_sessions",
        sa.Column("token_hash", sa.Text(), primary_key=True),
        sa.Column("customer_id", _id, sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("opened_at", _moment, nullable=False),
        sa.Column("expires_at", _moment, nullable=False),
        sa.CheckConstraint("expires_at > opened_at", name="ends_after_it_opens"),
        sqlite_strict=True,
    )
    op.create_index("ix_statement_sessions_expires_at", "statement_sessions", ["expires_at"])


def downgrade() -> None:
    """Remove the tables; whoever wants to see a statement asks again."""
    op.drop_table("statement_sessions")
    op.drop_table("statement_windows")
