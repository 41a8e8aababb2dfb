"""Find who waits: whether an author has an older message is looked up by author, whatever waits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_find_who_waits"
down_revision = "2026_11_24_open_statements"
branch_labels = None
depends_on = None

_COLUMNS = ["author_id", "written_at", "id"]
_UNDECIDED = sa.text("decided_at IS NULL")
_RECEIVED = sa.text("state = 'received'")


def upgrade() -> None:
    """Put one index in the place of another; nothing that is there changes."""
    op.create_index(
        "ix_inbox_undecided",
        "inbox",
        _COLUMNS,
        sqlite_where=_UNDECIDED,
        postgresql_where=_UNDECIDED,
    )
    op.drop_index("ix_inbox_author", "inbox")


def downgrade() -> None:
    """Put the old index back."""
    op.create_index(
        "ix_inbox_author", "inbox", _COLUMNS, sqlite_where=_RECEIVED, postgresql_where=_RECEIVED
    )
    op.drop_index("ix_inbox_undecided", "inbox")
