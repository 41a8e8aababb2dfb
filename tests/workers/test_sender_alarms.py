"""What the sender does when X wants an operator: it halts or parks, alarms, and loses nothing.

Each answer of X stands in the local X's `problems`, word for word.
"""

from __future__ import annotations

from typing import Any

import pytest
from sender_cast import (
    POSTING,
    LaterBook,
    LocalX,
    client,
    errors,
    later,
    line,
    open_account,
    put,
    put_private_answer,
    sending,
    states,
)
from workers_cast import BOT, rows

from smoney_bot.book import outbox, windows
from smoney_bot.book.engine import Book
from smoney_bot.book.states import ReplyState
from smoney_bot.channels.sandbox import problems
from smoney_bot.channels.sandbox.faults import Fault
from smoney_bot.channels.sandbox.problems import Problem, forbidden
from smoney_bot.channels.sandbox.refusals import DuplicateContent, NotThere
from smoney_bot.workers.sender import Sender

pytest_plugins = ["sender_fixtures"]

HALTS = {
    "401 keys revoked": problems.unauthorized(),
    "402 credits depleted": problems.credits_depleted(),
    "403 wrong kind of key": problems.unsupported_authentication("OAuth 1.0a User Context"),
    "429 usage capped": problems.usage_capped(),
}
PARKS = {
    "403 not permitted": forbidden(problems.NOT_PERMITTED),
    "403 feature not permitted": forbidden(problems.FEATURE_NOT_PERMITTED),
    "403 in words never heard": forbidden("Mercury is in retrograde."),
}
GIVES_UP = {
    "403 reply not allowed": (forbidden(problems.REPLY_NOT_ALLOWED), "reply not allowed"),
    "403 reply not allowed, since mid 2026": (
        forbidden(problems.REPLY_NOT_ALLOWED_SINCE_MID_2026),
        "reply not allowed",
    ),
    "403 the post is gone": (forbidden(NotThere.why), "the post is gone"),
    "404": (problems.not_found(), "404: Not Found"),
    "400 too long": (problems.too_long(), "400: Your Tweet text is too long."),
}
WAITS = {
    "429": problems.too_many(code_88=False),
    "429 with code 88": problems.too_many(code_88=True),
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


@pytest.mark.parametrize("park", PARKS)
def test_what_nobody_understands_is_parked_with_an_alarm(
    late_book: LaterBook, x: LocalX, sender: Sender, logged: list[Any], park: str
) -> None:
    put(late_book, x, 1)
    put(late_book, x, 2)
    x.faults.script(*POSTING, _fault(PARKS[park]))
    sender.serve()
    assert states(late_book) == ["gave_up", "sent"], "the next one is not held up"
    assert errors(late_book)[0] == f"parked: 403: {PARKS[park].body['detail']}"
    assert _events(logged, "error") == ["reply.parked"]


def test_an_operator_sends_a_parked_answer_days_later(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    put(late_book, x, 1)
    x.faults.script(*POSTING, _fault(PARKS["403 not permitted"]))
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


@pytest.mark.parametrize("given_up", GIVES_UP)
def test_what_x_refuses_for_good_is_given_up_without_an_alarm(
    late_book: LaterBook, x: LocalX, sender: Sender, logged: list[Any], given_up: str
) -> None:
    put(late_book, x, 1)
    problem, why = GIVES_UP[given_up]
    x.faults.script(*POSTING, _fault(problem))
    sender.serve()
    assert states(late_book) == ["gave_up"]
    assert errors(late_book)[0].startswith(why)
    assert _events(logged, "error") == []


@pytest.mark.parametrize("wait", WAITS)
def test_too_many_calls_wait_and_are_made_again(
    late_book: LaterBook, x: LocalX, sender: Sender, wait: str
) -> None:
    put(late_book, x, 1)
    x.faults.script(*POSTING, _fault(WAITS[wait]))
    sender.serve()
    assert states(late_book) == ["pending"]
    later(x, minutes=2)
    sender.serve()
    assert states(late_book) == ["sent"]


def test_a_twin_is_looked_for_before_anything_is_sent_again(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    put(late_book, x, 1)
    x.faults.script(*POSTING, _fault(forbidden(DuplicateContent.why)))
    sender.serve()
    assert states(late_book) == ["unknown"]
    later(x, minutes=1)
    sender.serve()
    assert x.calls["GET", f"/2/users/{BOT.x_id}/tweets"] == 1
    assert (states(late_book), x.said()) == (["sent"], [line(1)])


@pytest.mark.parametrize("why", [problems.DM_NOT_ALLOWED, "You cannot send messages to this user."])
def test_who_takes_no_direct_message_is_told_so_under_the_post(
    late_book: LaterBook, x: LocalX, sender: Sender, why: str
) -> None:
    open_account(late_book, wrote_first=True)
    put_private_answer(late_book, x.ask(1).id)
    x.faults.script("POST", "/2/dm_conversations", _fault(forbidden(why)))
    while sender.serve():
        pass
    assert rows(late_book, "SELECT kind, state FROM outbox ORDER BY id") == [
        ("answer", "gave_up"),
        ("pointer", "sent"),
    ]
    assert len(x.said()) == 1
