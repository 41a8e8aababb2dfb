"""`smoney-bot customer statement`: one month of an account, for people, machines, spreadsheets."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from smoney_bot.book import statements
from smoney_bot.book.months import Month, month_of, read_month
from smoney_bot.book.statements import Line, Statement
from smoney_bot.cli.customers import Handle, find
from smoney_bot.cli.opening import load_settings, opened
from smoney_bot.cli.show import AsJson, confirm, money_of, refuse, show_json, show_rows
from smoney_bot.web.statements.sheet import sheet

_COLUMNS = ["booked_at", "kind", "other", "note", "reference", "amount_cents", "balance_cents"]


def statement(
    handle: Handle,
    *,
    month: Annotated[str, typer.Option(help="Like 2026-11 (UTC); without it, this one.")] = "",
    file: Annotated[Path | None, typer.Option("--csv", help="A new file for it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what moved on an account in a month, and the balance before and after."""
    wanted = read_month(month)
    if month and wanted is None:
        refuse(f"{month} is no month of the book: write it like 2026-11, from 2000-01 on.")
    one = _read(handle, wanted)
    if file is not None:
        _write(file, sheet(one, one.customer.language))
    elif as_json:
        show_json(_facts(one))
    else:
        _show(one)


def _read(handle: str, month: Month | None) -> Statement:
    with opened(load_settings()) as book, book.reading() as connection:
        customer = find(connection, handle)
        wanted = month or month_of(book.now(connection))
        return statements.of_month(connection, customer, wanted)


def _facts(one: Statement) -> dict[str, object]:
    return {
        "handle": one.customer.handle,
        "month": str(one.month),
        "opening_cents": int(one.opening),
        "closing_cents": int(one.closing),
        "lines": [_line(line) for line in one.lines],
    }


def _line(line: Line) -> dict[str, object]:
    return {
        "booked_at": line.booked_at,
        "kind": line.kind.value,
        "other": line.other,
        "collection": line.tag,
        "note": line.note,
        "reference": line.reference,
        "amount_cents": int(line.signed),
        "balance_cents": int(line.balance),
    }


def _show(one: Statement) -> None:
    balances = f"{money_of(one.opening)} € → {money_of(one.closing)} €"
    rows = [_line(line) for line in one.lines]
    show_rows(f"{one.customer.handle}, {one.month}: {balances}", _COLUMNS, rows)


def _write(file: Path, text: str) -> None:
    """Write a new *file*, for its owner's eyes only: it tells of somebody's money."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        refuse(f"{file}: {error.strerror}")
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as opened_file:
        opened_file.write(text)
    confirm(f"{file} is written.")
