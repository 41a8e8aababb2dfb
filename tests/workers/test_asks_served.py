"""Asking, sharing, paying and declining, on a real book: nobody pays twice, or unasked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs
from workers_cast import (
    PIN,
    balances,
    execute,
    open_account,
    outcomes,
    problems,
    rows,
    say,
    told,
)

from smoney_bot.book import tables
from smoney_bot.book.engine import Book
from smoney_bot.workers.timers import Timers


@pytest.fixture(autouse=True)
def log() -> Iterator[list[Any]]:
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def friends(sqlite_book: Book) -> Book:
    """A book in which alice, bob and carol have 100 euros each and have written to the bot."""
    return fill(sqlite_book)


@pytest.fixture
def everywhere(book: Book) -> Book:
    """The same, once on each engine."""
    return fill(book)


def fill(book: Book) -> Book:
    for person in ("alice", "bob", "carol"):
        open_account(book, person, 100_00)
    execute(book, "UPDATE customers SET wrote_first = TRUE")
    return book


def reference(book: Book) -> str:
    """The reference of the ask that was made first."""
    return str(rows(book, "SELECT reference FROM asks ORDER BY id")[0][0])


def states(book: Book) -> list[str]:
    return [state for (state,) in rows(book, "SELECT state FROM asks ORDER BY id")]


def why(book: Book, key: str) -> str:
    return outcomes(book)[key][1]


def test_the_asked_pays_with_one_line_and_a_code(everywhere: Book) -> None:
    say(everywhere, 1, "alice", "request 12 @bob pizza")
    asked = reference(everywhere)
    assert [line.splitlines()[0] for line in told(everywhere, "d:1")] == [
        f"I asked bob for €12.00. It ends by itself in 7 days. To take it back: #cancel {asked}",
        "alice asks you for €12.00.",
    ]
    say(everywhere, 2, "bob", f"pay {asked} #{PIN}")
    say(everywhere, 3, "bob", f"pay {asked} #{PIN}")
    assert balances(everywhere) == {"alice": 112_00, "bob": 88_00, "carol": 100_00}
    assert (states(everywhere), why(everywhere, "d:3")) == (["paid"], "nothing_asked")
    ((paid,),) = rows(everywhere, "SELECT payment_reference FROM asks")
    assert rows(everywhere, "SELECT reference, note FROM payments") == [(paid, "")]
    assert problems(everywhere) == []


def test_without_a_right_code_nothing_is_paid_and_the_ask_stays_open(friends: Book) -> None:
    say(friends, 1, "alice", "request 12 @bob")
    asked = reference(friends)
    say(friends, 2, "bob", f"pay {asked}")
    say(friends, 3, "bob", f"pay {asked} #0000")
    assert (why(friends, "d:2"), why(friends, "d:3")) == ("code_missing", "code_refused")
    assert (states(friends), balances(friends)["bob"]) == (["open"], 100_00)


def test_only_the_asked_can_pay_or_decline(friends: Book) -> None:
    say(friends, 1, "alice", "request 12 @bob")
    asked = reference(friends)
    for number, person in enumerate(["carol", "alice"]):
        say(friends, 2 * number + 2, person, f"pay {asked} #{PIN}")
        say(friends, 2 * number + 3, person, f"decline {asked}")
    assert {why(friends, f"d:{number}") for number in range(2, 6)} == {"nothing_asked"}
    assert (states(friends), balances(friends)["carol"]) == (["open"], 100_00)


def test_the_asked_declines_and_the_asker_hears_of_it(friends: Book) -> None:
    say(friends, 1, "alice", "request 12 @bob")
    say(friends, 2, "bob", f"decline {reference(friends)}")
    assert (states(friends), len(told(friends, "d:2"))) == (["declined"], 2)
    assert told(friends, "d:2")[1].startswith("bob does not pay the €12.00")


def test_the_asker_takes_back_what_is_still_open(friends: Book) -> None:
    say(friends, 1, "alice", "split 30 @bob @carol")
    asked = reference(friends)
    say(friends, 2, "bob", f"pay {asked} #{PIN}")
    say(friends, 3, "carol", f"cancel {asked}")
    say(friends, 4, "alice", f"cancel {asked}")
    say(friends, 5, "carol", f"pay {asked} #{PIN}")
    assert states(friends) == ["paid", "cancelled"]
    assert (why(friends, "d:3"), why(friends, "d:5")) == ("nothing_to_cancel", "nothing_asked")
    assert balances(friends) == {"alice": 110_00, "bob": 90_00, "carol": 100_00}


def test_a_bill_is_shared_and_each_pays_with_the_same_reference(everywhere: Book) -> None:
    say(everywhere, 1, "alice", "split 20 @bob @carol")
    asked = reference(everywhere)
    assert told(everywhere, "d:1")[0].splitlines()[:4] == [
        "€20.00 shared. I asked:",
        "bob: €6.67",
        "carol: €6.67",
        "you: €6.66",
    ]
    for number, person in enumerate(["carol", "bob"], 2):
        say(everywhere, number, person, f"pay {asked} #{PIN}")
    assert balances(everywhere) == {"alice": 113_34, "bob": 93_33, "carol": 93_33}
    assert problems(everywhere) == []


def test_asks_end_by_themselves_and_the_asker_is_told_once(
    everywhere: Book, log: list[Any]
) -> None:
    say(everywhere, 1, "alice", "split 20 @bob @carol")
    Timers(everywhere).serve()
    assert states(everywhere) == ["open", "open"]
    execute(everywhere, "UPDATE asks SET expires_at = created_at")
    say(everywhere, 2, "bob", f"pay {reference(everywhere)} #{PIN}")
    assert why(everywhere, "d:2") == "nothing_asked"
    Timers(everywhere).serve()
    Timers(everywhere).serve()
    assert states(everywhere) == ["expired", "expired"]
    title = f"What you asked for has ended (ref. {reference(everywhere)}). Not paid:"
    assert told(everywhere, "d:1")[3:] == [f"{title}\nbob: €6.67\ncarol: €6.67"]
    assert [one for one in log if one["event"] == "ask.expired"] == [
        {"event": "ask.expired", "asks": 2, "log_level": "info"}
    ]


def test_a_blocked_asker_cannot_tell_and_the_blocker_hears_nothing(everywhere: Book) -> None:
    say(everywhere, 1, "bob", "block @alice")
    say(everywhere, 2, "alice", "request 12 @bob")
    say(everywhere, 3, "carol", "request 12 @bob")
    blocked, other = (told(everywhere, key) for key in ("d:2", "d:3"))
    assert (len(blocked), len(other)) == (1, 2)
    asked = reference(everywhere)
    say(everywhere, 4, "bob", f"pay {asked} #{PIN}")
    assert why(everywhere, "d:4") == "nothing_asked"
    say(everywhere, 5, "alice", f"cancel {asked}")
    assert outcomes(everywhere)["d:5"][0] == "applied"
    say(everywhere, 6, "bob", "unblock @alice")
    say(everywhere, 7, "alice", "request 12 @bob")
    assert len(told(everywhere, "d:7")) == 2


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE customers SET wrote_first = FALSE WHERE handle = 'carol'",
        "UPDATE customers SET silent = TRUE WHERE handle = 'carol'",
        "UPDATE customers SET state = 'closed' WHERE handle = 'carol'",
        "UPDATE customers SET silent = FALSE",
    ],
)
def test_who_may_not_be_written_to_is_not_asked_whatever_the_cause(
    friends: Book, change: str
) -> None:
    execute(friends, change)
    say(friends, 1, "alice", "split 20 @bob @carol")
    fine = change.endswith("silent = FALSE")
    assert why(friends, "d:1") == ("" if fine else "cannot_be_asked")
    assert len(states(friends)) == (2 if fine else 0)


def test_nobody_without_an_account_is_asked(friends: Book) -> None:
    say(friends, 1, "alice", "request 12 @mallory")
    say(friends, 2, "alice", "request 12 @alice")
    assert why(friends, "d:1") == "cannot_be_asked"
    assert why(friends, "d:2") == "asked_is_asker"


def test_no_more_than_three_asks_reach_one_person_and_ten_are_open(friends: Book) -> None:
    for number in range(1, 5):
        say(friends, number, "alice", "request 1 @bob")
    assert (why(friends, "d:3"), why(friends, "d:4")) == ("", "too_many_asks")
    for number in range(9):
        open_account(friends, f"guest{number}", 0)
    execute(friends, "UPDATE customers SET wrote_first = TRUE")
    guests = " ".join(f"@guest{number}" for number in range(8))
    say(friends, 5, "alice", f"split 90 {guests}")
    say(friends, 6, "carol", f"split 100 {guests} @guest8")
    say(friends, 7, "carol", "request 1 @alice")
    say(friends, 8, "carol", "request 1 @alice")
    whys = [why(friends, f"d:{number}") for number in (5, 6, 7, 8)]
    assert whys == ["too_many_asks", "", "", "too_many_asks"]


@pytest.mark.parametrize("end", ["alice cancel", "bob decline"])
def test_who_takes_asks_back_or_is_declined_cannot_ask_on_and_on(
    everywhere: Book, end: str
) -> None:
    person, word = end.split()
    for number in range(1, 9, 2):
        say(everywhere, number, "alice", "request 1 @bob")
        marks = rows(everywhere, "SELECT reference FROM asks WHERE state = 'open'")
        for (mark,) in marks:
            say(everywhere, number + 1, person, f"{word} {mark}")
    assert [why(everywhere, f"d:{number}") for number in (1, 3, 5, 7)] == [
        *[""] * 3,
        "too_many_asks",
    ]
    assert "3 of your requests to bob are unpaid" in told(everywhere, "d:7")[0]
    say(everywhere, 9, "carol", "request 1 @bob")  # nobody else's count
    assert why(everywhere, "d:9") == ""
    with everywhere.writing() as connection:
        yesterday = everywhere.now(connection) - timedelta(hours=25)
        connection.execute(update(tables.asks).values(created_at=yesterday))
    say(everywhere, 10, "alice", "request 1 @bob")
    assert why(everywhere, "d:10") == ""


def test_asks_that_were_paid_count_no_more(friends: Book) -> None:
    for number in range(1, 9, 2):
        say(friends, number, "alice", "request 1 @bob")
        ((mark,),) = rows(friends, "SELECT reference FROM asks WHERE state = 'open'")
        say(friends, number + 1, "bob", f"pay {mark} #{PIN}")
    assert states(friends) == ["paid"] * 4


def test_asks_are_for_direct_messages_and_a_code_shown_in_public_is_spent(friends: Book) -> None:
    say(friends, 1, "alice", "request 12 @bob")
    asked = reference(friends)
    say(friends, 2, "bob", f"@Smoney #pay {asked} #{PIN}", public=True)
    say(friends, 3, "alice", "@Smoney #request 12 @bob", public=True)
    assert {why(friends, "t:2"), why(friends, "t:3")} == {"direct_only"}
    assert rows(friends, "SELECT count(*) FROM outbox WHERE in_reply_to IS NOT NULL") == [(0,)]
    assert (states(friends), balances(friends)["bob"]) == (["open"], 100_00)
    ((voided,),) = rows(friends, "SELECT count(*) FROM pins WHERE void_at IS NOT NULL")
    assert voided == 1


def test_a_frozen_account_asks_nobody_and_may_decline(friends: Book) -> None:
    say(friends, 1, "alice", "request 12 @bob")
    say(friends, 2, "alice", "freeze")
    say(friends, 3, "alice", "request 12 @bob")
    say(friends, 4, "bob", "freeze")
    say(friends, 5, "bob", f"pay {reference(friends)} #{PIN}")
    say(friends, 6, "bob", f"decline {reference(friends)}")
    assert (why(friends, "d:3"), why(friends, "d:5")) == ("account_frozen", "account_frozen")
    assert states(friends) == ["declined"]


def test_limits_hold_for_what_is_asked_and_for_paying_it(friends: Book) -> None:
    say(friends, 1, "alice", "request 251 @bob")
    say(friends, 2, "alice", "split 0,02 @bob @carol")
    say(friends, 3, "alice", "request 100,01 @bob")
    say(friends, 4, "bob", f"pay {reference(friends)} #{PIN}")
    whys = [why(friends, f"d:{number}") for number in range(1, 5)]
    assert whys == ["over_limit", "too_little_to_share", "", "not_enough_money"]
    assert states(friends) == ["open"]
