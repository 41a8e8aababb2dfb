"""Invitations on both engines: one link, one use, whoever comes together."""

from __future__ import annotations

from datetime import timedelta

import pytest
from book_cast import MINUTE, NOON, THREADS, open_account, together
from sqlalchemy import select, update

from smoney_bot.bank.codes import FAILURES_MAX
from smoney_bot.bank.customers import Customer
from smoney_bot.book import invitations
from smoney_bot.book.engine import Book
from smoney_bot.book.invitations import LIFE, Invitation
from smoney_bot.book.tables import invitations as table

HASH = invitations.hash_token("alice's token")
LATE = NOON + LIFE


@pytest.fixture
def alice(book: Book) -> Customer:
    return open_account(book, "alice")


def invite(book: Book, customer: Customer, token_hash: str = HASH, *, minute: int = 0) -> None:
    now = NOON + minute * MINUTE
    book.run(lambda c: invitations.invite(c, customer.id, token_hash, now))


def find(book: Book, token_hash: str = HASH, *, after: timedelta = MINUTE) -> Invitation | None:
    with book.reading() as connection:
        return invitations.find(connection, token_hash, NOON + after)


def living(book: Book, token_hash: str = HASH) -> Invitation:
    found = find(book, token_hash)
    assert found is not None
    return found


def accept(book: Book, invitation: Invitation, *, after: timedelta = MINUTE) -> bool:
    return book.run(lambda c: invitations.accept(c, invitation, NOON + after))


def stage(book: Book, invitation: Invitation, staged: str = "{}") -> bool:
    return book.run(lambda c: invitations.stage(c, invitation.id, staged, NOON + MINUTE))


def reserve(book: Book, invitation: Invitation) -> bool:
    return book.run(lambda c: invitations.reserve(c, invitation.id, NOON + MINUTE))


def test_tokens_are_long_random_and_fit_an_address() -> None:
    made = {invitations.new_token() for _ in range(100)}
    assert len(made) == 100
    assert all(len(one) == 43 and one.replace("-", "").replace("_", "").isalnum() for one in made)


def test_an_invitation_is_found_by_its_hash_until_its_time_is_over(
    book: Book, alice: Customer
) -> None:
    invite(book, alice)
    found = living(book)
    assert (found.customer_id, found.staged, found.failures) == (alice.id, None, 0)
    assert found.expires_at == NOON + timedelta(hours=48)
    assert find(book, after=LIFE - timedelta(seconds=1)) is not None
    assert find(book, after=LIFE) is None
    assert find(book, invitations.hash_token("another")) is None
    assert "staged" not in repr(found)


def test_a_newer_invitation_ends_the_older_ones_of_that_customer_alone(
    book: Book, alice: Customer
) -> None:
    bob = open_account(book, "bob")
    invite(book, bob, "of bob")
    invite(book, alice, "first")
    stage(book, living(book, "first"), '{"kept":"once"}')
    invite(book, alice, "second", minute=1)
    assert find(book, "first") is None
    assert find(book, "second") is not None
    assert find(book, "of bob") is not None
    with book.reading() as connection:
        kept = connection.execute(select(table.c.staged)).scalars().all()
    assert kept == [None, None, None]


def test_what_is_staged_is_kept_until_it_is_accepted(book: Book, alice: Customer) -> None:
    invite(book, alice)
    assert stage(book, living(book), '{"pin":"a hash"}')
    invitation = living(book)
    assert invitation.staged == '{"pin":"a hash"}'
    assert accept(book, invitation)
    assert find(book) is None
    assert not stage(book, invitation)
    assert not reserve(book, invitation)
    assert not accept(book, invitation)


def test_a_card_drawn_in_the_meantime_counts_not_the_one_before(
    book: Book, alice: Customer
) -> None:
    invite(book, alice)
    stage(book, living(book), '{"card":1}')
    of_the_first_card = living(book)
    stage(book, of_the_first_card, '{"card":2}')
    assert not accept(book, of_the_first_card)
    assert accept(book, living(book))


def test_nothing_is_accepted_after_its_time(book: Book, alice: Customer) -> None:
    invite(book, alice)
    stage(book, living(book))
    assert not accept(book, living(book), after=LIFE)


def test_five_tries_end_the_link_and_the_last_one_may_still_win(
    book: Book, alice: Customer
) -> None:
    invite(book, alice)
    stage(book, living(book))
    for count in range(FAILURES_MAX):
        invitation = living(book)
        assert invitation.tries_left == FAILURES_MAX - count
        assert reserve(book, invitation)
    assert find(book) is None
    assert not reserve(book, invitation)
    assert accept(book, invitation)


def test_however_many_try_together_five_are_let_through(book: Book, alice: Customer) -> None:
    invite(book, alice)
    invitation = living(book)
    assert together(lambda _: reserve(book, invitation)).count(True) == FAILURES_MAX


def test_however_many_accept_together_one_does(book: Book, alice: Customer) -> None:
    invite(book, alice)
    stage(book, living(book))
    invitation = living(book)
    assert sorted(map(str, together(lambda _: accept(book, invitation)))) == sorted(
        ["True"] + ["False"] * (THREADS - 1)
    )


def test_an_acceptance_without_its_condition_is_caught(book: Book, alice: Customer) -> None:
    invite(book, alice)
    stage(book, living(book))
    invitation = living(book)

    def unconditional(_: int) -> bool:
        one = update(table).where(table.c.id == invitation.id)
        return book.run(lambda c: c.execute(one.values(used_at=NOON, staged=None)).rowcount == 1)

    assert together(unconditional).count(True) > 1
