"""Runs of a scenario with one blow each, at every crash point in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from conduct import CONDUCT
from crash_points import Blow, Fate
from invariants import rest_violations, story
from scenarios import SCENARIOS
from scenarios_of_operators import OF_OPERATORS
from whole_bank import WholeBank

_PHASES = SCENARIOS | OF_OPERATORS | CONDUCT


@dataclass(frozen=True)
class Ran:
    """How a run ended: its crash points, and what was wrong."""

    points: int
    violations: tuple[str, ...]
    story: dict[str, list[tuple[object, ...]]]


@dataclass(frozen=True)
class Found:
    """How many runs there were, and what was wrong in them."""

    runs: int
    violations: list[str]


@dataclass(frozen=True)
class CrashRuns:
    """Plays scenarios, each on a *fresh* database with accounts, whose URL that returns."""

    fresh: Callable[[], str]

    def play(self, scenario: str, blow: Blow | None = None) -> Ran:
        """Play *scenario*, struck by *blow*; come to rest; look."""
        bank = WholeBank(self.fresh())
        try:
            return _play(bank, scenario, blow)
        finally:
            bank.close()

    def violations(self, scenario: str, chosen: Callable[[list[Blow]], list[Blow]]) -> Found:
        """Play *scenario* once for each *chosen* blow of all that there are.

        In the end every run must tell the story of the one that nothing befell.
        """
        usual = self.play(scenario)
        wrong = [f"{scenario}, undisturbed: {one}" for one in usual.violations]
        every = [Blow(at, fate) for at in range(1, usual.points + 1) for fate in Fate]
        blows = chosen(every)
        for blow in blows:
            ran = self.play(scenario, blow)
            where = f"{scenario}, {blow.fate} point {blow.at}"
            wrong += [f"{where}: {one}" for one in ran.violations]
            wrong += [f"{where}: {one}" for one in differences(usual.story, ran.story)]
        return Found(len(blows), wrong)


def _play(bank: WholeBank, scenario: str, blow: Blow | None) -> Ran:
    bank.points.arm(blow or Blow(0, Fate.DIES_BEFORE))
    came_to_rest = True
    for phase in _PHASES[scenario]:
        phase(bank)
        came_to_rest = bank.settle() and came_to_rest
    wrong = list(rest_violations(bank))
    if not came_to_rest:
        wrong.append("it did not come to rest")
    if bank.deaths > 1:
        wrong.append(f"one blow, and {bank.deaths} deaths")
    return Ran(bank.points.count, tuple(wrong), story(bank))


def differences(
    usual: dict[str, list[tuple[object, ...]]], other: dict[str, list[tuple[object, ...]]]
) -> Iterator[str]:
    """Yield in what the *other* story is not the *usual* one."""
    for name, lines in usual.items():
        if lines != other[name]:
            lost = [line for line in lines if line not in other[name]]
            more = [line for line in other[name] if line not in lines]
            yield f"{name}: lost {lost}, instead {more}"
