"""What every table is built from: one metadata, strict on SQLite, constraints by name."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, MetaData, Table

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def table(name: str, *parts: Any, never_reuse_ids: bool = False) -> Table:  # noqa: ANN401 - columns, constraints, indexes
    """Return the table *name*; ids of removed rows may not come back if *never_reuse_ids*."""
    return Table(name, metadata, *parts, sqlite_strict=True, sqlite_autoincrement=never_reuse_ids)


def one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    """Demand one of *words* in *column*."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_is_known")
