"""Purge old payloads: find what was decided long ago without reading the whole inbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_purge_old_payloads"
down_revision = "2026_11_24_send_by_priority"
branch_labels = None
depends_on = None

_INDEX = "ix_inbox_purge"
_READABLE = sa.text("payload IS NOT NULL AND decided_at IS NOT NULL")


def upgrade() -> None:
    """Build the index; nothing that is there changes."""
    op.create_index(
        _INDEX, "inbox", ["decided_at"], sqlite_where=_READABLE, postgresql_where=_READABLE
    )


def downgrade() -> None:
    """Remove the index."""
    op.drop_index(_INDEX, "inbox")
