"""Showing: tables and colour for people, JSON for machines, on the right stream."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from smoney_bot.bank.money import Cents

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

#: What an operator copies from a table into the next command.
_WHOLE = {"id", "key", "reference"}
_DAY = len("2026-11-24")  # where lines are short, the hour stands below it
_WIDE = 120

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def complain(sentence: str) -> None:
    """Say what went wrong, on standard error."""
    err.print(Text.assemble(("✗", "bold red"), " ", sentence))


def refuse(sentence: str) -> NoReturn:
    """Say why it was not done, and end with exit code 1."""
    complain(sentence)
    raise typer.Exit(1)


def confirm(sentence: str) -> None:
    """Say what was done, on standard error, so that output stays for data."""
    err.print(Text.assemble(("✓", "bold green"), " ", sentence))


def show_json(facts: object) -> None:
    """Print *facts* as JSON on standard output."""
    typer.echo(json.dumps(facts, ensure_ascii=False, default=_as_json))


def show_facts(facts: Mapping[str, object]) -> None:
    """Print one thing, a line for each fact."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, fact in facts.items():
        table.add_row(name, _cell(name, fact))
    out.print(table)


def show_rows(title: str, names: list[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Print many things as a table."""
    table = empty_table(title, names)
    for row in rows:
        table.add_row(*(_cell(name, row[name]) for name in names))
    out.print(table)


def empty_table(title: str, names: Iterable[str]) -> Table:
    """Return a table with these columns, which cuts nothing off where the lines are short.

    Names that commands ask for, and sums, stay whole; the others give them room.
    """
    table = Table(title=title, title_justify="left", header_style="bold")
    for name in names:
        sums = name.endswith("_cents")
        table.add_column(
            name.removesuffix("_cents").replace("_", " "),
            justify="right" if sums else "left",
            overflow="fold",
            width=_DAY if name.endswith("_at") and out.width < _WIDE else None,
            no_wrap=sums or name in _WHOLE,
        )
    return table


def counted(number: int, noun: str) -> str:
    """Return so many of them, in words: `1 page`, `2 pages`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def money_of(cents: int) -> str:
    """Write *cents* the operator's way: `1234.50`."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"


def _cell(name: str, fact: object) -> Text:
    """Return what is shown of a fact: never as markup, for customers write square brackets."""
    return Text("-", style="dim") if fact is None else Text(_words(name, fact))


def _words(name: str, fact: object) -> str:
    if isinstance(fact, Cents) or (name.endswith("_cents") and isinstance(fact, int)):
        return f"{money_of(fact)} €"
    if isinstance(fact, datetime):
        return fact.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    return str(fact.value if isinstance(fact, Enum) else fact)


def _as_json(fact: object) -> str:
    if isinstance(fact, datetime):
        return fact.isoformat()
    raise TypeError(f"{type(fact).__name__} has no JSON form")
