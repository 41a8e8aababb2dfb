"""The sender against a local X: every answer leaves once, at X's pace, or is given up."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sender_cast import (
    ALICE,
    POSTING,
    LaterBook,
    LocalX,
    client,
    errors,
    later,
    line,
    put,
    sending,
    states,
)
from sqlalchemy import Connection
from workers_cast import BOT, execute, rows

from smoney_bot.book import outbox
from smoney_bot.channels.sandbox.faults import Fault
from smoney_bot.channels.sandbox.limits import Allowance
from smoney_bot.workers.sender import Sender

pytest_plugins = ["sender_fixtures"]
pytestmark = pytest.mark.usefixtures("logged")

# What goes well -----------------------------------------------------------------------


def test_an_answer_is_a_reply_to_the_post_it_answers(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    put(late_book, x, 1)
    assert sender.serve() == 1
    assert sender.serve() == 0
    (answer,) = [one for one in x.world.timeline(9) if one.author_id == BOT.x_id]
    (order,) = [one for one in x.world.timeline(9) if one.author_id == ALICE]
    assert answer.in_reply_to == order.id
    assert rows(late_book, "SELECT state, remote_id, attempts FROM outbox") == [
        ("sent", answer.id, 1)
    ]


def test_a_private_answer_goes_by_direct_message(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    x.world.send_direct(ALICE, BOT.x_id, "#help")
    put(late_book, x, 1, public=False)
    sender.serve()
    assert x.written() == [line(1)]
    assert x.said() == []
    assert states(late_book) == ["sent"]


# Limits -------------------------------------------------------------------------------


@pytest.mark.parametrize("allowances", [{"POST /2/tweets": Allowance(user=1)}])
def test_what_x_has_left_is_used_and_nothing_is_asked_until_the_reset(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    for number in (1, 2, 3):
        put(late_book, x, number)
    sender.serve()
    assert x.calls[POSTING] == 1, "X has told that there is no more"
    assert states(late_book) == ["sent", "pending", "pending"]
    for minutes in (5, 9):
        later(x, minutes=minutes)
        put(late_book, x, 10 + minutes)
        sender.serve()
    assert x.calls[POSTING] == 1, "nobody asked before the reset"
    later(x, minutes=2)
    sender.serve()
    assert x.calls[POSTING] == 2
    assert states(late_book)[:3] == ["sent", "sent", "pending"]
    assert len(x.said()) == 2


def test_after_429_without_a_moment_x_is_left_alone_for_a_minute(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    put(late_book, x, 1)
    put(late_book, x, 2)
    x.faults.script(*POSTING, Fault(status=429, body={"errors": [{"code": 88}]}))
    sender.serve()
    assert x.calls[POSTING] == 1
    later(x, seconds=55)
    sender.serve()
    assert x.calls[POSTING] == 1
    later(x, seconds=10)
    sender.serve()
    assert states(late_book) == ["sent", "sent"]


@pytest.mark.parametrize("allowances", [{"POST /2/tweets": Allowance(user=0)}])
def test_a_limit_on_posts_does_not_hold_up_direct_messages(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    x.world.send_direct(ALICE, BOT.x_id, "#help")
    put(late_book, x, 1)
    put(late_book, x, 2, public=False)
    sender.serve()
    assert states(late_book) == ["pending", "sent"]


# Fates that nobody knows --------------------------------------------------------------

ACCEPTED_AND_LOST = {
    "503": Fault(status=503, done=True),
    "500 in HTML": Fault(status=500, body="<h1>Over capacity</h1>", done=True),
    "cut": Fault(done=True, cut=True),
    "200 without a body": Fault(status=200, body={}, done=True),
}


@pytest.mark.parametrize("fault", ACCEPTED_AND_LOST)
@pytest.mark.parametrize("public", [True, False])
def test_what_x_accepted_without_saying_so_is_looked_up_and_not_sent_twice(
    late_book: LaterBook,
    x: LocalX,
    sender: Sender,
    fault: str,
    public: bool,  # noqa: FBT001 - both ways
) -> None:
    x.world.send_direct(ALICE, BOT.x_id, "#help")
    put(late_book, x, 1, public=public)
    way = "/2/tweets" if public else "/2/dm_conversations"
    x.faults.script("POST", way, ACCEPTED_AND_LOST[fault])
    sender.serve()
    assert states(late_book) == ["unknown"]
    assert sender.serve() == 0, "it is looked for later"
    later(x, minutes=1)
    sender.serve()
    assert states(late_book) == ["sent"]
    assert x.said() + x.written() == [line(1)]
    assert _sent_calls(x) == 1


def _sent_calls(x: LocalX) -> int:
    return sum(count for (method, _), count in x.calls.items() if method == "POST")


def test_whoever_does_not_look_first_sends_twice(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    """The negative control: the same fault, and the outbox made to forget it."""
    put(late_book, x, 1)
    x.faults.script(*POSTING, ACCEPTED_AND_LOST["503"])
    sender.serve()
    execute(late_book, "UPDATE outbox SET state = 'pending'")
    later(x, hours=2)  # X itself refuses the same words for an hour
    sender.serve()
    assert x.said() == [line(1), line(1)]


def test_what_never_arrived_is_sent_again_after_a_look(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    put(late_book, x, 1)
    x.faults.script(*POSTING, Fault(status=503))
    sender.serve()
    later(x, minutes=1)
    sender.serve()
    assert states(late_book) == ["sent"]
    assert x.said() == [line(1)]


def test_while_x_cannot_say_nothing_is_sent_again(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    put(late_book, x, 1)
    x.faults.script(*POSTING, ACCEPTED_AND_LOST["503"])
    x.faults.script("GET", f"/2/users/{BOT.x_id}/tweets", *[Fault(status=503)] * 3)
    for _ in range(4):
        sender.serve()
        assert states(late_book) == ["unknown"]
        later(x, minutes=10)
    sender.serve()
    assert states(late_book) == ["sent"]
    assert _sent_calls(x) == 1


def test_our_own_duplicate_is_found_instead_of_sent(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    put(late_book, x, 1)
    x.faults.script(*POSTING, ACCEPTED_AND_LOST["503"])
    sender.serve()
    execute(late_book, "UPDATE outbox SET state = 'pending'")
    later(x, minutes=1)
    sender.serve()
    assert (states(late_book), errors(late_book)) == (["unknown"], ["duplicate content"])
    later(x, minutes=1)
    sender.serve()
    assert states(late_book) == ["sent"]
    assert x.said() == [line(1)]


def test_a_sender_that_died_in_the_middle_left_a_trace(each_book: LaterBook, x: LocalX) -> None:
    """It had sent, and had not noted it: the next one looks first."""
    put(each_book, x, 1)

    def claim(connection: Connection) -> list[outbox.Pending]:
        now = each_book.now(connection)
        return outbox.claim(connection, now=now, limit=9, lease=timedelta(minutes=2), public=True)

    (dead,) = each_book.run(claim)
    assert dead.reply.in_reply_to is not None
    client(x).post(dead.reply.text, in_reply_to=dead.reply.in_reply_to)
    sender = sending(each_book, x)
    assert sender.serve() == 0, "its lease still runs"
    later(x, minutes=3)
    assert sender.serve() == 1
    assert states(each_book) == ["sent"]
    assert x.said() == [line(1)]


# What an operator must mend -----------------------------------------------------------


@pytest.mark.parametrize("status", [401, 402])
def test_without_credits_or_keys_nothing_at_all_is_sent(
    late_book: LaterBook, x: LocalX, sender: Sender, logged: list[Any], status: int
) -> None:
    x.world.send_direct(ALICE, BOT.x_id, "#help")
    put(late_book, x, 1)
    put(late_book, x, 2)
    put(late_book, x, 3, public=False)
    x.faults.script(*POSTING, Fault(status=status, body={"detail": "Credits are used up."}))
    sender.serve()
    assert _sent_calls(x) == 1, "posts and direct messages both stand still"
    assert states(late_book) == ["pending"] * 3
    assert [one["event"] for one in logged if one["event"] == "reply.halt"] == ["reply.halt"]
    later(x, minutes=4)
    sender.serve()
    assert _sent_calls(x) == 1
    later(x, minutes=2)
    while sender.serve():
        pass
    assert states(late_book) == ["sent"] * 3


# What will never go out ---------------------------------------------------------------


def test_a_reply_that_x_forbids_is_given_up(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    put(late_book, x, 1)
    put(late_book, x, 2)
    (order,) = [one for one in x.world.timeline(9) if one.text.endswith(" 1")]
    x.world.delete(order.id)
    sender.serve()
    assert states(late_book) == ["gave_up", "sent"]
    assert errors(late_book)[0] == "the post is gone"
    later(x, days=2)
    assert sender.serve() == 0, "it is not tried again"


def test_a_reply_older_than_a_day_is_given_up(
    late_book: LaterBook, x: LocalX, sender: Sender
) -> None:
    put(late_book, x, 1)
    x.faults.script(*POSTING, *[Fault(status=503)] * 40)
    tried = 0
    while states(late_book) != ["gave_up"]:
        tried += sender.serve()
        later(x, minutes=61)
    assert 20 < tried <= 25, "at most an hour apart"
    assert x.clock.ahead < timedelta(hours=27)
    assert errors(late_book)[0].startswith("older than a day: 503")
    assert x.said() == []


# Several senders ----------------------------------------------------------------------


def test_two_senders_never_send_one_reply_twice(each_book: LaterBook, x: LocalX) -> None:
    for number in range(30):
        put(each_book, x, number)
    served = [0, 0]

    def work(mine: int) -> None:
        sender = sending(each_book, x)
        while "pending" in states(each_book):
            served[mine] += sender.serve()

    threads = [threading.Thread(target=work, args=(mine,)) for mine in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(served) == 30
    assert x.calls[POSTING] == 30
    assert x.said() == sorted(line(number) for number in range(30))
    assert set(states(each_book)) == {"sent"}


def test_no_line_of_the_log_holds_the_words_of_an_answer(
    late_book: LaterBook, x: LocalX, sender: Sender, logged: list[Any]
) -> None:
    put(late_book, x, 1)
    put(late_book, x, 2)
    x.faults.script(*POSTING, Fault(status=503, body={"detail": "Over capacity"}))
    sender.serve()
    assert {one["event"] for one in logged} == {"reply.sent", "reply.unknown"}
    assert "Done" not in repr(logged)
