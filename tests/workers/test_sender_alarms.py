"""What the sender does when X wants an operator: it halts or parks, alarms, and loses nothing.

Each answer of X stands in the local X's `problems`, word for word; what becomes of
one reply after each of them is told in `test_x_errors`.
"""

from __future__ import annotations

from typing import Any

import pytest
from sender_cast import (
    POSTING,
    LaterBook,
    LocalX,
    client,
    later,
    line,
    put,
    sending,
    states,
)

from smoney_bot.book import outbox, windows
from smoney_bot.book.engine import Book
from smoney_bot.book.states import ReplyState
from smoney_bot.channels.sandbox import problems
from smoney_bot.channels.sandbox.faults import Fault
from smoney_bot.channels.sandbox.problems import Problem, forbidden
from smoney_bot.workers.sender import Sender

pytest_plugins = ["sender_fixtures"]

HALTS = {
    "401 keys revoked": problems.unauthorized(),
    "402 credits depleted": problems.credits_depleted(),
    "403 wrong kind of key": problems.unsupported_authentication("OAuth 1.0a User Context"),
    "429 usage capped": problems.usage_capped(),
}


def _fault(problem: Problem) -> Fault:
    return Fault(status=problem.status, body=problem.body)


def _events(logged: list[Any], level: str) -> list[str]:
    return [one["event"] for one in logged if one["log_level"] == level]


@pytest.mark.parametrize("halt", HALTS)
def test_a_halt_stops_every_process_and_one_call_in_five_minutes_tries_again(
    late_book: LaterBook, x: LocalX, logged: list[Any], halt: str
) -> None:
    senders = [sending(late_book, x), sending(late_book, x)]
    for number in range(3):
        put(late_book, x, number)
    x.faults.script(*POSTING, _fault(HALTS[halt]), _fault(HALTS[halt]))
    for asked in (1, 2):
        for minutes in (0, 2, 2):
            later(x, minutes=minutes)
            for one in senders:
                one.serve()
            assert x.calls[POSTING] == asked
        later(x, minutes=1, seconds=1)
    assert _events(logged, "error") == ["reply.halt"] * 2
    with late_book.reading() as connection:
        assert windows.halted(connection)
    while sum(one.serve() for one in senders):
        pass
    assert states(late_book) == ["sent"] * 3
    assert _events(logged, "info").count("halt.lifted") == 1
    with late_book.reading() as connection:
        assert not windows.halted(connection)


def test_senders_that_do_not_heed_the_halt_go_on_asking(late_book: LaterBook, x: LocalX) -> None:
    """The negative control: without the gate each reply asks for itself."""
    for number in range(3):
        put(late_book, x, number)
    x.faults.script(*POSTING, *[_fault(problems.credits_depleted())] * 3)
    Sender(late_book, client(x)).serve()
    assert x.calls[POSTING] == 3


def test_an_operator_sends_a_parked_answer_days_later(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    put(late_book, x, 1)
    x.faults.script(*POSTING, _fault(forbidden(problems.NOT_PERMITTED)))
    sender.serve()
    later(x, days=3)
    assert sender.serve() == 0, "nothing tries by itself"
    assert _retry(late_book) == 1
    assert sender.serve() == 1
    assert (states(late_book), x.said()) == (["sent"], [line(1)])


def _retry(book: Book) -> int:
    with book.reading() as connection:
        ids = [one.id for one in outbox.listing(connection, ReplyState.GAVE_UP)]
    return book.run(lambda c: outbox.retry(c, ids, book.now(c)))
