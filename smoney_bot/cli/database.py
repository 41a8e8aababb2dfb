"""`smoney-bot db`: the database's tables."""

from __future__ import annotations

import typer

from smoney_bot.bank.errors import TryLater
from smoney_bot.book import migrations, rewriting
from smoney_bot.cli.opening import load_settings
from smoney_bot.cli.show import confirm, refuse

app = typer.Typer(name="db", help="The database's tables.", no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """Bring the database up to the version of this program."""
    settings = load_settings()
    migrations.upgrade(settings.database_url)
    confirm("The database is up to date.")


@app.command()
def rewrite() -> None:
    """Rewrite the database's files, so that what was erased is not in them; payments wait."""
    settings = load_settings()
    try:
        rewriting.rewrite(settings.database_url)
    except TryLater as away:
        refuse(f"The database's files are not rewritten: {away}.")
    confirm("The database's files are rewritten.")
