"""A bank whose webhooks get lost: what X does not bring, it has to read in X's lists."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from crowd import Crowd
from invariants import rows
from troubled_bank import TroubledBank
from whole_bank import BOT, KEYS

from smoney_bot.bank.money import euros
from smoney_bot.book import audit
from smoney_bot.channels.x.budget import Budget

#: How long after an outage everything that was said meanwhile may take to be decided.
CAUGHT_UP = timedelta(seconds=120)

_STEP = timedelta(seconds=5)
_BY_DIRECT = 0.2  # the share of orders


class LossyBank(TroubledBank):
    """The bank on the database at *url*. X's limits are X's own; replies stay in their box."""

    budget = Budget(euros(1000))  # every post that X shows is on its bill

    def __init__(self, url: str, dice: random.Random) -> None:
        self.loss = 0.0  # the share of bodies that X tries to bring once, and never again
        self.lost_at_once = 0
        self._dice = dice
        super().__init__(url)

    def _bring(self) -> None:
        brought = [body for body in self.mail if self._dice.random() >= self.loss]
        self.lost_at_once += len(self.mail) - len(brought)
        self.mail[:] = brought
        super()._bring()

    def _send(self) -> None:
        """Nobody is answered here."""


@dataclass
class Reconciling:
    """Orders given in three phases of so many *minutes*; *orders* are how many in each.

    First no webhook arrives; then the whole service is away; then a fifth of all
    webhooks is lost, for ever.
    """

    bank: LossyBank
    dice: random.Random
    minutes: int
    orders: tuple[int, int, int]
    caught_up_after: list[timedelta] = field(default_factory=list)
    _told: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._crowd = Crowd(self.bank.world, BOT.x_id, sum(self.orders))
        self._crowd.open(self.bank.book, KEYS)

    def before_return(self) -> None:
        """What happens just before the service is there again."""

    def run(self) -> list[str]:
        """Return what was wrong."""
        first, second, third = self.orders
        self.bank.loss = 1.0
        self._phase(first)
        self._catch_up()
        self._phase(second, away=True)
        self.bank.mail.clear()  # X tried to bring it, in vain
        self.before_return()
        self._catch_up()
        self.bank.loss = 0.2
        self._phase(third)
        self._catch_up()
        return list(self._violations())

    def _phase(self, orders: int, *, away: bool = False) -> None:
        """Let *orders* be given, evenly; the service has its turns unless it is *away*."""
        steps = self.minutes * 60 // int(_STEP.total_seconds())
        for step in range(steps):
            for _ in range((step + 1) * orders // steps - step * orders // steps):
                self._order()
            if not away:
                self.bank.turn()
            self.bank.clock.time += _STEP

    def _order(self) -> None:
        if self.dice.random() < _BY_DIRECT:
            self._told.add(f"d:{self._crowd.direct(self.dice).id}")
        else:
            self._told.add(f"t:{self._crowd.post(self.dice).key}")

    def _catch_up(self) -> None:
        """Have turns until all that was said is applied, and note how long that took."""
        begun = self.bank.clock.time
        while self._missing() and self.bank.clock.time < begun + 2 * CAUGHT_UP:
            self.bank.turn()
            self.bank.clock.time += _STEP
        self.caught_up_after.append(self.bank.clock.time - begun)

    def _missing(self) -> set[str]:
        applied = rows(self.bank, "SELECT key FROM inbox WHERE state = 'applied'")
        return self._told - {key for (key,) in applied}

    def _violations(self) -> Iterator[str]:
        question = "SELECT key, amount_cents FROM transfers WHERE kind = 'payment'"
        booked = rows(self.bank, question)
        yield from (f"not applied: {key}" for key in self._missing())
        if sorted(booked) != sorted((key, 100) for key in self._told):
            yield f"{len(booked)} payments for {len(self._told)} orders"
        for took in self.caught_up_after:
            if took > CAUGHT_UP:
                yield f"caught up only after {took}"
        with self.bank.points.at_rest(), self.bank.book.reading() as connection:
            yield from (f"audit: {one.rule}: {one.subject}" for one in audit.verify(connection))
