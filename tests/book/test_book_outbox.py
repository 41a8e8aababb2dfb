"""Every reply leaves once to the eye, whoever dies while sending it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from book_cast import MINUTE, NOON, reply, together
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

from smoney_bot.bank.desk import Priority, Reply
from smoney_bot.book import outbox
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import LostLease
from smoney_bot.book.outbox import Pending
from smoney_bot.book.states import ReplyState

LEASE = timedelta(seconds=30)


def _put(book: Book, *replies: Reply) -> None:
    assert book.run(lambda connection: outbox.put(connection, replies, NOON)) == []


def _claim(book: Book, now: datetime = NOON, limit: int = 50) -> list[Pending]:
    return book.run(lambda c: outbox.claim(c, now=now, limit=limit, lease=LEASE, public=True))


def _state(book: Book) -> ReplyState:
    with book.reading() as connection:
        return outbox.listing(connection)[0].state


def test_replies_come_out_as_they_went_in_and_in_that_order(book: Book) -> None:
    written = [reply(2), reply(1), reply(1, "notice")]
    _put(book, *written)
    pending = _claim(book)
    assert [one.reply for one in pending] == written
    assert {(one.attempts, one.fence, one.look_first) for one in pending} == {(1, 1, False)}
    assert pending[0].created_at == NOON
    assert _claim(book) == []


def test_a_second_answer_to_one_message_is_refused(book: Book) -> None:
    _put(book, reply(1))
    with pytest.raises(IntegrityError):
        _put(book, reply(2), reply(1))
    assert len(_claim(book)) == 1


def test_a_reply_that_is_out_stays_out(book: Book) -> None:
    _put(book, reply(1))
    [pending] = _claim(book)
    book.run(lambda c: outbox.sent(c, pending, remote_id="99", now=NOON))
    assert _state(book) is ReplyState.SENT
    assert _claim(book, NOON + 99 * MINUTE) == []


def test_a_reply_waits_until_it_is_due(book: Book) -> None:
    _put(book, reply(1))
    [pending] = _claim(book)
    book.run(lambda c: outbox.wait(c, pending, due_at=NOON + MINUTE, why="429"))
    assert _claim(book) == []
    [again] = _claim(book, NOON + MINUTE)
    assert (again.attempts, again.look_first) == (2, False)


def test_what_may_be_out_is_looked_for_first(book: Book) -> None:
    _put(book, reply(1))
    [pending] = _claim(book)
    book.run(lambda c: outbox.unknown(c, pending, due_at=NOON + MINUTE, why="timeout"))
    assert _claim(book) == []
    [again] = _claim(book, NOON + MINUTE)
    assert again.look_first
    book.run(lambda c: outbox.wait(c, again, due_at=NOON + MINUTE, why="cannot look now"))
    [later] = _claim(book, NOON + MINUTE)
    assert later.look_first, "waiting does not make it certain"


def test_a_sender_that_dies_leaves_a_reply_to_look_for(book: Book) -> None:
    _put(book, reply(1))
    [dead] = _claim(book)
    assert _claim(book, NOON + LEASE - timedelta(seconds=1)) == []
    [heir] = _claim(book, NOON + LEASE)
    assert heir.look_first
    with pytest.raises(LostLease):
        book.run(lambda c: outbox.sent(c, dead, remote_id="99", now=NOON))
    book.run(lambda c: outbox.sent(c, heir, remote_id="98", now=NOON))


def test_a_reply_that_was_given_up_goes_out_only_if_an_operator_asks(book: Book) -> None:
    _put(book, reply(1))
    [pending] = _claim(book)
    book.run(lambda c: outbox.give_up(c, pending, why="blocked"))
    assert _claim(book, NOON + 99 * MINUTE) == []
    assert book.run(lambda c: outbox.retry(c, [pending.id], NOON)) == 1
    assert book.run(lambda c: outbox.retry(c, [pending.id], NOON)) == 0
    [again] = _claim(book)
    assert again.look_first


def test_sixteen_senders_never_hold_the_same_reply(book: Book) -> None:
    _put(book, *(reply(number) for number in range(60)))
    outcomes = together(lambda _: _claim(book, limit=5))
    counted = Counter(
        one.id for claimed in outcomes if isinstance(claimed, list) for one in claimed
    )
    assert [one for one in outcomes if isinstance(one, Exception)] == []
    assert set(counted.values()) == {1}


def test_an_operator_sees_what_waits_and_never_the_words(book: Book) -> None:
    _put(book, reply(1), reply(2))
    [pending] = _claim(book, limit=1)
    book.run(lambda c: outbox.sent(c, pending, remote_id="99", now=NOON))
    with book.reading() as connection:
        assert outbox.waiting(connection) == (1, NOON)
        [line] = outbox.listing(connection, ReplyState.SENT)
    assert (line.message_key, line.sent_at) == ("t:1", NOON)
    assert "C'est fait" not in repr(line)


def _claim_way(book: Book, *, public: bool, least: Priority = Priority.HELP) -> list[Pending]:
    return book.run(
        lambda c: outbox.claim(c, now=NOON, limit=9, lease=LEASE, public=public, least=least)
    )


def test_posts_and_direct_messages_are_claimed_apart(book: Book) -> None:
    private = replace(reply(1), in_reply_to=None)
    _put(book, private, reply(2))
    assert [one.reply for one in _claim_way(book, public=True)] == [reply(2)]
    assert [one.reply for one in _claim_way(book, public=False)] == [private]


def test_what_matters_most_is_claimed_first_and_what_matters_too_little_not(book: Book) -> None:
    priorities = [Priority.HELP, Priority.PAYMENT, Priority.USUAL, Priority.PAYMENT]
    written = [replace(reply(n), priority=one) for n, one in enumerate(priorities)]
    _put(book, *written)
    claimed = _claim_way(book, public=True, least=Priority.USUAL)
    assert [one.reply for one in claimed] == [written[1], written[3], written[2]]
    assert [one.reply for one in _claim_way(book, public=True)] == [written[0]]


def test_no_room_means_no_claim(book: Book) -> None:
    _put(book, reply(1))
    assert _claim(book, limit=0) == []
    assert _state(book) is ReplyState.PENDING


def _claim_old(book: Book, now: datetime) -> list[int]:
    taken = book.run(lambda c: outbox.claim_old(c, now=now, life=60 * MINUTE, limit=9, lease=LEASE))
    return [one.id for one in taken]


def test_what_waited_too_long_is_taken_in_hand_whether_due_or_not(book: Book) -> None:
    _put(book, reply(1), reply(2), reply(3))
    first, second, third = _claim(book)
    book.run(lambda c: outbox.wait(c, first, due_at=NOON + 999 * MINUTE, why="429"))
    book.run(lambda c: outbox.sent(c, second, remote_id="99", now=NOON))
    later = NOON + 61 * MINUTE
    assert _claim_old(book, NOON + 60 * MINUTE) == []
    assert _claim_old(book, later) == [first.id, third.id], "the lease of the third ran out"
    assert _claim_old(book, later) == []


def test_what_an_operator_tries_again_is_not_too_old_at_once(book: Book) -> None:
    _put(book, reply(1))
    [pending] = _claim(book)
    book.run(lambda c: outbox.give_up(c, pending, why="parked: 403"))
    later = NOON + 999 * MINUTE
    book.run(lambda c: outbox.retry(c, [pending.id], later))
    assert _claim_old(book, later) == []
    [again] = _claim(book, later)
    assert again.look_first


@pytest.mark.parametrize("public", [True, False])
def test_a_claim_finds_its_way_by_its_own_index(sqlite_book: Book, *, public: bool) -> None:
    """However long the other way's backlog is."""
    seen: list[str] = []
    with sqlite_book.writing() as connection:

        @event.listens_for(connection, "before_cursor_execute")
        def look(*said: Any) -> None:  # noqa: ANN401 - SQLAlchemy's hook
            seen.append(said[2])

        outbox.claim(connection, now=NOON, limit=9, lease=LEASE, public=public)
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {seen[0]}", _blanks(seen[0])).all()
    name = "ix_outbox_posts" if public else "ix_outbox_directs"
    assert [row.detail for row in plan] == [f"SEARCH outbox USING INDEX {name} (priority<?)"]


def _blanks(statement: str) -> tuple[str, ...]:
    return ("",) * statement.count("?")
