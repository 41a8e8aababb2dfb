"""Whatever dies or fails at whatever moment: in the end the same has happened, once."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from crash_points import Blow, Fate
from crash_runs import CrashRuns, differences
from extent import EXTENT, of_the_day
from reliability_figures import FULL, SEED, chance, record
from sabotages import Sabotage
from sabotages_of_operators import decided_before_the_money_moves, recorded_afterwards
from sabotages_of_writing import replies_in_another_transaction
from scenarios import SCENARIOS
from scenarios_of_operators import OF_OPERATORS
from simulations import copies_of, databases_like

pytest_plugins = ["simulation_fixtures"]


@pytest.fixture
def runs(accounts: Path, tmp_path: Path) -> CrashRuns:
    return CrashRuns(copies_of(accounts, tmp_path))


@pytest.fixture
def runs_on_postgresql(accounts: Path, postgres_url: Callable[[], str]) -> CrashRuns:
    del accounts  # with it come quick hashes and a quiet log
    return CrashRuns(databases_like(postgres_url))


def some(count: int | None, of: str) -> Callable[[list[Blow]], list[Blow]]:
    """Choose *count* blows of all, the same ones for the same seed; None: all."""

    def choose(every: list[Blow]) -> list[Blow]:
        return every if count is None else chance(of).sample(every, min(count, len(every)))

    return choose


@pytest.mark.parametrize(
    "scenario",
    [
        *of_the_day(SCENARIOS, EXTENT.scenarios),
        *of_the_day(OF_OPERATORS, EXTENT.scenarios_of_operators),
    ],
)
def test_a_blow_at_any_moment_changes_nothing_in_the_end(runs: CrashRuns, scenario: str) -> None:
    _strike(runs, scenario, "sqlite")


@pytest.mark.parametrize("scenario", of_the_day(SCENARIOS, EXTENT.scenarios_on_postgresql))
def test_nor_does_it_on_postgresql(runs_on_postgresql: CrashRuns, scenario: str) -> None:
    _strike(runs_on_postgresql, scenario, "postgresql")


def _strike(runs: CrashRuns, scenario: str, engine: str) -> None:
    started = time.monotonic()
    found = runs.violations(scenario, some(EXTENT.blows, scenario))
    record(
        "crash points",
        counted=f"1 scenarios, {found.runs:,} blows",
        violations=len(found.violations),
        seconds=time.monotonic() - started,
        seed=SEED,
        engine=engine,
        note="every statement, commit and call to X, before and after, dying or failing",
    )
    assert found.runs
    assert found.violations == []


def deaths(begin: float, end: float) -> Callable[[list[Blow]], list[Blow]]:
    """Choose the deaths of that part of a run in which the money is committed: two tell."""

    def choose(every: list[Blow]) -> list[Blow]:
        found = [one for one in every if one.fate is Fate.DIES_AFTER]
        return found[int(begin * len(found)) : int(end * len(found))]

    return choose


def test_answers_written_apart_from_the_money_are_noticed(
    runs: CrashRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies_in_another_transaction(monkeypatch)
    found = runs.violations("paid", deaths(1 / 4, 1 / 2))
    assert any("was never answered" in one for one in found.violations)


@pytest.mark.skipif(not FULL, reason="a dozen databases")
def test_on_postgresql_they_are_noticed_too(
    runs_on_postgresql: CrashRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies_in_another_transaction(monkeypatch)
    found = runs_on_postgresql.violations("paid", deaths(1 / 4, 1 / 2))
    assert any("was never answered" in one for one in found.violations)


@pytest.mark.parametrize(
    ("sabotage", "word"),
    [
        (decided_before_the_money_moves, "approved_refund_has_transfer"),
        (recorded_afterwards, "deeds of operators: lost"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_refund_torn_in_two_is_noticed(
    runs: CrashRuns, monkeypatch: pytest.MonkeyPatch, sabotage: Sabotage, word: str
) -> None:
    usual = runs.play("refund approved")
    sabotage(monkeypatch)
    torn = runs.play("refund approved")
    found = [*torn.violations, *differences(usual.story, torn.story)]
    assert any(word in one for one in found)
