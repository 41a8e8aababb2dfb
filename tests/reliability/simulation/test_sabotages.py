"""The tests are tried themselves: each sabotage of the service must be noticed.

A quick run tries a few of them, others every day; a full one tries all.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from detectors import Detectors, nothing
from extent import EXTENT, of_the_day
from reliability_figures import FULL, SEED, record
from sabotages import SABOTAGES, Sabotage

pytest_plugins = ["simulation_fixtures"]


@pytest.fixture(scope="module")
def detectors(accounts: Path, tmp_path_factory: pytest.TempPathFactory) -> Detectors:
    return Detectors(accounts, tmp_path_factory.mktemp("sabotage"))


@pytest.mark.parametrize(
    "sabotage", of_the_day(SABOTAGES, EXTENT.mutants), ids=lambda one: one.__name__
)
def test_a_sabotage_is_noticed(sabotage: Sabotage, detectors: Detectors) -> None:
    started = time.monotonic()
    word = detectors.first_word(sabotage)
    print(f"{sabotage.__name__:<32} noticed by {word}")  # noqa: T201 - the table
    record(
        "sabotages that nobody notices",
        counted=f"1 sabotages of {len(SABOTAGES)}",
        violations=word is None,
        seconds=time.monotonic() - started,
        seed=SEED,
        engine="sqlite",
    )
    assert word is not None


@pytest.mark.skipif(not FULL, reason="takes half a minute: crash points and seeds without a fault")
def test_the_honest_service_is_not_accused(detectors: Detectors) -> None:
    assert detectors.first_word(nothing) is None
