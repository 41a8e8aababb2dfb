"""`smoney-bot customer`: accounts, their cards and PINs, and their state."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from datetime import datetime
from typing import Annotated

import typer
from rich.columns import Columns
from sqlalchemy import Connection

from smoney_bot.bank import codes
from smoney_bot.bank.customers import Customer, Kind, Language, State
from smoney_bot.bank.pins import PinFault, fault_of_pin
from smoney_bot.book import codes as code_records
from smoney_bot.book import customers as records
from smoney_bot.book import invitations, ledger
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import AlreadyOpen
from smoney_bot.channels.x import address
from smoney_bot.cli import later
from smoney_bot.cli.opening import load_settings, opened
from smoney_bot.cli.show import AsJson, complain, confirm, out, refuse, show_facts, show_json

app = typer.Typer(name="customer", help="Accounts, cards, PINs.", no_args_is_help=True)

Handle = Annotated[str, typer.Argument(help="The customer's @name on X.", metavar="HANDLE")]

_HANDLE = re.compile(r"@?([A-Za-z0-9_]{1,15})", re.ASCII)
_X_ID = re.compile(r"[0-9]{1,20}", re.ASCII)

_PIN_FAULTS = {
    PinFault.SHAPE: "A PIN is four digits.",
    PinFault.REPEATS: "A PIN that repeats itself is the first a thief tries.",
    PinFault.RUNS: "Digits in a row are among the first a thief tries.",
}


def plain_handle(text: str) -> str:
    """Return the handle without its @; end with exit code 1 if it is none."""
    found = _HANDLE.fullmatch(text)
    if found is None:
        refuse(f"{text!r} is not a handle: 1 to 15 letters a to z, digits or _")
    return found[1]


def find(connection: Connection, handle: str) -> Customer:
    """Return the customer shown as *handle*; end with exit code 1 if there is none."""
    customer = records.by_handle(connection, plain_handle(handle))
    if customer is None:
        refuse(f"Nobody of the handle {handle} has an account here.")
    return customer


def held(connection: Connection, handle: str) -> Customer:
    """Do as `find` does, and let nobody change the customer until the transaction ends."""
    found = find(connection, handle)
    # Again, and held: what a batch changes meanwhile must not be undone by ours.
    customer = records.by_x_ids(connection, [found.x_id], lock=True).get(found.x_id)
    if customer is None:
        refuse(f"{handle} was erased at this moment.")
    return customer


@app.command(name="open")
def open_(
    handle: Handle,
    *,
    x_id: Annotated[str, typer.Option("--x-id", help="X's numeric id of this account.")],
    association: Annotated[
        bool, typer.Option("--association", help="An association: up to 500 € for one gift.")
    ] = False,
    language: Annotated[Language, typer.Option(help="The language of its answers.")] = (
        Language.FRENCH
    ),
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Open an account for an X account.

    It asks before it gives a handle that another customer still bears: from then on
    the commands mean the new account by it.
    """
    name = plain_handle(handle)
    if not _X_ID.fullmatch(x_id):
        refuse("--x-id is a number: X's id of the account, not its @name")
    kind = Kind.ASSOCIATION if association else Kind.PERSON
    settings = load_settings()
    if x_id == settings.x_bot_id or name.lower() == settings.x_bot_handle.lower():
        refuse("That is the bot's own account on X, which nobody pays.")
    with opened(settings) as book:
        if not yes:
            _ask_whose(book, name, x_id)

        def work(connection: Connection) -> Customer:
            return records.open_account(
                connection,
                handle=name,
                x_id=x_id,
                kind=kind,
                language=language,
                now=book.now(connection),
            )

        try:
            book.run(work)
        except AlreadyOpen:
            refuse(f"The X account {x_id} has an account here already.")
        confirm(f"Account opened for {name}.")
        _show(book, name, as_json=as_json)


def _ask_whose(book: Book, handle: str, x_id: str) -> None:
    """Ask whether *handle* has passed to *x_id*, if another customer was last seen with it."""
    with book.reading() as connection:
        bearer = records.by_handle(connection, handle)
    if bearer is not None and bearer.x_id != x_id:
        complain(f"{handle} is the handle of a customer, the X account {bearer.x_id}.")
        typer.confirm(f"Is it the X account {x_id} that bears it now?", abort=True)


@app.command()
def show(handle: Handle, *, as_json: AsJson = False) -> None:
    """Show an account: its state, its balance, its codes left."""
    with opened(load_settings()) as book:
        _show(book, handle, as_json=as_json)


