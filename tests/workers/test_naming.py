"""Handles that X has not marked: whose they are is asked soon, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sender_cast import LaterBook, LocalX, client
from workers_cast import (
    KEYS,
    PIN,
    RULES,
    START,
    Saying,
    balances,
    execute,
    keep,
    open_account,
    outcomes,
    rows,
    x_id,
)
from workers_cast import told as said

from smoney_bot.book import customers
from smoney_bot.channels.sandbox.faults import Fault
from smoney_bot.workers.counter import Counter

pytest_plugins = ["sender_fixtures"]

_LOOK_UP = ("GET", "/2/users/by")
_MINUTE = timedelta(minutes=1)
_AWAY = Fault(status=503)
_MANY = 20


@pytest.fixture
def book(each_book: LaterBook, x: LocalX) -> LaterBook:
    """alice has money; bob and mallory have none; all are on X."""
    for name, cents in (("alice", 50_000), ("bob", 0), ("mallory", 0)):
        open_account(each_book, name, cents)
    for name in ("bob", "mallory"):
        x.world.add_user(name, name.title(), x_id=x_id(name))
    return each_book


@pytest.fixture
def serving(book: LaterBook, x: LocalX) -> Iterator[Counter]:
    with ThreadPoolExecutor(2) as pool:
        yield Counter(book=book, rules=RULES, channel=client(x), pool=pool, keyring=KEYS)


def order(book: LaterBook, *, minutes_ago: float, text: str = f"#250 @bob #{PIN}") -> Saying:
    """Return alice's order by direct message, whose handle X has not marked."""
    with book.reading() as connection:
        written_at: datetime = book.now(connection) - minutes_ago * _MINUTE
    number = int((written_at - START).total_seconds())
    return Saying(number, "alice", text, public=False, marked=False)


def serve(book: LaterBook, serving: Counter) -> None:
    """Serve what waits, also what was put back for a while."""
    execute(book, "UPDATE inbox SET due_at = received_at WHERE state = 'received'")
    while serving.serve():
        pass


def see(book: LaterBook, handles: dict[str, str]) -> None:
    """Let X have shown these handles now, by X id."""
    with book.writing() as connection:
        now = book.now(connection)
        customers.see(connection, {one: (handle, now) for one, handle in handles.items()})


def pass_the_handle_on(x: LocalX) -> None:
    """bob takes another handle, and mallory takes bob's."""
    x.world.rename(x_id("bob"), "bob_of_old")
    x.world.rename(x_id("mallory"), "bob")


def test_a_fresh_order_is_paid_to_who_bears_the_handle(
    book: LaterBook, serving: Counter, x: LocalX
) -> None:
    keep(book, [order(book, minutes_ago=14)])
    serve(book, serving)
    assert balances(book) == {"alice": 25_000, "bob": 25_000, "mallory": 0}
    assert x.calls[_LOOK_UP] == 1


def test_an_old_order_is_paid_to_whom_the_book_has_long_known_by_that_handle(
    book: LaterBook, serving: Counter
) -> None:
    """The service was away for a quarter of an hour and more."""
    keep(book, [order(book, minutes_ago=16)])
    serve(book, serving)
    assert balances(book) == {"alice": 25_000, "bob": 25_000, "mallory": 0}


@pytest.mark.parametrize("told", [False, True])
def test_an_old_order_is_not_paid_to_who_bears_the_handle_by_now(
    book: LaterBook, serving: Counter, x: LocalX, *, told: bool
) -> None:
    """Nor where the book was told of the new handles meanwhile."""
    keep(book, [old := order(book, minutes_ago=16)])
    pass_the_handle_on(x)
    if told:
        see(book, {x_id("bob"): "bob_of_old", x_id("mallory"): "bob"})
    serve(book, serving)
    assert outcomes(book)[old.key] == ("refused", "not_named")
    assert "names change hands" in said(book, old.key)[0]
    assert sorted(balances(book).values()) == [0, 0, 50_000]


def test_nor_when_somebody_else_asks_for_the_same_handle_beside_it(
    book: LaterBook, serving: Counter, x: LocalX
) -> None:
    open_account(book, "carol", 1_000)
    old, fresh = order(book, minutes_ago=16), order(book, minutes_ago=1, text=f"#1 @bob #{PIN}")
    pass_the_handle_on(x)
    keep(book, [old, Saying(fresh.number, "carol", fresh.text, public=False, marked=False)])
    serve(book, serving)
    assert outcomes(book)[old.key] == ("refused", "not_named")
    assert balances(book) == {"alice": 50_000, "bob": 0, "mallory": 100, "carol": 900}


def test_while_x_is_away_an_order_waits_a_quarter_of_an_hour_and_no_longer(
    book: LaterBook, serving: Counter, x: LocalX
) -> None:
    keep(book, [waiting := order(book, minutes_ago=0)])
    x.faults.script(*_LOOK_UP, *[_AWAY] * _MANY)
    serving.serve()
    assert outcomes(book)[waiting.key][0] == "received"
    x.clock.ahead += 16 * _MINUTE
    serve(book, serving)
    assert outcomes(book)[waiting.key] == ("refused", "not_named")
    assert balances(book)["alice"] == 50_000


def test_a_freeze_does_not_wait_behind_an_order_that_waits_for_x(
    book: LaterBook, serving: Counter, x: LocalX
) -> None:
    keep(book, [waiting := order(book, minutes_ago=1)])
    x.faults.script(*_LOOK_UP, *[_AWAY] * _MANY)
    serving.serve()
    keep(book, [Saying(waiting.number + 1, "alice", "@Smoney #freeze")])
    serve(book, serving)
    assert rows(book, "SELECT state FROM customers WHERE handle = 'alice'") == [("frozen",)]
    assert outcomes(book)[waiting.key] == ("refused", "not_named")
    assert balances(book) == {"alice": 50_000, "bob": 0, "mallory": 0}


def test_any_other_word_waits_its_turn(book: LaterBook, serving: Counter, x: LocalX) -> None:
    keep(book, [waiting := order(book, minutes_ago=1)])
    keep(book, [Saying(waiting.number + 1, "alice", "#balance", public=False)])
    x.faults.script(*_LOOK_UP, _AWAY)
    serving.serve()
    assert [state for state, _ in outcomes(book).values()] == ["received", "received"]
    serve(book, serving)
    assert balances(book)["bob"] == 25_000


def test_a_message_that_comes_round_again_brings_no_old_handle_back(
    book: LaterBook, serving: Counter
) -> None:
    """Operators name customers by handle: it must be whose it was shown last to be."""
    keep(book, [Saying(1, "alice", "@Smoney #help")])
    execute(book, "UPDATE inbox SET state = 'set_aside', decided_at = received_at")
    see(book, {x_id("alice"): "alice_of_old", x_id("mallory"): "alice"})
    execute(book, "UPDATE inbox SET state = 'received', decided_at = NULL")
    serve(book, serving)
    assert outcomes(book)["t:1"] == ("applied", "")
    with book.reading() as connection:
        found = customers.by_handle(connection, "alice")
    assert found is not None
    assert found.x_id == x_id("mallory")
