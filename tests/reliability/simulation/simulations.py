"""Runs of the simulator, each on a database of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from simulator import Simulation
from sqlalchemy import create_engine, make_url, text
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
    # Where everything may die, the pace is left to the scenarios: it takes half the time.
    fresh = copies_of(prepared, folder)
    return _run(fresh(), seed, steps, statements=statements, paced=not statements)


def on_postgresql(make: Callable[[], str]) -> Callable[[int, int], Ended]:
    """Return what runs a seed for so many steps on a fresh database with accounts.

    Only calls to X are crash points there. *make* makes databases.
    """
    fresh = databases_like(make)
    return lambda seed, steps: _run(fresh(), seed, steps, statements=False, paced=True)


def copies_of(prepared: Path, folder: Path) -> Callable[[], str]:
    """Return what makes a fresh copy of a *prepared* SQLite file, and returns its URL."""
    path = folder / "simulation.db"

    def fresh() -> str:
        for old in folder.glob("simulation.db*"):
            old.unlink()
        shutil.copyfile(prepared, path)
        return f"sqlite:///{path}"

    return fresh


def databases_like(make: Callable[[], str]) -> Callable[[], str]:
    """Return what makes a fresh PostgreSQL database with accounts, and returns its URL.

    *make* makes databases; two are used, one of them again and again.
    """
    accounts, used = make_url(make()), make_url(make())
    open_accounts(accounts.render_as_string(hide_password=False))
    elsewhere = create_engine(used.set(database="postgres"), isolation_level="AUTOCOMMIT")

    def fresh() -> str:
        with elsewhere.connect() as connection:
            connection.execute(text(f"DROP DATABASE {used.database} WITH (FORCE)"))
            copied = f"CREATE DATABASE {used.database} TEMPLATE {accounts.database}"
            connection.execute(text(copied))
        elsewhere.dispose()
        return used.render_as_string(hide_password=False)

    return fresh


def _run(url: str, seed: int, steps: int, *, statements: bool, paced: bool) -> Ended:
    bank = WholeBank(url, paced=paced)
    try:
        simulation = Simulation(bank, seed, statements)
        violations = simulation.run(steps)
        return Ended(violations, simulation.outcome())
    finally:
        bank.close()
