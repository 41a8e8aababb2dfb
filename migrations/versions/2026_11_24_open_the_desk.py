"""Open the desk: what customers ask people for, and what was written about it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_open_the_desk"
down_revision = "2026_11_24_sign_in_operators"
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_moment = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")

_WAITS = sa.text("state IN ('open', 'taken')")
_TOLD = sa.text("words <> ''")


def upgrade() -> None:
    """Build the tables; nothing that is there changes."""
    op.create_table(
        "requests",
        sa.Column("reference", sa.Text(), primary_key=True),
        sa.Column("message_key", sa.Text(), nullable=False),
        sa.Column("customer_id", _id, sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("taken_by", sa.Text()),
        sa.Column("opened_at", _moment, nullable=False),
        sa.Column("soon_at", _moment, nullable=False),
        sa.Column("due_at", _moment, nullable=False),
        sa.Column("answered_at", _moment),
        sa.Column("closed_at", _moment),
        sa.CheckConstraint("kind IN ('help', 'card', 'loan', 'idea')", name="kind_is_known"),
        sa.CheckConstraint(
            "state IN ('open', 'taken', 'answered', 'closed')", name="state_is_known"
        ),
        sa.CheckConstraint("opened_at <= soon_at AND soon_at <= due_at", name="soon_before_due"),
        sa.CheckConstraint("state <> 'taken' OR taken_by IS NOT NULL", name="taken_by_somebody"),
        sa.CheckConstraint(
            "state <> 'answered' OR answered_at IS NOT NULL", name="answered_has_moment"
        ),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL)", name="closed_has_moment"
        ),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_requests_waiting",
        "requests",
        ["customer_id", "kind"],
        unique=True,
        sqlite_where=_WAITS,
        postgresql_where=_WAITS,
    )
    op.create_index(
        "ix_requests_due", "requests", ["due_at"], sqlite_where=_WAITS, postgresql_where=_WAITS
    )
    op.create_index("ix_requests_answered_at", "requests", ["answered_at"])
    op.create_index("ix_requests_customer_id", "requests", ["customer_id"])
    op.create_table(
        "request_lines",
        sa.Column("id", _id, primary_key=True),
        sa.Column("reference", sa.Text(), sa.ForeignKey("requests.reference"), nullable=False),
        sa.Column("operator", sa.Text()),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("written_at", _moment, nullable=False),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    op.create_index("ix_request_lines_reference", "request_lines", ["reference"])
    op.create_index(
        "ix_request_lines_purge",
        "request_lines",
        ["written_at"],
        sqlite_where=_TOLD,
        postgresql_where=_TOLD,
    )


def downgrade() -> None:
    """Remove the tables; requests and what was written about them are lost."""
    op.drop_table("request_lines")
    op.drop_table("requests")
