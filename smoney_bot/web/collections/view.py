"""What the book holds of a collection: read at one moment, so that all sums agree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from smoney_bot.bank.collections import Collection
from smoney_bot.bank.orders.grammar import read_tag
from smoney_bot.book import collections, customers, gifts
from smoney_bot.book.engine import Book
from smoney_bot.book.gifts import Gift, Standing

#: How many gifts the page tells of.
_LATEST = 8


@dataclass(frozen=True, slots=True)
class View:
    """One collection at the moment *now* (UTC)."""

    collection: Collection
    owner: str  # the association's handle
    standing: Standing
    latest: list[Gift]
    now: datetime

    @property
    def percent(self) -> int:
        """How much of the goal has come together, rounded down; may be more than 100."""
        return int(self.standing.total) * 100 // int(self.collection.goal)

    @property
    def takes_gifts(self) -> bool:
        """Whether somebody can still give."""
        return self.collection.takes_gifts(self.now)


def look(book: Book, tag: str) -> View | None:
    """Return the collection *tag* (in any case) as it stands now, or None."""
    name = read_tag(tag)
    if name is None:  # an address may hold what no database takes
        return None
    with book.reading() as connection:
        found = collections.among(connection, [name]).get(name)
        if found is None:
            return None
        return View(
            collection=found,
            owner=customers.by_ids(connection, [found.owner_id])[found.owner_id].handle,
            standing=gifts.standings(connection, [found.id])[found.id],
            latest=gifts.latest(connection, found, _LATEST),
            now=book.now(connection),
        )
