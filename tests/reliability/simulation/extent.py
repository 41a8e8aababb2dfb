"""How much is simulated: a little on every run, much more before a release.

`SMONEY_RELIABILITY=full` asks for the full counts; `SMONEY_SEED` for another seed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from reliability_figures import FULL, SEED

One = TypeVar("One")


@dataclass(frozen=True, kw_only=True)
class Extent:
    """How many of each."""

    scenarios: int | None  # that are struck; None: all
    scenarios_on_postgresql: int | None
    blows: int | None  # for each scenario; None: all that there are
    seeds: int
    steps: int
    together: int  # seeds in one test
    again: int  # times that a failing seed is run again
    both_seeds: int  # on both databases
    both_steps: int
    machines: int  # runs of Hypothesis
    machine_steps: int
    mutants: int | None  # None: all


QUICK = Extent(
    scenarios=3,
    scenarios_on_postgresql=1,
    blows=1,
    seeds=2,
    steps=30,
    together=250,
    again=1,
    both_seeds=1,
    both_steps=25,
    machines=3,
    machine_steps=25,
    mutants=1,
)
FULL_EXTENT = Extent(
    scenarios=None,
    scenarios_on_postgresql=None,
    blows=None,
    seeds=2_000,
    steps=200,
    together=125,
    again=10,
    both_seeds=500,
    both_steps=60,
    machines=500,
    machine_steps=50,
    mutants=None,
)
EXTENT = FULL_EXTENT if FULL else QUICK

#: The digits of the seed: seeds here are counted from it on.
FIRST_SEED = int("".join(sign for sign in SEED if sign.isdigit()) or 0)


_TODAY = datetime.now(UTC).toordinal()


def of_the_day(all_: Iterable[One], count: int | None) -> list[One]:
    """Return *count* of *all_*, the next ones every day; None: all."""
    every = list(all_)
    if count is None:
        return every
    return [every[(_TODAY * count + turn) % len(every)] for turn in range(count)]
