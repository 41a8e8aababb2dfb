"""Operators: who may sign in to the console, and how often somebody has failed to.

An attempt is counted before the password is checked, in a transaction of its own:
whatever runs in parallel, no more of them are checked than the lock allows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from smoney_bot.bank.operators import FAILURES_MAX, Role, lock_until
from smoney_bot.book import rows
from smoney_bot.book.errors import AlreadyOpen
from smoney_bot.book.tables import operators


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who may sign in; moments are UTC."""

    id: int
    name: str
    role: Role
    password_hash: str
    secret: str | None  # of the authenticator, encrypted
    last_step: int
    failures: int
    locked_until: datetime | None
    disabled_at: datetime | None
    created_at: datetime

    def is_locked(self, now: datetime) -> bool:
        """Whether nobody may try this name's password for now."""
        if self.failures >= FAILURES_MAX:
            return True
        return self.locked_until is not None and self.locked_until > now


_SHOWN = [operators.c[name] for name in Operator.__slots__]


def add(
    connection: Connection,
    *,
    name: str,
    role: Role,
    password_hash: str,
    secret: str | None,
    now: datetime,
) -> Operator:
    """Add an operator; raise `AlreadyOpen` if there is one of that *name* (small letters)."""
    row = {
        "name": name,
        "role": role,
        "password_hash": password_hash,
        "secret": secret,
        "last_step": 0,
        "failures": 0,
        "created_at": now,
    }
    if not rows.add_new(connection, operators, [row], operators.c.name):
        raise AlreadyOpen(name)
    added = find(connection, name)
    assert added is not None
    return added


def find(connection: Connection, name: str, *, lock: bool = False) -> Operator | None:
    """Return the operator of that *name*, or None; with *lock* nobody else changes it."""
    statement = select(*_SHOWN).where(operators.c.name == name)
    row = connection.execute(statement.with_for_update() if lock else statement).first()
    return None if row is None else Operator(*row)


def by_ids(connection: Connection, ids: Iterable[int]) -> dict[int, Operator]:
    """Return the operators of these *ids*, by id."""
    statement = select(*_SHOWN).where(operators.c.id.in_(sorted(set(ids))))
    return {row.id: Operator(*row) for row in connection.execute(statement)}


def listing(connection: Connection) -> list[Operator]:
    """Return all operators, by name."""
    statement = select(*_SHOWN).order_by(operators.c.name)
    return [Operator(*row) for row in connection.execute(statement)]


def reserve(connection: Connection, name: str, now: datetime) -> Operator | None:
    """Count an attempt to sign in under *name*, and return whom to check it against.

    None if nobody may sign in under it now. Commit before the password is checked.
    """
    found = find(connection, name, lock=True)
    if found is None or found.disabled_at is not None or found.is_locked(now):
        return None
    failures = found.failures + 1
    _change(connection, found.id, failures=failures, locked_until=lock_until(failures, now))
    return found


def admit(connection: Connection, operator: Operator, step: int | None) -> bool:
    """Forget the failures of who has shown the right secrets; False if it may not be.

    *step* is the authenticator's, and counts once: the same six digits again are
    refused, and so is whatever was changed or disabled since `reserve`.
    """
    now_there = find(connection, operator.name, lock=True)
    if now_there is None or now_there.disabled_at is not None:
        return False
    if (now_there.password_hash, now_there.secret) != (operator.password_hash, operator.secret):
        return False
    if step is not None and step <= now_there.last_step:
        return False
    used = now_there.last_step if step is None else step
    _change(connection, operator.id, failures=0, locked_until=None, last_step=used)
    return True


def set_password(connection: Connection, operator: Operator, password_hash: str) -> None:
    """Give a new password; failures are forgotten."""
    values = {"password_hash": password_hash, "failures": 0, "locked_until": None}
    _change(connection, operator.id, **values)


def set_secret(connection: Connection, operator: Operator, secret: str) -> None:
    """Give a new authenticator; no step of it has been used."""
    _change(connection, operator.id, secret=secret, last_step=0)


def rewrap(connection: Connection, operator: Operator, secret: str) -> None:
    """Keep the same authenticator under another key; its last step stays used."""
    _change(connection, operator.id, secret=secret)


def set_disabled(connection: Connection, operator: Operator, disabled_at: datetime | None) -> None:
    """Let an operator sign in no more from *disabled_at* on; None: again."""
    _change(connection, operator.id, disabled_at=disabled_at)


def _change(connection: Connection, operator_id: int, **values: object) -> None:
    connection.execute(update(operators).where(operators.c.id == operator_id).values(**values))
