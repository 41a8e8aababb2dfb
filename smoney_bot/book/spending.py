"""Spending: what X bills, by UTC day and kind of call.

In millionths of a dollar, the money X bills in. X bills a post, a person or a
direct message that it shows once a UTC day, however often it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, delete, func, select

from smoney_bot.book import upserts
from smoney_bot.book.tables import readings, spending


@dataclass(frozen=True, slots=True)
class Spent:
    """What one kind of call has cost on one day."""

    day: str  # 2026-11-24, UTC
    call: str
    calls: int
    micro_dollars: int


def day_of(now: datetime) -> str:
    """Return the UTC day of *now*, as it stands in the table."""
    return now.astimezone(UTC).date().isoformat()


def add(connection: Connection, call: str, calls: int, micro_dollars: int, now: datetime) -> None:
    """Note *calls* of a kind that cost *micro_dollars* together."""
    if not calls:
        return
    row = {"day": day_of(now), "call": call, "calls": calls, "micro_dollars": micro_dollars}
    upserts.add_or_change(connection, spending, [row], more=("calls", "micro_dollars"))


def first_shown(connection: Connection, call: str, x_ids: Iterable[str], now: datetime) -> int:
    """Note that X has shown *x_ids*; return how many of them for the first time today."""
    today = day_of(now)
    connection.execute(delete(readings).where(readings.c.day < today))
    # In order, so that two processes that read the same page do not deadlock.
    shown = [{"day": today, "call": call, "x_id": x_id} for x_id in sorted(set(x_ids))]
    return upserts.add_once(connection, readings, shown)


def today(connection: Connection, now: datetime) -> int:
    """Return what has been spent on the UTC day of *now*, in millionths of a dollar."""
    return int(connection.execute(_OF_DAY, {"of_day": day_of(now)}).scalar_one())


_OF_DAY = select(func.coalesce(func.sum(spending.c.micro_dollars), 0)).where(
    spending.c.day == bindparam("of_day")
)


def listing(connection: Connection, since: datetime) -> list[Spent]:
    """Return what was spent since the UTC day of *since*, newest day first."""
    statement = (
        select(spending)
        .where(spending.c.day >= day_of(since))
        .order_by(spending.c.day.desc(), spending.c.call)
    )
    return [Spent(*row) for row in connection.execute(statement)]
