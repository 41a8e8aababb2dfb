"""Invented people, money and messages for the tests of the book, and threads that meet."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection

from smoney_bot.bank.asks import Ask, AskState
from smoney_bot.bank.branch import Request, RequestKind, RequestState
from smoney_bot.bank.customers import Customer, Kind
from smoney_bot.bank.desk import Payment, PaymentState, Reply, Transfer
from smoney_bot.bank.messages import Form, Message, SeenCode
from smoney_bot.bank.money import Cents, euros
from smoney_bot.bank.policy import ASK_LIFE, PaymentKind
from smoney_bot.book import audit, customers, ledger
from smoney_bot.book.engine import Book

Answer = TypeVar("Answer")

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
THREADS = 16


def open_account(book: Book, handle: str, balance: int = 0, kind: Kind = Kind.PERSON) -> Customer:
    """Open an account with *balance* euros in it."""

    def work(connection: Connection) -> Customer:
        customer = customers.open_account(
            connection, handle=handle, x_id=f"x-{handle.lower()}", kind=kind, now=NOON
        )
        if balance:
            ledger.deposit(connection, customer, euros(balance), f"opening {handle}", NOON)
        return customer

    return book.run(work)


def message(
    number: int, author: str = "x-alice", minute: int = 0, codes: tuple[SeenCode, ...] = ()
) -> Message:
    """A concealed public order, written *minute* minutes after noon."""
    return Message(
        key=f"t:{number}",
        form=Form.POST,
        edited=False,
        message_id=str(number),
        author_id=author,
        author_handle=author.removeprefix("x-"),
        text="@Smoney #20 @bob #********",
        written_at=NOON + minute * MINUTE,
        body=(0, 26),
        mentions=(),
        codes=codes,
    )


def transfer(key: str, source: Customer, target: Customer, cents: int) -> Transfer:
    """A payment's line in the book."""
    return Transfer(
        key=key,
        kind=ledger.PAYMENT,
        source=source.account_id,
        target=target.account_id,
        amount=Cents(cents),
        booked_at=NOON,
    )


def payment(
    number: int,
    payer: Customer,
    payee: Customer,
    cents: int = 2000,
    state: PaymentState = PaymentState.BOOKED,
) -> Payment:
    """The life of the order in message *number*."""
    return Payment(
        reference=f"REF{number}-00",
        message_key=f"t:{number}",
        message_id=str(number),
        kind=PaymentKind.PEER,
        state=state,
        reason="" if state is not PaymentState.REFUSED else "over_limit",
        amount=Cents(cents),
        payer_id=payer.id,
        payee_id=payee.id,
        payee_x_id=payee.x_id,
        payee_handle=payee.handle,
        note="coffee",
        created_at=NOON + number * MINUTE,
        booked_at=NOON + number * MINUTE if state is PaymentState.BOOKED else None,
    )


def ask(number: int, asker: Customer, asked: Customer, cents: int = 1200) -> Ask:
    """What *asker* asks for in message *number*, until a week after noon."""
    return Ask(
        reference=f"REF{number}-00",
        message_key=f"d:{number}",
        asker_id=asker.id,
        asked_id=asked.id,
        amount=Cents(cents),
        note="pizza",
        shown=True,
        state=AskState.OPEN,
        payment_reference=None,
        created_at=NOON,
        expires_at=NOON + ASK_LIFE,
        ended_at=None,
    )


def reply(number: int, kind: str = "answer") -> Reply:
    """An answer to message *number*."""
    return Reply(
        message_key=f"t:{number}",
        kind=kind,
        to_x_id="x-alice",
        in_reply_to=str(number),
        text="C'est fait.",
        reference=f"REF{number}-00",
    )


def balances(book: Book) -> dict[int, int]:
    """Every balance by account id, in cents."""
    with book.reading() as connection:
        rows = connection.exec_driver_sql("SELECT account_id, balance_cents FROM balances")
        return {row.account_id: row.balance_cents for row in rows}


def problems(book: Book) -> list[audit.Problem]:
    """Whatever the audit finds."""
    with book.reading() as connection:
        return list(audit.verify(connection))


def together(work: Callable[[int], Answer], count: int = THREADS) -> list[Answer | Exception]:
    """Run *work* in *count* threads from one start; return results and exceptions."""
    start = threading.Barrier(count)

    def run(number: int) -> Answer | Exception:
        start.wait()
        try:
            return work(number)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            return error

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def request(number: int, customer: Customer, kind: RequestKind = RequestKind.HELP) -> Request:
    """A request for the desk, of noon, due a minute later."""
    return Request(
        reference=f"REF{number}-00",
        message_key=f"d:{number}",
        customer_id=customer.id,
        kind=kind,
        state=RequestState.OPEN,
        taken_by=None,
        opened_at=NOON,
        soon_at=NOON + MINUTE * 2 / 3,
        due_at=NOON + MINUTE,
        answered_at=None,
        closed_at=None,
    )
