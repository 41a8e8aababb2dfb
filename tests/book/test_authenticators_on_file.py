"""A step of an authenticator is used once, and after it no earlier one."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from book_cast import NOON, THREADS, open_account, together
from sqlalchemy import Connection, update

from smoney_bot.bank.authenticators import AuthenticatorOnFile
from smoney_bot.bank.codes import CodeKind, CodeUse
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.messages import SeenCode
from smoney_bot.book import authenticators, codes
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import CodeAlreadyUsed
from smoney_bot.book.tables import authenticators as table

CODE = SeenCode(start=18, length=6, place=None, tags={})
FIRST = 59_850_720


@pytest.fixture
def alice(book: Book) -> Customer:
    customer = open_account(book, "alice")
    _put(book, customer, "secret-1")
    return customer


def _put(book: Book, customer: Customer, secret: str, last_step: int = 0) -> None:
    book.run(lambda c: authenticators.put(c, customer.id, secret, NOON, last_step=last_step))


def _found(book: Book, customer: Customer) -> AuthenticatorOnFile | None:
    with book.reading() as connection:
        found = codes.on_file(connection, [(customer.id, CODE)], NOON)
    code = found.get((customer.id, CODE.start))
    assert code is None or isinstance(code, AuthenticatorOnFile)
    return code


def _use(customer: Customer, step: int) -> CodeUse:
    return CodeUse(CodeKind.AUTHENTICATOR, customer.id, customer.id, None, step, "secret-1")


def _use_up(book: Book, customer: Customer, *steps: int, key: str = "t:1") -> None:
    uses = [_use(customer, step) for step in steps]
    book.run(lambda connection: codes.use_up(connection, {key: uses}, NOON))


def _last_step(book: Book, customer: Customer) -> int:
    found = _found(book, customer)
    assert found is not None
    return found.last_step


def test_an_authenticator_is_found_by_its_owner_alone(book: Book, alice: Customer) -> None:
    bob = open_account(book, "bob")
    assert _found(book, alice) == AuthenticatorOnFile(alice.id, "secret-1", 0)
    assert _found(book, bob) is None


def test_codes_of_all_kinds_are_found_side_by_side(book: Book, alice: Customer) -> None:
    book.run(lambda c: codes.issue_card(c, alice.id, [(7, "hash-7", "k1")], NOON))
    book.run(lambda c: codes.set_pin(c, alice.id, hash_="hash-pin", key_id="k1", now=NOON))
    shown = [
        SeenCode(start=0, length=8, place=7, tags={}),
        SeenCode(start=10, length=6, place=None, tags={}),
        SeenCode(start=20, length=4, place=None, tags={}),
    ]
    with book.reading() as connection:
        found = codes.on_file(connection, [(alice.id, one) for one in shown], NOON)
    assert [type(found[alice.id, at]).__name__ for at in (0, 10, 20)] == [
        "CodeOnFile",
        "AuthenticatorOnFile",
        "CodeOnFile",
    ]


def test_a_new_authenticator_takes_the_place_of_the_old_one(book: Book, alice: Customer) -> None:
    _use_up(book, alice, FIRST)
    _put(book, alice, "secret-2", last_step=FIRST + 5)
    assert _found(book, alice) == AuthenticatorOnFile(alice.id, "secret-2", FIRST + 5)


def test_a_removed_authenticator_is_gone(book: Book, alice: Customer) -> None:
    assert book.run(lambda c: authenticators.remove(c, alice.id))
    assert not book.run(lambda c: authenticators.remove(c, alice.id))
    assert _found(book, alice) is None


def test_a_removed_authenticator_can_no_longer_be_used_up(book: Book, alice: Customer) -> None:
    book.run(lambda c: authenticators.remove(c, alice.id))
    with pytest.raises(CodeAlreadyUsed):
        _use_up(book, alice, FIRST)


def test_steps_only_go_forward_whatever_the_order_of_the_posts(book: Book, alice: Customer) -> None:
    accepted = []
    for step in (FIRST, FIRST + 2, FIRST + 1, FIRST + 2, FIRST + 3, FIRST):
        try:
            _use_up(book, alice, step)
        except CodeAlreadyUsed:
            continue
        accepted.append(step)
    assert accepted == [FIRST, FIRST + 2, FIRST + 3]
    assert _last_step(book, alice) == FIRST + 3


def test_a_code_shown_to_sixteen_workers_is_used_once(book: Book, alice: Customer) -> None:
    outcomes = together(lambda number: _use_up(book, alice, FIRST, key=f"t:{number}"))
    assert outcomes.count(None) == 1
    assert sum(isinstance(one, CodeAlreadyUsed) for one in outcomes) == THREADS - 1
    assert _last_step(book, alice) == FIRST


def test_sixteen_workers_with_sixteen_steps_accept_a_rising_series(
    book: Book, alice: Customer
) -> None:
    outcomes = together(lambda number: _use_up(book, alice, FIRST + number, key=f"t:{number}"))
    assert all(one is None or isinstance(one, CodeAlreadyUsed) for one in outcomes)
    assert outcomes[-1] is None
    assert _last_step(book, alice) == FIRST + THREADS - 1


def test_using_up_without_looking_at_the_last_step_would_be_noticed(
    book: Book, alice: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(connection: Connection, steps: Iterable[tuple[int, int, str]]) -> None:
        for customer_id, step, _ in steps:
            of_customer = table.c.customer_id == customer_id
            connection.execute(update(table).where(of_customer).values(last_step=step))

    monkeypatch.setattr(authenticators, "use_up", careless)
    outcomes = together(lambda number: _use_up(book, alice, FIRST, key=f"t:{number}"), 4)
    assert outcomes.count(None) > 1


def test_two_right_codes_of_one_message_are_both_used_up(book: Book, alice: Customer) -> None:
    _use_up(book, alice, FIRST + 1, FIRST)
    assert _last_step(book, alice) == FIRST + 1


def test_a_code_of_an_authenticator_that_was_replaced_since_is_not_used_up(
    book: Book, alice: Customer
) -> None:
    _put(book, alice, "secret-2")
    with pytest.raises(CodeAlreadyUsed):
        _use_up(book, alice, FIRST)  # judged by the one before
    assert _last_step(book, alice) == 0


def test_one_code_in_two_messages_of_a_batch_undoes_the_whole_batch(
    book: Book, alice: Customer
) -> None:
    use = _use(alice, FIRST)
    with pytest.raises(CodeAlreadyUsed):
        book.run(lambda c: codes.use_up(c, {"t:1": [use], "t:2": [use]}, NOON))
    assert _last_step(book, alice) == 0


def test_secrets_are_read_in_batches_and_replaced_where_they_are_still_the_same(
    book: Book, alice: Customer
) -> None:
    others = [open_account(book, name) for name in ("bob", "carol")]
    for one in others:
        _put(book, one, f"secret-of-{one.handle}")

    def read(after: int) -> Callable[..., list[tuple[int, str]]]:
        return lambda connection: authenticators.secrets_after(connection, after, 2)

    first = book.run(read(0))
    assert [secret for _, secret in first] == ["secret-1", "secret-of-bob"]
    assert [secret for _, secret in book.run(read(first[-1][0]))] == ["secret-of-carol"]
    _use_up(book, alice, FIRST)
    _put(book, others[0], "set-anew")
    moved = [(customer_id, old, f"{old}-moved") for customer_id, old in first]
    assert book.run(lambda connection: authenticators.rewrap(connection, moved)) == 1
    assert _found(book, alice) == AuthenticatorOnFile(alice.id, "secret-1-moved", FIRST)
    assert _found(book, others[0]) == AuthenticatorOnFile(others[0].id, "set-anew", 0)
