"""`smoney-bot desk`: what customers ask people for, listed, taken, answered and closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeVar

import typer
from rich.text import Text
from sqlalchemy import Connection

from smoney_bot.bank.branch import Colour, Request, RequestLine
from smoney_bot.bank.reception import NotSayable
from smoney_bot.bank.references import read_reference
from smoney_bot.book import customers
from smoney_bot.book import desk_requests as records
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import NotWaiting
from smoney_bot.cli.opening import load_settings, opened
from smoney_bot.cli.show import AsJson, confirm, empty_table, out, refuse, show_facts, show_json

app = typer.Typer(name="desk", help="What customers ask people for.", no_args_is_help=True)

Reference = Annotated[str, typer.Argument(help="The request's number.", metavar="REF")]

_NAME_LONGEST = 32  # as for those who sign in to the console


def _name(by: str) -> str:
    """Return the name of who does it; end with exit code 1 if it is none."""
    name = by.strip()
    if not name or not name.isprintable() or len(name) > _NAME_LONGEST:
        refuse(f"--by is a name of 1 to {_NAME_LONGEST} signs.")
    return name


By = Annotated[str, typer.Option("--by", callback=_name, help="Who does it.", metavar="NAME")]

Result = TypeVar("Result")

#: Who answers where nobody is named.
_DESK = "desk"

_STYLES = {Colour.GREEN: "green", Colour.AMBER: "yellow", Colour.RED: "bold red"}

_WHY = {
    "empty": "An answer needs words.",
    "too_long": "That is too long for one answer: 1000 signs at most.",
    "link": "The bank sends no links, nor what X would make one of.",
    "asks_for_code": "That reads as if the bank asked for a code, which it never does.",
    "may_not_be_written_to": "This customer may not be written to: they said stop.",
}


@app.command(name="list")
def list_(
    *,
    ended: Annotated[bool, typer.Option("--ended", help="Those that are over.")] = False,
    most: Annotated[int, typer.Option("--most", min=1, max=10_000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List what waits, the most urgent first: green, amber in the last third, red when late."""
    with opened(load_settings()) as book, book.reading() as connection:
        now = book.now(connection)
        found = records.listing(connection, ended=ended, limit=most)
        facts = _facts(connection, found, now)
    if as_json:
        show_json(facts)
        return
    _show_table(found, facts, now)


@app.command()
def show(reference: Reference, *, as_json: AsJson = False) -> None:
    """Show a request and all that was written about it."""
    with opened(load_settings()) as book, book.reading() as connection:
        found = records.show(connection, _read(reference))
        if found is None:
            refuse(f"There is no request {reference}.")
        request, lines = found
        facts = _facts(connection, [request], book.now(connection))[0]
    if as_json:
        show_json(facts | {"lines": [_line(one) for one in lines]})
        return
    show_facts(facts)
    for one in lines:
        who = one.operator or facts["customer"]
        out.print(f"\n{who}, {one.written_at:%Y-%m-%d %H:%M} UTC", style="dim", markup=False)
        out.print(one.words or "(purged)", markup=False)


@app.command()
def take(reference: Reference, by: By) -> None:
    """Take a request, so that nobody else does; the customer hears nothing of it."""
    before = _change(reference, lambda c, of, _: records.take(c, of, by))
    instead = f" in place of {before}" if before not in {None, by} else ""
    confirm(f"{by} sees to {_read(reference)}{instead}.")


@app.command()
def answer(
    reference: Reference,
    words: Annotated[str, typer.Argument(help="What the customer reads.", metavar="WORDS")],
    by: By = _DESK,
) -> None:
    """Answer a request by direct message."""
    _change(reference, lambda c, of, now: records.answer(c, of, words, by, now))
    confirm(f"The answer to {_read(reference)} is on its way.")


@app.command()
def close(reference: Reference, by: By = _DESK) -> None:
    """End a request; a customer who still waits for an answer is told."""
    _change(reference, lambda c, of, now: records.close(c, of, by, now))
    confirm(f"{_read(reference)} is closed.")


def _read(reference: str) -> str:
    read = read_reference(reference)
    if read is None:
        refuse(f"{reference!r} is not a number of a request: a sign in it is wrong.")
    return read


def _change(reference: str, change: Callable[[Connection, str, datetime], Result]) -> Result:
    """Do *change* to a request in one transaction; end with exit code 1 if it may not be."""
    read = _read(reference)
    with opened(load_settings()) as book:
        try:
            return _run(book, read, change)
        except NotWaiting:
            refuse(f"There is no request {read} that waits for this.")
        except NotSayable as no:
            refuse(_WHY[no.why])


def _run(
    book: Book, reference: str, change: Callable[[Connection, str, datetime], Result]
) -> Result:
    return book.run(lambda c: change(c, reference, book.now(c)))


def _facts(connection: Connection, found: list[Request], now: datetime) -> list[dict[str, object]]:
    known = customers.by_ids(connection, {one.customer_id for one in found})
    return [
        {
            "reference": one.reference,
            "kind": one.kind.value,
            "customer": known[one.customer_id].handle,
            "state": one.state.value,
            "colour": _colour(one, now),
            "taken_by": one.taken_by,
            "opened_at": one.opened_at,
            "due_at": one.due_at,
            "answered_at": one.answered_at,
            "closed_at": one.closed_at,
        }
        for one in found
    ]


def _colour(request: Request, now: datetime) -> str | None:
    colour = request.colour(now)
    return colour.value if colour else None


def _line(line: RequestLine) -> dict[str, object]:
    return {"operator": line.operator, "words": line.words, "written_at": line.written_at}


def _show_table(found: list[Request], facts: list[dict[str, object]], now: datetime) -> None:
    names = ["reference", "kind", "customer", "state", "colour", "taken_by", "due_at"]
    table = empty_table("Requests (UTC)", names)
    for one, row in zip(found, facts, strict=True):
        colour = one.colour(now)
        cells = [row[name] for name in names[:-1]]
        texts = [Text("-" if cell is None else str(cell)) for cell in cells]
        style = _STYLES[colour] if colour else "dim"
        table.add_row(*texts, f"{one.due_at:%Y-%m-%d %H:%M}", style=style)
    out.print(table)
