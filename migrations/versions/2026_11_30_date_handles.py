"""Date handles: since when a customer bears the one on file.

NULL, also in every row that is there: since the account was opened, as far as the
book knows.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_date_handles"
down_revision = "2026_11_30_count_asks_of_a_day"
branch_labels = None
depends_on = None

_moment = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Add the column; nothing that is there changes."""
    op.add_column("customers", sa.Column("handle_since", _moment))


def downgrade() -> None:
    """Forget since when."""
    op.drop_column("customers", "handle_since")
