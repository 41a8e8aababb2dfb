"""Seeds and what came of them: nothing wrong, and the same whenever and wherever it is run."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from extent import EXTENT, FIRST_SEED
from reliability_figures import record
from sabotages_of_codes import codes_forever
from simulations import on_postgresql, on_sqlite

pytest_plugins = ["simulation_fixtures"]

_SEEDS = range(FIRST_SEED, FIRST_SEED + EXTENT.seeds)
_ON_BOTH = range(FIRST_SEED, FIRST_SEED + EXTENT.both_seeds)


def _apart(seeds: range) -> list[range]:
    """Cut *seeds* into a few ranges: one test each, so that processes share them."""
    return [seeds[at : at + EXTENT.together] for at in range(0, len(seeds), EXTENT.together)]


@pytest.mark.parametrize("seeds", _apart(_SEEDS), ids=str)
def test_nothing_is_wrong_after_any_seed(accounts: Path, tmp_path: Path, seeds: range) -> None:
    started, wrong = time.monotonic(), {}
    for seed in seeds:
        ended = on_sqlite(accounts, tmp_path, seed, EXTENT.steps)
        if ended.violations:
            wrong[seed] = ended.violations[:3]
    record(
        "simulation",
        counted=f"{len(seeds)} seeds, {len(seeds) * EXTENT.steps:,} steps",
        violations=len(wrong),
        seconds=time.monotonic() - started,
        seed=f"{FIRST_SEED} and on",
        engine="sqlite",
        note="dying and failing everywhere",
    )
    assert wrong == {}


def test_the_same_seed_tells_the_same_story(accounts: Path, tmp_path: Path) -> None:
    first, second = (on_sqlite(accounts, tmp_path, FIRST_SEED, EXTENT.steps) for _ in range(2))
    other = on_sqlite(accounts, tmp_path, FIRST_SEED + 1, EXTENT.steps)
    assert first == second
    assert other.outcome != first.outcome


def test_a_seed_that_fails_fails_again(
    accounts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes_forever(monkeypatch)
    seed = FIRST_SEED
    while not (found := on_sqlite(accounts, tmp_path, seed, EXTENT.steps)).violations:
        seed += 1
    again = [on_sqlite(accounts, tmp_path, seed, EXTENT.steps) for _ in range(EXTENT.again)]
    assert again == [found] * EXTENT.again


@pytest.mark.parametrize("seeds", _apart(_ON_BOTH), ids=str)
def test_both_databases_tell_the_same_story(
    accounts: Path, tmp_path: Path, postgres_url: Callable[[], str], seeds: range
) -> None:
    started, apart = time.monotonic(), []
    there = on_postgresql(postgres_url)
    for seed in seeds:
        here = on_sqlite(accounts, tmp_path, seed, EXTENT.both_steps, statements=False)
        if there(seed, EXTENT.both_steps) != here or here.violations:
            apart.append(seed)
    record(
        "simulation, same outcome on SQLite",
        counted=f"{len(seeds)} seeds, {len(seeds) * EXTENT.both_steps:,} steps",
        violations=len(apart),
        seconds=time.monotonic() - started,
        seed=f"{FIRST_SEED} and on",
        engine="postgresql",
        note="dying and failing at calls to X",
    )
    assert apart == []
