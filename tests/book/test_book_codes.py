"""A code works once, whoever tries it at the same moment."""

from __future__ import annotations

from datetime import datetime

import pytest
from book_cast import NOON, open_account, together

from smoney_bot.bank.authenticators import AuthenticatorOnFile
from smoney_bot.bank.codes import CARD_LIFE, CodeKind, CodeOnFile, CodeUse, Rehash
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.messages import SeenCode
from smoney_bot.book import codes
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import CodeAlreadyUsed


def _issue(book: Book, customer: Customer, mark: str = "a", places: int = 3) -> None:
    hashed = [(place, f"hash-{mark}{place}", "k1") for place in range(1, places + 1)]
    book.run(lambda connection: codes.issue_card(connection, customer.id, hashed, NOON))


def _seen(place: int, at: int = 0) -> SeenCode:
    return SeenCode(start=at, length=8, place=place, tags={})


PIN = SeenCode(start=0, length=4, place=None, tags={})


def _look(
    book: Book, customer: Customer, seen: SeenCode, now: datetime = NOON
) -> CodeOnFile | None:
    with book.reading() as connection:
        found = codes.on_file(connection, [(customer.id, seen)], now)
    code = found.get((customer.id, seen.start))
    assert not isinstance(code, AuthenticatorOnFile)
    return code


def _found(book: Book, customer: Customer, seen: SeenCode) -> CodeOnFile:
    code = _look(book, customer, seen)
    assert code is not None
    return code


def _use(code: CodeOnFile) -> CodeUse:
    return CodeUse(code.kind, code.row_id, code.customer_id, code.place, judged_by=code.hash)


def _use_up(book: Book, code: CodeOnFile, key: str = "t:1") -> None:
    book.run(lambda connection: codes.use_up(connection, {key: [_use(code)]}, NOON))


def _left(book: Book, customer: Customer, now: datetime = NOON) -> int:
    with book.reading() as connection:
        return codes.codes_left(connection, [customer.id], now)[customer.id]


def test_a_code_is_found_by_its_owner_and_place(book: Book) -> None:
    alice, bob = open_account(book, "alice"), open_account(book, "bob")
    _issue(book, alice)
    code = _found(book, alice, _seen(2))
    assert (code.kind, code.place, code.hash, code.key_id) == (CodeKind.CARD, 2, "hash-a2", "k1")
    assert (code.customer_id, code.spent) == (alice.id, False)
    assert _look(book, bob, _seen(2)) is None
    assert _look(book, alice, _seen(20)) is None
    assert _look(book, alice, SeenCode(start=0, length=6, place=None, tags={})) is None


def test_several_codes_of_several_people_are_told_apart(book: Book) -> None:
    alice, bob = open_account(book, "alice"), open_account(book, "bob")
    _issue(book, alice, "a")
    _issue(book, bob, "b")
    seen = [(alice.id, _seen(1, 5)), (alice.id, _seen(2, 15)), (bob.id, _seen(1, 5))]
    with book.reading() as connection:
        found = codes.on_file(connection, seen, NOON)
    assert {at: code.hash for at, code in found.items() if isinstance(code, CodeOnFile)} == {
        (alice.id, 5): "hash-a1",
        (alice.id, 15): "hash-a2",
        (bob.id, 5): "hash-b1",
    }


def test_a_used_code_is_spent(book: Book) -> None:
    alice = open_account(book, "alice")
    _issue(book, alice)
    _use_up(book, _found(book, alice, _seen(1)))
    assert _found(book, alice, _seen(1)).spent
    assert _left(book, alice) == 2


def test_a_code_shown_to_sixteen_workers_is_used_once(book: Book) -> None:
    alice = open_account(book, "alice")
    _issue(book, alice)
    code = _found(book, alice, _seen(1))
    outcomes = together(lambda number: _use_up(book, code, f"t:{number}"))
    assert outcomes.count(None) == 1
    assert sum(isinstance(one, CodeAlreadyUsed) for one in outcomes) == 15


def test_one_used_code_undoes_the_whole_batch(book: Book) -> None:
    alice = open_account(book, "alice")
    _issue(book, alice)
    first, second = _found(book, alice, _seen(1)), _found(book, alice, _seen(2))
    _use_up(book, first)
    both = {"t:2": [_use(second)], "t:3": [_use(first)]}
    with pytest.raises(CodeAlreadyUsed):
        book.run(lambda connection: codes.use_up(connection, both, NOON))
    assert not _found(book, alice, _seen(2)).spent


