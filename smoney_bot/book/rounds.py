"""Rounds: when each loop last came round, whichever process runs it.

A loop that hangs, fails or died does not come round; it is late once it has
rested longer than it may. Everything here goes by the database's clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select, update

from smoney_bot.book import rows
from smoney_bot.book.tables import rounds


@dataclass(frozen=True, slots=True)
class Round:
    """A loop came round at `at` (UTC), and may rest for `every_seconds`."""

    loop: str
    every_seconds: int
    at: datetime

    def rested_seconds(self, now: datetime) -> float:
        """Return how long ago that was."""
        return max((now - self.at).total_seconds(), 0.0)

    def is_late(self, now: datetime) -> bool:
        """Whether the next round is overdue."""
        return now - self.at > timedelta(seconds=self.every_seconds)


def note(connection: Connection, noted: Iterable[Round]) -> None:
    """Note that these loops came round."""
    # In order of name, so that two processes that note at once do not deadlock.
    came = sorted(noted, key=lambda one: one.loop)
    first = [
        {"loop": one.loop, "every_seconds": one.every_seconds, "came_round_at": one.at}
        for one in came
    ]
    new = rows.add_new(connection, rounds, first, rounds.c.loop)
    again = [
        {"of_loop": one.loop, "new_every": one.every_seconds, "new_at": one.at}
        for one in came
        if one.loop not in new
    ]
    rows.change_each(connection, _CAME_ROUND, again)


_CAME_ROUND = (
    update(rounds)
    .where(rounds.c.loop == bindparam("of_loop"))
    .values(
        every_seconds=rows.given("new_every", rounds.c.every_seconds),
        came_round_at=rows.given("new_at", rounds.c.came_round_at),
    )
)


def listing(connection: Connection) -> list[Round]:
    """Return the last round of each loop, by name."""
    statement = select(rounds.c.loop, rounds.c.every_seconds, rounds.c.came_round_at)
    return [Round(*row) for row in connection.execute(statement.order_by(rounds.c.loop))]


def forget_others(connection: Connection, loops: Collection[str], now: datetime) -> None:
    """Forget late loops that are not among *loops*: the program has them no more."""
    gone = [one.loop for one in listing(connection) if one.is_late(now) and one.loop not in loops]
    connection.execute(delete(rounds).where(rounds.c.loop.in_(gone)))
