"""Whatever the README tells a reader to type exists."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from typer.testing import CliRunner

from smoney_bot.cli import app

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^```.*?\n(.*?)^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`|^(?: {4}|\t)(.+)$", re.MULTILINE)
_OURS = re.compile(r"(?:\$ )?(?:smoney-bot|python3? -m smoney_bot) (.+)")
_GROUP_ALONE = re.compile(r"(?:customer|payment|ledger|inbox|outbox|db|keys) [a-z|]+")


@pytest.fixture
def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def code(markdown: str) -> Iterator[str]:
    """Yield each line of code: fenced, indented, or between backticks."""
    for fence in _FENCE.finditer(markdown):
        yield from fence[1].splitlines()
    for found in _CODE.finditer(_FENCE.sub("", markdown)):
        yield found[1] or found[2]


def commands(markdown: str) -> Iterator[str]:
    """Yield what stands after `smoney-bot`, and `outbox list` where the name is left out."""
    for line in code(markdown):
        if (found := _OURS.fullmatch(line.strip())) is not None:
            yield found[1]
        elif _GROUP_ALONE.fullmatch(line):
            yield line


def exists(command: str) -> bool:
    """Whether every word and option of a command line is known; `list|retry` are two of them."""
    words = shlex.split(command, comments=True)
    lines = product(*(word.split("|") for word in words))
    # With --help a command reads its words, says what it is, and does nothing.
    return all(CliRunner().invoke(app, [*line, "--help"]).exit_code == 0 for line in lines)


def test_every_command_in_the_readme_exists(readme: str) -> None:
    named = list(commands(readme))
    assert named
    assert [command for command in named if not exists(command)] == []


@pytest.mark.parametrize(
    ("markdown", "wrong"),
    [
        ("`smoney-bot fly`", ["fly"]),
        ("`smoney-bot customer fly HANDLE`", ["customer fly HANDLE"]),
        ("    $ smoney-bot serve --fly", ["serve --fly"]),
        ("```\nsmoney-bot ledger fly\n```", ["ledger fly"]),
        ("or `outbox fly`", ["outbox fly"]),
        ("`smoney-bot inbox list|fly`", ["inbox list|fly"]),
        (
            "    smoney-bot demo --port 0   # any\n`smoney-bot inbox list|retry` smoney-bot flies",
            [],
        ),
    ],
)
def test_a_command_that_does_not_exist_is_found(markdown: str, wrong: list[str]) -> None:
    assert [command for command in commands(markdown) if not exists(command)] == wrong


def test_every_make_target_in_the_readme_exists(readme: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"^make ([a-z-]+)", "\n".join(code(readme)), re.MULTILINE))
    assert "demo" in named
    assert named - targets == set()
