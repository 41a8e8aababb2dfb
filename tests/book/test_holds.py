"""Held money leaves once, to whom it belongs: whoever races, and whoever takes over a name."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from book_cast import MINUTE, NOON, balances, open_account, payment, problems, together
from sqlalchemy import Connection, text, update

from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Payment, PaymentState, Transfer
from smoney_bot.bank.holding import way_out
from smoney_bot.bank.holds import HOLD, RETURN
from smoney_bot.bank.policy import HOLD_LIFE, Limits
from smoney_bot.book import customers, holds, ledger, payments
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import AlreadyBooked, NotWaiting
from smoney_bot.book.tables import payments as table

LIMITS = Limits()
THREADS = 8
HISTORIES = 1_000
END = NOON + HOLD_LIFE


def hold(connection: Connection, payer: Customer, number: int, x_id: str, handle: str) -> Payment:
    """Set 20 euros of *payer* aside for whoever has *x_id*."""
    held = replace(
        payment(number, payer, payer),
        state=PaymentState.HELD,
        payee_id=None,
        payee_x_id=x_id,
        payee_handle=handle,
        booked_at=None,
        expires_at=END,
    )
    into = Transfer(
        key=held.message_key,
        kind=HOLD,
        source=payer.account_id,
        target=holds.account(connection),
        amount=held.amount,
        booked_at=NOON,
    )
    ledger.book(connection, [into])
    payments.put(connection, [held])
    return held


def take_back(book: Book, held: Payment, payer: Customer) -> bool:
    """Do what the counter does for a payer who wants it back; return whether it was held."""

    def work(connection: Connection) -> bool:
        account = holds.account(connection)
        if held.reference not in holds.wanted_back(connection, [held.reference]):
            return False
        ledger.lock(connection, [account, payer.account_id])
        ledger.book(connection, [way_out(held, RETURN, account, payer.account_id, END)])
        holds.end(connection, [replace(held, state=PaymentState.CANCELLED)])
        return True

    try:
        return book.run(work)
    except (AlreadyBooked, NotWaiting):
        return False


def settle(book: Book, moment: timedelta = HOLD_LIFE) -> int:
    return len(book.run(lambda c: holds.settle(c, NOON + moment, LIMITS)))


def race(book: Book) -> tuple[list[int | Exception], dict[int, int], Customer, Customer]:
    """Let eight end what is held, in three ways, from one start."""
    alice = open_account(book, "alice", 100)
    held = book.run(lambda c: hold(c, alice, 1, "x-mallory", "mallory"))
    mallory = open_account(book, "mallory")
    ways: tuple[Callable[[], int], ...] = (
        lambda: settle(book, timedelta()),
        lambda: int(take_back(book, held, alice)),
        lambda: settle(book),
    )
    ended = together(lambda number: ways[number % len(ways)](), THREADS)
    return ended, balances(book), alice, mallory


def test_of_eight_that_end_a_hold_together_one_does(book: Book) -> None:
    ended, left, alice, mallory = race(book)
    assert sorted(map(str, ended)) == ["0"] * (THREADS - 1) + ["1"]
    assert sorted([left[alice.account_id], left[mallory.account_id]]) in (
        [0, 100_00],
        [20_00, 80_00],
    )
    assert problems(book) == []


def test_without_its_guards_a_hold_would_end_twice(
    sqlite_book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = sqlite_book
    alice = open_account(book, "alice", 100)
    held = book.run(lambda c: hold(c, alice, 1, "x-mallory", "mallory"))
    book.run(lambda c: hold(c, alice, 2, "x-nobody", "nobody"))
    open_account(book, "mallory")
    assert settle(book, timedelta()) == 1
    assert not take_back(book, held, alice)
    monkeypatch.setattr(holds, "_HELD", text("1 = 1"))
    assert not take_back(book, held, alice)  # the key alone still holds
    monkeypatch.setattr(holds, "end", lambda *_: None)
    monkeypatch.setitem(globals(), "way_out", other_key)
    assert take_back(book, held, alice)
    assert {one.rule for one in problems(book)} >= {"held_is_sum_of_held_payments"}


def other_key(held: Payment, kind: str, source: int, target: int, now: object) -> Transfer:
    """Return a way out that does not know of the other one."""
    del now
    return replace(
        way_out_as_it_is(held, kind, source, target, END), key=f"{kind}:{held.reference}"
    )


way_out_as_it_is = way_out


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"state": PaymentState.EXPIRED}, "held_is_sum_of_held_payments"),
        ({"state": PaymentState.RETURNED}, "held_payment_has_transfers"),
        ({"state": PaymentState.CANCELLED}, "held_payment_has_transfers"),
        ({"message_key": "t:99"}, "held_transfer_has_payment"),
        ({"amount_cents": 19_99}, "held_payment_has_transfers"),
    ],
    ids=str,
)
def test_the_audit_finds_what_was_tampered_with_while_held(
    sqlite_book: Book, change: dict[str, object], rule: str
) -> None:
    alice = open_account(sqlite_book, "alice", 100)
    sqlite_book.run(lambda c: hold(c, alice, 1, "x-mallory", "mallory"))
    assert problems(sqlite_book) == []
    sqlite_book.run(lambda c: c.execute(update(table).values(**change)))
    assert rule in {one.rule for one in problems(sqlite_book)}


def test_whoever_takes_over_the_name_gets_nothing(sqlite_book: Book) -> None:
    """A thousand histories: renamed, registered again by another, enrolled before or after."""
    book, chance = sqlite_book, random.Random(7)
    payer = open_account(book, "alice", 20 * HISTORIES)
    enrolled: set[int] = set()

    def work(connection: Connection) -> None:
        for number in range(HISTORIES):
            hold(connection, payer, number, f"real{number}", f"name{number}")
            real, other = chance.random() < 0.5, chance.random() < 0.9
            if other:
                _open(connection, f"other{number}", f"name{number}")
            if real:
                _open(connection, f"real{number}", chance.choice(["name", "new"]) + str(number))
                enrolled.add(number)

    book.run(work)
    while settle(book, MINUTE):
        pass
    while settle(book):
        pass
    got = _got(book)
    assert {name for name, cents in got.items() if cents and name != payer.x_id} == {
        f"real{number}" for number in enrolled
    }
    assert got[payer.x_id] == 20_00 * (HISTORIES - len(enrolled))
    assert problems(book) == []


def _open(connection: Connection, x_id: str, handle: str) -> None:
    customers.open_account(connection, handle=handle, x_id=x_id, now=NOON)


def _got(book: Book) -> dict[str, int]:
    question = (
        "SELECT x_id, balance_cents FROM customers"
        " JOIN accounts ON accounts.customer_id = customers.id"
        " JOIN balances ON balances.account_id = accounts.id"
    )
    with book.reading() as connection:
        return {row.x_id: row.balance_cents for row in connection.exec_driver_sql(question)}
