"""The operator's commands: `smoney-bot --help` lists them.

Exit codes: 0 done; 1 refused or not found, with the reason, as for a word that is
no amount, handle or month; 2 the settings cannot be used, or the command line cannot
be read, with what to do.
"""

from __future__ import annotations

from typing import Annotated

import typer

from smoney_bot.bank.errors import TryLater
from smoney_bot.book.errors import UnusableBook, UnusableUrl
from smoney_bot.cli import later
from smoney_bot.cli.show import complain
from smoney_bot.settings import BadSettings
from smoney_bot.version import VERSION

app = typer.Typer(
    name="smoney-bot",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
later.add(app, later.COMMANDS)


def _tell_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        typer.echo(f"smoney-bot {VERSION}")
        raise typer.Exit


@app.callback()
def _before_any(
    *,
    tell_version: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Pay people and associations by a post on X."""


def main(words: list[str] | None = None) -> None:
    """Run one command (*words*, else those of the process), and end with its exit code.

    Settings and outages end it with a sentence, not a traceback.
    """
    try:
        app(words)
    except (BadSettings, UnusableBook, UnusableUrl) as bad:
        complain(str(bad))
        raise SystemExit(2) from None
    except TryLater as away:
        complain(f"Away for now: {away}")
        raise SystemExit(1) from None
