"""What notices a sabotage: each returns what it found wrong, quickest first."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from conduct import CONDUCT
from crash_points import Blow, Fate
from crash_runs import CrashRuns, Ran
from extent import FIRST_SEED
from sabotages import Sabotage
from scenarios import SCENARIOS
from scenarios_of_operators import OF_OPERATORS
from simulations import copies_of, on_sqlite
from whole_bank import WholeBank


def nothing(_: pytest.MonkeyPatch) -> None:
    """Sabotage nothing."""


@contextmanager
def _under(sabotage: Sabotage) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        sabotage(patch)
        yield


@dataclass(frozen=True)
class Detectors:
    """All of them, on the *prepared* database in *folder*."""

    prepared: Path
    folder: Path
    _honest: dict[str, Ran] = field(default_factory=dict)  # runs of scenarios, by name

    def first_word(self, sabotage: Sabotage) -> str | None:
        """Return who notices *sabotage* first, and by what; None if nobody does."""
        for detector in (self.scenarios, self.rate_limit, self.crashes, self.simulation):
            for violation in detector(sabotage):
                return f"{detector.__name__}: {violation}"
        return None

    def scenarios(self, sabotage: Sabotage) -> Iterator[str]:
        """Play the scenarios, with nothing in the way."""
        for name in SCENARIOS | CONDUCT | OF_OPERATORS:
            yield from self._differences(sabotage, name, None)

    def crashes(self, sabotage: Sabotage) -> Iterator[str]:
        """Let the process die, and the disk fail, everywhere in two scenarios."""
        for name in ("declined", "paid"):
            for at in range(self._usual(name).points, 0, -1):
                for fate in (Fate.DIES_AFTER, Fate.FAILS_BEFORE):
                    yield from self._differences(sabotage, name, Blow(at, fate))

    def simulation(self, sabotage: Sabotage) -> Iterator[str]:
        """Run some seeds."""
        for seed in range(FIRST_SEED, FIRST_SEED + 12):
            with _under(sabotage):
                ended = on_sqlite(self.prepared, self.folder, seed, 120)
            yield from ended.violations

    def rate_limit(self, sabotage: Sabotage) -> Iterator[str]:
        """Serve every minute until X's limit ends, and count the calls."""
        with _under(sabotage):
            calls = self._calls_before_the_limit_ends()
        if calls != 1:
            yield f"{calls} calls before the limit ended"

    def _calls_before_the_limit_ends(self) -> int:
        path = self.folder / "limit.db"
        shutil.copyfile(self.prepared, path)
        bank = WholeBank(f"sqlite:///{path}")
        try:
            (phase,) = SCENARIOS["rate limited"]
            phase(bank)
            for _ in range(14):
                bank.survive()
                bank.clock.time += timedelta(minutes=1)
            return bank.line.calls.count(("POST", "/2/tweets"))
        finally:
            bank.close()

    def _differences(self, sabotage: Sabotage, name: str, blow: Blow | None) -> Iterator[str]:
        usual = self._usual(name)
        with _under(sabotage):
            ran = CrashRuns(copies_of(self.prepared, self.folder)).play(name, blow)
        yield from ran.violations
        if ran.story != usual.story:
            yield f"{name} ends otherwise" + (f", {blow.fate} point {blow.at}" if blow else "")

    def _usual(self, name: str) -> Ran:
        """Return how a scenario goes at the honest service."""
        if name not in self._honest:
            self._honest[name] = CrashRuns(copies_of(self.prepared, self.folder)).play(name)
        return self._honest[name]
