"""Printed cards: twenty codes each, as hashes; each code works once.

A place on a card that was tried wrongly twice is retired: nobody may go on
guessing at it. Only the customer's newest card counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    bindparam,
    exists,
    func,
    insert,
    select,
    tuple_,
    update,
)

from smoney_bot.bank.codes import CARD_LIFE, CodeKind, CodeOnFile
from smoney_bot.book import rows
from smoney_bot.book.errors import CodeAlreadyUsed
from smoney_bot.book.listed import is_in
from smoney_bot.book.tables import card_codes, cards

#: Wrong tries at one place of a card until it is retired.
WRONG_MAX = 2

Place = tuple[int, int]  # (customer id, place on the card)


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


def on_file(
    connection: Connection, wanted: Iterable[Place], now: datetime
) -> dict[Place, CodeOnFile]:
    """Return the hashes at these places of cards."""
    asked = sorted(set(wanted))
    if not asked:
        return {}
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
        for row in connection.execute(_AT, {"asked": asked, "now": now})
    }


def is_usable(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether a code of a card that is not retired still works, as SQL."""
    unused = card_codes.c.used_at.is_(None) & (card_codes.c.wrong < WRONG_MAX)
    return unused & (cards.c.expires_at > now)


_now = bindparam("now", type_=cards.c.expires_at.type)
_AT = (
    select(card_codes, cards.c.customer_id, is_usable(_now).label("usable"))
    .join(cards, cards.c.id == card_codes.c.card_id)
    .where(
        tuple_(cards.c.customer_id, card_codes.c.place).in_(bindparam("asked", expanding=True)),
        cards.c.retired_at.is_(None),
    )
)


def use_up(connection: Connection, uses: Iterable[tuple[int, str]], now: datetime) -> None:
    """Use up codes, each by row id and the key of the message that showed it.

    Raises `CodeAlreadyUsed` if another message was faster, or the card is retired:
    then nothing of the transaction may be committed.
    """
    used = [{"of_row": row_id, "message_key": key, "at": now} for row_id, key in sorted(uses)]
    if rows.change_each(connection, _USE_UP, used) != len(used):
        raise CodeAlreadyUsed


_USE_UP = (
    update(card_codes)
    .where(
        card_codes.c.id == bindparam("of_row"),
        card_codes.c.used_at.is_(None),
        exists().where(cards.c.id == card_codes.c.card_id, cards.c.retired_at.is_(None)),
    )
    .values(
        used_at=rows.given("at", card_codes.c.used_at),
        used_by=rows.given("message_key", card_codes.c.used_by),
    )
)


def note_wrong(connection: Connection, tried: Iterable[CodeOnFile]) -> None:
    """Count a wrong try at each place of a card that was *tried*; PINs have no place."""
    tries = Counter(code.row_id for code in tried if code.kind is CodeKind.CARD)
    places = [{"of_row": row_id, "tries": tries[row_id]} for row_id in sorted(tries)]
    rows.change_each(connection, _NOTE_WRONG, places)


_NOTE_WRONG = (
    update(card_codes)
    .where(card_codes.c.id == bindparam("of_row"))
    .values(wrong=card_codes.c.wrong + bindparam("tries", type_=Integer))
)


def codes_left(
    connection: Connection, customer_ids: Iterable[int], now: datetime
) -> dict[int, int]:
    """Return how many codes of each customer's card still work."""
    asked = sorted(set(customer_ids))
    if not asked:
        return {}
    found = connection.execute(_LEFT, {"asked": asked, "now": now})
    counted = {row.customer_id: row.left for row in found}
    return {one: counted.get(one, 0) for one in asked}


_LEFT = (
    select(cards.c.customer_id, func.count().label("left"))
    .join(card_codes, cards.c.id == card_codes.c.card_id)
    .where(is_in(cards.c.customer_id, "asked"), cards.c.retired_at.is_(None), is_usable(_now))
    .group_by(cards.c.customer_id)
)


def used_places(connection: Connection, customer_id: int) -> frozenset[int]:
    """Return the places of the customer's card whose codes no longer work."""
    statement = (
        select(card_codes.c.place)
        .join(cards, cards.c.id == card_codes.c.card_id)
        .where(cards.c.customer_id == customer_id, cards.c.retired_at.is_(None))
        .where(card_codes.c.used_at.is_not(None) | (card_codes.c.wrong >= WRONG_MAX))
    )
    return frozenset(connection.execute(statement).scalars())
