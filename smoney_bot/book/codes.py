"""Codes on file: printed cards and PINs, as hashes; each card code works once.

A place on a card that was tried wrongly twice is retired: nobody may go on
guessing at it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, select, tuple_, update

from smoney_bot.bank.codes import CARD_LIFE, KINDS, CodeKind, CodeOnFile, CodeUse
from smoney_bot.bank.messages import SeenCode
from smoney_bot.book import rows
from smoney_bot.book.errors import CodeAlreadyUsed
from smoney_bot.book.guards import Reserved, forgive, reserve
from smoney_bot.book.tables import card_codes, cards, pins

__all__ = [
    "Reserved",
    "codes_left",
    "forgive",
    "issue_card",
    "note_wrong",
    "on_file",
    "reserve",
    "set_pin",
    "use_up",
    "void_pin",
]

#: Wrong tries at one place of a card until it is retired.
WRONG_MAX = 2

Seen = tuple[int, SeenCode]  # (customer id, code)
At = tuple[int, int]  # (customer id, where the code stood in the text)


def on_file(connection: Connection, seen: Sequence[Seen], now: datetime) -> dict[At, CodeOnFile]:
    """Return what the book holds of each code *seen*; nothing where there is nothing.

    Only the customer's newest card counts. A code that can no longer be used is
    returned as `spent`, so that it costs the same time to refuse.
    """
    printed = _printed(connection, [(one, code.place or 0) for one, code in seen], now)
    known = _pins(connection, [one for one, _ in seen])
    found: dict[At, CodeOnFile | None] = {}
    for customer_id, code in seen:
        match KINDS[code.length]:
            case CodeKind.CARD:
                found[customer_id, code.start] = printed.get((customer_id, code.place or 0))
            case CodeKind.PIN:
                found[customer_id, code.start] = known.get(customer_id)
            case CodeKind.AUTHENTICATOR:
                pass  # none is on file yet
    return {at: code for at, code in found.items() if code is not None}


def _printed(
    connection: Connection, wanted: Iterable[tuple[int, int]], now: datetime
) -> dict[tuple[int, int], CodeOnFile]:
    statement = (
        select(card_codes, cards.c.customer_id, _is_usable(now).label("usable"))
        .join(cards, cards.c.id == card_codes.c.card_id)
        .where(tuple_(cards.c.customer_id, card_codes.c.place).in_(sorted(set(wanted))))
        .where(cards.c.retired_at.is_(None))
    )
    return {
        (row.customer_id, row.place): CodeOnFile(
            kind=CodeKind.CARD,
            row_id=row.id,
            customer_id=row.customer_id,
            place=row.place,
            hash=row.hash,
            key_id=row.key_id,
            spent=not row.usable,
        )
        for row in connection.execute(statement)
    }


def _is_usable(now: datetime) -> ColumnElement[bool]:
    unused = card_codes.c.used_at.is_(None) & (card_codes.c.wrong < WRONG_MAX)
    return unused & (cards.c.expires_at > now)


def _pins(connection: Connection, customer_ids: Iterable[int]) -> dict[int, CodeOnFile]:
    statement = select(pins).where(pins.c.customer_id.in_(sorted(customer_ids)))
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
        for row in connection.execute(statement)
    }


def use_up(connection: Connection, uses: Mapping[str, Iterable[CodeUse]], now: datetime) -> None:
    """Use up right codes, by the key of the message that showed them.

    A PIN becomes void. Raises `CodeAlreadyUsed` if another message was faster:
    then nothing of the transaction may be committed.
    """
    used = [(use, key) for key, shown in uses.items() for use in shown]
    by_row = sorted(used, key=lambda one: one[0].row_id)
    printed = [
        {"of_row": use.row_id, "message_key": key}
        for use, key in by_row
        if use.kind is CodeKind.CARD
    ]
    statement = (
        update(card_codes)
        .where(card_codes.c.id == bindparam("of_row"), card_codes.c.used_at.is_(None))
        .values(used_at=now, used_by=bindparam("message_key"))
    )
    if rows.change_each(connection, statement, printed) != len(printed):
        raise CodeAlreadyUsed
    known = [use.row_id for use, _ in by_row if use.kind is CodeKind.PIN]
    if _void_pins(connection, known, now) != len(known):
        raise CodeAlreadyUsed


def note_wrong(connection: Connection, tried: Iterable[CodeOnFile]) -> None:
    """Count a wrong try at each place of a card that was *tried*; PINs have no place."""
    places = sorted(code.row_id for code in tried if code.kind is CodeKind.CARD)
    statement = (
        update(card_codes)
        .where(card_codes.c.id == bindparam("of_row"))
        .values(wrong=card_codes.c.wrong + 1)
    )
    rows.change_each(connection, statement, [{"of_row": row_id} for row_id in places])


def issue_card(
    connection: Connection,
    customer_id: int,
    hashed: Iterable[tuple[int, str, str]],
    now: datetime,
) -> int:
    """Put a new card on file and retire the one before; return the new one's id.

    *hashed* holds (place, hash, key id) of each code.
    """
    retired = update(cards).where(cards.c.customer_id == customer_id, cards.c.retired_at.is_(None))
    connection.execute(retired.values(retired_at=now))
    issued = insert(cards).values(
        customer_id=customer_id, issued_at=now, expires_at=now + CARD_LIFE
    )
    card_id: int = connection.execute(issued.returning(cards.c.id)).scalar_one()
    printed = [
        {"card_id": card_id, "place": place, "hash": hash_, "key_id": key_id, "wrong": 0}
        for place, hash_, key_id in hashed
    ]
    rows.add(connection, card_codes, printed)
    return card_id


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
    _void_pins(connection, [customer_id], now)


def _void_pins(connection: Connection, customer_ids: Iterable[int], now: datetime) -> int:
    statement = (
        update(pins)
        .where(pins.c.customer_id == bindparam("of_customer"), pins.c.void_at.is_(None))
        .values(void_at=now)
    )
    return rows.change_each(connection, statement, [{"of_customer": one} for one in customer_ids])


def codes_left(
    connection: Connection, customer_ids: Iterable[int], now: datetime
) -> dict[int, int]:
    """Return how many codes of each customer's card still work."""
    asked = sorted(set(customer_ids))
    statement = (
        select(cards.c.customer_id, func.count().label("left"))
        .join(card_codes, cards.c.id == card_codes.c.card_id)
        .where(cards.c.customer_id.in_(asked), cards.c.retired_at.is_(None), _is_usable(now))
        .group_by(cards.c.customer_id)
    )
    counted = {row.customer_id: row.left for row in connection.execute(statement)}
    return {one: counted.get(one, 0) for one in asked}


def used_places(connection: Connection, customer_id: int) -> frozenset[int]:
    """Return the places of the customer's card whose codes no longer work."""
    statement = (
        select(card_codes.c.place)
        .join(cards, cards.c.id == card_codes.c.card_id)
        .where(cards.c.customer_id == customer_id, cards.c.retired_at.is_(None))
        .where(card_codes.c.used_at.is_not(None) | (card_codes.c.wrong >= WRONG_MAX))
    )
    return frozenset(connection.execute(statement).scalars())
