"""Every message is kept once, worked by one worker at a time, in its author's order."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest
from book_cast import MINUTE, NOON, message, together
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from smoney_bot.bank.desk import Outcome
from smoney_bot.bank.messages import Message, SeenCode
from smoney_bot.bank.references import reference
from smoney_bot.book import inbox
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import LostLease
from smoney_bot.book.inbox import Claimed, Decided
from smoney_bot.book.states import MessageState

TAG = "ab" * 32
CODE = SeenCode(start=17, length=8, place=7, tags={"k1": TAG})
LEASE = timedelta(seconds=60)


def _keep(book: Book, *messages: Message) -> int:
    return book.run(lambda connection: inbox.keep(connection, messages, NOON))


def _claim(book: Book, now: datetime = NOON, limit: int = 50) -> list[Claimed]:
    return book.run(lambda c: inbox.claim(c, now=now, limit=limit, lease=LEASE))


def _finish(book: Book, claimed: list[Claimed], now: datetime = NOON) -> None:
    decided = [Decided(one, Outcome.APPLIED) for one in claimed]
    book.run(lambda connection: inbox.finish(connection, decided, now))


def _put_back(book: Book, claimed: Claimed, due_at: datetime, *, blameless: bool) -> MessageState:
    return book.run(
        lambda c: inbox.put_back(
            c, claimed, due_at=due_at, reason="boom", now=NOON, blameless=blameless
        )
    )


def _keys(claimed: list[Claimed]) -> list[str]:
    return [one.message.key for one in claimed]


def _states(book: Book) -> dict[str, MessageState]:
    with book.reading() as connection:
        return {line.key: line.state for line in inbox.listing(connection, limit=1000)}


def test_a_message_is_kept_once_however_often_it_comes(book: Book) -> None:
    assert _keep(book, message(1), message(2), message(1)) == 2
    assert _keep(book, message(2), message(3)) == 1
    assert _keep(book) == 0


def test_deliveries_that_meet_keep_each_message_once(book: Book) -> None:
    batch = [message(number, f"x-{number}") for number in range(40)]

    def deliver(number: int) -> int:
        shuffled = batch[number:] + batch[:number]
        return _keep(book, *shuffled)

    assert sum(map(_whole, together(deliver))) == 40


def _whole(outcome: int | Exception) -> int:
    assert isinstance(outcome, int), outcome
    return outcome


def test_what_was_kept_comes_out_as_it_went_in(book: Book) -> None:
    kept = message(1, codes=(CODE,))
    _keep(book, kept)
    [claimed] = _claim(book)
    assert claimed.message == kept
    assert (claimed.attempts, claimed.fence) == (1, 1)
    assert claimed.reference == reference(claimed.id)


def test_the_oldest_come_first_and_one_of_each_author(book: Book) -> None:
    _keep(book, message(1, "x-alice", 3), message(2, "x-alice", 1), message(3, "x-bob", 2))
    assert _keys(_claim(book)) == ["t:2", "t:3"]
    assert _claim(book) == [], "alice's other message waits for her first"


def test_the_next_of_an_author_comes_when_the_first_is_done(book: Book) -> None:
    _keep(book, message(1, minute=1), message(2, minute=2))
    first = _claim(book)
    _finish(book, first)
    assert _keys(_claim(book)) == ["t:2"]


def test_a_message_put_back_keeps_its_place_before_the_authors_next(book: Book) -> None:
    _keep(book, message(1, minute=1), message(2, minute=2))
    [first] = _claim(book)
    assert _put_back(book, first, NOON + MINUTE, blameless=True) is MessageState.RECEIVED
    assert _claim(book) == []
    assert _keys(_claim(book, NOON + MINUTE)) == ["t:1"]


def test_an_older_message_that_comes_late_waits_for_the_one_in_hand(book: Book) -> None:
    _keep(book, message(2, minute=2))
    newer = _claim(book)
    _keep(book, message(1, minute=1))
    assert _claim(book) == []
    again = _claim(book, NOON + LEASE)
    assert _keys(again) == _keys(newer), "the lease ran out: the one in hand goes first"
    _finish(book, again)
    assert _keys(_claim(book)) == ["t:1"]


def test_no_more_than_asked_for(book: Book) -> None:
    _keep(book, *(message(number, f"x-{number}", number) for number in range(5)))
    assert len(_claim(book, limit=3)) == 3
    assert len(_claim(book, limit=3)) == 2


def test_sixteen_workers_never_take_the_same_message(book: Book) -> None:
    authors = 30
    _keep(book, *(message(n, f"x-{n % authors}", n) for n in range(authors * 2)))

    def work(_: int) -> list[str]:
        taken = []
        for _turn in range(4):
            claimed = _claim(book, limit=5)
            taken += _keys(claimed)
            _finish(book, claimed)
        return taken

    outcomes = together(work)
    counted = Counter(key for keys in outcomes if isinstance(keys, list) for key in keys)
    assert [one for one in outcomes if isinstance(one, Exception)] == []
    assert set(counted.values()) == {1}
    while claimed := _claim(book):
        counted.update(_keys(claimed))
        _finish(book, claimed)
    assert counted == Counter({f"t:{n}": 1 for n in range(authors * 2)})


def test_at_most_one_message_of_an_author_is_in_hand(book: Book) -> None:
    _keep(book, *(message(n, "x-alice", n) for n in range(10)))
    outcomes = together(lambda _: _claim(book))
    assert sum(len(one) for one in outcomes if isinstance(one, list)) == 1


def test_the_database_itself_keeps_two_of_an_author_out_of_hand(book: Book) -> None:
    """The negative control: without the rule of `claim`, the index still refuses."""
    _keep(book, message(1, minute=1), message(2, minute=2))
    both = text("UPDATE inbox SET state = 'claimed', lease_until = received_at")
    with pytest.raises(IntegrityError, match=r"one_claimed_per_author|inbox\.author_id"):
        book.run(lambda connection: connection.execute(both))


def test_a_claim_whose_lease_ran_out_can_write_no_more(book: Book) -> None:
    _keep(book, message(1))
    zombie = _claim(book)
    successor = _claim(book, NOON + LEASE)
    assert [one.fence for one in successor] == [2]
    with pytest.raises(LostLease):
        _finish(book, zombie)
    with pytest.raises(LostLease):
        _put_back(book, zombie[0], NOON, blameless=True)
    _finish(book, successor)
    with pytest.raises(LostLease):
        _finish(book, successor)


def test_one_lost_lease_undoes_the_whole_batch(book: Book) -> None:
    _keep(book, message(1, "x-alice"), message(2, "x-bob"))
    batch = _claim(book)
    [lost] = [one for one in batch if one.message.key == "t:1"]
    _finish(book, [lost])
    with pytest.raises(LostLease):
        _finish(book, batch)
    assert _states(book) == {"t:1": MessageState.APPLIED, "t:2": MessageState.CLAIMED}


def test_a_decision_erases_the_tags_of_the_codes(book: Book) -> None:
    _keep(book, message(1, codes=(CODE,)))
    payload = text("SELECT payload FROM inbox")
    with book.reading() as connection:
        assert TAG in connection.execute(payload).scalar_one()
    _finish(book, _claim(book))
    with book.reading() as connection:
        kept = Message.from_json(connection.execute(payload).scalar_one())
    assert kept == message(1)


def test_a_message_that_kills_its_worker_is_set_aside_after_three_crashes(book: Book) -> None:
    _keep(book, message(1, "x-alice"), message(2, "x-bob"))
    now = NOON
    for _crash in range(inbox.CRASHES_MAX):
        assert "t:1" in _keys(_claim(book, now))
        now += LEASE
    assert _claim(book, now) == []
    assert _states(book)["t:1"] is MessageState.SET_ASIDE
    _finish(book, _claim(book, now))
    assert _states(book)["t:2"] is not MessageState.SET_ASIDE
    assert _claim(book, now + LEASE) == []


def test_a_message_that_has_crashed_is_taken_alone(book: Book) -> None:
    _keep(book, message(1, "x-alice"), message(2, "x-bob"), message(3, "x-carol"))
    assert len(_claim(book, NOON)) == 3
    assert [len(_claim(book, NOON + LEASE)) for _ in range(4)] == [1, 1, 1, 0]


def test_a_message_that_fails_is_set_aside_after_five_errors(book: Book) -> None:
    _keep(book, message(1))
    for errors in range(1, inbox.ERRORS_MAX + 1):
        [claimed] = _claim(book)
        state = _put_back(book, claimed, NOON, blameless=False)
        assert (state is MessageState.SET_ASIDE) == (errors == inbox.ERRORS_MAX)
    assert _claim(book) == []


def test_an_absence_outside_never_sets_a_message_aside(book: Book) -> None:
    _keep(book, message(1))
    for _absence in range(2 * inbox.ERRORS_MAX):
        [claimed] = _claim(book)
        _put_back(book, claimed, NOON, blameless=True)
    assert len(_claim(book)) == 1


def test_a_message_that_cannot_be_read_holds_up_nobody(book: Book) -> None:
    _keep(book, message(1, "x-alice"), message(2, "x-bob"))
    spoil = text("UPDATE inbox SET payload = '{}' WHERE key = 't:1'")
    book.run(lambda connection: connection.execute(spoil))
    assert _keys(_claim(book)) == ["t:2"]
    assert _states(book)["t:1"] is MessageState.SET_ASIDE


def test_an_operator_lets_a_message_be_tried_again(book: Book) -> None:
    _keep(book, message(1, codes=(CODE,)))
    for _error in range(inbox.ERRORS_MAX):
        [claimed] = _claim(book)
        _put_back(book, claimed, NOON, blameless=False)

    def retry(connection: Connection) -> int:
        return inbox.retry(connection, ["t:1", "t:404"], NOON)

    assert book.run(retry) == 1
    assert book.run(retry) == 0
    [claimed] = _claim(book)
    assert claimed.message.codes == (CODE,)
    assert _put_back(book, claimed, NOON, blameless=False) is MessageState.RECEIVED


def test_an_operator_sees_what_waits_and_never_the_words(book: Book) -> None:
    _keep(book, message(1, "x-alice"), message(2, "x-bob"))
    _finish(book, _claim(book, limit=1))
    with book.reading() as connection:
        assert inbox.waiting(connection) == (1, NOON)
        assert inbox.oldest_waiting(connection) == NOON
        [line] = inbox.listing(connection, MessageState.APPLIED)
        newest = inbox.listing(connection, limit=1)
    assert (line.key, line.decided_at, line.reason) == ("t:1", NOON, "")
    assert [one.key for one in newest] == ["t:2"]
    assert "Smoney" not in repr(line)
    _finish(book, _claim(book))
    with book.reading() as connection:
        assert inbox.waiting(connection) == (0, None)
