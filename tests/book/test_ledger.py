"""No cent is made or lost, and nobody spends what they do not have."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from functools import partial

import pytest
from book_cast import MINUTE, NOON, balances, open_account, problems, together, transfer
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from smoney_bot.bank.desk import Transfer
from smoney_bot.bank.errors import NotEnoughMoney
from smoney_bot.bank.money import Cents, euros
from smoney_bot.book import ledger
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import AlreadyBooked, ReferenceReused


def _book(moves: Sequence[Transfer], connection: Connection) -> None:
    ledger.book(connection, moves)


@pytest.mark.parametrize("seed", range(5))
def test_no_cent_is_made_or_lost(book: Book, seed: int) -> None:
    dice = random.Random(seed)
    people = [open_account(book, name, 300) for name in ("alice", "bob", "carol")]
    expected = Counter({one.account_id: 30000 for one in people})
    for batch in range(20):
        moves = []
        for number in range(dice.randint(1, 12)):
            source, target = dice.sample(people, 2)
            cents = dice.randint(1, 2000)
            if expected[source.account_id] >= cents:
                expected[source.account_id] -= cents
                expected[target.account_id] += cents
                moves.append(transfer(f"t:{batch}.{number}", source, target, cents))
        book.run(partial(_book, moves))
    found = balances(book)
    assert {one.account_id: found[one.account_id] for one in people} == dict(expected)
    assert sum(found.values()) == 0
    with book.reading() as connection:
        rows = connection.exec_driver_sql(
            "SELECT source_id, target_id, amount_cents FROM transfers"
        )
        folded: Counter[int] = Counter()
        for source_id, target_id, amount in rows:
            folded[source_id] -= amount
            folded[target_id] += amount
    assert all(found[account_id] == folded[account_id] for account_id in found)


def test_sixteen_threads_spend_exactly_what_there_is(book: Book) -> None:
    alice, bob = open_account(book, "alice", 50), open_account(book, "bob")

    def spend(number: int) -> bool:
        def work(connection: Connection) -> bool:
            held = ledger.lock(connection, [alice.account_id, bob.account_id])
            if held[alice.account_id] < 1000:
                return False
            ledger.book(connection, [transfer(f"t:{number}", alice, bob, 1000)])
            return True

        return book.run(work)

    outcomes = together(spend)
    assert Counter(map(repr, outcomes)) == {"True": 5, "False": 11}
    found = balances(book)
    assert (found[alice.account_id], found[bob.account_id]) == (0, 5000)


def test_without_the_lock_the_database_itself_refuses_the_overdraft(book: Book) -> None:
    """The negative control: a teller that reads an old balance; the floor holds."""
    alice, bob = open_account(book, "alice", 50), open_account(book, "bob")

    def spend(number: int) -> None:
        with book.writing() as connection:
            ledger.book(connection, [transfer(f"t:{number}", alice, bob, 1000)])

    outcomes = together(spend)
    assert sum(outcome is None for outcome in outcomes) == 5
    refused = [outcome for outcome in outcomes if outcome is not None]
    assert all("ck_balances_not_below_floor" in str(one) for one in refused)
    assert balances(book)[alice.account_id] == 0


def test_payments_that_cross_never_wait_for_each_other_for_ever(book: Book) -> None:
    alice, bob = open_account(book, "alice", 250), open_account(book, "bob", 250)

    def pay(number: int) -> None:
        source, target = (alice, bob) if number % 2 else (bob, alice)
        for turn in range(5):
            with book.writing() as connection:  # no second try: a deadlock would show
                ledger.lock(connection, [source.account_id, target.account_id])
                ledger.book(connection, [transfer(f"t:{number}.{turn}", source, target, 100)])

    assert together(pay, 8) == [None] * 8
    assert balances(book)[alice.account_id] == 25000


def test_many_payments_to_one_association_are_one_change_of_its_balance(book: Book) -> None:
    payers = [open_account(book, f"payer{number}", 10) for number in range(10)]
    entraide = open_account(book, "entraide")
    gifts = [transfer(f"t:{one.id}", one, entraide, 500) for one in payers]
    book.run(lambda connection: ledger.book(connection, gifts))
    assert balances(book)[entraide.account_id] == 5000


def test_a_transfer_is_booked_once_per_key(book: Book) -> None:
    alice, bob = open_account(book, "alice", 50), open_account(book, "bob")
    first, second = transfer("t:1", alice, bob, 1000), transfer("t:2", alice, bob, 1000)
    book.run(lambda connection: ledger.book(connection, [first]))
    with pytest.raises(AlreadyBooked) as caught:
        book.run(lambda connection: ledger.book(connection, [second, first]))
    assert caught.value.keys == ("t:1",)
    assert balances(book)[bob.account_id] == 1000, "the whole batch is undone"


def test_a_deposit_is_made_once_per_reference(book: Book) -> None:
    alice, bob = open_account(book, "alice"), open_account(book, "bob")
    deposit = ledger.deposit
    assert book.run(lambda c: deposit(c, alice, euros(10), "bank 1", NOON))
    assert not book.run(lambda c: deposit(c, alice, euros(10), "bank 1", NOON))
    with pytest.raises(ReferenceReused):
        book.run(lambda c: deposit(c, alice, euros(11), "bank 1", NOON))
    with pytest.raises(ReferenceReused):
        book.run(lambda c: deposit(c, bob, euros(10), "bank 1", NOON))
    assert balances(book)[alice.account_id] == 1000
    assert problems(book) == []


def test_a_deposit_made_from_sixteen_places_arrives_once(book: Book) -> None:
    alice = open_account(book, "alice")
    outcomes = together(
        lambda _: book.run(lambda c: ledger.deposit(c, alice, euros(10), "bank 1", NOON))
    )
    assert Counter(map(repr, outcomes)) == {"True": 1, "False": 15}
    assert balances(book)[alice.account_id] == 1000


def test_one_reference_for_two_customers_at_once_is_an_error_for_one(book: Book) -> None:
    people = [open_account(book, f"payer{number}") for number in range(8)]
    outcomes = together(
        lambda n: book.run(lambda c: ledger.deposit(c, people[n], euros(10), "bank 1", NOON)), 8
    )
    assert sum(outcome is True for outcome in outcomes) == 1
    assert sum(isinstance(outcome, ReferenceReused) for outcome in outcomes) == 7


def test_a_withdrawal_takes_out_once_what_is_there(book: Book) -> None:
    alice = open_account(book, "alice", 10)
    withdraw = ledger.withdraw
    with pytest.raises(NotEnoughMoney):
        book.run(lambda c: withdraw(c, alice, euros(11), "out 1", NOON))
    assert book.run(lambda c: withdraw(c, alice, euros(10), "out 1", NOON))
    assert not book.run(lambda c: withdraw(c, alice, euros(10), "out 1", NOON))
    assert balances(book)[alice.account_id] == 0
    assert problems(book) == []


def test_what_was_sent_counts_from_its_moment_and_leaves_withdrawals_out(book: Book) -> None:
    alice, bob = open_account(book, "alice", 100), open_account(book, "bob")

    def work(connection: Connection) -> None:
        ledger.book(connection, [transfer(f"t:{n}", alice, bob, 1000) for n in range(3)])
        ledger.withdraw(connection, alice, euros(5), "out 1", NOON)

    book.run(work)
    both = [alice.account_id, bob.account_id]
    with book.reading() as connection:
        since_noon = ledger.sent_since(connection, both, NOON)
        later = ledger.sent_since(connection, both, NOON + MINUTE)
    assert since_noon == {alice.account_id: Cents(3000), bob.account_id: Cents(0)}
    assert later == {alice.account_id: Cents(0), bob.account_id: Cents(0)}
    assert all(type(cents) is Cents for cents in since_noon.values())


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE transfers SET amount_cents = 1",
        "DELETE FROM transfers",
        "UPDATE transfers SET memo = 'x' WHERE id = 1",
    ],
)
def test_transfers_are_only_ever_added(book: Book, change: str) -> None:
    open_account(book, "alice", 100)
    with pytest.raises(DBAPIError, match="only ever added"), book.writing() as connection:
        connection.exec_driver_sql(change)
    assert problems(book) == []


def test_sqlite_cannot_replace_a_transfer_either(sqlite_book: Book) -> None:
    open_account(sqlite_book, "alice", 100)
    replace = (
        "INSERT OR REPLACE INTO transfers "
        "SELECT id, key, kind, source_id, target_id, 1, memo, booked_at FROM transfers"
    )
    with (
        pytest.raises(IntegrityError, match="only ever added"),
        sqlite_book.writing() as connection,
    ):
        connection.exec_driver_sql(replace)


def test_postgresql_cannot_empty_the_transfers_either(book: Book) -> None:
    open_account(book, "alice", 100)
    with book.reading() as connection:
        if connection.dialect.name == "sqlite":
            return
    with pytest.raises(DBAPIError, match="only ever added"), book.writing() as connection:
        connection.exec_driver_sql("TRUNCATE transfers")