def test_two_codes_of_one_message_are_both_used_up(book: Book) -> None:
    alice = open_account(book, "alice")
    _issue(book, alice)
    both = {"t:1": [_use(_found(book, alice, _seen(n))) for n in (1, 2)]}
    book.run(lambda connection: codes.use_up(connection, both, NOON))
    assert _left(book, alice) == 1


def test_a_place_tried_wrongly_twice_is_retired(book: Book) -> None:
    alice = open_account(book, "alice")
    _issue(book, alice)
    code = _found(book, alice, _seen(1))
    book.run(lambda connection: codes.note_wrong(connection, [code]))
    assert not _found(book, alice, _seen(1)).spent
    book.run(lambda connection: codes.note_wrong(connection, [code]))
    assert _found(book, alice, _seen(1)).spent
    assert _left(book, alice) == 2


def test_an_expired_card_is_spent_whole(book: Book) -> None:
    alice = open_account(book, "alice")
    _issue(book, alice)
    code = _look(book, alice, _seen(1), NOON + CARD_LIFE)
    assert code is not None
    assert code.spent
    assert _left(book, alice, NOON + CARD_LIFE) == 0


def test_a_new_card_retires_the_one_before(book: Book) -> None:
    alice = open_account(book, "alice")
    _issue(book, alice, "a", 3)
    _issue(book, alice, "b", 2)
    assert _found(book, alice, _seen(1)).hash == "hash-b1"
    assert _look(book, alice, _seen(3)) is None
    assert _left(book, alice) == 2


def test_a_pin_works_until_it_is_used_up_in_public(book: Book) -> None:
    alice = open_account(book, "alice")
    assert _look(book, alice, PIN) is None

    def set_pin(hash_: str) -> None:
        book.run(lambda c: codes.set_pin(c, alice.id, hash_=hash_, key_id="k1", now=NOON))

    set_pin("hash-1")
    code = _found(book, alice, PIN)
    assert (code.kind, code.hash, code.spent, code.place) == (CodeKind.PIN, "hash-1", False, None)
    _use_up(book, code)
    assert _found(book, alice, PIN).spent
    with pytest.raises(CodeAlreadyUsed):
        _use_up(book, code)
    set_pin("hash-2")
    assert _found(book, alice, PIN).hash == "hash-2"
    assert not _found(book, alice, PIN).spent
    for _twice in range(2):
        book.run(lambda connection: codes.void_pin(connection, alice.id, NOON))
    assert _found(book, alice, PIN).spent


def test_a_pin_that_was_set_anew_since_it_was_judged_is_not_used_up(book: Book) -> None:
    alice = open_account(book, "alice")
    _set_pin(book, alice, "old", "k1")
    judged = _found(book, alice, PIN)
    _set_pin(book, alice, "new", "k1")
    with pytest.raises(CodeAlreadyUsed):
        _use_up(book, judged)
    assert not _found(book, alice, PIN).spent


def test_a_code_whose_card_was_retired_since_it_was_judged_is_not_used_up(book: Book) -> None:
    alice = open_account(book, "alice")
    _issue(book, alice, "a")
    judged = _found(book, alice, _seen(1))
    _issue(book, alice, "b")
    with pytest.raises(CodeAlreadyUsed):
        _use_up(book, judged)
    assert _left(book, alice) == 3


def test_a_code_shown_in_two_messages_of_one_batch_is_not_used_twice(book: Book) -> None:
    alice = open_account(book, "alice")
    _issue(book, alice)
    code = _found(book, alice, _seen(1))
    twice = {"t:1": [_use(code)], "t:2": [_use(code)]}
    with pytest.raises(CodeAlreadyUsed):
        book.run(lambda connection: codes.use_up(connection, twice, NOON))
    assert not _found(book, alice, _seen(1)).spent


def test_a_pin_keeps_its_new_hash_unless_it_was_set_anew_meanwhile(book: Book) -> None:
    alice, bob = open_account(book, "alice"), open_account(book, "bob")
    for one in (alice, bob):
        _set_pin(book, one, "old", "k1")
    _set_pin(book, bob, "another", "k2")
    anew = [Rehash(one.id, "old", "new", "k2") for one in (bob, alice)]
    book.run(lambda connection: codes.rehash(connection, anew))
    found = [_found(book, one, PIN) for one in (alice, bob)]
    assert [(one.hash, one.key_id, one.spent) for one in found] == [
        ("new", "k2", False),
        ("another", "k2", False),
    ]


def _set_pin(book: Book, customer: Customer, hash_: str, key_id: str) -> None:
    book.run(lambda c: codes.set_pin(c, customer.id, hash_=hash_, key_id=key_id, now=NOON))
