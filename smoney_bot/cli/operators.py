"""`smoney-bot operator`: who may sign in to the console, and in which role."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Annotated

import segno
import typer
from sqlalchemy import Connection

from smoney_bot.bank import authenticators
from smoney_bot.bank.authenticators import NewAuthenticator
from smoney_bot.bank.operators import (
    Deed,
    Role,
    fault_of_password,
    hash_password,
    needs_authenticator,
)
from smoney_bot.book import actions, sessions
from smoney_bot.book import operators as records
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import AlreadyOpen
from smoney_bot.book.operators import Operator
from smoney_bot.cli.opening import load_settings, opened
from smoney_bot.cli.show import AsJson, confirm, refuse, show_json, show_rows

app = typer.Typer(name="operator", help="Who may sign in to the console.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="What the operator signs in by.", metavar="NAME")]

#: Small letters, so that a name is one name however it is typed.
_NAME = re.compile(r"[a-z][a-z0-9.-]{1,31}", re.ASCII)

_COLUMNS = ["name", "role", "authenticator", "state", "locked_until", "created_at"]


@app.command()
def add(
    name: Name,
    *,
    role: Annotated[Role, typer.Option(help="viewer looks, teller acts, supervisor approves.")],
    authenticator: Annotated[
        bool, typer.Option("--authenticator", help="Demand six digits too; supervisors always.")
    ] = False,
) -> None:
    """Add an operator; the password comes from a prompt or from standard input."""
    if not _NAME.fullmatch(name):
        refuse("A name is 2 to 32 small letters, digits, dots and dashes, a letter first.")
    settings = load_settings()
    keyring = settings.keyring()
    hashed = hash_password(_read_password(name))
    new = (
        authenticators.new_secret(keyring, f"{name} (console)")
        if authenticator or needs_authenticator(role)
        else None
    )
    with opened(settings) as book:

        def work(connection: Connection) -> None:
            now = book.now(connection)
            records.add(
                connection,
                name=name,
                role=role,
                password_hash=hashed,
                secret=new.secret if new else None,
                now=now,
            )
            _note(connection, Deed.ADD, book, name, role.value)

        try:
            book.run(work)
        except AlreadyOpen:
            refuse(f"There is an operator {name} already.")
    confirm(f"{name} may sign in to the console as {role.value}.")
    if new is not None:
        _show_once(new)


@app.command(name="list")
def list_operators(*, as_json: AsJson = False) -> None:
    """List all operators."""
    with opened(load_settings()) as book, book.reading() as connection:
        now = book.now(connection)
        rows = [
            {
                "name": one.name,
                "role": one.role.value,
                "authenticator": one.secret is not None,
                "state": "disabled" if one.disabled_at else "active",
                "locked_until": one.locked_until if one.is_locked(now) else None,
                "created_at": one.created_at,
            }
            for one in records.listing(connection)
        ]
    if as_json:
        show_json(rows)
        return
    show_rows("Operators", _COLUMNS, rows)


@app.command()
def disable(name: Name) -> None:
    """Let an operator sign in no more, and end their sessions."""

    def work(connection: Connection, operator: Operator, book: Book) -> None:
        records.set_disabled(connection, operator, book.now(connection))
        sessions.end_all(connection, operator)

    _change(name, Deed.DISABLE, work)
    confirm(f"{name} may sign in no more.")


@app.command()
def enable(name: Name) -> None:
    """Let a disabled operator sign in again."""
    _change(name, Deed.ENABLE, lambda c, operator, _: records.set_disabled(c, operator, None))
    confirm(f"{name} may sign in again.")


@app.command()
def password(name: Name) -> None:
    """Set a password, from a prompt or from standard input; lifts a lock, ends sessions."""
    hashed = hash_password(_read_password(name))

    def work(connection: Connection, operator: Operator, _: Book) -> None:
        records.set_password(connection, operator, hashed)
        sessions.end_all(connection, operator)

    _change(name, Deed.NEW_PASSWORD, work)
    confirm(f"{name} has a new password.")


@app.command()
def authenticator(name: Name) -> None:
    """Make a new authenticator secret; it is shown this once, and the older one is void."""
    new = authenticators.new_secret(load_settings().keyring(), f"{name} (console)")

    def work(connection: Connection, operator: Operator, _: Book) -> None:
        records.set_secret(connection, operator, new.secret)
        sessions.end_all(connection, operator)

    _change(name, Deed.NEW_AUTHENTICATOR, work)
    confirm(f"{name} has a new authenticator.")
    _show_once(new)


def _change(name: str, deed: Deed, work: Callable[[Connection, Operator, Book], None]) -> None:
    """Do *work* to the operator of that name and record it, in one transaction."""
    with opened(load_settings()) as book:

        def change(connection: Connection) -> None:
            operator = records.find(connection, name, lock=True)
            if operator is None:
                refuse(f"There is no operator {name}.")
            work(connection, operator, book)
            _note(connection, deed, book, name)

        book.run(change)


def _note(connection: Connection, deed: Deed, book: Book, name: str, detail: str = "") -> None:
    now = book.now(connection)
    actions.note(
        connection, actions.AT_THE_MACHINE, deed, now, subject=f"operator {name}", detail=detail
    )


def _read_password(name: str) -> str:
    if sys.stdin.isatty():
        text = str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    else:
        text = sys.stdin.readline().rstrip("\n")
    if fault := fault_of_password(text, name):
        refuse(f"{fault} Nothing was changed.")
    return text


def _show_once(new: NewAuthenticator) -> None:
    """Print the secret for the operator's app: as a QR on a terminal, and to type."""
    if sys.stdout.isatty():
        segno.make(new.uri, error="m").terminal(compact=True)
    typer.echo(new.typed)
    confirm("The secret for the authenticator app, shown this once.")
