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
    """Build four tables, and what makes looking at the boxes cheap; nothing there changes."""
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
        _column("micro_dollars", _count),
        sa.CheckConstraint("calls >= 0", name="calls_not_negative"),
        sa.CheckConstraint("micro_dollars >= 0", name="micro_dollars_not_negative"),
    )
    _table(
        "strangers",
        sa.Column("x_id", sa.Text(), primary_key=True),
        _column("answered_at", _moment),
    )
    _index("ix_inbox_set_aside", "inbox", "id", "state = 'set_aside'")
    _index("ix_outbox_gave_up", "outbox", "created_at", "state = 'gave_up'")


def downgrade() -> None:
    """Remove what only keeps the service going; no money stands in it."""
    op.drop_index("ix_outbox_gave_up", "outbox")
    op.drop_index("ix_inbox_set_aside", "inbox")
    for name in ("strangers", "spending", "windows", "rounds"):
        op.drop_table(name)


def _index(name: str, table: str, column: str, where: str) -> None:
    only = sa.text(where)
    op.create_index(name, table, [column], sqlite_where=only, postgresql_where=only)


def _table(name: str, *parts: Any) -> None:  # noqa: ANN401 - columns and constraints
    op.create_table(name, *parts, sqlite_strict=True)


def _column(name: str, type_: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=False)
