"""Tests of pages never vanish quietly where there is no Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser_fixtures import NO_CHROMIUM, chromium


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine on which no program is found."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    return monkeypatch


@pytest.mark.usefixtures("bare")
def test_without_chromium_a_developer_is_told_what_to_install() -> None:
    with pytest.raises(pytest.skip.Exception, match="apt-get install chromium"):
        chromium()


def test_without_chromium_continuous_integration_fails(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=NO_CHROMIUM):
        chromium()


def test_chromium_is_taken_from_the_path(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bare.setenv("CI", "true")
    program = tmp_path / "chromium"
    program.touch(mode=0o755)
    assert chromium() == str(program)
