"""The tests are tried themselves: each sabotage of the service must be noticed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from detectors import Detectors
from extent import EXTENT
from sabotages import SABOTAGES, Sabotage
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


@pytest.mark.parametrize("sabotage", SABOTAGES[: EXTENT.mutants], ids=lambda one: one.__name__)
def test_a_sabotage_is_noticed(
    sabotage: Sabotage, accounts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detectors = Detectors.ready(accounts, tmp_path)
    sabotage(monkeypatch)
    word = detectors.first_word()
    print(f"{sabotage.__name__:<32} noticed by {word}")  # noqa: T201 - the table
    assert word is not None
