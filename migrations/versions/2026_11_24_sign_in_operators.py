"""Sign in operators: who they are, their sessions, what they did, the refunds they decide on."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_sign_in_operators"
down_revision = "2026_11_24_ask_and_share"
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_moment = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")

_LIVING = sa.text("state IN ('asked', 'approved')")


def upgrade() -> None:
    """Build the tables; nothing that is there changes."""
    _open_operators()
    _open_sessions()
    _open_actions()
    _open_approvals()
    _never_change("actions")


def downgrade() -> None:
    """Refuse: what operators did is never unwritten."""
    message = "what operators did is never unwritten: restore a backup instead"
    raise NotImplementedError(message)


def _column(name: str, type_: sa.types.TypeEngine[Any], *rest: Any) -> sa.Column[Any]:  # noqa: ANN401 - foreign keys
    return sa.Column(name, type_, *rest, nullable=False)


def _open_operators() -> None:
    op.create_table(
        "operators",
        sa.Column("id", _id, primary_key=True),
        _column("name", sa.Text()),
        _column("role", sa.Text()),
        _column("password_hash", sa.Text()),
        sa.Column("secret", sa.Text()),
        _column("last_step", _id),
        _column("failures", sa.Integer()),
        sa.Column("locked_until", _moment),
        sa.Column("disabled_at", _moment),
        _column("created_at", _moment),
        sa.UniqueConstraint("name"),
        sa.CheckConstraint("role IN ('viewer', 'teller', 'supervisor')", name="role_is_known"),
        sa.CheckConstraint("name = lower(name)", name="name_in_small_letters"),
        sa.CheckConstraint("failures BETWEEN 0 AND 100", name="failures_in_range"),
        sqlite_strict=True,
    )


def _open_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.Text(), primary_key=True),
        _column("operator_id", _id, sa.ForeignKey("operators.id")),
        _column("language", sa.Text()),
        _column("opened_at", _moment),
        _column("seen_at", _moment),
        sa.CheckConstraint("language IN ('fr', 'en')", name="language_is_known"),
        sa.CheckConstraint("seen_at >= opened_at", name="seen_after_opened"),
        sqlite_strict=True,
    )


def _open_actions() -> None:
    op.create_table(
        "actions",
        sa.Column("id", _id, primary_key=True),
        _column("done_at", _moment),
        sa.Column("operator_id", _id, sa.ForeignKey("operators.id")),
        _column("operator", sa.Text()),
        _column("deed", sa.Text()),
        _column("subject", sa.Text()),
        _column("detail", sa.Text()),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )


def _open_approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", _id, primary_key=True),
        _column("payment_reference", sa.Text(), sa.ForeignKey("payments.reference")),
        _column("reason", sa.Text()),
        _column("state", sa.Text()),
        _column("asked_by", _id, sa.ForeignKey("operators.id")),
        _column("asked_at", _moment),
        sa.Column("decided_by", _id, sa.ForeignKey("operators.id")),
        sa.Column("decided_at", _moment),
        sa.CheckConstraint("state IN ('asked', 'approved', 'declined')", name="state_is_known"),
        sa.CheckConstraint("decided_by <> asked_by", name="second_person"),
        sa.CheckConstraint("(state = 'asked') = (decided_at IS NULL)", name="decided_has_moment"),
        sa.CheckConstraint(
            "(decided_by IS NULL) = (decided_at IS NULL)", name="decided_by_somebody"
        ),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_approvals_one_living_per_payment",
        "approvals",
        ["payment_reference"],
        unique=True,
        sqlite_where=_LIVING,
        postgresql_where=_LIVING,
    )


def _never_change(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for deed in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuse_{deed.lower()} BEFORE {deed} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} are only ever added'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} are only ever added' "
        "USING ERRCODE = 'restrict_violation'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
    )
