"""PINs on file, as hashes: good until one is shown in public or voided."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from smoney_bot.bank.codes import CodeKind, CodeOnFile, Rehash
from smoney_bot.book import rows
from smoney_bot.book.errors import CodeAlreadyUsed
from smoney_bot.book.listed import is_in
from smoney_bot.book.tables import pins


def set_pin(
    connection: Connection, customer_id: int, *, hash_: str, key_id: str, now: datetime
) -> None:
    """Put a PIN on file, in place of the one before."""
    facts = {"hash": hash_, "key_id": key_id, "set_at": now, "void_at": None}
    row = {"customer_id": customer_id} | facts
    if not rows.add_new(connection, pins, [row], pins.c.customer_id):
        connection.execute(update(pins).where(pins.c.customer_id == customer_id).values(**facts))


def void_pin(connection: Connection, customer_id: int, now: datetime) -> None:
    """Make the PIN void; harmless if it is, or if there is none."""
    mine = (pins.c.customer_id == customer_id, pins.c.void_at.is_(None))
    connection.execute(update(pins).where(*mine).values(void_at=now))


def use_up(connection: Connection, shown: Iterable[tuple[int, str]], now: datetime) -> None:
    """Make shown PINs void, each by its customer and the hash it was judged by.

    Raises `CodeAlreadyUsed` if one of them was void already, or set anew since:
    then nothing of the transaction may be committed.
    """
    void = [{"of_customer": one, "judged_by": hash_, "at": now} for one, hash_ in sorted(shown)]
    if rows.change_each(connection, _USE_UP, void) != len(void):
        raise CodeAlreadyUsed


_USE_UP = (
    update(pins)
    .where(
        pins.c.customer_id == bindparam("of_customer"),
        pins.c.hash == bindparam("judged_by"),
        pins.c.void_at.is_(None),
    )
    .values(void_at=rows.given("at", pins.c.void_at))
)


_BY_CUSTOMER = select(pins).where(is_in(pins.c.customer_id, "asked"))


def on_file(connection: Connection, customer_ids: Iterable[int]) -> dict[int, CodeOnFile]:
    """Return the PINs of these customers, by customer id."""
    asked = sorted(set(customer_ids))
    if not asked:
        return {}
    return {
        row.customer_id: CodeOnFile(
            kind=CodeKind.PIN,
            row_id=row.customer_id,
            customer_id=row.customer_id,
            place=None,
            hash=row.hash,
            key_id=row.key_id,
            spent=row.void_at is not None,
        )
        for row in connection.execute(_BY_CUSTOMER, {"asked": asked})
    }


def rehash(connection: Connection, anew: Iterable[Rehash]) -> None:
    """Keep PINs' new hashes in place of the old; one that was set anew meanwhile stays."""
    moved = [
        {
            "of_customer": one.customer_id,
            "old_hash": one.old,
            "new_hash": one.hash,
            "new_key": one.key_id,
        }
        for one in sorted(anew, key=lambda one: one.customer_id)
    ]
    rows.change_each(connection, _REHASH, moved)


_REHASH = (
    update(pins)
    .where(pins.c.customer_id == bindparam("of_customer"), pins.c.hash == bindparam("old_hash"))
    .values(hash=rows.given("new_hash", pins.c.hash), key_id=rows.given("new_key", pins.c.key_id))
)
