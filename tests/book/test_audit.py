"""The audit is silent on a sound book, and names each wrong line of an unsound one."""

from __future__ import annotations

import pytest
from book_cast import open_account, payment, problems, transfer
from sqlalchemy import Connection

from smoney_bot.bank.desk import PaymentState
from smoney_bot.book import ledger, payments
from smoney_bot.book.engine import Book

TAMPERINGS = {
    "a balance": (
        "UPDATE balances SET balance_cents = balance_cents + 1 WHERE account_id = {alice}",
        {"sum_is_zero", "balance_is_sum_of_transfers"},
    ),
    "two balances that make up for each other": (
        (
            "UPDATE balances SET balance_cents = balance_cents + CASE account_id "
            "WHEN {alice} THEN 7 WHEN {alice} + 1 THEN -7 ELSE 0 END"
        ),
        {"balance_is_sum_of_transfers"},
    ),
    "a missing balance": (
        "DELETE FROM balances WHERE account_id = {alice}",
        {"sum_is_zero", "balance_is_sum_of_transfers"},
    ),
    "the amount of a payment": (
        "UPDATE payments SET amount_cents = 1999",
        {"booked_payment_has_transfer"},
    ),
    "the sides of a payment": (
        "UPDATE payments SET payer_id = payee_id, payee_id = payer_id",
        {"booked_payment_has_transfer"},
    ),
    "a payment that was never booked": (
        "UPDATE payments SET state = 'refused', booked_at = NULL",
        {"transfer_has_booked_payment"},
    ),
    "a lost payment": ("DELETE FROM payments", {"transfer_has_booked_payment"}),
}


@pytest.fixture
def written(book: Book) -> Book:
    alice, bob = open_account(book, "alice", 100), open_account(book, "bob", 50)

    def work(connection: Connection) -> None:
        ledger.book(connection, [transfer("t:1", alice, bob, 2000)])
        refused = payment(2, alice, bob, 26000, PaymentState.REFUSED)
        payments.put(connection, [payment(1, alice, bob, 2000), refused])

    book.run(work)
    return book


def test_a_sound_book_has_no_problems(written: Book) -> None:
    assert problems(written) == []


@pytest.mark.parametrize("what", TAMPERINGS)
def test_the_audit_finds_what_was_tampered_with(written: Book, what: str) -> None:
    statement, rules = TAMPERINGS[what]
    with written.reading() as connection:
        alice = connection.exec_driver_sql(
            "SELECT MIN(id) FROM accounts WHERE kind = 'customer'"
        ).scalar_one()
    with written.writing() as connection:
        connection.exec_driver_sql(statement.format(alice=alice))
    assert {problem.rule for problem in problems(written)} == rules


def test_the_audit_finds_a_balance_below_its_floor(written: Book) -> None:
    with written.writing() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        else:
            connection.exec_driver_sql(
                "ALTER TABLE balances DROP CONSTRAINT ck_balances_not_below_floor"
            )
        connection.exec_driver_sql("UPDATE balances SET floor_cents = 8001 WHERE floor_cents = 0")
    assert {problem.rule for problem in problems(written)} == {"balance_not_below_floor"}


def test_the_audit_says_which_line_and_how_much(written: Book) -> None:
    with written.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE balances SET balance_cents = 8001 WHERE balance_cents = 8000"
        )
    details = {problem.detail for problem in problems(written)}
    assert details == {"they add up to 1 cents", "balance 8001, transfers 8000"}
