"""Collections on both databases: reached, ended, paid out or given back, each exactly once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from collection_cast import TAG, Scene, open_scene, together
from sqlalchemy import Connection

from smoney_bot.bank.collections import Collection, CollectionState
from smoney_bot.bank.customers import State
from smoney_bot.bank.desk import PaymentState
from smoney_bot.bank.money import Cents
from smoney_bot.book import collections as records
from smoney_bot.book import erasure, gifts, ledger, outbox, payments
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import AlreadyBooked, NotAsItWas, TagTaken
from smoney_bot.workers.collecting import Collecting
from smoney_bot.workers.timers import Timers

OVER = timedelta(seconds=0)


@pytest.fixture
def scene(book: Book) -> Scene:
    return open_scene(book)


def settle(scene: Scene) -> None:
    """Do all that is due."""
    while Collecting(scene.book).serve():
        pass


def test_a_gift_waits_in_the_collections_own_account(scene: Scene) -> None:
    jardin = scene.collect()
    scene.give(25_00)
    assert scene.balance(jardin) == 25_00
    assert scene.balance(scene.entraide) == 0
    assert scene.standing() == gifts.Standing(Cents(25_00), 1)
    assert scene.problems() == []


def test_the_goal_is_reached_by_the_cent_and_more_is_taken(scene: Scene) -> None:
    scene.collect(goal=100)
    scene.give(99_99)
    assert scene.collection().state is CollectionState.OPEN
    scene.give(1)
    assert scene.collection().state is CollectionState.REACHED
    assert scene.collection().reached_at is not None
    scene.give(50_00, giver=1)
    assert scene.standing().total == 150_00


def test_a_tag_is_used_once_for_ever(scene: Scene) -> None:
    scene.collect()
    scene.end()
    settle(scene)
    with pytest.raises(TagTaken):
        scene.collect()


def test_when_its_time_is_over_it_is_paid_out_in_one_transfer(scene: Scene) -> None:
    jardin = scene.collect(lasts=OVER)
    scene.tamper("UPDATE collections SET ends_at = NULL")  # given in time, then the day is over
    scene.give(30_00)
    scene.give(12_34, giver=1)
    scene.tamper("UPDATE collections SET ends_at = opened_at")
    assert Timers(scene.book).serve() == 0
    assert scene.collection().state is CollectionState.PAID_OUT
    assert (scene.balance(jardin), scene.balance(scene.entraide)) == (0, 42_34)
    assert scene.standing() == gifts.Standing(Cents(42_34), 2)
    assert scene.problems() == []


def test_below_the_goal_all_or_nothing_gives_every_gift_back(scene: Scene) -> None:
    jardin = scene.collect(goal=1000, all_or_nothing=True)
    scene.give_many(3, 12_34)
    scene.end()
    settle(scene)
    assert scene.collection().state is CollectionState.RETURNED
    assert (scene.balance(jardin), scene.balance(scene.entraide)) == (0, 0)
    assert [scene.balance(one) for one in scene.givers] == [1000_00, 1000_00]
    assert scene.standing().gifts == 3
    assert scene.problems() == []


def test_all_or_nothing_that_reached_its_goal_is_paid_out(scene: Scene) -> None:
    scene.collect(goal=100, all_or_nothing=True)
    scene.give(100_00)
    scene.end()
    settle(scene)
    assert scene.collection().state is CollectionState.PAID_OUT
    assert scene.balance(scene.entraide) == 100_00


@pytest.mark.parametrize("all_or_nothing", [True, False])
def test_a_collection_without_a_gift_just_ends(scene: Scene, all_or_nothing: bool) -> None:  # noqa: FBT001 - the table's column
    scene.collect(all_or_nothing=all_or_nothing)
    assert scene.end()
    settle(scene)
    ends = CollectionState.RETURNED if all_or_nothing else CollectionState.PAID_OUT
    assert scene.collection().state is ends
    assert scene.problems() == []


def test_a_gift_comes_back_whatever_became_of_the_givers_account(scene: Scene) -> None:
    scene.collect(goal=1000, all_or_nothing=True)
    scene.give(10_00)
    scene.change(scene.givers[0], state=State.CLOSED)
    scene.end()
    settle(scene)
    assert scene.balance(scene.givers[0]) == 1000_00


def test_givers_and_owner_hear_of_the_end_if_they_wrote_first(scene: Scene) -> None:
    scene.collect(goal=1000, all_or_nothing=True)
    scene.change(scene.givers[0], wrote_first=True)
    scene.change(scene.entraide, wrote_first=True, silent=True)
    gift = scene.give(10_00)
    scene.give(10_00, giver=1)
    scene.end()
    settle(scene)
    with scene.book.reading() as connection:
        (line,) = outbox.listing(connection)
    assert (line.to_x_id, line.kind, line.reference) == ("x-alice", "return", gift.reference)


def test_many_gifts_go_back_in_steps_and_a_death_between_two_changes_nothing(scene: Scene) -> None:
    scene.collect(goal=10_000, all_or_nothing=True)
    scene.give_many(gifts.AT_ONCE + 20, 1_01)
    scene.end()
    assert Collecting(scene.book).serve() == 1
    assert scene.collection().state is CollectionState.CLOSED
    assert scene.problems() == []
    assert Collecting(scene.book).serve() == 0  # the next process goes on
    assert Collecting(scene.book).serve() == 0
    assert scene.collection().state is CollectionState.RETURNED
    assert [scene.balance(one) for one in scene.givers] == [1000_00, 1000_00]
    assert scene.problems() == []


def test_no_gift_arrives_after_the_end(scene: Scene) -> None:
    scene.collect(lasts=OVER)
    with pytest.raises(LookupError):
        scene.give(10_00)


def test_the_money_of_an_ended_collection_moves_once(scene: Scene) -> None:
    scene.collect()
    scene.give(10_00)
    scene.end()
    assert not scene.end()
    stale = scene.collection()
    settle(scene)

    def again(connection: Connection) -> None:
        gifts.pay_out(connection, stale, scene.book.now(connection))

    with pytest.raises(NotAsItWas):
        scene.book.run(again)
    assert scene.balance(scene.entraide) == 10_00


def test_where_a_state_lies_the_key_in_the_book_still_lets_a_gift_go_back_once(
    scene: Scene,
) -> None:
    scene.collect(goal=1000, all_or_nothing=True)
    scene.give(10_00)
    scene.end()
    settle(scene)
    scene.tamper("UPDATE payments SET state = 'booked', booked_at = created_at")
    scene.tamper("UPDATE collections SET state = 'closed'")
    scene.tamper("UPDATE balances SET balance_cents = 1000 WHERE balance_cents = 0")
    with pytest.raises(ExceptionGroup) as raised:
        settle(scene)
    assert raised.value.subgroup(AlreadyBooked) is not None
    assert scene.balance(scene.givers[0]) == 1000_00


def test_a_collection_that_cannot_end_keeps_no_other_from_its_end(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = scene.collect(goal=1000, tag="potager")
    scene.collect(goal=1000)
    for tag in ("potager", "jardin"):
        scene.give(10_00, tag=tag)
        scene.end(tag)
    pay_out = gifts.pay_out

    def pay_out_others(connection: Connection, one: Collection, now: datetime) -> Cents:
        assert one.id != stuck.id
        return pay_out(connection, one, now)

    monkeypatch.setattr(gifts, "pay_out", pay_out_others)
    with pytest.raises(ExceptionGroup):
        settle(scene)
    assert scene.balance(scene.entraide) == 10_00


@pytest.mark.parametrize("all_or_nothing", [True, False])
def test_gifts_the_end_and_the_timers_meet_and_no_cent_is_lost(
    scene: Scene,
    all_or_nothing: bool,  # noqa: FBT001 - the table's column
) -> None:
    jardin = scene.collect(goal=1000, all_or_nothing=all_or_nothing)
    scene.give(5_00)

    def work(number: int) -> str:
        if number == 0:
            return f"end {scene.end()}"
        if number < 3:
            return f"served {Collecting(scene.book).serve()}"
        try:
            return scene.give(1_00 + number, giver=number % 2).reference
        except LookupError:
            return "too late"

    outcomes = together(work, 8)
    assert [one for one in outcomes if isinstance(one, Exception)] == []
    settle(scene)
    given = scene.standing().total
    assert scene.balance(jardin) == 0
    assert scene.balance(scene.entraide) == (0 if all_or_nothing else given)
    back = sum(scene.balance(one) for one in scene.givers)
    assert back + scene.balance(scene.entraide) == 2000_00
    assert scene.problems() == []


def test_the_history_of_the_owner_tells_nothing_of_what_is_not_theirs_yet(scene: Scene) -> None:
    scene.collect()
    scene.give(10_00)
    with scene.book.reading() as connection:
        told = payments.history(connection, [scene.entraide, scene.givers[0]], 5)
    assert told[scene.entraide.account_id] == ()
    assert [one.amount for one in told[scene.givers[0].account_id]] == [10_00]


def test_the_latest_gifts_bear_names_only_of_those_who_agreed(scene: Scene) -> None:
    jardin = scene.collect()
    scene.change(scene.givers[1], show_name=True)
    scene.give(1_00)
    scene.give(2_00, giver=1)
    with scene.book.reading() as connection:
        latest = gifts.latest(connection, jardin, 5)
    assert [(one.amount, one.handle) for one in latest] == [(2_00, "bob"), (1_00, None)]


def test_a_collection_does_not_end_while_a_gift_is_decided(scene: Scene) -> None:
    jardin, outcomes = scene.collect(), []
    thread = threading.Thread(target=lambda: outcomes.append(scene.end()))
    with scene.book.writing() as connection:
        records.among(connection, [], [jardin.id], lock=True)
        thread.start()
        thread.join(0.2)
        assert outcomes == []
    thread.join()
    assert outcomes == [True]


def test_without_that_lock_it_would_end(postgres_url: Callable[[], str]) -> None:
    book = Book(postgres_url())
    scene = open_scene(book)
    jardin = scene.collect()
    with book.writing() as connection:
        records.among(connection, [], [jardin.id])
        assert scene.end()
    book.close()


def test_an_association_is_not_erased_before_its_collections_have_ended(scene: Scene) -> None:
    scene.collect()

    def erase(connection: Connection) -> None:
        erasure.erase(connection, scene.entraide, scene.book.now(connection))

    with pytest.raises(erasure.NotErasable, match="collection"):
        scene.book.run(erase)
    scene.end()
    settle(scene)
    scene.book.run(erase)
    assert scene.problems() == []


@pytest.mark.parametrize("reached", [False, True])
def test_a_giver_is_not_erased_while_the_gift_may_come_back(scene: Scene, *, reached: bool) -> None:
    scene.collect(goal=50 if reached else 1000, all_or_nothing=True)
    scene.give(50_00)
    giver, book = scene.givers[0], scene.book
    rest = Cents(scene.balance(giver))

    def leave(connection: Connection) -> None:
        ledger.withdraw(connection, giver, rest, "all that is left", book.now(connection))

    def erase(connection: Connection) -> None:
        erasure.erase(connection, giver, book.now(connection))

    book.run(leave)
    if reached:
        book.run(erase)
    else:
        with pytest.raises(erasure.NotErasable, match="may still come back"):
            book.run(erase)
    scene.end()
    settle(scene)
    assert scene.balance(giver) == (0 if reached else 50_00)
    assert scene.problems() == []


#: What a hand in the database could do, and the rule that finds it.
TAMPERINGS = {
    "UPDATE collections SET state = 'paid_out', ended_at = opened_at": "collection_is_sum_of_gifts",
    "UPDATE payments SET amount_cents = amount_cents + 1": "collection_is_sum_of_gifts",
    "UPDATE payments SET collection_id = 99": "gift_has_collection",
    "UPDATE payments SET state = 'returned', booked_at = NULL": "returned_gift_has_transfers",
}


@pytest.mark.parametrize("statement", TAMPERINGS)
def test_the_audit_finds_what_was_tampered_with(scene: Scene, statement: str) -> None:
    scene.collect()
    scene.give(10_00)
    assert scene.problems() == []
    scene.tamper(statement)
    assert TAMPERINGS[statement] in {one.rule for one in scene.problems()}


def test_the_audit_finds_returns_and_pay_outs_that_nobody_tells_of(scene: Scene) -> None:
    scene.collect(goal=1000, all_or_nothing=True)
    scene.collect(tag="toit")
    scene.give(10_00)
    scene.give(10_00, tag="toit")
    scene.end()
    scene.end("toit")
    settle(scene)
    assert scene.problems() == []
    scene.tamper("UPDATE payments SET state = 'booked', booked_at = created_at")
    scene.tamper("UPDATE collections SET state = 'closed'")
    found = {one.rule for one in scene.problems()}
    assert {"gift_return_has_gift", "pay_out_has_collection"} <= found


def test_a_collection_is_found_by_its_tag_or_not_at_all(scene: Scene) -> None:
    jardin = scene.collect()
    with scene.book.reading() as connection:
        assert records.among(connection, [TAG, "toit"]) == {TAG: jardin}
        assert records.among(connection, []) == {}
        assert records.among(connection, [], [jardin.id]) == {TAG: jardin}
        assert records.has_unsettled(connection, scene.entraide.id)
        assert not records.has_unsettled(connection, scene.givers[0].id)


def test_only_booked_gifts_go_back(scene: Scene) -> None:
    scene.collect(goal=1000, all_or_nothing=True)
    gift = scene.give(10_00)
    scene.end()
    settle(scene)
    with scene.book.reading() as connection:
        found = payments.find(connection, gift.reference)
    assert found is not None
    assert (found.state, found.booked_at) == (PaymentState.RETURNED, None)
