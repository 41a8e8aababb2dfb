"""How much is simulated: a little on every run, much more before a release, most by night.

`SMONEY_RELIABILITY=full` asks for the full counts, `night` for those that take hours;
`SMONEY_SEED` for another seed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from reliability_figures import FULL, NIGHT, SEED

One = TypeVar("One")


@dataclass(frozen=True, kw_only=True)
class Extent:
    """How many of each."""

    scenarios: int | None  # of customers, that are struck; None: all
    scenarios_of_operators: int | None
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
    scenarios=2,
    scenarios_of_operators=1,
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
    scenarios=10,  # others every day
    scenarios_of_operators=2,
    scenarios_on_postgresql=1,
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
NIGHT_EXTENT = replace(
    FULL_EXTENT,
    scenarios=None,
    scenarios_of_operators=None,
    scenarios_on_postgresql=None,
    seeds=20_000,
)
EXTENT = NIGHT_EXTENT if NIGHT else FULL_EXTENT if FULL else QUICK

#: The digits of the seed: seeds here are counted from it on.
FIRST_SEED = int("".join(sign for sign in SEED if sign.isdigit()) or 0)


_TODAY = datetime.now(UTC).toordinal()


def of_the_day(all_: Iterable[One], count: int | None) -> list[One]:
    """Return *count* of *all_*, the next ones every day; None: all."""
    every = list(all_)
    if count is None:
        return every
    return [every[(_TODAY * count + turn) % len(every)] for turn in range(count)]
