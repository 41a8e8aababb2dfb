"""`smoney-bot ledger`: whether the book holds, its pages, and its witness."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress
from sqlalchemy import Connection

from smoney_bot.bank.keys import Keyring
from smoney_bot.book import audit, seals, witness
from smoney_bot.book.audit import Problem
from smoney_bot.book.witness import BadWitness, Head
from smoney_bot.cli.opening import load_settings, opened
from smoney_bot.cli.show import AsJson, complain, confirm, counted, err, refuse, show_json
from smoney_bot.workers.sealing import Sealing

app = typer.Typer(name="ledger", help="The book.", no_args_is_help=True)

WitnessFile = Annotated[
    Path | None,
    typer.Option("--witness", help="Compare with the heads in this file.", metavar="FILE"),
]

_EVER = timedelta(days=365 * 100)


@app.command()
def verify(*, witness_file: WitnessFile = None, as_json: AsJson = False) -> None:
    """Check every sum and seal of the book; exit code 1 names each line that does not hold.

    That the newest pages were cut off, seals and all, only a witness can tell.
    """
    settings = load_settings()
    keyring = settings.keyring()
    with opened(settings) as book, book.reading() as connection:
        now = book.now(connection)
        problems = tell(find_problems(connection, keyring, now, witness_file))
        facts = {} if problems else _facts(connection, now)
    if as_json:
        show_json({"holds": not problems, "problems": [asdict(one) for one in problems], **facts})
    if problems:
        raise typer.Exit(1)
    confirm(
        f"Every sum and seal holds: {counted(facts['sealed'], 'transfer')} in"
        f" {counted(facts['pages'], 'page')}, {facts['unsealed']} not sealed yet."
    )


def _facts(connection: Connection, now: datetime) -> dict[str, int]:
    """Return how far the chain reaches; what it has yet to reach is no problem."""
    shown = witness.head(connection, now)
    sealed = shown.transfers if shown else 0
    unsealed = seals.booked(connection) - sealed
    return {"pages": shown.seal if shown else 0, "sealed": sealed, "unsealed": unsealed}


def find_problems(
    connection: Connection, keyring: Keyring, now: datetime, file: Path | None
) -> Iterator[Problem]:
    """Yield whatever is wrong with sums, seals and witness; show how far it is on a terminal."""
    yield from audit.verify(connection)
    with Progress(console=err, transient=True, disable=not err.is_terminal) as shown:
        pages = shown.add_task("Seals", total=seals.booked(connection))
        yield from seals.check(connection, keyring, now, lambda held: shown.advance(pages, held))
    if file is not None:
        yield from audit.legible(witness.compare(connection, _heads_seen(file)))


def tell(problems: Iterator[Problem]) -> list[Problem]:
    """Say each problem as soon as it is found, and return them all."""
    found = []
    for problem in problems:
        complain(f"{problem.rule}: {problem.subject}: {problem.detail}")
        found.append(problem)
    return found


def read_heads(file: Path) -> Iterator[Head]:
    """Yield the heads in the witness's file; end with exit code 1 if it cannot be read."""
    try:
        yield from witness.read(file)
    except (BadWitness, OSError) as bad:
        refuse(f"The witness cannot be read: {bad}")


def _heads_seen(file: Path) -> Iterator[Head]:
    """Like `read_heads`; end with exit code 1 too if the witness has seen nothing yet."""
    seen = 0
    for head in read_heads(file):
        seen += 1
        yield head
    if not seen:
        refuse(f"There is no head of the chain in {file}: it is no witness yet.")


@app.command()
def seal(
    *,
    late: Annotated[
        bool,
        typer.Option(
            "--late",
            help="Also transfers below a closed page that `verify` names: look at them first.",
        ),
    ] = False,
) -> None:
    """Close a page now over all transfers that none holds."""
    settings = load_settings()
    keyring = settings.keyring()
    with opened(settings) as book:
        limits = {"late": _EVER} if late else {}
        closed = Sealing(book, keyring, settle=timedelta(0), **limits).close_pages()
    confirm(f"{counted(closed, 'transfer')} sealed.")


@app.command(name="witness")
def export_head(
    file: Annotated[
        Path | None, typer.Argument(help="Add the head to this file.", metavar="FILE")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Export the head of the chain: one line of JSON, to be kept on another machine.

    Exit code 1 is an alarm: the file's last head is not in the chain any more.
    """
    with opened(load_settings()) as book, book.reading() as connection:
        shown = witness.head(connection, book.now(connection))
        last = list(deque(read_heads(file), 1)) if file is not None and file.exists() else []
        if tell(witness.compare(connection, last)):
            refuse("Nothing was added: the book is not the one that the witness knows.")
    if shown is None:
        refuse("Nothing is sealed yet.")
    if file is None or as_json:
        typer.echo(shown.to_json())
    if file is not None and [one.seal for one in last] != [shown.seal]:
        witness.append(file, shown)
