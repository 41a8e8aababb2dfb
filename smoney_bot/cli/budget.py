"""`smoney-bot x budget`: what X has cost, day by day, and what is left of today's budget."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from smoney_bot.book import spending
from smoney_bot.book.spending import Spent
from smoney_bot.channels.x.budget import Budget
from smoney_bot.cli.opening import load_settings, opened
from smoney_bot.cli.show import AsJson, confirm, show_json, show_rows

_COLUMNS = ["day", "call", "calls", "euros"]


def show_budget(
    days: Annotated[
        int, typer.Option("--days", help="How many UTC days back, today included.", min=1, max=366)
    ] = 7,
    *,
    as_json: AsJson = False,
) -> None:
    """Show what X has cost, by UTC day and kind of call, as far as our own count goes."""
    settings = load_settings()
    with opened(settings) as book, book.reading() as connection:
        now = book.now(connection)
        lines = spending.listing(connection, now - timedelta(days=days - 1))
        today = spending.today(connection, now)
    budget = settings.budget
    shown = [_row(line, budget) for line in lines]
    spent, purse = budget.in_euros(today), budget.purse(today).name.lower()
    if as_json:
        day = {"spent": str(spent), "budget": str(_ceiling(budget)), "purse": purse}
        show_json({"today": day, "calls": shown})
        return
    show_rows("What X has cost", _COLUMNS, shown)
    confirm(f"Today {spent} of {_ceiling(budget)} euros are spent: the purse is {purse}.")


def _row(line: Spent, budget: Budget) -> dict[str, object]:
    return {
        "day": line.day,
        "call": line.call,
        "calls": line.calls,
        "euros": str(budget.in_euros(line.micro_dollars)),
    }


def _ceiling(budget: Budget) -> str:
    return f"{budget.day // 100}.{budget.day % 100:02}"
