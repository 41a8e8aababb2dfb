"""What somebody does to the book who has every right in its database; one deed each.

Each returns whether it took the end of the chain away, which only a witness can tell.
"""

# ruff: noqa: S608 - the names of tables and columns stand in this file

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime

from book_cast import MINUTE, NOON
from sqlalchemy import Connection, text

from smoney_bot.book import pages


def hole_in(connection: Connection) -> int:
    """An id between two pages."""
    *_, last = pages.holes(connection)
    return last[-1]


def insert_transfer(connection: Connection, id_: int, at: datetime) -> None:
    booked_at = pages.moment(at) if connection.dialect.name == "sqlite" else at
    connection.execute(
        text(
            "INSERT INTO transfers (id, key, kind, source_id, target_id, amount_cents, memo, "
            "booked_at) SELECT :id, 'forged', kind, source_id, target_id, 5000, '', :booked_at "
            "FROM transfers WHERE key = 't:1'"
        ),
        {"id": id_, "booked_at": booked_at},
    )


TEXTS = {"transfers": ["key", "kind", "memo"], "seals": ["hash", "key_id"]}
NUMBERS = {
    "transfers": ["id", "source_id", "target_id", "amount_cents"],
    "seals": ["id", "last_transfer_id", "transfers"],
}
MOMENTS = {"transfers": ["booked_at"], "seals": ["sealed_at"]}
BEYOND = 1_000_000

Tampering = Callable[[Connection, random.Random], bool]


def one_id(connection: Connection, seed: random.Random, table: str) -> int:
    ids = connection.execute(text(f"SELECT id FROM {table} ORDER BY id")).scalars().all()
    return int(seed.choice(ids))


def change_a_cell(connection: Connection, seed: random.Random) -> bool:
    table = seed.choice(["transfers", "seals"])
    column = seed.choice(TEXTS[table] + NUMBERS[table] + MOMENTS[table])
    if column in TEXTS[table]:
        value = seed.choice([f"{column} || ' '", f"'x' || {column}", "'other'"])
    elif column in NUMBERS[table]:
        beyond = f"{column} + {BEYOND + seed.randrange(BEYOND)}"
        value = seed.choice([beyond, f"-{column}", str((1 << 63) - 1), str(-(1 << 63))])
    elif connection.dialect.name == "sqlite":
        value = seed.choice([f"replace({column}, 'T', ' ')", "'2026-11-24T12:00:00.000001Z'"])
    else:
        value = f"{column} + interval '1 microsecond'"
    where = {"id": one_id(connection, seed, table)}
    connection.execute(text(f"UPDATE {table} SET {column} = {value} WHERE id = :id"), where)
    return False


def delete_a_row(connection: Connection, seed: random.Random) -> bool:
    table = seed.choice(["transfers", "seals"])
    id_ = one_id(connection, seed, table)
    newest = connection.execute(text("SELECT MAX(id) FROM seals")).scalar_one()
    connection.execute(text(f"DELETE FROM {table} WHERE id = :id"), {"id": id_})
    return table == "seals" and id_ == newest


def insert_a_row(connection: Connection, seed: random.Random) -> bool:
    if seed.random() < 0.5:
        old = NOON - seed.randrange(1000) * MINUTE
        insert_transfer(connection, seed.choice([hole_in(connection), 0, -3]), old)
        return False
    forged = {"id": seed.choice(["MAX(id) + 1", "0", "-7"]), "held": seed.choice([1, 4000])}
    connection.execute(
        text(
            "INSERT INTO seals (id, last_transfer_id, transfers, hash, key_id, sealed_at) SELECT "
            f"{forged['id']}, MAX(last_transfer_id) + 1000, {forged['held']}, MAX(hash), "
            "'autumn', MAX(sealed_at) FROM seals"
        )
    )
    return False


def swap_two_rows(connection: Connection, seed: random.Random) -> bool:
    table = seed.choice(["transfers", "seals"])
    one = two = one_id(connection, seed, table)
    while one == two:
        two = one_id(connection, seed, table)
    for was, becomes in ((one, -1), (two, one), (-1, two)):
        moved = {"was": was, "becomes": becomes}
        connection.execute(text(f"UPDATE {table} SET id = :becomes WHERE id = :was"), moved)
    return False


def cut_the_tail(connection: Connection, seed: random.Random) -> bool:
    """The last pages and their transfers: a shorter chain, which is sound in itself."""
    last = connection.execute(text("SELECT MAX(id) FROM seals")).scalar_one()
    kept = {"seal": seed.randrange(1, last)}
    border = "(SELECT MAX(last_transfer_id) FROM seals WHERE id <= :seal)"
    connection.execute(text(f"DELETE FROM transfers WHERE id > {border}"), kept)
    connection.execute(text("DELETE FROM seals WHERE id > :seal"), kept)
    return True


def cut_transfers_only(connection: Connection, seed: random.Random) -> bool:
    last = connection.execute(text("SELECT MAX(id) FROM transfers")).scalar_one()
    kept = {"id": last - 1 - seed.randrange(20)}
    connection.execute(text("DELETE FROM transfers WHERE id > :id"), kept)
    return False


def flip_a_bit(connection: Connection, seed: random.Random) -> bool:
    """One bit of one cell, as a bad disk or a hex editor would (SQLite only)."""
    table = seed.choice(["transfers", "seals"])
    column = seed.choice(TEXTS[table] + NUMBERS[table] + MOMENTS[table])
    id_ = one_id(connection, seed, table)
    stored = connection.execute(
        text(f"SELECT CAST({column} AS BLOB), {column} FROM {table} WHERE id = :id"), {"id": id_}
    ).one()
    if column in NUMBERS[table]:
        value = str(int(stored[1]) ^ (1 << seed.randrange(62)))
    else:
        raw = bytearray(stored[0] or b" ")
        raw[seed.randrange(len(raw))] ^= 1 << seed.randrange(8)
        value = f"CAST(x'{raw.hex()}' AS TEXT)"
    changed = f"UPDATE OR REPLACE {table} SET {column} = {value} WHERE id = :id"
    connection.execute(text(changed), {"id": id_})
    return False


TAMPERINGS: dict[str, list[Tampering]] = {
    "postgresql": [
        change_a_cell,
        delete_a_row,
        insert_a_row,
        swap_two_rows,
        cut_the_tail,
        cut_transfers_only,
    ],
}
TAMPERINGS["sqlite"] = [*TAMPERINGS["postgresql"], flip_a_bit, flip_a_bit]
