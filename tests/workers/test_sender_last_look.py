"""Right before a reply leaves it is looked at once more: who said stop hears nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sender_cast import (
    ALICE,
    POSTING,
    LaterBook,
    LocalX,
    errors,
    line,
    open_account,
    put,
    put_private_answer,
    say_stop,
    sending,
    states,
)
from workers_cast import execute, rows

from smoney_bot.bank import fitness
from smoney_bot.bank.desk import Reply
from smoney_bot.book import outbox
from smoney_bot.book.tables import outbox as outbox_table
from smoney_bot.workers import last_look

pytest_plugins = ["sender_fixtures"]
pytestmark = pytest.mark.usefixtures("logged")

ANSWER = Reply(
    message_key="t:1",
    kind="answer",
    to_x_id=ALICE,
    in_reply_to="1",
    text="Done (ref. REF1).",
    reference="REF1",
)


def serve(book: LaterBook, x: LocalX) -> None:
    """Let a sender send all that is due."""
    sender = sending(book, x)
    while sender.serve():
        pass


def test_who_says_stop_after_a_reply_was_written_does_not_get_it(
    each_book: LaterBook, x: LocalX
) -> None:
    open_account(each_book, wrote_first=True)
    x.world.send_direct(ALICE, "222222222", "#help")
    put(each_book, x, 1)
    put(each_book, x, 2, public=False)
    put_private_answer(each_book, x.ask(3).id)
    say_stop(each_book)
    serve(each_book, x)
    assert states(each_book) == ["gave_up"] * 3, "and no pointer either"
    assert set(errors(each_book)) == {"said stop"}
    assert (x.said(), x.written()) == ([], [])


def test_the_farewell_is_the_one_line_that_still_leaves(late_book: LaterBook, x: LocalX) -> None:
    open_account(late_book, silent=True)
    put(late_book, x, 1)
    execute(late_book, "UPDATE outbox SET kind = 'farewell'")
    serve(late_book, x)
    assert (states(late_book), x.said()) == (["sent"], [line(1)])


def test_without_the_last_look_a_customer_who_said_stop_is_written_to(
    late_book: LaterBook, x: LocalX, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    monkeypatch.setattr(last_look, "bar", lambda *_: None)
    open_account(late_book, silent=True)
    put(late_book, x, 1)
    serve(late_book, x)
    assert x.said() == [line(1)]


@pytest.mark.parametrize("wrote_first", [True, False])
def test_only_who_wrote_first_gets_a_direct_message(
    late_book: LaterBook, x: LocalX, *, wrote_first: bool
) -> None:
    x.world.send_direct(ALICE, "222222222", "#help")
    open_account(late_book, wrote_first=wrote_first)
    put_private_answer(late_book, x.ask(1).id)
    serve(late_book, x)
    answer, *pointers = rows(late_book, "SELECT state, error FROM outbox ORDER BY id")
    assert answer == (("sent", "") if wrote_first else ("gave_up", "did not write first"))
    assert len(pointers) == (0 if wrote_first else 1)
    assert len(x.written()) == wrote_first


def test_a_stranger_gets_a_direct_message_only_in_answer_to_one(
    late_book: LaterBook, x: LocalX
) -> None:
    x.world.send_direct(ALICE, "222222222", "#help")
    put(late_book, x, 1, public=False)
    put_private_answer(late_book, x.ask(2).id)
    serve(late_book, x)
    assert states(late_book)[:2] == ["sent", "gave_up"]
    assert len(x.written()) == 1


UNFIT = {
    "mention": "Paid to @bob (ref. REF1).",
    "link": "Paid, see example.com (ref. REF1).",
    "too long": "Paid " * 60 + "(ref. REF1).",
    "empty": " ",
}


@pytest.mark.parametrize("why", UNFIT)
def test_what_may_not_leave_is_kept_in_the_plainest_words(late_book: LaterBook, why: str) -> None:
    reply = replace(ANSWER, text=UNFIT[why])
    unfit = late_book.run(lambda c: outbox.put(c, [reply], late_book.now(c)))
    assert [(one.reply, one.why) for one in unfit] == [(reply, why)]
    assert rows(late_book, "SELECT text FROM outbox") == [(fitness.plainest("REF1"),)]


@pytest.mark.parametrize("why", UNFIT)
def test_what_came_past_the_door_is_parked_unsent(
    late_book: LaterBook, x: LocalX, logged: list[Any], why: str
) -> None:
    put(late_book, x, 1)
    late_book.run(lambda c: c.execute(outbox_table.update().values(text=UNFIT[why])))
    serve(late_book, x)
    assert (states(late_book), errors(late_book)) == (["gave_up"], [f"parked: unfit: {why}"])
    assert x.calls[POSTING] == 0
    assert [one["event"] for one in logged if one["log_level"] == "error"] == ["reply.parked"]
