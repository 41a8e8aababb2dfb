"""Seeds and what came of them: nothing wrong, and the same whenever and wherever it is run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from extent import EXTENT, SEED
from simulations import on_postgresql, on_sqlite
from structlog.testing import capture_logs
from whole_bank import cheap_hashes, prepared


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Spare hashes and log lines: a traceback takes longer than a run."""
    cheap_hashes(monkeypatch)
    with capture_logs():
        yield


@pytest.fixture
def accounts(_sqlite_template: Path, tmp_path: Path) -> Path:
    return prepared(_sqlite_template, tmp_path)


def test_nothing_is_wrong_after_any_seed(accounts: Path, tmp_path: Path) -> None:
    wrong: dict[int, list[str]] = {}
    for seed in range(SEED, SEED + EXTENT.seeds):
        ended = on_sqlite(accounts, tmp_path, seed, EXTENT.steps)
        if ended.violations:
            wrong[seed] = ended.violations[:3]
    print(f"seeds {SEED} to {SEED + EXTENT.seeds - 1}, {EXTENT.steps} steps: {len(wrong)} wrong")  # noqa: T201 - the figure
    assert wrong == {}


def test_the_same_seed_tells_the_same_story(accounts: Path, tmp_path: Path) -> None:
    first, second = (on_sqlite(accounts, tmp_path, SEED, EXTENT.steps) for _ in range(2))
    other = on_sqlite(accounts, tmp_path, SEED + 1, EXTENT.steps)
    assert first == second
    assert other.outcome != first.outcome


def test_both_databases_tell_the_same_story(
    accounts: Path, tmp_path: Path, postgres_url: Callable[[], str]
) -> None:
    for seed in range(SEED, SEED + EXTENT.postgresql_seeds):
        here = on_sqlite(accounts, tmp_path, seed, EXTENT.steps, statements=False)
        there = on_postgresql(postgres_url, seed, EXTENT.steps)
        assert there == here, f"seed {seed}"
