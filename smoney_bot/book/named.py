"""Named: where words of the book name a customer, by X's id or by handle.

Words are looked through as a person would read them: a handle is found as a word of
its own, and in a message only in what was written, not in how it is stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, or_, select

from smoney_bot.bank.customers import Customer
from smoney_bot.bank.messages import Message
from smoney_bot.book.tables import asks, inbox, payments

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Whom:
    """Who is looked for, and the name that is to stand in place of X's id."""

    customer: Customer
    pseudonym: str

    @property
    def names(self) -> tuple[str, str]:
        """What names them in words."""
        return self.customer.x_id, self.customer.handle

    @property
    def payments(self) -> ColumnElement[bool]:
        """The payments that they had a part in."""
        mine = self.customer.id
        return or_(payments.c.payer_id == mine, payments.c.payee_id == mine)

    @property
    def asks(self) -> ColumnElement[bool]:
        """What they asked for, and were asked for."""
        mine = self.customer.id
        return or_(asks.c.asker_id == mine, asks.c.asked_id == mine)

    def column_of_payments(self, column: Column[str]) -> Select[str]:
        """Return *column* of the payments that they had a part in."""
        return select(column).where(self.payments)


def naming(
    connection: Connection,
    whom: Whom,
    key: Column[Any],
    words: Column[Any],
    *where: ColumnElement[bool],
) -> Iterator[Any]:
    """Yield the keys of the rows whose *words* name them.

    The database finds the letters; that they are no part of a longer word, this.
    """
    names = "|".join(map(re.escape, whom.names))
    word = re.compile(rf"(?<!\w)(?:{names})(?!\w)", re.IGNORECASE | re.ASCII)
    letters = or_(*(words.icontains(name, autoescape=True) for name in whom.names))
    read: Callable[[str], str] = _written_in if words is inbox.c.payload else str
    found = select(key, words).where(letters, *where).execution_options(yield_per=_AT_ONCE)
    with connection.execute(found) as rows:
        for row in rows:
            if word.search(read(row[1])):
                yield row[0]


def _written_in(payload: str) -> str:
    """Return the words of a stored message, with the names around it; all if it is unreadable."""
    try:
        message = Message.from_json(payload)
    except (ValueError, KeyError, TypeError):
        return payload
    names = (part for one in message.mentions for part in (one.handle, one.x_id or ""))
    return " ".join((message.author_id, message.author_handle, message.text, *names))


def any_naming(
    connection: Connection,
    whom: Whom,
    key: Column[Any],
    words: Column[Any],
    *where: ColumnElement[bool],
) -> bool:
    """Return whether there is a row whose *words* name them."""
    return any(True for _ in naming(connection, whom, key, words, *where))
