"""A crowd of invented customers, each with a card, and the orders that they give the bot."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache, partial

from sqlalchemy import Connection

from smoney_bot.bank import codes
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.money import euros
from smoney_bot.book import codes as code_records
from smoney_bot.book import customers, ledger
from smoney_bot.book.engine import Book
from smoney_bot.channels.sandbox.posts import Direct, Post, User
from smoney_bot.channels.sandbox.world import World

#: Codes on a card here: places 20 and more would read like years in a date.
PLACES = 19

#: One message of an author is served at a time: few authors would queue.
_FEWEST = 10


class Crowd:
    """Customers enough for so many *orders*, each with a code of its own.

    Everybody has 100 €, and every order is about one.
    """

    def __init__(self, world: World, bot_id: str, orders: int) -> None:
        count = max(_FEWEST, -(-orders // PLACES))
        self._world, self._bot_id = world, bot_id
        self.users = [world.add_user(f"payer_{n}", f"Payer {n}") for n in range(count)]
        self._unused = self._codes()

    def open(self, book: Book, keys: Keyring) -> None:
        """Open everybody's account on *book*."""
        book.run(lambda connection: self._open_all(connection, book, keys))

    def post(self, dice: random.Random) -> Post:
        """Somebody orders in public."""
        payer, words = self._order(dice)
        return self._world.post(payer.x_id, f"@Smoney {words}")

    def direct(self, dice: random.Random) -> Direct:
        """Somebody orders by direct message."""
        payer, words = self._order(dice)
        return self._world.send_direct(payer.x_id, self._bot_id, words)

    def _order(self, dice: random.Random) -> tuple[User, str]:
        payer, code = next(self._unused)
        payee = dice.choice([user for user in self.users if user is not payer])
        return payer, f"#1 @{payee.handle} #{code}"

    def _codes(self) -> Iterator[tuple[User, str]]:
        """Yield everybody's first code, then everybody's second, and so on."""
        for place in range(1, PLACES + 1):
            for user in self.users:
                yield user, _digits(place)

    def _open_all(self, connection: Connection, book: Book, keys: Keyring) -> None:
        for user in self.users:
            now = book.now(connection)
            one = customers.open_account(connection, handle=user.handle, x_id=user.x_id, now=now)
            ledger.deposit(connection, one, euros(100), f"first {user.x_id}", now)
            hashed = map(partial(_hash, keys, user.x_id), range(1, PLACES + 1))
            code_records.issue_card(connection, one.id, hashed, now)


def _digits(place: int) -> str:
    return f"{place:02}{place * 7919 % 1_000_000:06}"


@cache
def _hash(keys: Keyring, x_id: str, place: int) -> tuple[int, str, str]:
    return place, *codes.hash_code(keys, x_id, _digits(place))