def _show(book: Book, handle: str, *, as_json: bool) -> None:
    with book.reading() as connection:
        customer = find(connection, handle)
        balance = ledger.balance(connection, customer.account_id)
        now = book.now(connection)
        left = code_records.codes_left(connection, [customer.id], now).get(customer.id, 0)
    facts = {
        "handle": customer.handle,
        "x_id": customer.x_id,
        "kind": customer.kind.value,
        "state": customer.state.value,
        "language": customer.language.value,
        "private": customer.private,
        "balance_cents": int(balance),
        "codes_left": left,
    }
    (show_json if as_json else show_facts)(facts)


@app.command()
def invite(handle: Handle, *, as_json: AsJson = False) -> None:
    """Make a link to the enrolment page: for a PIN, an authenticator and a card.

    It is shown this once and works once, for 48 hours; an older one ends. Send
    it to the customer by a way that only the customer reads.
    """
    settings = load_settings()
    if not settings.public_url:
        refuse("SMONEY_PUBLIC_URL is not set: it is the https address that customers reach.")
    if wrong := address.fault_for_customers(settings.public_url):
        refuse(f"SMONEY_PUBLIC_URL: {wrong}.")
    token = invitations.new_token()
    with opened(settings) as book:

        def work(connection: Connection) -> tuple[Customer, datetime]:
            customer = find(connection, handle)
            if customer.state is State.CLOSED:
                refuse(f"The account of {customer.handle} is closed.")
            now = book.now(connection)
            invitations.invite(connection, customer.id, invitations.hash_token(token), now)
            return customer, now + invitations.LIFE

        customer, ends = book.run(work)
    url = f"{settings.public_url.rstrip('/')}/enrolment/{token}"
    if as_json:
        show_json({"handle": customer.handle, "url": url, "expires_at": ends})
        return
    until = f"{ends:%Y-%m-%d %H:%M} UTC"
    confirm(f"A link for {customer.handle}, shown this once; it works once, until {until}.")
    typer.echo(url)


@app.command()
def card(handle: Handle, *, as_json: AsJson = False) -> None:
    """Issue a new card of codes; it is shown this once, and the older card is void."""
    settings = load_settings()
    keyring = settings.keyring()
    with opened(settings) as book:
        with book.reading() as connection:
            customer = find(connection, handle)
        digits = list(codes.new_card_codes())
        # Hashing takes 20 ms a code: before the transaction, never inside it.
        hashed = [(int(one[:2]), *codes.hash_code(keyring, customer.x_id, one)) for one in digits]

        def work(connection: Connection) -> None:
            code_records.issue_card(connection, customer.id, hashed, book.now(connection))
            code_records.forgive(connection, [customer.id])

        book.run(work)
    if as_json:
        show_json({"handle": customer.handle, "codes": digits})
        return
    confirm(f"A new card for {customer.handle}. It is shown this once: print it now.")
    out.print(Columns([f"[bold]{one}[/]" for one in digits], width=12))


@app.command()
def pin(handle: Handle) -> None:
    """Set a PIN of four digits, from a prompt or from standard input."""
    settings = load_settings()
    keyring = settings.keyring()
    with opened(settings) as book:
        with book.reading() as connection:
            customer = find(connection, handle)
        hashed, key_id = codes.hash_code(keyring, customer.x_id, _read_pin())

        def work(connection: Connection) -> None:
            now = book.now(connection)
            code_records.set_pin(connection, customer.id, hash_=hashed, key_id=key_id, now=now)
            code_records.forgive(connection, [customer.id])

        book.run(work)
    confirm(f"{customer.handle} has a new PIN.")


def _read_pin() -> str:
    if sys.stdin.isatty():
        text = typer.prompt("PIN (four digits)", hide_input=True, confirmation_prompt=True)
    else:
        text = sys.stdin.readline()
    digits = str(text).strip()
    fault = fault_of_pin(digits)
    if fault is not None:
        refuse(f"{_PIN_FAULTS[fault]} Nothing was changed.")
    return digits


@app.command()
def freeze(handle: Handle) -> None:
    """Freeze an account: it pays nothing until it is unfrozen."""
    _set_state(handle, State.FROZEN)


@app.command()
def unfreeze(handle: Handle) -> None:
    """Let a frozen account pay again, and forget its failed codes."""
    _set_state(handle, State.OPEN)


def _set_state(handle: str, state: State) -> None:
    with opened(load_settings()) as book:

        def work(connection: Connection) -> Customer:
            customer = held(connection, handle)
            if customer.state is State.CLOSED:
                refuse(f"The account of {customer.handle} is closed.")
            changed = replace(customer, state=state)
            records.update(connection, [changed])
            if state is State.OPEN:
                code_records.forgive(connection, [customer.id])
            return changed

        customer = book.run(work)
    confirm(f"The account of {customer.handle} is {customer.state.value}.")


later.add(app, later.CUSTOMER_COMMANDS)
