"""The operator's commands: `smoney-bot --help` lists them.

Exit codes: 0 done; 1 refused or not found, with the reason; 2 the settings or
the arguments cannot be used, with what to do.
"""

from __future__ import annotations

import typer

from smoney_bot.bank.errors import TryLater
from smoney_bot.book.errors import UnusableUrl
from smoney_bot.cli import (
    boxes,
    collections,
    customers,
    daemon,
    database,
    desk,
    doctor,
    init,
    keys,
    ledger,
    money,
    operators,
    privacy,
    receipts,
    recovery,
    statements,
    x,
)
from smoney_bot.cli.show import complain
from smoney_bot.settings import BadSettings

app = typer.Typer(
    name="smoney-bot",
    help="Pay people and associations by a post on X.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(daemon.demo)
app.command()(init.init)
app.command()(daemon.serve)
app.command()(daemon.web)
app.command()(daemon.work)
app.command()(daemon.catch_up)
app.command()(money.deposit)
app.command()(money.withdraw)
app.command()(recovery.backup)
app.command()(doctor.doctor)
customers.app.command()(privacy.export)
customers.app.command()(privacy.erase)
customers.app.command()(receipts.gifts)
customers.app.command()(receipts.receipts)
customers.app.command()(statements.statement)
app.add_typer(customers.app)
app.add_typer(operators.app)
app.add_typer(money.payments_app)
app.add_typer(collections.app)
app.add_typer(desk.app)
app.add_typer(ledger.app)
app.add_typer(boxes.inbox_app)
app.add_typer(boxes.outbox_app)
app.add_typer(database.app)
app.add_typer(keys.app)
app.add_typer(x.app)


def main(words: list[str] | None = None) -> None:
    """Run one command (*words*, else those of the process), and end with its exit code.

    Settings and outages end it with a sentence, not a traceback.
    """
    try:
        app(words)
    except (BadSettings, UnusableUrl) as bad:
        complain(str(bad))
        raise SystemExit(2) from None
    except TryLater as away:
        complain(f"Away for now: {away}")
        raise SystemExit(1) from None
