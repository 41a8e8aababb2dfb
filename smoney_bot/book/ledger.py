"""Double-entry book: every cent that arrives somewhere left somewhere else.

A transfer names both sides, so the sum over all accounts is zero by
construction. Transfers are only ever added; balances are changed here alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Connection, bindparam, cast, func, select, update

from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Transfer
from smoney_bot.bank.money import Cents
from smoney_bot.bank.policy import check_funds
from smoney_bot.bank.refunds import REFUND
from smoney_bot.book import rows
from smoney_bot.book.errors import AlreadyBooked, ReferenceReused
from smoney_bot.book.listed import is_in
from smoney_bot.book.states import AccountKind
from smoney_bot.book.tables import accounts, balances, transfers

PAYMENT = "payment"
DEPOSIT = "deposit"
WITHDRAWAL = "withdrawal"


def lock(connection: Connection, account_ids: Iterable[int]) -> dict[int, Cents]:
    """Return the balances of these accounts, held until the transaction ends.

    Always in order of id: two payments that cross would otherwise wait for each
    other for ever.
    """
    asked = {"asked": sorted(set(account_ids))}
    return {row.account_id: row.balance_cents for row in connection.execute(_LOCK, asked)}


_LOCK = (
    select(balances.c.account_id, balances.c.balance_cents)
    .where(is_in(balances.c.account_id, "asked"))
    .order_by(balances.c.account_id)
    .with_for_update()
)


def book(connection: Connection, booked: Sequence[Transfer], *, memo: str = "") -> None:
    """Add transfers and move the balances, each once per key.

    Raises `AlreadyBooked` if a key stands in the book: then nothing of the
    transaction may be committed. An overdraft, which the teller has excluded, is
    refused by the database itself (`ck_balances_not_below_floor`).
    """
    assert all(one.amount > 0 for one in booked)  # pair: ck_transfers_amount_is_positive
    assert all(one.source != one.target for one in booked)  # pair: ck_transfers_two_accounts
    added = rows.add_new(
        connection, transfers, [_row(one, memo) for one in booked], transfers.c.key
    )
    if len(added) != len(booked):
        raise AlreadyBooked(tuple(one.key for one in booked if one.key not in added))
    _move(connection, booked)


def _row(transfer: Transfer, memo: str) -> rows.Row:
    return {
        "key": transfer.key,
        "kind": transfer.kind,
        "source_id": transfer.source,
        "target_id": transfer.target,
        "amount_cents": transfer.amount,
        "memo": memo,
        "booked_at": transfer.booked_at,
    }


def _move(connection: Connection, booked: Iterable[Transfer]) -> None:
    """Change each balance once, by what the transfers come to, in order of id."""
    net: Counter[int] = Counter()
    for transfer in booked:
        net[transfer.source] -= transfer.amount
        net[transfer.target] += transfer.amount
    changes = [{"of_account": one, "change": net[one]} for one in sorted(net) if net[one] != 0]
    changed = rows.change_each(connection, _CHANGE, changes)
    assert changed == len(changes), "an account of the book has no balance"


_CHANGE = (
    update(balances)
    .where(balances.c.account_id == bindparam("of_account"))
    .values(balance_cents=balances.c.balance_cents + bindparam("change", type_=BigInteger))
)


def deposit(
    connection: Connection, customer: Customer, amount: Cents, reference: str, now: datetime
) -> bool:
    """Let money in from outside, once per *reference*; return False if it was in before.

    Raises `ReferenceReused` if the reference was for another amount or customer.
    """
    lock(connection, [customer.account_id])
    transfer = Transfer(
        key=f"{DEPOSIT}:{reference}",
        kind=DEPOSIT,
        source=system_account(connection, AccountKind.FUNDING),
        target=customer.account_id,
        amount=amount,
        booked_at=now,
    )
    return _book_once(connection, transfer, reference)


def withdraw(
    connection: Connection, customer: Customer, amount: Cents, reference: str, now: datetime
) -> bool:
    """Let money out, once per *reference*; return False if it was out before.

    Raises `NotEnoughMoney`, and `ReferenceReused` like `deposit`.
    """
    held = lock(connection, [customer.account_id])
    transfer = Transfer(
        key=f"{WITHDRAWAL}:{reference}",
        kind=WITHDRAWAL,
        source=customer.account_id,
        target=system_account(connection, AccountKind.FUNDING),
        amount=amount,
        booked_at=now,
    )
    if _is_booked(connection, transfer, reference):
        return False
    check_funds(held[customer.account_id], amount)
    return _book_once(connection, transfer, reference)


def _book_once(connection: Connection, transfer: Transfer, reference: str) -> bool:
    if _is_booked(connection, transfer, reference):
        return False
    try:
        book(connection, [transfer], memo=reference)
    except AlreadyBooked as error:
        # The customer's balance is locked, so it was for another customer.
        raise ReferenceReused(reference) from error
    return True


def _is_booked(connection: Connection, transfer: Transfer, reference: str) -> bool:
    statement = select(
        transfers.c.source_id, transfers.c.target_id, transfers.c.amount_cents
    ).where(transfers.c.key == transfer.key)
    found = connection.execute(statement).first()
    if found is None:
        return False
    if tuple(found) != (transfer.source, transfer.target, transfer.amount):
        raise ReferenceReused(reference)
    return True


def system_account(connection: Connection, kind: AccountKind) -> int:
    """Return the id of the bank's own account of that *kind*."""
    statement = select(accounts.c.id).where(accounts.c.name == kind.value)
    account_id: int = connection.execute(statement).scalar_one()
    return account_id


def balance(connection: Connection, account_id: int) -> Cents:
    """Return the balance of an account, without holding it."""
    statement = select(balances.c.balance_cents).where(balances.c.account_id == account_id)
    found: Cents = connection.execute(statement).scalar_one()
    return found


def sent_since(
    connection: Connection, account_ids: Iterable[int], since: datetime
) -> dict[int, Cents]:
    """Return what each account has sent from *since* on; no withdrawals, no refunds."""
    asked = sorted(set(account_ids))
    if not asked:
        return {}
    found = connection.execute(_SENT_SINCE, {"asked": asked, "since": since})
    sums = {account_id: Cents(cents) for account_id, cents in found}
    return {account_id: sums.get(account_id, Cents(0)) for account_id in asked}


_SENT_SINCE = (
    # PostgreSQL adds BIGINTs up to a NUMERIC, which is not a number of cents.
    select(transfers.c.source_id, cast(func.sum(transfers.c.amount_cents), BigInteger))
    .where(
        is_in(transfers.c.source_id, "asked"),
        transfers.c.booked_at >= bindparam("since"),
        transfers.c.kind.not_in((WITHDRAWAL, REFUND)),
    )
    .group_by(transfers.c.source_id)
)
