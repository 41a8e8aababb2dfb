"""Hypothesis plays customers, operators, X and accidents against the bank, in any order.

Full count (`SMONEY_RELIABILITY=full`): 500 runs of up to 50 steps each.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from crash_points import Blow, Fate, Killed
from extent import EXTENT, FIRST_SEED
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from invariants import money_violations, rest_violations, rows
from reliability_figures import FULL, record
from sabotages import Sabotage
from sabotages_of_codes import codes_forever
from sabotages_of_writing import transfer_forgets_target
from whole_bank import BOT, BY_HANDLE, CAST, PIN, WholeBank, card

from smoney_bot.bank.customers import State
from smoney_bot.bank.money import Cents
from smoney_bot.book import customers, ledger
from smoney_bot.channels.sandbox.world import WorldRefuses

pytest_plugins = ["simulation_fixtures"]

_OPENED = sum(role.cents or 0 for role in CAST)

_people = st.sampled_from([role.handle for role in CAST])
_customers = st.sampled_from([role.handle for role in CAST if role.cents is not None])
_cents = st.sampled_from((1, 1999, 2000, 25_000, 25_001, 50_000)) | st.integers(1, 60_000)
_words = st.sampled_from(("#private", "#balance", "#freeze", "#help", "what a day"))
_seconds = st.sampled_from((1, 65, 1000, 4000))


@seed(FIRST_SEED)
class BankMachine(RuleBasedStateMachine):
    """The bank, and how much money must be in it."""

    prepared: Path
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        path = self.folder / "machine.db"
        shutil.copyfile(self.prepared, path)
        self.bank = WholeBank(f"sqlite:///{path}")
        self.inside = _OPENED  # cents
        self.shown: dict[str, tuple[str, str]] = {}  # author and code, by the message's key
        self.brought: list[bytes] = []

    # What people do ----------------------------------------------------------------

    @rule(
        author=_people,
        payee=_people,
        cents=_cents,
        place=st.integers(0, 2),
        form=st.sampled_from(("card", "card", "card", "none", "PIN", "wrong")),
        public=st.booleans(),
    )
    def pay(
        self, author: str, payee: str, cents: int, place: int, form: str, *, public: bool
    ) -> None:
        code = {"card": card(author)[place], "none": "", "PIN": PIN, "wrong": "01000000"}[form]
        sign = f" #{code}" if code else ""
        self._say(author, f"#{cents // 100},{cents % 100:02} @{payee}{sign}", code, public=public)

    @rule(author=_customers, place=st.integers(0, 2))
    def confirm(self, author: str, place: int) -> None:
        code = card(author)[place]
        self._say(author, f"#{code}", code, public=False)

    @rule(author=_people, words=_words, public=st.booleans())
    def say(self, author: str, words: str, *, public: bool) -> None:
        self._say(author, words, "", public=public)

    def _say(self, author: str, words: str, code: str, *, public: bool) -> None:
        x_id = BY_HANDLE[author].x_id
        with suppress(WorldRefuses):  # the same words twice within the hour
            if public:
                key = f"t:{self.bank.world.post(x_id, f'@Smoney {words}').key}"
            else:
                key = f"d:{self.bank.world.send_direct(x_id, BOT.x_id, words).id}"
            self.shown[key] = (author, code)

    # What operators do -------------------------------------------------------------

    @rule(handle=_customers, cents=st.integers(1, 30_000), number=st.integers(0, 9))
    def deposit(self, handle: str, cents: int, number: int) -> None:
        """Pay in, once for each reference: each is of one customer and one amount."""
        reference, bank = f"{handle} {cents} {number}", self.bank
        with bank.points.at_rest(), bank.book.writing() as connection:
            x_id = BY_HANDLE[handle].x_id
            customer = customers.by_x_ids(connection, [x_id], lock=True)[x_id]
            now = bank.book.now(connection)
            new = ledger.deposit(connection, customer, Cents(cents), reference, now)
        self.inside += cents if new else 0

    @rule(handle=_customers)
    def unfreeze(self, handle: str) -> None:
        with self.bank.points.at_rest(), self.bank.book.writing() as connection:
            x_id = BY_HANDLE[handle].x_id
            customer = customers.by_x_ids(connection, [x_id], lock=True)[x_id]
            customers.update(connection, [replace(customer, state=State.OPEN)])

    # What X and the bank do ----------------------------------------------------------

    @rule(at=st.integers(0, 20))
    def deliver(self, at: int) -> None:
        if self.bank.mail:
            body = self.bank.mail.pop(at % len(self.bank.mail))
            self.brought.append(body)
            if self._survives(lambda: self.bank.deliver(body)) != 200:
                self.bank.mail.append(body)

    @rule(at=st.integers(0, 20))
    def deliver_again(self, at: int) -> None:
        if self.brought:
            body = self.brought[at % len(self.brought)]
            self._survives(lambda: self.bank.deliver(body))

    @rule()
    def work(self) -> None:
        self._survives(self.bank.counter.serve)
        self._check()

    @rule()
    def send(self) -> None:
        self._survives(self.bank.sender.serve)

    @rule()
    def ring(self) -> None:
        self._survives(self.bank.timers.serve)
        self._check()

    # What befalls it -----------------------------------------------------------------

    @rule(at=st.integers(1, 60), fate=st.sampled_from(Fate))
    def strike(self, at: int, fate: Fate) -> None:
        self.bank.points.arm(Blow(at, fate))

    @rule(seconds=_seconds)
    def wait(self, seconds: int) -> None:
        self.bank.clock.time += timedelta(seconds=seconds)

    def _survives(self, work: Callable[[], int]) -> int:
        """Do *work*; a death is followed by a restart, a failure is logged and passed over."""
        try:
            with suppress(Exception):
                return work()
        except Killed:
            self.bank.restart()
        return 0

    # What must hold ------------------------------------------------------------------

    def _check(self) -> None:
        assert list(money_violations(self.bank)) == []
        # Everybody's, and what is held for newcomers: all but the other side of deposits.
        held = "SELECT SUM(balance_cents) FROM balances JOIN accounts ON id = account_id"
        ((inside,),) = rows(self.bank, f"{held} WHERE coalesce(name, '') <> 'funding'")
        assert inside == self.inside, "cents were made or lost"
        booked = [key for (key,) in rows(self.bank, "SELECT key FROM transfers")]
        paid = Counter(self.shown[key] for key in booked if key in self.shown)
        twice = [one for one, times in paid.items() if len(one[1]) == 8 and times > 1]
        assert twice == [], "a code paid twice"

    def teardown(self) -> None:
        try:
            self.bank.points.disarm()
            assert self.bank.settle(timedelta(minutes=16)), "it does not come to rest"
            self._check()
            assert list(rest_violations(self.bank)) == []
        finally:
            self.bank.close()


def _play(accounts: Path, folder: Path, runs: int, steps: int, *, shrink: bool = True) -> None:
    BankMachine.prepared, BankMachine.folder = accounts, folder
    phases = [Phase.generate, Phase.shrink] if shrink else [Phase.generate]
    run_state_machine_as_test(
        BankMachine,
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            phases=phases,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_no_order_of_things_makes_or_loses_a_cent(accounts: Path, tmp_path: Path) -> None:
    started = time.monotonic()
    _play(accounts, tmp_path, EXTENT.machines, EXTENT.machine_steps)
    record(
        "rule machine of Hypothesis",
        counted=f"{EXTENT.machines} runs, {EXTENT.machine_steps} steps each",
        violations=0,
        seconds=time.monotonic() - started,
        seed=FIRST_SEED,
        engine="sqlite",
    )


@pytest.mark.parametrize("sabotage", [transfer_forgets_target, codes_forever][: 2 if FULL else 1])
def test_the_machine_notices_a_sabotage(
    sabotage: Sabotage, accounts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sabotage(monkeypatch)
    with pytest.raises(AssertionError):
        _play(accounts, tmp_path, 500, EXTENT.machine_steps, shrink=False)
