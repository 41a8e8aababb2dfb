"""Hold for newcomers: find what is held for somebody, and what is held no longer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_hold_for_newcomers"
down_revision = "2026_11_24_open_collections"
branch_labels = None
depends_on = None

_HELD = sa.text("state = 'held'")
_INDEXES = {"ix_payments_held_for": "payee_x_id", "ix_payments_held_until": "expires_at"}


def upgrade() -> None:
    """Build the indexes; nothing that is there changes."""
    for name, column in _INDEXES.items():
        op.create_index(name, "payments", [column], sqlite_where=_HELD, postgresql_where=_HELD)


def downgrade() -> None:
    """Remove the indexes; what is held stays so, but nothing ends it."""
    for name in _INDEXES:
        op.drop_index(name, "payments")
