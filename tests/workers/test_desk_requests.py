"""Requests on a real book, from the customer's message to the answer, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Connection
from structlog.testing import capture_logs
from workers_cast import (
    PIN,
    Saying,
    execute,
    keep,
    open_account,
    outcomes,
    problems,
    rows,
    say,
    serve_all,
    told,
)

from smoney_bot.bank.branch import Colour, Request, RequestKind, RequestState
from smoney_bot.bank.reception import NotSayable
from smoney_bot.book import (
    customers,
    desk_figures,
    desk_purges,
    desk_requests,
    dossier,
    erasure,
)
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import NotWaiting
from smoney_bot.workers.timers import Timers


@pytest.fixture(autouse=True)
def log() -> Iterator[list[Any]]:
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def bank(book: Book) -> Book:
    """Alice and bob, once on each engine."""
    return fill(book)


@pytest.fixture
def small(sqlite_book: Book) -> Book:
    return fill(sqlite_book)


def fill(book: Book) -> Book:
    for person in ("alice", "bob"):
        open_account(book, person, 0)
    return book


def waiting(book: Book) -> list[Request]:
    with book.reading() as connection:
        return desk_requests.listing(connection)


def words(book: Book, reference: str) -> list[tuple[str | None, str]]:
    with book.reading() as connection:
        found = desk_requests.show(connection, reference)
    assert found
    return [(one.operator, one.words) for one in found[1]]


def answer(book: Book, reference: str, said: str) -> None:
    book.run(lambda c: desk_requests.answer(c, reference, said, "window", book.now(c)))


def test_a_request_is_opened_added_to_taken_answered_and_closed(bank: Book) -> None:
    say(bank, 1, "alice", "advisor Where is my card?")
    (one,) = waiting(bank)
    assert (one.kind, one.state, one.taken_by) == (RequestKind.HELP, RequestState.OPEN, None)
    say(bank, 2, "alice", "advisor it is blue")
    assert waiting(bank) == [one]
    bank.run(lambda c: desk_requests.take(c, one.reference, "window"))
    say(bank, 3, "alice", "advisor still")
    answer(bank, one.reference, "On its way.")
    assert words(bank, one.reference) == [
        (None, "Where is my card?"),
        (None, "it is blue"),
        (None, "still"),
        ("window", "On its way."),
    ]
    assert waiting(bank) == []
    answer(bank, one.reference, "Tomorrow.")
    assert [text.split("\n")[1] for text in told(bank, "d:1")[1:]] == ["On its way.", "Tomorrow."]
    bank.run(lambda c: desk_requests.close(c, one.reference, "window", bank.now(c)))
    with pytest.raises(NotWaiting):
        bank.run(lambda c: desk_requests.close(c, one.reference, "window", bank.now(c)))
    with pytest.raises(NotWaiting):
        bank.run(lambda c: desk_requests.take(c, one.reference, "window"))
    with pytest.raises(NotWaiting):
        answer(bank, one.reference, "Too late.")
    assert len(told(bank, "d:1")) == 3  # closing what was answered needs no words
    assert problems(bank) == []


def test_each_kind_waits_by_itself_and_what_follows_an_answer_is_new(small: Book) -> None:
    for number, text in enumerate(("card", "loan 9000 €", "idea more", "card", "advisor hi"), 1):
        say(small, number, "alice", text)
    say(small, 6, "bob", "card")
    assert len(waiting(small)) == 5
    first = next(one for one in waiting(small) if one.message_key == "d:5")
    answer(small, first.reference, "Hello.")
    say(small, 7, "alice", "advisor thanks")
    assert [one.message_key for one in waiting(small) if one.kind is RequestKind.HELP] == ["d:7"]
    loan = next(one for one in waiting(small) if one.kind is RequestKind.LOAN)
    assert words(small, loan.reference) == [(None, "9000 €")]
    assert rows(small, "SELECT count(*) FROM transfers") == [(0,)]  # nothing is granted


def test_two_requests_in_one_batch_are_one(bank: Book) -> None:
    keep(bank, [Saying(one, "alice", f"card part {one}", public=False) for one in (1, 2, 3)])
    serve_all(bank)
    (one,) = waiting(bank)
    assert len(words(bank, one.reference)) == 3


def test_in_public_nothing_is_opened_and_nothing_is_shown(small: Book) -> None:
    say(small, 1, "alice", "help")
    say(small, 2, "alice", "@Smoney #advisor my secret worry", public=True)
    assert waiting(small) == []
    assert outcomes(small)["t:2"][0] == "applied"
    assert rows(small, "SELECT in_reply_to FROM outbox WHERE message_key = 't:2'") == [(None,)]
    assert "direct message only" in told(small, "t:2")[0]


def test_a_code_among_the_words_is_spent_and_stored_nowhere(small: Book) -> None:
    say(small, 1, "alice", f"advisor my pin is #{PIN}")
    (one,) = waiting(small)
    assert words(small, one.reference) == [(None, "my pin is #****")]
    assert "used up" in told(small, "d:1")[0]


def test_nobody_is_written_to_who_said_stop(small: Book) -> None:
    say(small, 1, "alice", "card")
    say(small, 2, "alice", "stop")
    (one,) = waiting(small)
    with pytest.raises(NotSayable):
        answer(small, one.reference, "Hello.")
    before = rows(small, "SELECT count(*) FROM outbox")
    small.run(lambda c: desk_requests.close(c, one.reference, "window", small.now(c)))
    assert rows(small, "SELECT count(*) FROM outbox") == before


def test_who_waited_is_told_when_it_is_closed_without_an_answer(small: Book) -> None:
    say(small, 1, "alice", "card")
    (one,) = waiting(small)
    small.run(lambda c: desk_requests.close(c, one.reference, "window", small.now(c)))
    assert "is closed" in told(small, "d:1")[1]


def test_it_turns_amber_and_red_and_the_figures_say_so(bank: Book) -> None:
    say(bank, 1, "alice", "advisor hello")
    say(bank, 2, "bob", "card")
    one = next(each for each in waiting(bank) if each.kind is RequestKind.HELP)
    second = timedelta(seconds=1)
    moments = {
        one.opened_at: Colour.GREEN,
        one.soon_at - second: Colour.GREEN,
        one.soon_at: Colour.AMBER,
        one.due_at: Colour.AMBER,
        one.due_at + second: Colour.RED,
    }
    for now, colour in moments.items():
        assert one.colour(now) is colour
        with bank.reading() as connection:
            found = desk_figures.due(connection, now)
        assert found.waiting[RequestKind.HELP, colour] == 1
        assert found.waiting.total() == 2
    assert found.oldest == one.opened_at
    execute(bank, "UPDATE requests SET opened_at = '2026-01-05T09:00:00.000000Z'")
    answer(bank, one.reference, "Hello.")
    with bank.reading() as connection:
        now = bank.now(connection)
        took = desk_figures.due(connection, now).answer_seconds
    assert len(took[RequestKind.HELP]) == 1
    assert took[RequestKind.HELP][0] > 0
    assert took[RequestKind.CARD] == []


def test_a_late_request_says_sorry_to_who_asks_again(small: Book) -> None:
    say(small, 1, "alice", "card")
    execute(small, "UPDATE requests SET soon_at = opened_at, due_at = opened_at")
    say(small, 2, "alice", "card")
    assert "we are sorry" in told(small, "d:2")[0]


def test_after_ninety_days_words_are_gone_from_lines_and_answers(bank: Book) -> None:
    say(bank, 1, "alice", "advisor my worry")
    (one,) = waiting(bank)
    answer(bank, one.reference, "A consolation.")
    Timers(bank).serve()
    assert [said for _, said in words(bank, one.reference)] == ["my worry", "A consolation."]
    with bank.reading() as connection:
        now = bank.now(connection) + desk_purges.KEPT
    assert bank.run(lambda c: desk_purges.purge(c, now)) == 2
    assert [said for _, said in words(bank, one.reference)] == ["", ""]
    assert rows(bank, "SELECT text FROM outbox WHERE kind <> 'answer'") == [("",)]
    with bank.reading() as connection:
        assert not desk_purges.any_due(connection, now)


def test_a_customer_gets_to_see_it_and_it_is_erased_with_them(bank: Book) -> None:
    say(bank, 1, "alice", "advisor bob owes me")
    say(bank, 2, "bob", "advisor alice is rude")
    mine = next(one for one in waiting(bank) if one.message_key == "d:1")
    with bank.reading() as connection:
        alice = customers.by_handle(connection, "alice")
        assert alice
        told_ = dossier.of_customer(connection, alice)["requests"]
    assert [line["words"] for line in told_[0]["lines"]] == ["bob owes me"]
    execute(bank, "UPDATE outbox SET state = 'sent', remote_id = 'r', sent_at = created_at")
    with pytest.raises(erasure.NotErasable, match="desk"):
        bank.run(lambda c: erasure.erase(c, alice, bank.now(c)))
    answer(bank, mine.reference, "Talk to bob.")
    execute(bank, "UPDATE outbox SET state = 'sent', remote_id = 'r', sent_at = created_at")
    bank.run(lambda c: erasure.erase(c, alice, bank.now(c)))
    assert rows(bank, "SELECT words FROM request_lines") == [("",)]  # bob's, that named alice
    assert rows(bank, "SELECT count(*) FROM requests") == [(1,)]


def test_of_eight_who_close_at_once_one_does_and_the_customer_is_told_once(bank: Book) -> None:
    say(bank, 1, "alice", "card")
    (one,) = waiting(bank)
    start = Barrier(8)

    def close(number: int) -> bool:
        start.wait()
        try:
            bank.run(lambda c: desk_requests.close(c, one.reference, f"o{number}", bank.now(c)))
        except NotWaiting:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(close, range(8))) == 1
    assert len(told(bank, "d:1")) == 2


def test_an_answer_and_its_state_are_one_transaction(small: Book) -> None:
    say(small, 1, "alice", "card")
    (one,) = waiting(small)

    class PowerCut(Exception):
        pass

    def cut(connection: Connection) -> None:
        desk_requests.answer(connection, one.reference, "Hello.", "window", small.now(connection))
        raise PowerCut

    with pytest.raises(PowerCut):
        small.run(cut)
    assert waiting(small) == [one]
    assert len(told(small, "d:1")) == 1
