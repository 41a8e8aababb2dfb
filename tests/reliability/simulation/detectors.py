"""What notices a sabotage: each returns what it found wrong, quickest first."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from conduct import CONDUCT
from crash_points import Blow, Fate
from crash_runs import CrashRuns
from extent import FIRST_SEED
from scenarios import SCENARIOS
from simulations import on_sqlite
from whole_bank import WholeBank

Detector = Callable[[], Iterator[str]]


@dataclass(frozen=True)
class Detectors:
    """All of them, on the *prepared* database in *folder*; *honest* are the stories to expect."""

    prepared: Path
    folder: Path
    honest: dict[str, object]

    @classmethod
    def ready(cls, prepared: Path, folder: Path) -> Detectors:
        """Play every scenario on the honest service first."""
        runs = CrashRuns(prepared, folder)
        return cls(prepared, folder, {name: runs.play(name).story for name in SCENARIOS | CONDUCT})

    def first_word(self) -> str | None:
        """Return who notices something first, and what; None if nobody does."""
        for detector in (self.scenarios, self.rate_limit, self.crashes, self.simulation):
            for violation in detector():
                return f"{detector.__name__}: {violation}"
        return None

    def scenarios(self) -> Iterator[str]:
        """Play the scenarios, with nothing in the way."""
        runs = CrashRuns(self.prepared, self.folder)
        for name, story in self.honest.items():
            ran = runs.play(name)
            yield from ran.violations
            if ran.story != story:
                yield f"{name} ends otherwise"

    def crashes(self) -> Iterator[str]:
        """Let the process die, and the disk fail, everywhere in two scenarios."""
        runs = CrashRuns(self.prepared, self.folder)
        for name in ("declined", "paid"):
            for at in range(runs.play(name).points, 0, -1):
                for fate in (Fate.DIES_AFTER, Fate.FAILS_BEFORE):
                    ran = runs.play(name, Blow(at, fate))
                    yield from ran.violations
                    if ran.story != self.honest[name]:
                        yield f"{name}, {fate} point {at}, ends otherwise"

    def simulation(self) -> Iterator[str]:
        """Run some seeds."""
        for seed in range(FIRST_SEED, FIRST_SEED + 12):
            yield from on_sqlite(self.prepared, self.folder, seed, 120).violations

    def rate_limit(self) -> Iterator[str]:
        """Serve every minute until X's limit ends, and count the calls."""
        path = self.folder / "limit.db"
        shutil.copyfile(self.prepared, path)
        bank = WholeBank(f"sqlite:///{path}")
        try:
            (phase,) = SCENARIOS["rate limited"]
            phase(bank)
            for _ in range(14):
                bank.survive()
                bank.clock.time += timedelta(minutes=1)
            calls = bank.line.calls.count(("POST", "/2/tweets"))
            if calls != 1:
                yield f"{calls} calls before the limit ended"
        finally:
            bank.close()
