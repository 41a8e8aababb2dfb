"""`smoney-bot doctor`: says what is missing before X or a customer does."""

# ruff: noqa: PLC0415 - tweepy costs half a second to import, which other commands need not pay

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from smoney_bot import settings as environment
from smoney_bot import telemetry
from smoney_bot.cli.checkup import house, names, records
from smoney_bot.cli.checkup.findings import Finding, Mark, red
from smoney_bot.cli.show import AsJson, confirm, counted, err, out, refuse, show_json
from smoney_bot.settings import BadSettings, Settings

_SIGNS = {
    Mark.GREEN: "[green]✓[/]",
    Mark.YELLOW: "[yellow]![/]",
    Mark.RED: "[bold red]✗[/]",
    Mark.NOTE: "[dim]·[/]",
}
_COLOURS = {Mark.GREEN: "", Mark.YELLOW: "yellow", Mark.RED: "red", Mark.NOTE: "dim"}


def doctor(
    *,
    backup: Annotated[
        Path | None, typer.Option(help="A backup, or the folder of them.", metavar="PATH")
    ] = None,
    witness: Annotated[
        Path | None, typer.Option(help="The file of the witness.", metavar="FILE")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look at settings, database, address and X; say the one thing to do for each that is wrong.

    Changes nothing. Exit code 1 if anything does not work.
    """
    with err.status("Looking...", spinner="dots"):
        found = list(_look(backup, witness))
    wrong = [one for one in found if one.mark is Mark.RED]
    if as_json:
        show_json({"well": not wrong, "checks": [asdict(one) for one in found]})
    else:
        out.print(_table(found))
    if wrong:
        refuse(f"{counted(len(wrong), 'thing')} to put right.")
    confirm("Nothing is wrong.")


def _look(backup: Path | None, witness: Path | None) -> Iterator[Finding]:
    try:
        settings = environment.load()
    except BadSettings as bad:
        for line in str(bad).splitlines():
            yield red("settings", line, "Set it right: .env.example tells how.")
        return
    telemetry.configure(settings.log_format.value, "error", sys.stderr)
    yield names.look()
    now = datetime.now(UTC)
    yield from house.look(settings, now)
    yield from records.look(settings.database_url, settings.budget)
    yield from records.copies(backup, witness, now)
    yield from _outside(settings)


def _outside(settings: Settings) -> Iterator[Finding]:
    from smoney_bot.cli.checkup import account, address
    from smoney_bot.cli.running import open_admin

    yield from address.look(settings)
    try:
        x, bot = open_admin(settings), settings.bot()
    except BadSettings:
        return  # the keys for X were found wanting before
    yield from account.look(x, bot, _webhook_url(settings))


def _webhook_url(settings: Settings) -> str | None:
    try:
        return settings.webhook_url()
    except BadSettings:
        return None


def _table(found: list[Finding]) -> Table:
    table = Table.grid(padding=(0, 2))
    for _ in range(3):
        table.add_column()
    for one in found:
        said = (
            f"[{_COLOURS[one.mark]}]{escape(one.said)}[/]"
            if _COLOURS[one.mark]
            else escape(one.said)
        )
        advice = f"\n[dim]→[/] {escape(one.advice)}" if one.advice else ""
        table.add_row(_SIGNS[one.mark], one.check, said + advice)
    return table
