"""Every reply leaves once to the eye, whoever dies while sending it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest
from book_cast import MINUTE, NOON, reply, together
from sqlalchemy.exc import IntegrityError

from smoney_bot.bank.desk import Reply
from smoney_bot.book import outbox
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import LostLease
from smoney_bot.book.outbox import Pending
from smoney_bot.book.states import ReplyState

LEASE = timedelta(seconds=30)


def _put(book: Book, *replies: Reply) -> None:
    book.run(lambda connection: outbox.put(connection, replies, NOON))


def _claim(book: Book, now: datetime = NOON, limit: int = 50) -> list[Pending]:
    return book.run(lambda c: outbox.claim(c, now=now, limit=limit, lease=LEASE))


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
