"""Tamperings with balances and payments, beside those with transfers and seals."""

from __future__ import annotations

import random

from insiders import DEEDS, do
from sqlalchemy import Connection, text
from tamperings import TAMPERINGS, Tampering, one_id


def _raise_a_balance(connection: Connection, seed: random.Random) -> bool:
    _change_balance(connection, _account(connection, seed), seed.choice((1, -1, 5000, 1 << 40)))
    return False


def _move_between_balances(connection: Connection, seed: random.Random) -> bool:
    """The sum of all balances stays."""
    one = other = _account(connection, seed)
    while other == one:
        other = _account(connection, seed)
    _change_balance(connection, one, -5)
    _change_balance(connection, other, 5)
    return False


def _lose_a_balance(connection: Connection, seed: random.Random) -> bool:
    lost = {"id": _account(connection, seed)}
    connection.execute(text("DELETE FROM balances WHERE account_id = :id"), lost)
    return False


def _change_a_payment(connection: Connection, seed: random.Random) -> bool:
    """What is told of a payment is not what was booked."""
    change = seed.choice(
        (
            "amount_cents = amount_cents + 1",
            "payer_id = payee_id, payee_id = payer_id",
            "state = 'refused', booked_at = NULL",
            "message_key = 't:other'",
        )
    )
    whole = {"reference": _payment(connection, seed)}
    statement = f"UPDATE payments SET {change} WHERE reference = :reference"  # noqa: S608 - from above
    connection.execute(text(statement), whole)
    return False


def _lose_a_payment(connection: Connection, seed: random.Random) -> bool:
    lost = {"reference": _payment(connection, seed)}
    connection.execute(text("DELETE FROM payments WHERE reference = :reference"), lost)
    return False


def _an_insiders_deed(connection: Connection, seed: random.Random) -> bool:
    do(connection, seed.choice(list(DEEDS)))
    return False


def _a_transfer_and_its_balances(connection: Connection, seed: random.Random) -> bool:
    """The books still balance; only the page knows better."""
    which = {"id": one_id(connection, seed, "transfers")}
    row = connection.execute(
        text("SELECT source_id, target_id FROM transfers WHERE id = :id"), which
    ).one()
    _change_balance(connection, row.source_id, -1)
    _change_balance(connection, row.target_id, 1)
    changed = "UPDATE transfers SET amount_cents = amount_cents + 1 WHERE id = :id"
    connection.execute(text(changed), which)
    return False


def _change_balance(connection: Connection, account_id: int, cents: int) -> None:
    statement = "UPDATE balances SET balance_cents = balance_cents + :cents WHERE account_id = :id"
    connection.execute(text(statement), {"cents": cents, "id": account_id})


def _account(connection: Connection, seed: random.Random) -> int:
    found = connection.execute(text("SELECT account_id FROM balances ORDER BY account_id"))
    return int(seed.choice(found.scalars().all()))


def _payment(connection: Connection, seed: random.Random) -> str:
    booked = "SELECT reference FROM payments WHERE state = 'booked' ORDER BY reference"
    return str(seed.choice(connection.execute(text(booked)).scalars().all()))


_MORE: list[Tampering] = [
    _raise_a_balance,
    _move_between_balances,
    _lose_a_balance,
    _change_a_payment,
    _lose_a_payment,
    _a_transfer_and_its_balances,
]

ALL: dict[str, list[Tampering]] = {
    "postgresql": [*TAMPERINGS["postgresql"], *_MORE],
    "sqlite": [*TAMPERINGS["sqlite"], *_MORE, _an_insiders_deed],
}
