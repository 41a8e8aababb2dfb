"""Customers: who has an account, known by X's numeric id.

Rows are locked and changed in order of that id.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Update,
    bindparam,
    case,
    func,
    insert,
    select,
)

from smoney_bot.bank.customers import Customer, Kind, Language, State
from smoney_bot.bank.money import Cents
from smoney_bot.book import rows
from smoney_bot.book.errors import AlreadyOpen
from smoney_bot.book.listed import is_in
from smoney_bot.book.states import AccountKind
from smoney_bot.book.tables import accounts, balances, customers, guards

Shown = tuple[str, datetime]  # a handle, and when X showed it, or first did (UTC)


def open_account(
    connection: Connection,
    *,
    handle: str,
    x_id: str,
    kind: Kind = Kind.PERSON,
    language: Language = Language.FRENCH,
    now: datetime,
) -> Customer:
    """Open an account with nothing in it; raise `AlreadyOpen` if *x_id* has one."""
    row = {
        "x_id": x_id,
        "handle": handle,
        "handle_seen_at": now,
        "kind": kind,
        "state": State.OPEN,
        "language": language,
        "private": False,
        "silent": False,
        "wrote_first": False,
        "opened_at": now,
    }
    if not rows.add_new(connection, customers, [row], customers.c.x_id):
        raise AlreadyOpen(x_id)
    customer_id = connection.execute(
        select(customers.c.id).where(customers.c.x_id == x_id)
    ).scalar_one()
    account_id = _open_books(connection, customer_id)
    return Customer(customer_id, account_id, x_id, handle, kind, State.OPEN, language)


def _open_books(connection: Connection, customer_id: int) -> int:
    added = insert(accounts).values(kind=AccountKind.CUSTOMER, customer_id=customer_id)
    account_id: int = connection.execute(added.returning(accounts.c.id)).scalar_one()
    zero = Cents(0)
    connection.execute(
        insert(balances).values(account_id=account_id, balance_cents=zero, floor_cents=zero)
    )
    connection.execute(insert(guards).values(customer_id=customer_id, failures=0, locks=0))
    return account_id


def by_x_ids(
    connection: Connection, x_ids: Iterable[str], *, lock: bool = False, stay: bool = False
) -> dict[str, Customer]:
    """Return the customers among *x_ids*, by X's id.

    With *lock* nobody else changes them until the transaction ends: needed by
    whoever will `update` them. With *stay* nobody is erased so long: needed by
    whoever pays them.
    """
    asked = sorted(set(x_ids))
    if not asked:
        return {}
    statement = _LOCKED_BY_X_IDS if lock else _STAYING_BY_X_IDS if stay else _BY_X_IDS
    return {row.x_id: _customer(row) for row in connection.execute(statement, {"asked": asked})}


def by_ids(connection: Connection, ids: Iterable[int]) -> dict[int, Customer]:
    """Return the customers of these *ids*, by id."""
    statement = _where(customers.c.id.in_(sorted(set(ids))))
    return {row.id: _customer(row) for row in connection.execute(statement)}


def by_handle(connection: Connection, handle: str) -> Customer | None:
    """Return who bears *handle* (in any case), or None.

    Handles pass from one person to another on X: of two customers who showed the
    same one, it is the one who showed it last.
    """
    statement = (
        _where(customers.c.handle_lower == handle.lower())
        .order_by(customers.c.handle_seen_at.desc(), customers.c.id.desc())
        .limit(1)
    )
    row = connection.execute(statement).first()
    return None if row is None else _customer(row)


def listing(connection: Connection, limit: int = 50) -> list[Customer]:
    """Return the newest customers first."""
    statement = _where(customers.c.id > 0).order_by(customers.c.id.desc()).limit(limit)
    return [_customer(row) for row in connection.execute(statement)]


def update(connection: Connection, changed: Iterable[Customer]) -> None:
    """Write back what may change of a customer; read them with *lock* before."""
    written = [
        {"of_x_id": one.x_id} | {f"new_{name}": getattr(one, name) for name in _CHANGEABLE}
        for one in sorted(changed, key=lambda one: one.x_id)
    ]
    rows.change_each(connection, _CHANGE, written)


_CHANGEABLE = (
    "state",
    "language",
    "private",
    "private_since",
    "silent",
    "wrote_first",
    "show_name",
)

_CHANGE = (
    customers.update()
    .where(customers.c.x_id == bindparam("of_x_id"))
    .values({name: rows.given(f"new_{name}", customers.c[name]) for name in _CHANGEABLE})
)


def see(
    connection: Connection,
    handles: Mapping[str, Shown],
    *,
    wrote: Collection[str] = (),
) -> None:
    """Refresh the *handles* that X showed, by X's id; strangers are passed over.

    So is a handle that was shown before the one on file: it may be another's by now.
    *wrote* are the ids of those who wrote a direct message: the bot may answer.
    """
    each = [
        {"of_x_id": x_id, "shown": shown, "wrote": x_id in wrote, "seen_at": seen_at}
        for x_id in sorted({*handles, *wrote})
        for shown, seen_at in [handles.get(x_id, (None, None))]
    ]
    rows.change_each(connection, _SEE, each)


def _seeing() -> Update:
    shown = rows.given("shown", customers.c.handle)
    seen_at = rows.given("seen_at", customers.c.handle_seen_at)
    newer = seen_at >= customers.c.handle_seen_at
    another = newer & (func.lower(shown) != customers.c.handle_lower)
    once = customers.c.wrote_first  # never taken back
    return (
        customers.update()
        .where(customers.c.x_id == bindparam("of_x_id"))
        .values(
            handle=case((newer, shown), else_=customers.c.handle),
            handle_seen_at=case((newer, seen_at), else_=customers.c.handle_seen_at),
            handle_since=case((another, seen_at), else_=customers.c.handle_since),
            wrote_first=case((once, once), else_=rows.given("wrote", once)),
        )
    )


_SEE = _seeing()


def borne_since(connection: Connection, x_ids: Iterable[str]) -> dict[str, Shown]:
    """Return the handle (small letters) of each of *x_ids* with an account, and since when."""
    found = connection.execute(_BORNE_SINCE, {"asked": sorted(set(x_ids))})
    return {row.x_id: (row.handle_lower, row.since) for row in found}


_BORNE_SINCE = select(
    customers.c.x_id,
    customers.c.handle_lower,
    func.coalesce(customers.c.handle_since, customers.c.opened_at).label("since"),
).where(is_in(customers.c.x_id, "asked"))


def _where(condition: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    joined = customers.join(accounts, accounts.c.customer_id == customers.c.id)
    account_id = accounts.c.id.label("account_id")
    columns = (
        account_id if name == "account_id" else customers.c[name] for name in Customer.__slots__
    )
    return select(*columns).select_from(joined).where(condition)


_BY_X_IDS = _where(is_in(customers.c.x_id, "asked")).order_by(customers.c.x_id)
#: FOR NO KEY UPDATE: a payment that refers to a customer need not wait.
_LOCKED_BY_X_IDS = _BY_X_IDS.with_for_update(of=customers, key_share=True)
#: FOR KEY SHARE, as a payment that refers to them: in the way of an erasure alone.
_STAYING_BY_X_IDS = _BY_X_IDS.with_for_update(of=customers, read=True, key_share=True)


def _customer(row: Row[*tuple[Any, ...]]) -> Customer:
    return Customer(*row)  # `_where` chose the columns in this order
