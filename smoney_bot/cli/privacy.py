"""`smoney-bot customer export` and `erase`: what the law on data protection gives a customer."""

from __future__ import annotations

import json
import os
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection
from structlog import get_logger

from smoney_bot.bank.customers import Customer
from smoney_bot.book import customers, dossier, erasure
from smoney_bot.book.engine import Book
from smoney_bot.book.erasure import Erased, NotErasable
from smoney_bot.cli import database
from smoney_bot.cli.customers import Handle, find
from smoney_bot.cli.opening import load_settings, opened
from smoney_bot.cli.show import complain, confirm, counted, refuse

log = get_logger(__name__)


def export(
    handle: Handle,
    file: Annotated[
        Path | None, typer.Argument(help="A new file; without it, standard output.", metavar="FILE")
    ] = None,
) -> None:
    """Write everything stored about a customer as JSON; of codes only places and dates."""
    with opened(load_settings()) as book, book.reading() as connection:
        told = dossier.of_customer(connection, find(connection, handle))
    text = json.dumps(told, ensure_ascii=False, indent=2, default=_plain)
    if file is None:
        typer.echo(text)
        return
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        refuse(f"{file}: {error.strerror}")
    with os.fdopen(descriptor, "w", encoding="utf-8") as written:
        written.write(text + "\n")
    confirm(f"{file} holds everything stored about {handle}. Hand it over safely.")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{type(value).__name__} has no JSON form")


def erase(
    handle: Handle,
    *,
    now: Annotated[
        bool,
        typer.Option("--now", help="Although the law may want the records kept: you know better."),
    ] = False,
    rewrite: Annotated[
        bool,
        typer.Option("--rewrite", help="Then rewrite the database's files; payments wait."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a customer for good: id, handle, codes and words; amounts and sums stay.

    Refused while there is money, or while something waits; and for five years
    after the last transfer, which the law on money laundering wants kept.
    """
    settings = load_settings()
    with opened(settings) as book:
        customer = _ask(book, handle, now=now, yes=yes)
        try:
            erased = book.run(lambda c: _erase(c, book, customer.x_id))
        except NotErasable as not_yet:
            refuse(f"{handle} cannot be erased: {not_yet}.")
    log.warning("customer.erased", customer_id=customer.id)
    _tell(handle, erased)
    if rewrite:
        database.rewrite()


def _ask(book: Book, handle: str, *, now: bool, yes: bool) -> Customer:
    """Return whom to erase; end with exit code 1 if the law, or the operator, does not want it."""
    with book.reading() as connection:
        customer = find(connection, handle)
        kept = erasure.kept_until(connection, customer)
        today = book.now(connection)
    if kept is not None and kept > today and not now:
        refuse(
            f"The law on money laundering wants the records of {handle} kept until"
            f" {kept:%Y-%m-%d}. If it does not bind you here, say --now."
        )
    if not yes and not typer.confirm(f"Erase {customer.handle} (X id {customer.x_id}) for good?"):
        refuse("Nothing was erased.")
    return customer


def _erase(connection: Connection, book: Book, x_id: str) -> Erased:
    # By X's id: the handle may have passed to another customer since the question.
    customer = customers.by_x_ids(connection, [x_id], lock=True)[x_id]
    return erasure.erase(connection, customer, book.now(connection))


def _tell(handle: str, erased: Erased) -> None:
    confirm(
        f"{handle} is erased. Emptied: {counted(erased.payments, 'payment')}"
        f" (amounts stay), {counted(erased.messages, 'message')},"
        f" {counted(erased.answers, 'answer')}."
    )
    if erased.notes:
        complain(
            f"{erased.notes} references, reasons or remarks of operators still name them: these"
            " cannot be changed. Never write a name or an X id there."
        )
