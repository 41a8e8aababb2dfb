"""The commands by name: each is imported when it runs, and `--help` lists them without.

An operator's command then starts in half the time: it leaves alone what only others
need, such as the web.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand


@dataclass(frozen=True, slots=True)
class Command:
    """A command, or a group of them: where it is written, and its line in the list."""

    module: str
    attribute: str
    help: str


COMMANDS = {
    "demo": Command(
        "daemon", "demo", "Try the whole service on this machine, with a local stand-in for X."
    ),
    "init": Command(
        "init",
        "init",
        "Make .env and secrets/: new keys and a password; the rest it asks, and checks at once.",
    ),
    "serve": Command("daemon", "serve", "Run the daemon: X's door, and the workers."),
    "web": Command("daemon", "web", "Run only X's door; the workers are other processes."),
    "work": Command("daemon", "work", "Run only the workers; X's door is another process."),
    "catch-up": Command(
        "daemon",
        "catch_up",
        "Read X's lists of mentions and direct messages now, as the daemon does every minute.",
    ),
    "deposit": Command(
        "money", "deposit", "Book money that came in for a customer, once for each reference."
    ),
    "withdraw": Command(
        "money", "withdraw", "Book money that went out for a customer, once for each reference."
    ),
    "backup": Command(
        "recovery",
        "backup",
        "Copy the book while it is in use; on PostgreSQL, print what makes the copy.",
    ),
    "doctor": Command(
        "doctor",
        "doctor",
        "Look at settings, database, address and X;"
        " say the one thing to do for each that is wrong.",
    ),
    "customer": Command("customers", "app", "Accounts, cards, PINs."),
    "operator": Command("operators", "app", "Who may sign in to the console."),
    "payment": Command("money", "payments_app", "Payments."),
    "collection": Command("collections", "app", "Collections of associations."),
    "desk": Command("desk", "app", "What customers ask people for."),
    "ledger": Command("recovery", "app", "The book."),
    "inbox": Command("boxes", "inbox_app", "Messages that arrived."),
    "outbox": Command("boxes", "outbox_app", "Answers on their way."),
    "db": Command("database", "app", "The database's tables."),
    "keys": Command("keys", "app", "The bank's secret keys."),
    "x": Command("x", "app", "What X knows of us, and replays."),
}

#: Of `smoney-bot customer`, those that are written elsewhere.
CUSTOMER_COMMANDS = {
    "export": Command(
        "privacy",
        "export",
        "Write everything stored about a customer as JSON; of codes only places and dates.",
    ),
    "erase": Command(
        "privacy",
        "erase",
        "Erase a customer for good: id, handle, codes and words; amounts and sums stay.",
    ),
    "gifts": Command(
        "receipts", "gifts", "Write an association's gifts of a year as CSV, oldest first."
    ),
    "receipts": Command(
        "receipts",
        "receipts",
        "Write a page for each giver of a year, to print and sign: the receipt for their tax.",
    ),
    "statement": Command(
        "statements",
        "statement",
        "Show what moved on an account in a month, and the balance before and after.",
    ),
}


def add(app: typer.Typer, commands: dict[str, Command]) -> None:
    """List *commands* in *app*; each is imported when it is called."""
    for name, command in commands.items():
        app.command(name, help=command.help, cls=_Later)(_nothing)


def load(name: str) -> Any:  # noqa: ANN401 - typer gives its commands no public base
    """Import the command of this name, ready to be called."""
    command = (COMMANDS | CUSTOMER_COMMANDS)[name]
    found = getattr(import_module(f"smoney_bot.cli.{command.module}"), command.attribute)
    if isinstance(found, typer.Typer):
        return _flowing(typer.main.get_group(found))
    alone = typer.Typer(add_completion=False)
    alone.command(name)(found)
    return _flowing(typer.main.get_command(alone))


def _flowing(command: Any) -> Any:  # noqa: ANN401 - as in `load`
    """Let the help of *command*, and of those in its group, fill the lines of its reader.

    typer keeps the line ends of the docstring, where they come too early.
    """
    paragraphs = (command.help or "").split("\n\n")
    command.help = "\n\n".join(" ".join(one.split()) for one in paragraphs)
    for one in getattr(command, "commands", {}).values():
        _flowing(one)
    return command


class _Later(TyperCommand):
    """Stands in the list for a command, and gives way to it when it is called."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: Any = None,  # noqa: ANN401 - as in `load`
        **extra: Any,  # noqa: ANN401 - handed on as they come
    ) -> Any:  # noqa: ANN401 - as in `load`
        assert self.name is not None
        return load(self.name).make_context(info_name, args, parent, **extra)


def _nothing() -> None:
    """Do nothing: a typer command wants a function, and `_Later` calls another."""
