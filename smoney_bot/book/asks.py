"""Asks: what customers ask each other for, and who has blocked whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, or_, select, text, update

from smoney_bot.bank.asks import Ask, AskState, Blocking
from smoney_bot.book import rows, upserts
from smoney_bot.book.errors import NotWaiting
from smoney_bot.book.listed import is_in
from smoney_bot.book.tables import asks, blocks

#: How many asks one round of the timer ends: payments share the database with it.
_AT_ONCE = 1000

# Literal, because PostgreSQL uses a partial index only where it sees the state.
_OPEN = text("asks.state = 'open'")
_SHOWN = [
    *(asks.c[name] for name in Ask.__slots__ if name != "amount"),
    asks.c.amount_cents.label("amount"),
]


def put(connection: Connection, new: Iterable[Ask]) -> None:
    """Add asks; a second one of the same reference to the same person is a bug."""
    rows.add(connection, asks, [_row(one) for one in new])


def _row(ask: Ask) -> rows.Row:
    facts = {name: getattr(ask, name) for name in Ask.__slots__}
    facts["amount_cents"] = facts.pop("amount")
    return facts


def end(connection: Connection, ended: Iterable[Ask]) -> None:
    """End asks as *ended* says; raise `NotWaiting` if one has ended already."""
    statement = (
        update(asks)
        .where(
            asks.c.reference == bindparam("of_reference"),
            asks.c.asked_id == bindparam("of_asked"),
            _OPEN,
        )
        .values(
            state=rows.given("new_state", asks.c.state),
            payment_reference=rows.given("new_payment", asks.c.payment_reference),
            ended_at=rows.given("new_end", asks.c.ended_at),
        )
    )
    each = [
        {
            "of_reference": one.reference,
            "of_asked": one.asked_id,
            "new_state": one.state,
            "new_payment": one.payment_reference,
            "new_end": one.ended_at,
        }
        for one in ended
    ]
    if rows.change_each(connection, statement, each) != len(each):
        raise NotWaiting


def named(connection: Connection, references: Iterable[str]) -> tuple[Ask, ...]:
    """Return the open asks of these *references*, in the order in which they were made."""
    asked = sorted(set(references))
    if not asked:
        return ()
    statement = select(*_SHOWN).where(asks.c.reference.in_(asked), _OPEN).order_by(asks.c.id)
    return tuple(map(_ask, connection.execute(statement)))


def count_unpaid(
    connection: Connection, asker_ids: Iterable[int], since: datetime
) -> dict[int, Counter[int]]:
    """Return how many asks of each of *asker_ids* are unpaid, by whom they ask.

    Those open, and those of *since* then that were taken back or declined: they were
    read all the same.
    """
    asked = sorted(set(asker_ids))
    counts: dict[int, Counter[int]] = {one: Counter() for one in asked}
    for asker, one, count in connection.execute(_UNPAID, {"asked": asked, "since": since}):
        counts[asker][one] = count
    return counts


_UNPAID = (
    select(asks.c.asker_id, asks.c.asked_id, func.count())
    .where(
        is_in(asks.c.asker_id, "asked"),
        or_(_OPEN, (asks.c.created_at > bindparam("since")) & (asks.c.state != AskState.PAID)),
    )
    .group_by(asks.c.asker_id, asks.c.asked_id)
)


def next_end(connection: Connection) -> datetime | None:
    """Return when the next open ask ends by itself, or None."""
    moment: datetime | None = connection.execute(
        select(func.min(asks.c.expires_at)).where(_OPEN)
    ).scalar()
    return moment


def expire(connection: Connection, now: datetime) -> list[Ask]:
    """End the asks whose time is over, and return them in the order in which they were made."""
    over = (
        select(asks.c.id)
        .where(_OPEN, asks.c.expires_at <= now)
        .order_by(asks.c.expires_at, asks.c.id)
        .limit(_AT_ONCE)
    )
    ended = (
        update(asks)
        .where(asks.c.id.in_(over.scalar_subquery()), _OPEN)
        .values(state=AskState.EXPIRED, ended_at=now)
        .returning(asks.c.id, *_SHOWN)
    )
    found = sorted(connection.execute(ended), key=lambda row: row.id)
    return [_ask(row) for row in found]


def blocking(connection: Connection, blocked_ids: Iterable[int]) -> set[tuple[int, int]]:
    """Return who has blocked any of *blocked_ids*: pairs of customer id and blocked id."""
    asked = sorted(set(blocked_ids))
    statement = select(blocks.c.customer_id, blocks.c.blocked_id)
    found = connection.execute(statement.where(blocks.c.blocked_id.in_(asked)))
    return {(row.customer_id, row.blocked_id) for row in found}


def block(connection: Connection, changes: Iterable[Blocking], now: datetime) -> None:
    """Block and unblock as *changes* say; what is so already stays so."""
    for one in changes:
        pair = {"customer_id": one.customer_id, "blocked_id": one.blocked_id}
        if one.on:
            upserts.add_once(connection, blocks, [pair | {"blocked_at": now}])
        else:
            connection.execute(delete(blocks).filter_by(**pair))


def _ask(row: Row[*tuple[Any, ...]]) -> Ask:
    return Ask(**{name: getattr(row, name) for name in Ask.__slots__})
