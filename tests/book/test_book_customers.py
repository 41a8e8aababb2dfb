"""Customers are known by X's id; handles come and go."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from book_cast import MINUTE, NOON, balances, open_account, together
from sqlalchemy import Connection

from smoney_bot.bank.customers import Customer, Kind, Language, State
from smoney_bot.book import customers
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import AlreadyOpen


def _find(book: Book, handle: str) -> Customer | None:
    with book.reading() as connection:
        return customers.by_handle(connection, handle)


def test_a_new_account_is_empty_and_can_be_found_each_way(book: Book) -> None:
    entraide = open_account(book, "entraide", kind=Kind.ASSOCIATION)
    assert balances(book)[entraide.account_id] == 0
    with book.reading() as connection:
        assert customers.by_x_ids(connection, ["x-entraide", "x-nobody"]) == {
            "x-entraide": entraide
        }
        assert customers.by_ids(connection, [entraide.id, 404]) == {entraide.id: entraide}
        assert customers.by_handle(connection, "ENTRAIDE") == entraide
        assert customers.by_handle(connection, "nobody") is None
        assert customers.listing(connection) == [entraide]


def test_an_account_is_opened_once_per_person(book: Book) -> None:
    outcomes = together(lambda _: open_account(book, "alice"))
    assert Counter(type(one) for one in outcomes) == {Customer: 1, AlreadyOpen: 15}
    assert len(balances(book)) == 3, "alice's, and the bank's own two"


def test_a_handle_belongs_to_who_showed_it_last(book: Book) -> None:
    alice, bob = open_account(book, "alice"), open_account(book, "bob")

    def see(handles: dict[str, str], minutes: int) -> None:
        shown_at = NOON + minutes * MINUTE
        shown = {x_id: (handle, shown_at) for x_id, handle in handles.items()}
        book.run(lambda c: customers.see(c, shown))

    see({bob.x_id: "Alice", "x-stranger": "alice"}, 1)
    found = _find(book, "alice")
    assert found is not None
    assert (found.id, found.handle) == (bob.id, "Alice")
    see({alice.x_id: "alice"}, 2)
    found = _find(book, "alice")
    assert found is not None
    assert found.id == alice.id
    see({bob.x_id: "Alice"}, 1)  # once more, late
    found = _find(book, "alice")
    assert found is not None
    assert found.id == alice.id


def test_since_when_a_handle_is_borne(book: Book) -> None:
    """Only another handle begins anew, not the same one shown once more."""
    alice = open_account(book, "alice")

    def since(handle: str, minutes: int) -> customers.Shown:
        with book.writing() as connection:
            customers.see(connection, {alice.x_id: (handle, NOON + minutes * MINUTE)})
            return customers.borne_since(connection, [alice.x_id, "x-stranger"])[alice.x_id]

    for handle, minutes, borne in (
        ("Alice", 1, ("alice", NOON)),
        ("alicia", 2, ("alicia", NOON + 2 * MINUTE)),
        ("Alicia", 3, ("alicia", NOON + 2 * MINUTE)),
        ("alice", 1, ("alicia", NOON + 2 * MINUTE)),  # late
        ("alice", 4, ("alice", NOON + 4 * MINUTE)),
    ):
        assert since(handle, minutes) == borne


def test_who_wrote_first_may_be_answered(book: Book) -> None:
    alice, bob = open_account(book, "alice"), open_account(book, "bob")
    both = {alice.x_id: ("alice", NOON), bob.x_id: ("bob", NOON)}
    book.run(lambda c: customers.see(c, both, wrote=[alice.x_id]))
    with book.reading() as connection:
        found = customers.by_x_ids(connection, both)
    assert found[alice.x_id].wrote_first
    assert not found[bob.x_id].wrote_first


def test_what_changed_is_written_back(book: Book) -> None:
    alice, bob = open_account(book, "alice"), open_account(book, "bob")
    changed = replace(
        alice,
        state=State.FROZEN,
        language=Language.ENGLISH,
        private=True,
        private_since=NOON,
        silent=True,
        wrote_first=True,
    )
    book.run(lambda connection: customers.update(connection, [changed]))
    with book.reading() as connection:
        assert customers.by_ids(connection, [alice.id, bob.id]) == {alice.id: changed, bob.id: bob}


def test_changes_of_one_customer_do_not_overwrite_each_other(book: Book) -> None:
    alice = open_account(book, "alice")

    def change(number: int) -> None:
        def work(connection: Connection) -> None:
            now = customers.by_x_ids(connection, [alice.x_id], lock=True)[alice.x_id]
            after = replace(now, silent=True) if number else replace(now, state=State.FROZEN)
            customers.update(connection, [after])

        book.run(work)

    assert together(change, 2) == [None, None]
    found = _find(book, "alice")
    assert found == replace(alice, silent=True, state=State.FROZEN)
    with pytest.raises(AlreadyOpen):
        open_account(book, "alice")
