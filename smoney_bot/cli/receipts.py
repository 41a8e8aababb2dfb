"""`smoney-bot customer gifts` and `receipts`: what an association was given in a year."""

from __future__ import annotations

import csv
import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from smoney_bot.bank.customers import Customer, Kind
from smoney_bot.bank.money import Cents
from smoney_bot.book import donations
from smoney_bot.book.donations import Donation
from smoney_bot.cli.customers import Handle, find
from smoney_bot.cli.opening import load_settings, opened
from smoney_bot.cli.show import complain, confirm, counted, money_of, refuse
from smoney_bot.web.receipts.pages import draw
from smoney_bot.web.receipts.receipts import Association, receipts_of

Year = Annotated[int, typer.Option("--year", min=2014, max=9998, help="The year (UTC).")]

_COLUMNS = ("date", "reference", "giver", "collection", "amount_eur")


def gifts(
    handle: Handle,
    year: Year,
    file: Annotated[
        Path | None, typer.Option("--csv", help="A new file; without it, standard output.")
    ] = None,
) -> None:
    """Write an association's gifts of a year as CSV, oldest first.

    A gift to a collection is among them once that is paid out; what is not yet, is told.
    """
    _, given = _given(handle, year)
    text = io.StringIO()
    writer = csv.writer(text)  # no word of a giver's is among these: nothing to compute
    writer.writerow(_COLUMNS)
    for one in given:
        writer.writerow(
            (
                f"{one.given_at:%Y-%m-%d}",
                one.reference,
                one.giver.handle,
                one.tag or "",
                money_of(one.amount),
            )
        )
    if file is None:
        sys.stdout.write(text.getvalue())
        return
    _write(file, text.getvalue())
    confirm(f"{file}: {_told(given)}.")


def receipts(
    handle: Handle,
    year: Year,
    *,
    out: Annotated[Path, typer.Option(help="The folder for the pages.")] = Path(),
    name: Annotated[str, typer.Option(help="The association's legal name.")] = "",
    address: Annotated[str, typer.Option(help="Its address.")] = "",
    purpose: Annotated[str, typer.Option(help="What it is for, by its articles.")] = "",
    number: Annotated[str, typer.Option(help="Its RNA or SIREN number.")] = "",
) -> None:
    """Write a page for each giver of a year, to print and sign: the receipt for their tax.

    What is left out, and what the service does not know of the giver, is left blank
    on the page. No page is overwritten: made again in another folder, a receipt has the
    same number, and holds what was paid out since.
    """
    association, given = _given(handle, year)
    described = Association(association.handle, name, address, purpose, number)
    made = receipts_of(described, year, given)
    pages = {out / f"receipt-{described.handle}-{one.number}.html": one for one in made}
    if there := [file.name for file in pages if file.exists()]:
        refuse(f"{there[0]} is in {out} already, perhaps completed: nothing was written.")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        refuse(f"{out}: {error.strerror}")
    for file, one in pages.items():
        _write(file, draw(one))
    confirm(f"{counted(len(made), 'receipt')} in {out}: {_told(given)}.")


def _given(handle: str, year: int) -> tuple[Customer, list[Donation]]:
    with opened(load_settings()) as book, book.reading() as connection:
        association = _association(connection, handle)
        given = donations.of_year(connection, association, year)
        missing = donations.pending(connection, association, year)
    for one in missing:
        complain(
            f"Not among them: {counted(one.gifts, 'gift')} of {year}, {money_of(one.amount)} €, in"
            f" #{one.tag}, which is not paid out yet. Then run this again: what it holds counts"
            f" for {year}."
        )
    return association, given


def _association(connection: Connection, handle: str) -> Customer:
    association = find(connection, handle)
    if association.kind is not Kind.ASSOCIATION:
        refuse(f"{association.handle} is no association: nobody gives to it.")
    return association


def _told(given: list[Donation]) -> str:
    total = sum((one.amount for one in given), Cents(0))
    return f"{counted(len(given), 'gift')}, {money_of(total)} €"


def _write(file: Path, text: str) -> None:
    """Write a new *file*, for its owner's eyes only: it names people and what they gave."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        refuse(f"{file}: {error.strerror}")
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as written:
        written.write(text)
