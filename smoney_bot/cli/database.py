"""`smoney-bot db`: the database's tables."""

from __future__ import annotations

import typer

from smoney_bot.book import migrations
from smoney_bot.cli.opening import load_settings
from smoney_bot.cli.show import confirm

app = typer.Typer(name="db", help="The database's tables.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `upgrade` a command of its own, though it is the only one."""


@app.command()
def upgrade() -> None:
    """Bring the database up to the version of this program."""
    settings = load_settings()
    migrations.upgrade(settings.database_url)
    confirm("The database is up to date.")
