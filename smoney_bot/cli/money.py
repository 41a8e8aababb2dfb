"""Money for operators: in, out, and one payment's story."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Annotated

import typer
from sqlalchemy import Connection

from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Payment
from smoney_bot.bank.errors import NotEnoughMoney, PayeeUnavailable
from smoney_bot.bank.money import Cents, euros
from smoney_bot.bank.policy import Limits, check_room
from smoney_bot.bank.receipts import Fate
from smoney_bot.bank.references import read_reference
from smoney_bot.book import customers, ledger, searches, stories
from smoney_bot.book import payments as records
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import ReferenceReused
from smoney_bot.cli.customers import Handle, find, held
from smoney_bot.cli.opening import load_settings, opened, opened_to_pay
from smoney_bot.cli.show import (
    AsJson,
    confirm,
    money_of,
    refuse,
    show_facts,
    show_json,
    show_rows,
)

payments_app = typer.Typer(name="payment", help="Payments.", no_args_is_help=True)

Amount = Annotated[str, typer.Argument(help="Euros, such as 50 or 12.50.", metavar="AMOUNT")]

#: It is sealed into the book, and read by people beside a bank's statement.
_REFERENCE_LONGEST = 100


def _legible(reference: str) -> str:
    """Return an operator's own reference; end with exit code 1 if it tells nothing."""
    told = reference == reference.strip() != "" and reference.isprintable()
    if not told or len(reference) > _REFERENCE_LONGEST:
        refuse(
            f"A reference is one line of 1 to {_REFERENCE_LONGEST} signs,"
            " with no space before or behind it."
        )
    return reference


Reference = Annotated[
    str,
    typer.Option(
        "--reference",
        callback=_legible,
        help="Your own reference: booked once in, and once out.",
        metavar="TEXT",
    ),
]

_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,8})(?:[.,]([0-9]{2}))?", re.ASCII)

_COLUMNS = ["reference", "state", "kind", "amount_cents", "payer", "payee", "created_at"]


def deposit(
    handle: Handle, amount: Amount, reference: Reference, *, as_json: AsJson = False
) -> None:
    """Book money that came in for a customer, once for each reference."""
    cents, settings = amount_of(amount), load_settings()

    def work(connection: Connection, book: Book, customer: Customer) -> bool:
        now = book.now(connection)
        new = ledger.deposit(connection, customer, cents, reference, now)
        if new:
            _check_room(connection, settings.limits, customer)
        return new

    with opened_to_pay(settings) as book:
        try:
            new = book.run(lambda c: work(c, book, held(c, handle)))
        except PayeeUnavailable:
            most = money_of(settings.limits.balance)
            refuse(f"Not booked: {handle} would hold more than {most} €.")
        except ReferenceReused:
            _refuse_reused(reference)
        _moved(book, handle, f"{money_of(cents)} € in for {handle}", new=new, as_json=as_json)


def withdraw(
    handle: Handle, amount: Amount, reference: Reference, *, as_json: AsJson = False
) -> None:
    """Book money that went out for a customer, once for each reference."""
    cents = amount_of(amount)

    def work(connection: Connection, book: Book) -> bool:
        customer = held(connection, handle)
        return ledger.withdraw(connection, customer, cents, reference, book.now(connection))

    with opened_to_pay(load_settings()) as book:
        try:
            new = book.run(lambda c: work(c, book))
        except NotEnoughMoney:
            refuse(f"Not booked: the balance of {handle} does not cover {money_of(cents)} €.")
        except ReferenceReused:
            _refuse_reused(reference)
        _moved(book, handle, f"{money_of(cents)} € out for {handle}", new=new, as_json=as_json)


