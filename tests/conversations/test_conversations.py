"""Every conversation of this folder, played on the real service with a local X."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage import Stage, read_script

from smoney_bot.cli.demo import Demo

SCRIPTS = sorted(Path(__file__).parent.glob("*/*.txt"))
NOTHING = "Smoney says nothing"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_conversation_goes_as_written(path: Path, sqlite_url: str) -> None:
    script = read_script(path)
    with Demo(sqlite_url, cast=script.roles, places=8) as demo:
        stage = Stage(demo)
        expected: list[str] = []
        for line in [*script.lines, ""]:
            if line.startswith("Smoney"):
                expected += [] if line == NOTHING else [line]
                continue
            assert stage.heard == expected
            stage.heard, expected = [], []
            if line:
                stage.play(line)
        assert stage.problems() == []


def test_there_are_conversations_in_both_languages() -> None:
    assert {path.parent.name for path in SCRIPTS} >= {"french", "english"}
