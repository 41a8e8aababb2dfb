"""Send what matters first, each way out by itself; note what X has shown today."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_send_by_priority"
down_revision = "2026_11_24_renew_by_code"
branch_labels = None
depends_on = None

_UNFINISHED = "state IN ('pending', 'sending', 'unknown')"
_WAYS = {
    "ix_outbox_posts": f"{_UNFINISHED} AND in_reply_to IS NOT NULL",
    "ix_outbox_directs": f"{_UNFINISHED} AND in_reply_to IS NULL",
}


def upgrade() -> None:
    """Give what waits the usual priority; build the two indexes and the table."""
    op.add_column(
        "outbox", sa.Column("priority", sa.Integer(), nullable=False, server_default=sa.text("1"))
    )
    for name, way in _WAYS.items():
        where = sa.text(way)
        op.create_index(
            name, "outbox", ["priority", "id"], sqlite_where=where, postgresql_where=where
        )
    op.create_table(
        "readings",
        sa.Column("day", sa.Text(), primary_key=True),
        sa.Column("call", sa.Text(), primary_key=True),
        sa.Column("x_id", sa.Text(), primary_key=True),
        sqlite_strict=True,
    )


def downgrade() -> None:
    """Forget priorities and readings; every reply stays."""
    op.drop_table("readings")
    for name in _WAYS:
        op.drop_index(name, "outbox")
    op.drop_column("outbox", "priority")
