"""Refunds: two people, one transfer back, whatever happens at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

import pytest
from console_cast import House, house, pay
from sqlalchemy import Connection, update
from sqlalchemy.exc import IntegrityError

from smoney_bot.bank.customers import State
from smoney_bot.bank.desk import PaymentState
from smoney_bot.bank.money import euros
from smoney_bot.bank.operators import Role
from smoney_bot.bank.references import reference
from smoney_bot.book import audit, backups, customers, ledger, refunds, searches, tables
from smoney_bot.book.engine import Book
from smoney_bot.book.operators import Operator
from smoney_bot.book.refunds import AlreadyDecided, SecondPersonNeeded
from smoney_bot.book.states import ApprovalState

_THREADS = 8
_OF_ANOTHER_PAYMENT = (
    "UPDATE approvals SET payment_reference = (SELECT max(reference) FROM payments "
    "WHERE reference <> payment_reference)"
)


@pytest.fixture
def here(book: Book) -> Iterator[House]:
    """The console, once on each engine."""
    with house(book) as served:
        yield served


@pytest.fixture
def alone(sqlite_book: Book) -> Iterator[House]:
    """The console on SQLite alone, where the engine does not matter."""
    with house(sqlite_book) as served:
        yield served


def ask(here: House, role: Role = Role.TELLER, name: str = "") -> int:
    """Ask for a refund of what alice paid; return its number."""
    asker = here.operator(role, name)
    return here.book.run(
        lambda c: refunds.ask(c, here.paid.reference, "paid twice", asker, here.book.now(c))
    ).id


def decide_on(
    here: House,
    decide: Callable[[Connection, int, Operator, datetime], object],
    number: int,
    operator: Operator,
) -> None:
    """Approve or decline a refund, in a transaction."""
    here.book.run(lambda c: decide(c, number, operator, here.book.now(c)))


def test_a_teller_asks_and_a_supervisor_gives_the_money_back(here: House) -> None:
    assert here.balances() == (8000, 5000)
    window, office = here.as_(Role.TELLER), here.as_(Role.SUPERVISOR)
    path = f"/console/payments/{here.paid.reference}"
    assert "Ask for the refund" in window.get(path).text
    assert window.send(f"{path}/refund", reason="paid twice").to.startswith("/console/refunds")
    assert here.balances() == (8000, 5000)  # nothing yet
    assert "waits for a second person" in window.get(path).text
    assert "Approve" not in window.get("/console/refunds").text
    assert "Approve: €20.00" in office.get("/console/refunds").text

    assert office.send("/console/refunds/1/approve").to.endswith("?said=approved_refund")

    assert here.balances() == (10000, 3000)
    assert "This payment was refunded." in office.get(path).text
    assert here.problems() == []
    acted = [one for one in here.deeds() if not one[1].startswith("looked")]
    assert acted == [
        ("window", "asked_for_refund", here.paid.reference),
        ("office", "approved_refund", here.paid.reference),
    ]


def test_both_are_told_by_direct_message_with_the_reference(here: House) -> None:
    number, office = ask(here), here.operator(Role.SUPERVISOR)
    decide_on(here, refunds.approve, number, office)
    with here.book.reading() as connection:
        rows = connection.execute(tables.outbox.select().order_by(tables.outbox.c.id)).all()
    told = {row.to_x_id: row for row in rows if row.kind.startswith("refund")}
    assert set(told) == {here.alice.x_id, here.bob.x_id}
    assert "€20.00 is back in your account" in told[here.alice.x_id].text
    assert "went back to alice" in told[here.bob.x_id].text
    for row in told.values():
        assert row.in_reply_to is None
        assert here.paid.reference in row.text


def test_who_said_stop_or_never_wrote_is_not_written_to(alone: House) -> None:
    silent, unknown = replace(alone.alice, silent=True), replace(alone.bob, wrote_first=False)
    alone.book.run(lambda c: customers.update(c, [silent, unknown]))
    number, office = ask(alone), alone.operator(Role.SUPERVISOR)
    decide_on(alone, refunds.approve, number, office)
    with alone.book.reading() as connection:
        kinds = {one.kind for one in searches.replies_to(connection, alone.paid.message_key)}
    assert kinds == {"answer"}
    assert alone.balances() == (10000, 3000)


def test_nobody_approves_or_declines_what_they_asked_for_themselves(here: House) -> None:
    number, office = ask(here, Role.SUPERVISOR), here.operator(Role.SUPERVISOR)
    for decide in (refunds.approve, refunds.decline):
        with pytest.raises(SecondPersonNeeded):
            decide_on(here, decide, number, office)
    desk = here.as_(Role.SUPERVISOR)
    assert desk.send(f"/console/refunds/{number}/approve").status == 409
    assert "somebody else decides" in desk.get("/console/refunds").text
    assert here.balances() == (8000, 5000)
    # The database itself would not have it, should the program forget.
    himself = update(tables.approvals).values(
        state=ApprovalState.APPROVED, decided_by=office.id, decided_at=here.paid.created_at
    )
    with pytest.raises(IntegrityError, match="second_person"):
        here.book.run(lambda c: c.execute(himself))
    # The negative control: another supervisor may.
    assert here.as_(Role.SUPERVISOR, "second").send(f"/console/refunds/{number}/approve").to


def test_eight_who_approve_at_once_give_the_money_back_once(here: House) -> None:
    number = ask(here)
    offices = [here.as_(Role.SUPERVISOR, f"office-{one}") for one in range(_THREADS)]
    tokens = [one.csrf for one in offices]

    def approve(at: int) -> int:
        path = f"/console/refunds/{number}/approve"
        return offices[at].post(path, csrf=tokens[at]).status

    with ThreadPoolExecutor(_THREADS) as threads:
        statuses = sorted(threads.map(approve, range(_THREADS)))
    assert statuses == [303] + [409] * (_THREADS - 1)
    assert here.balances() == (10000, 3000)
    assert here.problems() == []


def test_eight_who_ask_at_once_make_one_request(here: House) -> None:
    windows = [here.as_(Role.TELLER, f"window-{one}") for one in range(_THREADS)]
    tokens = [one.csrf for one in windows]

    def send(at: int) -> int:
        path = f"/console/payments/{here.paid.reference}/refund"
        return windows[at].post(path, csrf=tokens[at], reason="paid twice").status

    with ThreadPoolExecutor(_THREADS) as threads:
        statuses = sorted(threads.map(send, range(_THREADS)))
    assert statuses == [303] + [409] * (_THREADS - 1)
    with here.book.reading() as connection:
        assert len(refunds.listing(connection)) == 1


def test_a_refund_happens_once_in_the_life_of_a_payment(alone: House) -> None:
    number, office = ask(alone), alone.operator(Role.SUPERVISOR)
    decide_on(alone, refunds.approve, number, office)
    for decide in (refunds.approve, refunds.decline):
        with pytest.raises(AlreadyDecided):
            decide_on(alone, decide, number, office)
    desk = alone.as_(Role.TELLER)
    again = desk.send(f"/console/payments/{alone.paid.reference}/refund", reason="once more")
    assert again.status == 409
    assert "asked for, or done" in again.text
    assert alone.balances() == (10000, 3000)


def test_what_was_declined_stays_paid_and_may_be_asked_for_again(alone: House) -> None:
    number, office = ask(alone), alone.operator(Role.SUPERVISOR)
    decide_on(alone, refunds.decline, number, office)
    assert alone.balances() == (8000, 5000)
    again = ask(alone)
    decide_on(alone, refunds.approve, again, office)
    assert alone.balances() == (10000, 3000)
    assert alone.problems() == []


def test_a_payee_without_the_money_gives_none_back_until_they_have_it(here: House) -> None:
    number = ask(here)
    with here.book.reading() as connection:
        now = here.book.now(connection)
    here.book.run(lambda c: ledger.withdraw(c, here.bob, euros(45), "shopping", now))
    desk = here.as_(Role.SUPERVISOR)
    refused = desk.send(f"/console/refunds/{number}/approve")
    assert refused.status == 409
    assert "does not have the money" in refused.text
    assert here.balances() == (8000, 500)
    here.book.run(lambda c: ledger.deposit(c, here.bob, euros(15), "pay day", now))
    assert desk.send(f"/console/refunds/{number}/approve").status == 303
    assert here.balances() == (10000, 0)
    assert here.problems() == []


def test_what_cannot_be_undone_is_not_asked_for(alone: House) -> None:
    refused = pay(
        alone.book, 2, alone.alice, alone.bob, 900, alone.paid.created_at, PaymentState.REFUSED
    )
    gift = update(tables.payments).where(tables.payments.c.reference == alone.paid.reference)
    desk = alone.as_(Role.TELLER)

    def said(mark: str, reason: str = "paid twice") -> str:
        answer = desk.send(f"/console/payments/{mark}/refund", reason=reason)
        assert answer.status == 409
        return answer.text

    assert "Only a booked payment" in said(refused.reference)
    assert "no such payment" in said(reference(999))
    assert "A reason of 4 to 200 signs" in said(alone.paid.reference, "  a  ")
    alone.book.run(lambda c: c.execute(gift.values(collection_id=1)))
    assert "goes back with the collection" in said(alone.paid.reference)
    alone.book.run(lambda c: c.execute(gift.values(collection_id=None)))
    closed = replace(alone.bob, state=State.CLOSED)
    alone.book.run(lambda c: customers.update(c, [closed]))
    assert "is closed" in said(alone.paid.reference)
    assert alone.balances() == (8000, 5000)


def test_a_restored_book_gives_nothing_back_before_it_is_recovered(alone: House) -> None:
    number = ask(alone)
    alone.book.run(lambda c: backups.mark_restored(c, alone.book.now(c)))
    refused = alone.as_(Role.SUPERVISOR).send(f"/console/refunds/{number}/approve")
    assert refused.status == 409
    assert "restored" in refused.text
    assert alone.balances() == (8000, 5000)


def test_a_refund_counts_for_no_limit_of_the_payee(alone: House) -> None:
    number, office = ask(alone), alone.operator(Role.SUPERVISOR)
    decide_on(alone, refunds.approve, number, office)
    account = alone.bob.account_id
    with alone.book.reading() as connection:
        sent = ledger.sent_since(connection, [account], alone.paid.created_at)
    assert sent == {account: 0}


#: What somebody does to the tables behind the program's back, and the rule that names it.
TAMPERINGS = {
    "UPDATE approvals SET state = 'declined'": "refund_was_approved",
    _OF_ANOTHER_PAYMENT: "refund_was_approved",
    "UPDATE payments SET amount_cents = 1999": "approved_refund_has_transfer",
    "UPDATE payments SET state = 'refused', booked_at = NULL": "approved_refund_has_transfer",
}


def test_the_audit_names_a_refund_that_was_tampered_with(here: House) -> None:
    pay(here.book, 2, here.alice, here.bob, 100, here.paid.created_at)
    number, office = ask(here), here.operator(Role.SUPERVISOR)
    decide_on(here, refunds.approve, number, office)
    assert here.problems() == []
    with here.book.writing() as connection:
        for statement, rule in TAMPERINGS.items():
            with connection.begin_nested() as tried:
                connection.exec_driver_sql(statement)
                assert rule in {one.rule for one in audit.verify(connection)}, statement
                tried.rollback()
