"""Which secret keys the records still need: what to look at before one is removed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, func, select

from smoney_bot.bank.authenticators import key_id
from smoney_bot.bank.messages import Message
from smoney_bot.book.cards import is_usable
from smoney_bot.book.claims import in_state
from smoney_bot.book.states import MessageState
from smoney_bot.book.tables import (
    authenticators,
    card_codes,
    cards,
    inbox,
    operators,
    pins,
    seals,
)

#: Messages in these states may still have their codes checked.
_UNDECIDED = (MessageState.RECEIVED, MessageState.CLAIMED, MessageState.SET_ASIDE)
_AT_ONCE = 1000


def card_codes_by_key(connection: Connection, now: datetime) -> Counter[str]:
    """Count the codes of cards that still work, by the id of their key."""
    statement = (
        select(card_codes.c.key_id, func.count())
        .join(cards, cards.c.id == card_codes.c.card_id)
        .where(cards.c.retired_at.is_(None), is_usable(now))
        .group_by(card_codes.c.key_id)
    )
    return Counter({row[0]: row[1] for row in connection.execute(statement)})


def pins_by_key(connection: Connection) -> Counter[str]:
    """Count the PINs that still work, by the id of their key."""
    statement = select(pins.c.key_id, func.count()).where(pins.c.void_at.is_(None))
    counted = connection.execute(statement.group_by(pins.c.key_id))
    return Counter({row[0]: row[1] for row in counted})


def authenticators_by_key(connection: Connection) -> Counter[str]:
    """Count the authenticators, of operators too, by the id of the key that encrypts them."""
    statement = select(authenticators.c.secret).execution_options(yield_per=_AT_ONCE)
    counted = Counter(key_id(secret) for secret in connection.execute(statement).scalars())
    theirs = select(operators.c.secret).where(operators.c.secret.is_not(None))
    return counted + Counter(key_id(one) for one in connection.execute(theirs).scalars() if one)


def messages_by_key(connection: Connection) -> Counter[str]:
    """Count the messages whose codes are still to be checked.

    Each counts for the newest key that the door knew when it made their tags: the
    older ones beside it are needed only as long as some code on file has them.
    """
    return Counter(key for state in _UNDECIDED for key in _tagged(connection, state))


def seals_by_key(connection: Connection) -> Counter[str]:
    """Count the closed pages of the book: `ledger verify` needs their keys for ever."""
    counted = connection.execute(select(seals.c.key_id, func.count()).group_by(seals.c.key_id))
    return Counter({row[0]: row[1] for row in counted})


def _tagged(connection: Connection, state: MessageState) -> Iterator[str]:
    # State by state: two of them have an index of their own, and the inbox grows for ever.
    statement = select(inbox.c.payload).where(in_state(inbox.c.state, state))
    payloads = connection.execute(statement.execution_options(yield_per=_AT_ONCE)).scalars()
    for payload in payloads:
        codes = Message.from_json(payload).codes if payload is not None else ()
        if codes:
            yield next(iter(codes[0].tags))  # tags are made newest key first
