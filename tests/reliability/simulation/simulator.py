"""The simulator: dice decide what everybody does; the same seed decides the same.

It remembers what each post was meant to be, and nothing of how the bank works.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

from crash_points import DEATHS, Blow, Fate, Killed
from invariants import money_violations, rest_violations, rows
from one_thread import START
from whole_bank import BOT, BY_HANDLE, CAST, PIN, PLACES, WholeBank, card

from smoney_bot.bank import policy
from smoney_bot.bank.customers import State
from smoney_bot.bank.money import euros
from smoney_bot.book import customers, inbox, ledger
from smoney_bot.channels.sandbox.faults import Fault
from smoney_bot.channels.sandbox.world import WorldRefuses

_PEOPLE = [role.handle for role in CAST]
_CUSTOMERS = [role.handle for role in CAST if role.cents is not None]

#: Answers of X that go wrong: carried out or not.
_FAULTS = (
    Fault(status=503),
    Fault(status=503, done=True),
    Fault(cut=True, done=True),
    Fault(status=402, body={"detail": "Credits are used up."}),
    Fault(status=429),
)


@dataclass(frozen=True)
class Meant:
    """What a post was meant to do: who pays whom how many cents, and whether the code is right."""

    author: str
    payee: str
    cents: int
    code: str  # "": none with it
    right: bool
    public: bool
    first_version: bool = True
    carries: bool = True  # False for quotes and reposts: no orders


@dataclass
class Simulation:
    """One run from one *seed* on *bank*."""

    bank: WholeBank
    seed: int
    statements: bool = True  # statements are crash points too
    meant: dict[str, Meant] = field(default_factory=dict)
    shown: dict[str, int] = field(default_factory=dict)  # how many codes of a card are shown
    kept: list[bytes] = field(default_factory=list)  # bodies that may come again
    violations: list[str] = field(default_factory=list)
    swapped: bool = False  # handles have changed hands

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.bank.points.statements = self.statements

    def run(self, steps: int) -> list[str]:
        """Take *steps*, come to rest, and return what was wrong."""
        moves = self._moves()
        for number in range(steps):
            (move,) = self.dice.choices([one for one, _ in moves], [often for _, often in moves])
            self._survive(move)
            wrong = list(money_violations(self.bank)) if move in self._bookings else []
            if wrong:
                return [f"step {number}: {one}" for one in wrong]
        self.bank.points.disarm()
        if not self._rest():
            self.violations.append("it did not come to rest")
        return [*self.violations, *rest_violations(self.bank), *self._unmeant()]

    @property
    def _bookings(self) -> tuple[Callable[[], object], ...]:
        """The moves after which the money is looked at."""
        return self._counter, self._zombie, self._operate, self._timers

    def _rest(self) -> bool:
        """Come to rest; what crashed too often is retried, as an operator would."""
        came = self.bank.settle(timedelta(minutes=11))
        crashed = rows(self.bank, "SELECT key FROM inbox WHERE reason = 'crashed'")
        book = self.bank.book
        book.run(lambda c: inbox.retry(c, [key for (key,) in crashed], book.now(c)))
        return came and self.bank.settle(timedelta(minutes=11))

    def _moves(self) -> list[tuple[Callable[[], object], int]]:
        return [
            (self._pay, 30),
            (self._say, 12),
            (self._edit, 4),
            (self._quote, 3),
            (self._repost, 2),
            (self._guess, 6),
            (self._swap_handles, 1),
            (self._operate, 4),
            (self._deliver, 40),
            (self._deliver_again, 8),
            (self._counter, 25),
            (self._sender, 20),
            (self._timers, 3),
            (self._catching_up, 3),
            (self._zombie, 3),
            (self._arm, 8),
            (self._fault, 5),
            (self._pass_time, 10),
        ]

    def _survive(self, move: Callable[[], object]) -> None:
        try:
            with suppress(WorldRefuses):
                move()
        except Killed:
            self.bank.restart()
        except Exception as error:  # noqa: BLE001 - a loop logs it and goes on; so does this
            self.bank.errors.append(type(error).__name__)

    # What people do ----------------------------------------------------------------

    def _pay(self) -> None:
        author, payee = self.dice.choice(_PEOPLE), self.dice.choice(_PEOPLE)
        cents = self.dice.choice((1, 115, 1999, 2000, 12_345, 25_000, 25_001, 50_000))
        public = self.dice.random() < 0.7
        code, right = self._code(author)
        words = f"#{cents // 100},{cents % 100:02} @{self._handle(payee)}"
        words += f" #{code}" if code else ""
        said = self._speak(author, f"{words} {self.dice.randrange(1000)}", public=public)
        self.meant[said] = Meant(author, payee, cents, code, right, public)

    def _code(self, author: str) -> tuple[str, bool]:
        """Return a code and whether it is right: new, used, wrong, a PIN, or none."""
        kind = self.dice.choices(("new", "used", "wrong", "pin", "none"), (10, 2, 2, 3, 2))[0]
        at = self.shown.get(author, 0)
        if kind == "new" and at < PLACES:
            self.shown[author] = at + 1
            return card(author)[at], True
        if kind == "used" and at:
            return card(author)[self.dice.randrange(at)], True  # once: see _unmeant
        if kind == "pin":
            return PIN, True
        return ("", True) if kind == "none" else ("01000000", False)

    def _say(self) -> None:
        words = self.dice.choice(
            ("#private", "#balance", "#history", "#help", "#freeze", "#en", "#fr", "what a day")
        )
        if words == "#freeze" and self.dice.random() < 0.7:
            words = "#private"
        author, public = self.dice.choice(_PEOPLE), self.dice.random() < 0.6
        if self.dice.random() < 0.4:
            words = f"#public #{self._code(author)[0] or PIN}"
        if self.dice.random() < 0.2:
            public, words = False, f"#{self._code(author)[0] or PIN}"
        self._speak(author, words, public=public)

    def _guess(self) -> None:
        author = self.dice.choice(_CUSTOMERS)
        digits = f"{self.dice.randrange(10_000):04}"
        said = self._speak(author, f"#1 @entraide #{digits}", public=False)
        right = digits == PIN  # one in ten thousand is
        self.meant[said] = Meant(author, "entraide", 100, "guess", right=right, public=False)

    def _speak(self, author: str, words: str, *, public: bool) -> str:
        x_id = BY_HANDLE[author].x_id
        if public:
            return f"t:{self.bank.world.post(x_id, f'@Smoney {words}').key}"
        return f"d:{self.bank.world.send_direct(x_id, BOT.x_id, words).id}"

    def _some_post(self) -> str:
        return self.dice.choice([key for key in self.meant if key.startswith("t:")] or ["t:1"])

    def _edit(self) -> None:
        key = self._some_post()
        meant = self.meant.get(key)
        if meant is None or not meant.carries:
            return
        words = f"@Smoney #19,77 @{self._handle(meant.payee)} #{meant.code or PIN}"
        self.bank.world.edit(key[2:], words)

    def _quote(self) -> None:
        author = self.dice.choice(_CUSTOMERS)
        code, _ = self._code(author)
        words = f"@Smoney #3 @bob #{code or PIN} {self.dice.randrange(1000)}"
        of = self._some_post()[2:]
        post = self.bank.world.post(BY_HANDLE[author].x_id, words, quote_of=of)
        self.meant[f"t:{post.key}"] = Meant(
            author, "bob", 300, code, right=True, public=True, carries=False
        )

    def _repost(self) -> None:
        author = self.dice.choice(_PEOPLE)
        if not self.meant:
            return
        post = self.bank.world.repost(BY_HANDLE[author].x_id, self._some_post()[2:])
        self.meant[f"t:{post.key}"] = Meant(
            author, "", 0, "", right=True, public=True, carries=False
        )

    def _handle(self, of: str) -> str:
        return self.bank.world.user(BY_HANDLE[of].x_id).handle

    def _swap_handles(self) -> None:
        one, other = (BY_HANDLE[name].x_id for name in self.dice.sample(_PEOPLE, 2))
        world = self.bank.world
        first, second = world.user(one).handle, world.user(other).handle
        self.swapped = True
        for x_id, handle in ((one, "nobody_yet"), (other, first), (one, second)):
            world.rename(x_id, handle)

    # What operators do -------------------------------------------------------------

    def _operate(self) -> None:
        handle = self.dice.choice(_CUSTOMERS)
        amount, name = euros(self.dice.randrange(1, 300)), f"{self.dice.randrange(10_000)}"
        do = self.dice.choice(("deposit", "withdraw", "unfreeze"))
        book = self.bank.book

        def work(connection):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 - a transaction
            x_id = BY_HANDLE[handle].x_id
            customer = customers.by_x_ids(connection, [x_id], lock=True)[x_id]
            now = book.now(connection)
            if do == "unfreeze":
                customers.update(connection, [replace(customer, state=State.OPEN)])
            elif do == "deposit":
                ledger.deposit(connection, customer, amount, name, now)
            else:
                ledger.withdraw(connection, customer, amount, name, now)

        book.run(work)

    # What X does -------------------------------------------------------------------

    def _deliver(self) -> None:
        if self.bank.mail:
            body = self.bank.mail.pop(self.dice.randrange(len(self.bank.mail)))
            self._bring(body)

    def _deliver_again(self) -> None:
        if self.kept:
            self._bring(self.dice.choice(self.kept))

    def _bring(self, body: bytes) -> None:
        self.kept.append(body)
        try:
            status = self.bank.deliver(body)
        except Killed:
            self.bank.mail.append(body)
            raise
        if status != 200:
            self.bank.mail.append(body)
        elif (key := _key(body)) and not rows(
            self.bank,
            f"SELECT 1 FROM inbox WHERE key = '{key}'",  # noqa: S608 - digits of ours
        ):
            self.violations.append(f"I11: {key} was acknowledged and is not kept")

    def _fault(self) -> None:
        method = self.dice.choice(("POST", "POST", "GET"))
        self.bank.faults.script(method, "/2/", self.dice.choice(_FAULTS))

    # What the bank does: looked up at each turn, because a restart builds all anew.

    def _counter(self) -> None:
        self.bank.counter.serve()

    def _sender(self) -> None:
        self.bank.sender.serve()

    def _timers(self) -> None:
        self.bank.timers.serve()

    def _catching_up(self) -> None:
        self.bank.catching_up.serve()

    # What befalls the bank ---------------------------------------------------------

    def _arm(self) -> None:
        fates = list(Fate) if self.statements else list(DEATHS)
        reach = 40 if self.statements else 3
        self.bank.points.arm(Blow(self.dice.randrange(1, reach), self.dice.choice(fates)))

    def _zombie(self) -> None:
        """A second process takes over from one that was only slow."""
        other = self.bank.another_counter()

        def meanwhile() -> None:
            other.serve()  # it has lived for a while by the time it takes over
            self.bank.clock.time += timedelta(minutes=2)
            other.serve()

        self.bank.pool.meanwhile = meanwhile
        self.bank.counter.serve()
        self.bank.pool.meanwhile = None

    def _pass_time(self) -> None:
        seconds = self.dice.choice((1, 10, 65, 130, 600, 1000, 4000))
        self.bank.clock.time += timedelta(seconds=seconds)

    # What was meant ----------------------------------------------------------------

    def _unmeant(self) -> Iterator[str]:
        """Yield the payments that nobody meant (I5, I7), and codes that paid twice."""
        names = {role.x_id: role.handle for role in CAST}
        paid: dict[tuple[str, str], int] = {}
        for key, payer, payee, cents, state in rows(self.bank, _PAYMENTS):
            meant = self.meant.get(key)
            if state != "booked":
                continue
            if meant is None or not meant.carries:
                yield f"I7: {key} was no order, and paid"
                continue
            # X marks nobody in a direct message: whoever bears the name by then is paid.
            wanted = meant.payee if meant.public or not self.swapped else names[payee]
            if (names[payer], names[payee], cents) != (meant.author, wanted, meant.cents):
                yield f"I7: {key} paid {cents} from {names[payer]} to {names[payee]}: {meant}"
            if meant.code and not meant.right:
                yield f"I5: {key} paid with a wrong code"
            if len(meant.code) == 8 or (meant.code == PIN and meant.public):
                once = (meant.author, meant.code)
                paid[once] = paid.get(once, 0) + 1
        for (author, code), times in paid.items():
            if times > 1:
                yield f"I5: a code of {author} ({len(code)} digits) paid {times} times"
        yield from self._over_the_day()
        used = {key for (key,) in rows(self.bank, "SELECT used_by FROM card_codes")}
        for key, meant in self.meant.items():
            booked = (key,) in rows(self.bank, "SELECT key FROM transfers WHERE kind = 'payment'")
            if booked and len(meant.code) == 8 and key not in used:
                yield f"I5: {key} paid, and its code is not used up"

    def _over_the_day(self) -> Iterator[str]:
        """Yield the payers who sent more than the limit of a day; a run lasts about one."""
        asked = (
            "SELECT a.key, SUM(b.amount_cents) FROM transfers a JOIN transfers b"
            " ON b.source_id = a.source_id AND b.kind = 'payment' AND b.id <= a.id"
            " WHERE a.kind = 'payment' GROUP BY a.key"
        )
        if self.bank.clock.time - START < policy.DAY:
            for key, cents in rows(self.bank, asked):
                if cents > policy.Limits().day:
                    yield f"I6: {key} made it {cents} cents in a day"

    def outcome(self) -> str:
        """Return one hash of all that became of it, without what differs by database (I12)."""
        told = {
            "payments": rows(self.bank, _PAYMENTS + " ORDER BY payments.message_key"),
            "messages": rows(self.bank, "SELECT key, state, reason FROM inbox ORDER BY key"),
            "balances": rows(
                self.bank, "SELECT account_id, balance_cents FROM balances ORDER BY account_id"
            ),
        }
        return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()


_PAYMENTS = (
    "SELECT payments.message_key, payer.x_id, payee.x_id, amount_cents, payments.state"
    " FROM payments JOIN customers payer ON payer.id = payments.payer_id"
    " LEFT JOIN customers payee ON payee.id = payments.payee_id"
)


def _key(body: bytes) -> str | None:
    """Return the key of the post in a body, if it may be kept."""
    payload = json.loads(body)["data"]["payload"]
    history = payload.get("edit_history_tweet_ids")
    return f"t:{history[0]}" if history else None
