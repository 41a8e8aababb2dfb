"""Guards: how many codes a customer may still get wrong before the account locks.

The attempt is counted before the code is checked, in a transaction of its own:
whatever runs in parallel, and whoever dies in between, no more than
`codes.FAILURES_MAX` codes are checked between two successes or locks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from smoney_bot.bank.codes import FAILURES_MAX, lock_until
from smoney_bot.book import rows
from smoney_bot.book.listed import is_in
from smoney_bot.book.tables import guards

#: NIST SP 800-63B: after 100 failures in a row only the bank itself opens again.
LOCKS_MAX = 100 // FAILURES_MAX


@dataclass(frozen=True, slots=True)
class Guard:
    """What the book knows of a customer's failures since the last success."""

    failures: int  # since the last lock
    locked_until: datetime | None  # UTC
    locks: int


@dataclass(frozen=True, slots=True)
class Reserved:
    """Whether codes may be checked; `failures` counts them as if they were wrong."""

    granted: bool
    failures: int
    locked_until: datetime | None


def count(guard: Guard, attempts: int, now: datetime) -> tuple[Guard, Reserved]:
    """Return *guard* after *attempts* more, and whether they may be made.

    The attempt that fills the measure is still made, under a lock already: a
    success lifts it.
    """
    assert attempts > 0
    locked = guard.locked_until is not None and guard.locked_until > now
    failures = attempts + (guard.failures if guard.locked_until is None or locked else 0)
    if locked or failures > FAILURES_MAX or guard.locks >= LOCKS_MAX:
        return guard, Reserved(False, guard.failures, guard.locked_until)  # noqa: FBT003 - named in the class
    if failures < FAILURES_MAX:
        counted = Guard(failures, None, guard.locks)
    else:
        counted = Guard(failures, lock_until(now, guard.locks), guard.locks + 1)
    return counted, Reserved(True, counted.failures, counted.locked_until)  # noqa: FBT003 - named in the class


def reserve(
    connection: Connection, attempts: Mapping[int, int], now: datetime
) -> dict[int, Reserved]:
    """Count *attempts*, a number of codes by customer id, and say who may make them.

    Commit before the codes are checked.
    """
    held = _lock(connection, attempts)
    counted = {one: count(held[one], attempts[one], now) for one in sorted(held)}
    changed = [
        {
            "of_customer": one,
            "new_failures": guard.failures,
            "new_lock": guard.locked_until,
            "new_locks": guard.locks,
        }
        for one, (guard, reserved) in counted.items()
        if reserved.granted
    ]
    rows.change_each(connection, _SET, changed)
    return {one: reserved for one, (_, reserved) in counted.items()}


def standing(connection: Connection, customer_ids: Iterable[int]) -> dict[int, Reserved]:
    """Return the leave to try again codes that were counted before; nothing is counted."""
    held = _lock(connection, customer_ids)
    return {one: Reserved(True, guard.failures, guard.locked_until) for one, guard in held.items()}  # noqa: FBT003 - named in the class


def _lock(connection: Connection, customer_ids: Iterable[int]) -> dict[int, Guard]:
    asked = sorted(customer_ids)
    if not asked:
        return {}
    return {
        row.customer_id: Guard(row.failures, row.locked_until, row.locks)
        for row in connection.execute(_LOCK, {"asked": asked})
    }


_LOCK = (
    select(guards)
    .where(is_in(guards.c.customer_id, "asked"))
    .order_by(guards.c.customer_id)
    .with_for_update()
)

_SET = (
    update(guards)
    .where(guards.c.customer_id == bindparam("of_customer"))
    .values(
        failures=rows.given("new_failures", guards.c.failures),
        locked_until=rows.given("new_lock", guards.c.locked_until),
        locks=rows.given("new_locks", guards.c.locks),
    )
)


def forgive(connection: Connection, customer_ids: Iterable[int]) -> None:
    """Forget the failures and lift the locks of these customers: a code was right."""
    cleared = [
        {"of_customer": one, "new_failures": 0, "new_lock": None, "new_locks": 0}
        for one in sorted(set(customer_ids))
    ]
    rows.change_each(connection, _SET, cleared)