@payments_app.command(name="show")
def show_payment(
    reference: Annotated[str, typer.Argument(help="Such as 7K3Q-48.", metavar="REF")],
    *,
    as_json: AsJson = False,
) -> None:
    """Tell one payment's whole story."""
    name = read_reference(reference)
    if name is None:
        refuse(f"{reference!r} is not a reference: a sign is wrong or missing.")
    with opened(load_settings()) as book, book.reading() as connection:
        payment = records.find(connection, name)
        if payment is None:
            refuse(f"No payment has the reference {name}.")
        facts = _facts(connection, [payment])[0]
        moved = _movements(connection, payment)
        story = stories.by_key(connection, payment.message_key)
    if as_json:
        show_json(facts | {"movements": moved, "story": asdict(story) if story else None})
        return
    show_facts(facts)
    if moved:
        show_rows("Movements", ["transfer", "kind", "amount_cents", "booked_at"], moved)
    if story is not None:
        replies = [asdict(reply) for reply in story.replies]
        show_facts({"received_at": story.received_at, "decided_at": story.decided_at})
        show_rows("Answers", ["kind", "public", "state", "sent_at"], replies)


@payments_app.command(name="list")
def list_payments(
    state: Annotated[Fate | None, typer.Option(help="Only those in this state.")] = None,
    most: Annotated[int, typer.Option("--most", min=1, max=10_000)] = 50,
    *,
    as_json: AsJson = False,
) -> None:
    """List payments, newest first."""
    with opened(load_settings()) as book, book.reading() as connection:
        facts = _facts(connection, records.listing(connection, fate=state, limit=most))
    if as_json:
        show_json(facts)
        return
    show_rows("Payments", _COLUMNS, facts)


def amount_of(text: str) -> Cents:
    """Return the euros that *text* names; end with exit code 1 if it is no amount."""
    found = _AMOUNT.fullmatch(text)
    cents = euros(int(found[1]), int(found[2] or 0)) if found else Cents(0)
    if cents == 0:
        refuse(f"{text!r} is not an amount: write euros as 50 or 12.50.")
    return cents


def _check_room(connection: Connection, limits: Limits, customer: Customer) -> None:
    """Raise `PayeeUnavailable` if the new balance is more than a person may hold."""
    balance = ledger.balance(connection, customer.account_id)
    check_room(limits, customer.kind, customer.handle, Cents(0), balance)


def _refuse_reused(reference: str) -> None:
    refuse(f"Not booked: {reference!r} was used before, for another amount or customer.")


def _moved(book: Book, handle: str, what: str, *, new: bool, as_json: bool) -> None:
    """Say what was booked, and what the customer has now."""
    with book.reading() as connection:
        customer = find(connection, handle)
        balance = ledger.balance(connection, customer.account_id)
    if as_json:
        show_json({"handle": customer.handle, "booked": new, "balance_cents": int(balance)})
    confirm(f"{what}: {'booked' if new else 'was booked before'}. Balance: {money_of(balance)} €.")


def _movements(connection: Connection, payment: Payment) -> list[dict[str, object]]:
    """Return the transfers of *payment*, a refund among them, in order."""
    return [
        {
            "transfer": one.id,
            "kind": one.kind,
            "amount_cents": int(one.amount),
            "booked_at": one.booked_at,
        }
        for one in searches.movements(connection, payment)
    ]


def _facts(connection: Connection, payments: list[Payment]) -> list[dict[str, object]]:
    """Return *payments* with the handles of both sides."""
    ids = {one.payer_id for one in payments} | {one.payee_id for one in payments if one.payee_id}
    known = customers.by_ids(connection, ids)
    undone = records.undone(connection, payments)
    return [
        {
            "reference": one.reference,
            "state": records.fate_of(one, undone).value,
            "reason": one.reason,
            "kind": one.kind.value,
            "amount_cents": int(one.amount),
            "payer": known[one.payer_id].handle,
            "payee": known[one.payee_id].handle if one.payee_id else one.payee_handle,
            "note": one.note,
            "message_id": one.message_id,
            "created_at": one.created_at,
            "booked_at": one.booked_at,
            "refunded_at": undone.get(one.reference),
        }
        for one in payments
    ]
