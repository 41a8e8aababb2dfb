"""The list of commands, which is written apart from them so that it imports none."""

from __future__ import annotations

import subprocess
import sys

import pytest

from smoney_bot.cli import later

_EVERY_COMMAND = later.COMMANDS | later.CUSTOMER_COMMANDS

#: What the web, X and the database need, and a list does not.
_HEAVY = {"alembic", "fastapi", "sqlalchemy", "tweepy", "uvicorn"}


@pytest.mark.parametrize("name", _EVERY_COMMAND)
def test_a_line_of_the_list_is_what_the_command_says_of_itself(name: str) -> None:
    told = " ".join(later.load(name).help.split("\n\n")[0].split())
    assert _EVERY_COMMAND[name].help == told


@pytest.mark.parametrize("name", later.COMMANDS)
def test_help_fills_its_lines(name: str) -> None:
    loaded = later.load(name)
    for command in (loaded, *getattr(loaded, "commands", {}).values()):
        assert command.help
        assert "\n" not in command.help.replace("\n\n", "")


def _imported(*words: str) -> set[str]:
    """Return the packages that one command has imported when it shows its help."""
    program = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "from smoney_bot.cli import main\n"
        f"main({[*words, '--help']})"
    )
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    return {module.split(".")[0] for module in done.stderr.split()}


def test_the_list_imports_neither_database_nor_web() -> None:
    assert not _HEAVY & _imported()


def test_a_command_imports_what_it_needs_alone() -> None:
    assert _HEAVY & _imported("customer", "show") == {"alembic", "sqlalchemy"}
