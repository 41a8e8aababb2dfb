"""Whatever dies or fails at whatever moment: in the end the same has happened, once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from crash_points import Blow, Fate
from crash_runs import CrashRuns
from extent import EXTENT, SEED
from sabotages import replies_in_another_transaction
from scenarios import SCENARIOS
from structlog.testing import capture_logs
from whole_bank import cheap_hashes, prepared


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Spare hashes and log lines: a traceback takes longer than a run."""
    cheap_hashes(monkeypatch)
    with capture_logs():
        yield


@pytest.fixture
def runs(_sqlite_template: Path, tmp_path: Path) -> CrashRuns:
    return CrashRuns(prepared(_sqlite_template, tmp_path), tmp_path)


def some(count: int | None, of: str) -> Callable[[list[Blow]], list[Blow]]:
    """Choose *count* blows of all, the same ones for the same seed; None: all."""

    def choose(every: list[Blow]) -> list[Blow]:
        dice = random.Random(f"{SEED} {of}")
        return every if count is None else dice.sample(every, min(count, len(every)))

    return choose


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_blow_at_any_moment_changes_nothing_in_the_end(runs: CrashRuns, scenario: str) -> None:
    found = runs.violations(scenario, some(EXTENT.blows, scenario))
    print(f"{scenario}: seed {SEED}, {found.runs} blows, {len(found.violations)} violations")  # noqa: T201 - the figure
    assert found.runs
    assert found.violations == []


def deaths_after_the_money(every: list[Blow]) -> list[Blow]:
    """Choose the deaths in the second half, where the money has been committed."""
    return [one for one in every if one.fate is Fate.DIES_BEFORE and one.at > len(every) // 8]


def test_answers_written_apart_from_the_money_are_noticed(
    runs: CrashRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies_in_another_transaction(monkeypatch)
    found = runs.violations("paid", deaths_after_the_money)
    assert any("was never answered" in one for one in found.violations)
