"""Two things measured in turns: the ratio of their medians, and how it spread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

Measure = Callable[[], float]


def _silent() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured: rounds of so many seconds on a bank of so many people."""

    rounds: int = 5
    seconds: int = 3
    people: int = 20_000
    tell: Callable[[], None] = _silent  # after each round


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to be reached, in a sentence, against which base."""

    name: str
    sentence: str
    base: str
    goal: float
    at_most: bool = False  # the smaller the better

    def is_reached(self, value: float) -> bool:
        """Whether *value* reaches it."""
        return value <= self.goal if self.at_most else value >= self.goal


@dataclass(frozen=True, slots=True)
class Figure:
    """What came of one goal: `ours` and `base` as measured, round by round."""

    goal: Goal
    value: float
    ours: Sequence[float] = ()
    base: Sequence[float] = ()
    unit: str = "/s"
    note: str = ""
    oracle: str = "sound"  # what the audit said afterwards
    more: dict[str, float] = field(default_factory=dict)

    @property
    def is_reached(self) -> bool:
        """Whether the goal is reached by a book that is sound."""
        return self.goal.is_reached(self.value) and self.oracle == "sound"

    @property
    def spread(self) -> tuple[float, float]:
        """The lowest and the highest ratio of one round."""
        each = [one / other for one, other in zip(self.ours, self.base, strict=True)]
        return (min(each), max(each)) if each else (self.value, self.value)


def in_turns(goal: Goal, ours: Measure, base: Measure, extent: Extent, unit: str = "/s") -> Figure:
    """Measure *ours* and *base* in turns, after one round that does not count.

    The order changes each time, so that a machine that slows down slows both.
    """
    found: dict[Measure, list[float]] = {ours: [], base: []}
    for number in range(extent.rounds + 1):
        for measure in (ours, base) if number % 2 else (base, ours):
            figure = measure()
            if number:
                found[measure].append(figure)
        extent.tell()
    value = median(found[ours]) / median(found[base])
    return Figure(goal, value, tuple(found[ours]), tuple(found[base]), unit)
