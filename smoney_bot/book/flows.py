"""Flows: how many payments were booked in each hour of a UTC day, and what they come to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Connection, cast, extract, func, select

from smoney_bot.bank.holds import RELEASE
from smoney_bot.bank.money import Cents
from smoney_bot.book.ledger import PAYMENT
from smoney_bot.book.tables import seals, transfers

_HOURS = 24


@dataclass(frozen=True, slots=True)
class Hour:
    """The payments booked from that hour (UTC) to the next."""

    hour: int
    payments: int
    cents: Cents


def of_day(connection: Connection, now: datetime) -> list[Hour]:
    """Return the hours of the UTC day of *now*, those to come with nothing in them."""
    begin = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    hour = extract("hour", transfers.c.booked_at)
    total = cast(func.sum(transfers.c.amount_cents), BigInteger)
    statement = (
        select(hour, func.count(), total)
        .where(
            transfers.c.id > _last_before(connection, begin),
            transfers.c.booked_at >= begin,
            transfers.c.booked_at < begin + timedelta(days=1),
            transfers.c.kind.in_((PAYMENT, RELEASE)),
        )
        .group_by(hour)
    )
    found = {int(at): (count, Cents(cents)) for at, count, cents in connection.execute(statement)}
    return [Hour(at, *found.get(at, (0, Cents(0)))) for at in range(_HOURS)]


def _last_before(connection: Connection, begin: datetime) -> int:
    """Return a transfer's id that all of the day are behind: that of the last page before it.

    Transfers have no index on time alone; their ids, which pages follow, go with it.
    """
    closed = select(seals.c.last_transfer_id).where(seals.c.sealed_at < begin)
    return connection.execute(closed.order_by(seals.c.id.desc()).limit(1)).scalar() or 0
