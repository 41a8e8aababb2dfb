"""Outages: ten kinds of them, each under a stream of orders to pay, and what came of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import network
from invariants import rest_violations, rows
from toxic_proxy import Kind, Toxic, ToxicProxy
from troubled_bank import Disk, TroubledBank
from whole_bank import BOT, BY_HANDLE, card

#: Who pays; each has a card of twenty codes. The last code of all is the probe's.
_PAYERS = ("alice", "bob", "carol")
_PAYEES = ("alice", "bob", "carol", "entraide")

_FINE = (200, 201)

#: The share of orders with which somebody asks for a balance as well.
_CURIOUS = 0.2

#: How long after the end of an outage the bank may take to be well again.
HEALTHY = timedelta(seconds=60)

#: X is asked again so long after it refused us altogether: an operator has to act first.
_HALT = timedelta(minutes=5)

#: How far the bank's clock may be off: beyond five minutes it takes what it
#: hears for messages from the future, and refuses them, as it must.
_CLOCK_OFF = timedelta(minutes=4)


@dataclass
class Outage:
    """One run on *bank*: orders for a while, trouble meanwhile, then rest.

    `begin` and `end` are what happens to the bank; `patience` is how long the
    bank may take afterwards to book and answer what it is told then.
    """

    bank: TroubledBank
    dice: random.Random
    orders: int
    seconds: float
    begin: Callable[[], object] = lambda: None
    end: Callable[[], object] = lambda: None
    patience: timedelta = HEALTHY
    turns: int = 300  # until the bank has come to rest, at most
    reset: datetime | None = None
    told: dict[str, int] = field(default_factory=dict)  # keys, and how many cents they move
    booked_after: timedelta | None = None
    answered_after: timedelta | None = None
    rested_after: timedelta = timedelta(0)  # until nothing was left to answer

    def __post_init__(self) -> None:
        cards = [[(handle, code) for code in card(handle)] for handle in _PAYERS]
        self._codes = [one for place in zip(*cards, strict=True) for one in place]

    def run(self) -> list[str]:
        """Return what was wrong."""
        before, after = self.dice.uniform(5, 30), 20.0
        total = before + self.seconds + after
        moments = sorted(self.dice.uniform(0, total) for _ in range(self.orders))
        self._pass(before, moments, 0.0)
        assert self.bank.failures == 0, "something fails in calm weather"
        self.begin()
        self._pass(self.seconds, moments, before)
        self.end()
        probe, ended = self._order(in_public=1.0), self.bank.clock.time
        self._watch(probe, ended)
        self._pass(after, moments, before + self.seconds)
        for _ in moments:
            self._order()
        rested = self._rest()
        self.rested_after = self.bank.clock.time - ended
        if self.bank.network:
            self.bank.failures += sum(
                1 for call in self.bank.network.calls if call.status not in _FINE
            )
        return [*([] if rested else ["it did not come to rest"]), *self._violations()]

    def _pass(self, seconds: float, moments: list[float], since: float) -> None:
        """Let time pass, with the orders whose moment comes."""
        begun = self.bank.clock.time
        while (passed := (self.bank.clock.time - begun).total_seconds()) < seconds:
            while moments and moments[0] <= since + passed:
                moments.pop(0)
                self._order()
                if self.dice.random() < _CURIOUS:
                    self._ask()
            self.bank.pass_time(5)

    def _order(self, in_public: float = 0.7) -> str:
        """Let somebody order one euro; return the key."""
        payer, code = self._codes.pop(0)
        payee = self.dice.choice([handle for handle in _PAYEES if handle != payer])
        x_id, words, world = BY_HANDLE[payer].x_id, f"#1 @{payee} #{code}", self.bank.world
        if self.dice.random() < in_public:
            key = f"t:{world.post(x_id, f'@Smoney {words}').key}"
        else:
            key = f"d:{world.send_direct(x_id, BOT.x_id, words).id}"
        self.told[key] = 100
        return key

    def _ask(self) -> None:
        """Let somebody ask for a balance by direct message: such answers X would take twice."""
        asked = self.bank.world.send_direct(BY_HANDLE["alice"].x_id, BOT.x_id, "#balance")
        self.told[f"d:{asked.id}"] = 0

    def flood(self, count: int) -> None:
        """Let so many people ask for help in public."""
        for number in range(count):
            asked = self.bank.world.post(BY_HANDLE["carol"].x_id, f"@Smoney #help {'!' * number}")
            self.told[f"t:{asked.key}"] = 0

    def _watch(self, probe: str, ended: datetime) -> None:
        """Note how long it takes until the *probe* is booked, and until it is answered."""
        booked = f"SELECT 1 FROM transfers WHERE key = '{probe}'"  # noqa: S608 - a key of ours
        answered = f"SELECT 1 FROM outbox WHERE message_key = '{probe}' AND state = 'sent'"  # noqa: S608 - likewise
        for _ in range(360):
            self.bank.turn()
            passed = self.bank.clock.time - ended
            if self.booked_after is None and rows(self.bank, booked):
                self.booked_after = passed
            if rows(self.bank, answered):
                self.answered_after = passed
                return
            self.bank.clock.time += timedelta(seconds=5 if passed < HEALTHY else 15)

    def _rest(self) -> bool:
        """Go on until everything is known, decided and answered; return whether it ended."""
        for pause in range(60, 60 + self.turns):
            self.bank.turn()
            if not self.bank.letters and self.bank.is_quiet() and self._all_known():
                return True
            self.bank.clock.time += timedelta(seconds=pause)
        return False

    def _all_known(self) -> bool:
        return {key for (key,) in rows(self.bank, "SELECT key FROM inbox")} >= self.told.keys()

    def _violations(self) -> Iterator[str]:
        yield from rest_violations(self.bank)
        paid = dict(
            rows(self.bank, "SELECT key, amount_cents FROM transfers WHERE kind = 'payment'")
        )
        for key in self.told.keys() | paid.keys():
            if paid.get(key, 0) != self.told.get(key):
                yield f"{key} moved {paid.get(key, 0)} cents, not {self.told.get(key)}"
        if self.booked_after is None or self.booked_after > min(self.patience, HEALTHY):
            yield f"booked only {self.booked_after} after the outage"
        if self.answered_after is None or self.answered_after > self.patience:
            yield f"answered only {self.answered_after} after the outage"
        if self.reset and self.bank.network:
            early = self.bank.network.too_early(self.reset)
            yield from (f"{call.name} at {call.at}, before the limit ended" for call in early)


# The ten kinds --------------------------------------------------------------------

Arrange = Callable[[Outage], None]


def _by_network(trouble: Callable[[Outage], network.Trouble]) -> Arrange:
    """Let every call to X meet this *trouble*."""

    def arrange(outage: Outage) -> None:
        line = outage.bank.network
        assert line is not None

        def begin() -> None:
            line.trouble = trouble(outage)

        def end() -> None:
            line.trouble = None

        outage.begin, outage.end = begin, end

    return arrange


def _limited(outage: Outage) -> network.Trouble:
    """429 until X's limit ends, which is when the outage does."""
    end = outage.bank.clock.time + timedelta(seconds=outage.seconds)
    outage.reset = end.replace(microsecond=0)
    refused = network.answers(
        429,
        x_rate_limit_limit="100",
        x_rate_limit_remaining="0",
        x_rate_limit_reset=str(int(outage.reset.timestamp())),
    )
    clock, reset = outage.bank.clock, outage.reset
    return network.until(lambda: clock.time >= reset, refused)


