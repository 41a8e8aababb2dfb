"""Months with every kind of line in them, and a browser without a window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, update

from smoney_bot.bank.customers import Customer, Kind
from smoney_bot.bank.desk import Payment, PaymentState, Transfer
from smoney_bot.bank.holding import way_out
from smoney_bot.bank.holds import HOLD, RETURN
from smoney_bot.bank.money import Cents, euros
from smoney_bot.bank.policy import PaymentKind
from smoney_bot.bank.refunding import transfer as refund_of
from smoney_bot.book import customers, holds, ledger, payments
from smoney_bot.book.engine import Book
from smoney_bot.book.tables import customers as people

OCTOBER = datetime(2026, 10, 5, 9, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 3, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def opens(
    connection: Connection, handle: str, x_id: str = "", kind: Kind = Kind.PERSON
) -> Customer:
    """Open an account, in October."""
    return customers.open_account(
        connection, handle=handle, x_id=x_id or f"x-{handle}", kind=kind, now=OCTOBER
    )


def payment(
    number: int,
    payer: Customer,
    payee: Customer | str,
    cents: int,
    at: datetime,
    *,
    note: str = "",
    state: PaymentState = PaymentState.BOOKED,
) -> Payment:
    """A payment of the order in message *number*; a payee without account is a handle."""
    known = payee if isinstance(payee, Customer) else None
    return Payment(
        reference=f"REF{number}-00",
        message_key=f"t:{number}",
        message_id=str(number),
        kind=PaymentKind.PEER,
        state=state,
        reason="",
        amount=Cents(cents),
        payer_id=payer.id,
        payee_id=known.id if known else None,
        payee_x_id=known.x_id if known else f"x-{payee}",
        payee_handle=known.handle if known else str(payee),
        note=note,
        created_at=at,
        booked_at=at if state is PaymentState.BOOKED else None,
        expires_at=at + 7 * DAY if state is PaymentState.HELD else None,
    )


def pays(connection: Connection, one: Payment, payer: Customer, target: int, kind: str) -> None:
    """Write down a payment and its first transfer."""
    payments.put(connection, [one])
    moved = Transfer(
        key=one.message_key,
        kind=kind,
        source=payer.account_id,
        target=target,
        amount=one.amount,
        booked_at=one.created_at,
    )
    ledger.book(connection, [moved])


def two_months(book: Book, x_id: str = "x-alice") -> tuple[Customer, Customer]:
    """Give alice 100 € in October, and a November of many kinds; return alice and bob.

    She ends with 72.50 in November: +100.00 | -20.00 +5.50 -10.00 +10.00 -13.00, of
    which the 20.00 is given back, then 20.00 leaves as cash.
    """

    def work(connection: Connection) -> tuple[Customer, Customer]:
        alice, bob = opens(connection, "alice", x_id), opens(connection, "bob")
        ledger.deposit(connection, alice, euros(100), "cash-1", OCTOBER)
        ledger.deposit(connection, bob, euros(50), "cash-2", OCTOBER)
        first = payment(1, alice, bob, 2000, NOVEMBER, note="=pizza, at noon")
        pays(connection, first, alice, bob.account_id, ledger.PAYMENT)
        back = payment(2, bob, alice, 550, NOVEMBER + DAY, note="change")
        pays(connection, back, bob, alice.account_id, ledger.PAYMENT)
        held_at = holds.account(connection)
        held = payment(3, alice, "carol", 1000, NOVEMBER + 2 * DAY, state=PaymentState.HELD)
        pays(connection, held, alice, held_at, HOLD)
        returned = way_out(held, RETURN, held_at, alice.account_id, NOVEMBER + 3 * DAY)
        ledger.book(connection, [returned])
        other = payment(4, alice, "dave", 1300, NOVEMBER + 4 * DAY, state=PaymentState.HELD)
        pays(connection, other, alice, held_at, HOLD)
        ledger.book(connection, [refund_of(first, alice, bob, NOVEMBER + 5 * DAY)])
        ledger.withdraw(connection, alice, euros(20), "cash-3", NOVEMBER + 6 * DAY)
        return alice, bob

    return book.run(work)


def opened_in_october(book: Book) -> None:
    """Let every account be as old as the lines in it."""
    with book.writing() as connection:
        connection.execute(update(people).values(opened_at=OCTOBER))
