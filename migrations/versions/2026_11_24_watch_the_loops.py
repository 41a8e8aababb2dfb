"""Watch the loops, and keep X's pace: rounds, rate windows, spending, strangers answered."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_watch_the_loops"
down_revision = "2026_11_24_open_the_ledger"
branch_labels = None
depends_on = None

_count = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_moment = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Build the four tables; nothing that is there changes."""
    _table(
        "rounds",
        sa.Column("loop", sa.Text(), primary_key=True),
        _column("every_seconds", sa.Integer()),
        _column("came_round_at", _moment),
        sa.CheckConstraint("every_seconds > 0", name="every_is_positive"),
    )
    _table(
        "windows",
        sa.Column("endpoint", sa.Text(), primary_key=True),
        sa.Column("span", sa.Text(), primary_key=True),
        _column("limit", sa.Integer()),
        _column("remaining", sa.Integer()),
        _column("resets_at", _moment),
        sa.CheckConstraint("remaining >= 0", name="remaining_is_not_negative"),
    )
    _table(
        "spending",
        sa.Column("day", sa.Text(), primary_key=True),
        sa.Column("call", sa.Text(), primary_key=True),
        _column("calls", _count),
        _column("micro_euros", _count),
        sa.CheckConstraint("calls >= 0", name="calls_not_negative"),
        sa.CheckConstraint("micro_euros >= 0", name="micro_euros_not_negative"),
    )
    _table(
        "strangers",
        sa.Column("x_id", sa.Text(), primary_key=True),
        _column("answered_at", _moment),
    )


def downgrade() -> None:
    """Remove what only keeps the service going; no money stands in it."""
    for name in ("strangers", "spending", "windows", "rounds"):
        op.drop_table(name)


def _table(name: str, *parts: Any) -> None:  # noqa: ANN401 - columns and constraints
    op.create_table(name, *parts, sqlite_strict=True)


def _column(name: str, type_: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=False)