def _halted(status: int) -> Arrange:
    """X refuses all of ours; it is asked again every five minutes."""
    arrange = _by_network(lambda _: network.answers(status))

    def patiently(outage: Outage) -> None:
        outage.patience = HEALTHY + _HALT
        arrange(outage)

    return patiently


def _disk_full(outage: Outage) -> None:
    disk = Disk(outage.bank)

    def fill() -> None:
        disk.full = True
        outage.flood(15)  # so that the file would have to grow

    def free() -> None:
        disk.full = False

    outage.begin, outage.end = fill, free


def _clock_steps(outage: Outage) -> None:
    """The bank's clock goes wrong, and is put right at the end."""
    clock = outage.bank.bank_clock
    size = _CLOCK_OFF * outage.dice.random() ** 2
    step = size if outage.dice.random() < 0.5 else -size
    # What was due by the wrong clock is due that much later by the right one.
    outage.patience = HEALTHY + max(step, timedelta(0))

    def begin() -> None:
        clock.ahead = step

    def end() -> None:
        clock.ahead = timedelta(0)

    outage.begin, outage.end = begin, end


def database_away(proxy: ToxicProxy) -> Arrange:
    """The connections to the database break, or pass too little."""

    def arrange(outage: Outage) -> None:
        dice = outage.dice
        toxic = dice.choice(
            (
                Toxic(Kind.DOWN),
                Toxic(Kind.RESET_PEER),
                Toxic(Kind.LIMIT_DATA, dice.randrange(4_000)),
                Toxic(Kind.TIMEOUT, 0.02),
                Toxic(Kind.LATENCY, 0.002),
            )
        )
        outage.begin = lambda: proxy.poison(toxic)
        outage.end = lambda: proxy.poison(None)

    return arrange


ON_SQLITE: dict[str, Arrange] = {
    "X answers 503": _by_network(lambda _: network.answers(503)),
    "X never answers": _by_network(lambda outage: network.never_answers(outage.bank.clock)),
    "X's limit is reached": _by_network(_limited),
    "connections to X break": _by_network(
        lambda outage: network.resets(lambda: outage.dice.random() < 0.5)
    ),
    "X is slow": _by_network(
        lambda outage: network.slow(outage.bank.clock, lambda: outage.dice.uniform(1, 9))
    ),
    "X has no credits left": _halted(402),
    "X refuses our keys": _halted(401),
    "the disk is full": _disk_full,
    "the clock is wrong": _clock_steps,
}
