"""What X costs is counted, and as the day's budget runs out the least important waits first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sender_cast import (
    ALICE,
    POSTING,
    LaterBook,
    LocalX,
    client,
    later,
    line,
    put,
    remaining,
    sending,
    states,
)
from workers_cast import BOT, rows

from smoney_bot.bank.desk import Priority
from smoney_bot.bank.errors import TryLater
from smoney_bot.bank.money import Cents
from smoney_bot.book import spending, windows
from smoney_bot.book.engine import Book
from smoney_bot.channels import Sent
from smoney_bot.channels.sandbox.faults import Fault
from smoney_bot.channels.sandbox.limits import Allowance
from smoney_bot.channels.x.asking import NoAnswer
from smoney_bot.channels.x.budget import Budget
from smoney_bot.channels.x.pacing import Pacing

pytest_plugins = ["sender_fixtures"]

HELP, USUAL, PAYMENT = Priority.HELP, Priority.USUAL, Priority.PAYMENT


@pytest.fixture(autouse=True)
def noon(x: LocalX) -> None:
    """Begin at noon, so that no test runs over midnight."""
    now = x.world.now()
    begin = now.replace(hour=12, minute=0, second=0, microsecond=0)
    x.clock.ahead = (begin if begin > now else begin + timedelta(days=1)) - now


def spend(book: Book, micro_dollars: int) -> None:
    """Let so much have been spent today."""
    book.run(lambda c: spending.add(c, "invented", 1, micro_dollars, book.now(c)))


def spent(book: Book) -> dict[str, tuple[int, int]]:
    """Return calls and millionths of a dollar by kind."""
    with book.reading() as connection:
        since = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
        found = spending.listing(connection, since)
        return {one.call: (one.calls, one.micro_dollars) for one in found}


def test_what_matters_most_leaves_first(each_book: LaterBook, x: LocalX) -> None:
    for number, priority in enumerate((HELP, USUAL, PAYMENT, HELP, PAYMENT)):
        put(each_book, x, number, priority=priority)
    sending(each_book, x).serve()
    posts = [one for one in reversed(x.world.timeline(99)) if one.author_id == BOT.x_id]
    said = [one.text[slice(*one.body)].strip() for one in posts]
    assert said == [line(number) for number in (2, 4, 1, 0, 3)]


@pytest.mark.parametrize("allowances", [{"POST /2/tweets": Allowance(user=1)}])
def test_a_help_line_that_never_gets_its_turn_is_given_up_after_a_day(
    late_book: LaterBook, x: LocalX
) -> None:
    put(late_book, x, 0, priority=HELP)
    sender = sending(late_book, x)
    for hour in range(25):
        put(late_book, x, 1 + hour, priority=PAYMENT)
        sender.serve()
        later(x, hours=1)
    sender.serve()
    assert states(late_book)[0] == "gave_up"
    [(why,)] = rows(late_book, "SELECT error FROM outbox WHERE id = 1")
    assert why.startswith("older than a day")


def test_every_call_is_taken_out_of_its_windows_and_put_on_the_bill(
    each_book: LaterBook, x: LocalX
) -> None:
    x.world.send_direct(ALICE, BOT.x_id, "#help")
    put(each_book, x, 1)
    put(each_book, x, 2)
    put(each_book, x, 3, public=False)
    sending(each_book, x).serve()
    assert remaining(each_book) == {"15min": 98, "app-day": 9_998}
    directs = {"15min": 14, "day": 1_439, "app-day": 1_439}
    assert remaining(each_book, "POST /2/dm_conversations") == directs
    assert spent(each_book) == {
        "replies posted": (2, 20_000),
        "direct messages sent": (1, 15_000),
    }


def test_what_x_refuses_or_loses_costs_nothing(late_book: LaterBook, x: LocalX) -> None:
    put(late_book, x, 1)
    x.faults.script(*POSTING, Fault(status=503))
    sending(late_book, x).serve()
    assert spent(late_book) == {}


def test_what_x_shows_is_billed_once_a_day_and_for_each_thing(
    late_book: LaterBook, x: LocalX
) -> None:
    paced = client(x, Pacing(late_book))
    x.ask(1)
    for _ in range(3):
        paced.mentions_since("1")
    x.ask(2)
    paced.mentions_since("1")
    paced.resolve(["alice", "nobody_here"])
    paced.whoami()
    paced.whoami()
    assert spent(late_book) == {
        "posts read": (2, 10_000),
        "people looked up": (2, 20_000),
    }


BUDGET = Budget(Cents(100))


def test_at_four_fifths_of_the_budget_help_lines_and_mentions_wait(
    late_book: LaterBook, x: LocalX, logged: list[Any]
) -> None:
    spend(late_book, 800_000)
    for number, priority in enumerate((HELP, USUAL, PAYMENT)):
        put(late_book, x, number, priority=priority)
    sender = sending(late_book, x, BUDGET)
    sender.serve()
    sender.serve()
    assert states(late_book) == ["pending", "sent", "sent"]
    paced = client(x, Pacing(late_book, BUDGET))
    with pytest.raises(NoAnswer, match="budget") as shut:
        paced.mentions_since("1")
    assert shut.value.until is not None
    assert shut.value.until.isoformat().endswith("T00:00:00+00:00")
    paced.directs_since("1")
    told = [one for one in logged if one["event"] == "budget.changed"]
    assert [(one["purse"], one["log_level"]) for one in told] == [("low", "warning")]


def test_when_it_is_spent_all_that_costs_waits_for_the_next_day_but_no_payment(
    late_book: LaterBook, x: LocalX, logged: list[Any]
) -> None:
    spend(late_book, 1_000_000)
    put(late_book, x, 1, priority=PAYMENT)
    sender = sending(late_book, x, BUDGET)
    assert sender.serve() == 0
    paced = client(x, Pacing(late_book, BUDGET))
    for ask in (lambda: paced.directs_since("1"), lambda: paced.find_post("x", in_reply_to="1")):
        with pytest.raises(NoAnswer, match="budget"):
            ask()
    assert paced.resolve(["alice"]) == {"alice": ALICE}, "an order to pay waits for this"
    later(x, hours=13)
    assert sender.serve() == 1
    told = [one for one in logged if one["event"] == "budget.changed"]
    assert [(one["purse"], one["log_level"]) for one in told] == [
        ("empty", "error"),
        ("full", "warning"),
    ]


def test_who_has_no_budget_is_not_stopped(late_book: LaterBook, x: LocalX) -> None:
    """The negative control: the same spending, and ten times the budget."""
    spend(late_book, 1_000_000)
    put(late_book, x, 1, priority=HELP)
    assert sending(late_book, x, Budget(Cents(1_000))).serve() == 1


def test_what_x_has_taken_stays_taken_when_the_count_cannot_be_written(
    late_book: LaterBook, x: LocalX, logged: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise TryLater("away")

    monkeypatch.setattr(windows, "note", away)
    fate = client(x, Pacing(late_book)).post(line(1), in_reply_to=x.ask(1).id)
    assert isinstance(fate, Sent)
    assert [one["event"] for one in logged] == ["pace.not_noted"]
