"""Runs of the simulator, each on a database of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from simulator import Simulation
from whole_bank import WholeBank, open_accounts


@dataclass(frozen=True)
class Ended:
    """How a run ended: what was wrong, and one hash of everything."""

    violations: list[str]
    outcome: str


def on_sqlite(
    prepared: Path, folder: Path, seed: int, steps: int, *, statements: bool = True
) -> Ended:
    """Run *seed* on a copy of the *prepared* database."""
    path = folder / "simulation.db"
    for old in folder.glob("simulation.db*"):
        old.unlink()
    shutil.copyfile(prepared, path)
    return _run(f"sqlite:///{path}", seed, steps, statements=statements)


def on_postgresql(make: Callable[[], str], seed: int, steps: int) -> Ended:
    """Run *seed* on a fresh database; only calls to X are crash points there."""
    url = make()
    open_accounts(url)
    return _run(url, seed, steps, statements=False)


def _run(url: str, seed: int, steps: int, *, statements: bool) -> Ended:
    bank = WholeBank(url)
    try:
        simulation = Simulation(bank, seed, statements)
        violations = simulation.run(steps)
        return Ended(violations, simulation.outcome())
    finally:
        bank.close()
