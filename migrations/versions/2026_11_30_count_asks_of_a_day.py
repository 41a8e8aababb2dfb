"""Count asks of a day: how many of an asker came to nothing is looked up by asker and time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_count_asks_of_a_day"
down_revision = "2026_11_30_find_who_waits"
branch_labels = None
depends_on = None

_OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    """Put one index in the place of another; nothing that is there changes."""
    op.create_index("ix_asks_asker_id_created_at", "asks", ["asker_id", "created_at"])
    op.drop_index("ix_asks_open", "asks")


def downgrade() -> None:
    """Put the old index back."""
    op.create_index(
        "ix_asks_open", "asks", ["asker_id"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.drop_index("ix_asks_asker_id_created_at", "asks")
