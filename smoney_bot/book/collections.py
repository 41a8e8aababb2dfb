"""Collections: opened, reached, ended; what becomes of their gifts is in `gifts`.

A row is locked before its account's balance, always: a gift, the end of the time
and an operator who ends it early then come one after the other.
"""

from __future__ import annotations

from collections.abc import Collection as Several
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, insert, or_, select, update

from smoney_bot.bank.collections import TAKING, Collection, CollectionState
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import PaymentState
from smoney_bot.bank.money import Cents
from smoney_bot.book import rows
from smoney_bot.book.errors import NotAsItWas, TagTaken
from smoney_bot.book.states import AccountKind
from smoney_bot.book.tables import accounts, balances, collections, payments

_FACTS = [collections.c[name] for name in Collection.__slots__ if name != "goal"]


def open_collection(
    connection: Connection,
    *,
    tag: str,
    owner: Customer,
    title: str,
    goal: Cents,
    ends_at: datetime | None,
    all_or_nothing: bool,
    now: datetime,
) -> Collection:
    """Open a collection with an account of its own; raise `TagTaken` if there was one *tag*."""
    row = {
        "tag": tag,
        "owner_id": owner.id,
        "account_id": _open_account(connection, tag),
        "title": title,
        "goal_cents": goal,
        "ends_at": ends_at,
        "all_or_nothing": all_or_nothing,
        "state": CollectionState.OPEN,
        "opened_at": now,
    }
    connection.execute(insert(collections).values(**row))
    return among(connection, [tag])[tag]


def _open_account(connection: Connection, tag: str) -> int:
    """Open an account that cannot be overdrawn; its name makes the tag unique."""
    account = {"kind": AccountKind.HELD, "name": f"collection:{tag}"}
    if not rows.add_new(connection, accounts, [account], accounts.c.name):
        raise TagTaken(tag)
    named = select(accounts.c.id).where(accounts.c.name == account["name"])
    account_id: int = connection.execute(named).scalar_one()
    zero = Cents(0)
    connection.execute(
        insert(balances).values(account_id=account_id, balance_cents=zero, floor_cents=zero)
    )
    return account_id


def among(
    connection: Connection,
    tags: Iterable[str],
    ids: Iterable[int] = (),
    *,
    lock: bool = False,
) -> dict[str, Collection]:
    """Return the collections of these *tags* (small letters) or *ids*, by tag.

    With *lock* none of them ends until the transaction does.
    """
    named, numbered = sorted(set(tags)), sorted(set(ids))
    if not named and not numbered:
        return {}
    statement = _where(or_(collections.c.tag.in_(named), collections.c.id.in_(numbered)))
    if lock:
        # FOR NO KEY UPDATE, in order of id: two batches never wait for each other for ever.
        statement = statement.order_by(collections.c.id).with_for_update(key_share=True)
    return {row.tag: _collection(row) for row in connection.execute(statement)}


def held_still(connection: Connection, collection_id: int) -> Collection:
    """Return the collection of that id, locked until the transaction ends."""
    statement = _where(collections.c.id == collection_id).with_for_update(key_share=True)
    return _collection(connection.execute(statement).one())


def listing(
    connection: Connection, state: CollectionState | None = None, limit: int = 50
) -> list[Collection]:
    """Return the newest collections first, of one *state* or of all."""
    statement = _where(collections.c.id > 0).order_by(collections.c.id.desc()).limit(limit)
    if state is not None:
        statement = statement.where(collections.c.state == state)
    return [_collection(row) for row in connection.execute(statement)]


def note_reached(connection: Connection, ids: Several[int], now: datetime) -> None:
    """Note which of these have their goal now; in the transaction that booked the gifts."""
    if not ids:
        return
    gathered = (
        select(balances.c.balance_cents)
        .where(balances.c.account_id == collections.c.account_id)
        .scalar_subquery()
    )
    connection.execute(
        update(collections)
        .where(
            collections.c.id.in_(sorted(ids)),
            collections.c.state == CollectionState.OPEN,
            gathered >= collections.c.goal_cents,
        )
        .values(state=CollectionState.REACHED, reached_at=now)
    )


def over(connection: Connection, now: datetime) -> list[int]:
    """Return the ids of those whose time is over and that nobody has ended yet."""
    statement = select(collections.c.id).where(_takes, collections.c.ends_at <= now)
    return list(connection.execute(statement.order_by(collections.c.id)).scalars())


def ended(connection: Connection) -> list[int]:
    """Return the ids of those that have ended, and whose money still has to move."""
    closed = collections.c.state == CollectionState.CLOSED
    statement = select(collections.c.id).where(closed).order_by(collections.c.id)
    return list(connection.execute(statement).scalars())


def end(connection: Connection, collection_id: int, now: datetime) -> bool:
    """Let a collection take no more gifts; return False if it had ended before."""
    this = (collections.c.id == collection_id, _takes)
    ending = update(collections).where(*this).values(state=CollectionState.CLOSED, ended_at=now)
    return connection.execute(ending).rowcount == 1


def settle(connection: Connection, collection: Collection, state: CollectionState) -> None:
    """Note that the money of a closed *collection* has moved; raise `NotAsItWas` if before."""
    this = (collections.c.id == collection.id, collections.c.state == CollectionState.CLOSED)
    if connection.execute(update(collections).where(*this).values(state=state)).rowcount != 1:
        raise NotAsItWas(collection.tag)


def has_unsettled(connection: Connection, owner_id: int) -> bool:
    """Return whether this customer has a collection whose money has not moved yet."""
    theirs = (collections.c.owner_id == owner_id, ~_over)
    return connection.execute(select(collections.c.id).where(*theirs).limit(1)).first() is not None


def may_give_back(connection: Connection, giver_id: int) -> bool:
    """Return whether a gift of this customer may still come back to them."""
    theirs = (
        payments.c.payer_id == giver_id,
        payments.c.state == PaymentState.BOOKED,
        payments.c.collection_id == collections.c.id,
        collections.c.all_or_nothing,
        collections.c.reached_at.is_(None),
        ~_over,
    )
    return connection.execute(select(collections.c.id).where(*theirs).limit(1)).first() is not None


_takes = collections.c.state.in_(TAKING)
_over = collections.c.state.in_((CollectionState.PAID_OUT, CollectionState.RETURNED))


def _where(condition: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return select(*_FACTS, collections.c.goal_cents.label("goal")).where(condition)


def _collection(row: Row[*tuple[Any, ...]]) -> Collection:
    return Collection(**row._mapping)  # noqa: SLF001 - public by SQLAlchemy's documentation
