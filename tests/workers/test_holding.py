"""Money for somebody without an account: held, and then paid, taken back or returned."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs
from workers_cast import (
    KEYS,
    PIN,
    RULES,
    Saying,
    balances,
    execute,
    keep,
    nobody,
    open_account,
    outcomes,
    problems,
    rows,
    x_id,
)

from smoney_bot.bank.case import Rules
from smoney_bot.bank.customers import Kind
from smoney_bot.bank.policy import HOLD_LIFE
from smoney_bot.book import holds, ledger
from smoney_bot.book.engine import Book
from smoney_bot.workers.counter import Counter
from smoney_bot.workers.timers import Timers

HOLDING = replace(RULES, hold=HOLD_LIFE)
ORDER = f"#20 @mallory #{PIN}"


@pytest.fixture(autouse=True)
def log() -> Iterator[list[Any]]:
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def payer(sqlite_book: Book) -> Book:
    """A book in which alice has 100 euros, and mallory is on X only."""
    open_account(sqlite_book, "alice", 100_00)
    return sqlite_book


@pytest.fixture
def everywhere(book: Book) -> Book:
    """The same, once on each engine."""
    open_account(book, "alice", 100_00)
    return book


def say(book: Book, number: int, text: str, author: str = "alice", rules: Rules = HOLDING) -> None:
    """Let *author* write to the bot, and serve it."""
    keep(book, [Saying(number, author, text, public=False)])
    with ThreadPoolExecutor(2) as pool:
        serving = Counter(book=book, rules=rules, channel=nobody(), pool=pool, keyring=KEYS)
        while serving.serve():
            pass


def come_round(book: Book) -> None:
    Timers(book, HOLDING.limits).serve()


def let_time_pass(book: Book) -> None:
    """End the time of everything that is held."""
    execute(book, "UPDATE payments SET expires_at = created_at WHERE state = 'held'")


def in_held(book: Book) -> int:
    with book.reading() as connection:
        return ledger.balance(connection, holds.account(connection))


def states(book: Book) -> list[str]:
    return [state for (state,) in rows(book, "SELECT state FROM payments ORDER BY message_key")]


def reference(book: Book) -> str:
    ((found,),) = rows(book, "SELECT reference FROM payments")
    return str(found)


def told(book: Book, kind: str) -> list[str]:
    lines = rows(book, "SELECT kind, text FROM outbox ORDER BY id")
    return [text.replace("\xa0", " ") for of, text in lines if of == kind]


def test_a_payment_to_somebody_without_an_account_is_held_by_their_x_id(payer: Book) -> None:
    say(payer, 1, ORDER)
    question = "SELECT state, payee_x_id, payee_id FROM payments"
    assert rows(payer, question) == [("held", x_id("mallory"), None)]
    assert (balances(payer), in_held(payer)) == ({"alice": 80_00}, 20_00)
    assert problems(payer) == []


def test_it_is_refused_where_the_operator_says_so(payer: Book) -> None:
    say(payer, 1, ORDER, rules=RULES)
    assert outcomes(payer) == {"d:1": ("refused", "unknown_payee")}
    assert (balances(payer), in_held(payer)) == ({"alice": 100_00}, 0)


@pytest.mark.parametrize("payee", ["Smoney", "mallory #jardin"])
def test_nothing_is_held_for_the_bot_or_for_a_collection(payer: Book, payee: str) -> None:
    say(payer, 1, f"#20 @{payee} #{PIN}")
    assert (states(payer), in_held(payer)) == (["refused"], 0)


def test_all_limits_count_when_the_money_is_set_aside(payer: Book) -> None:
    say(payer, 1, f"#100,01 @mallory #{PIN}")
    say(payer, 2, f"#251 @mallory #{PIN}")
    open_account(payer, "bob", 2000_00)
    for number in range(3, 8):
        say(payer, number, f"#250 @mallory #{PIN}", "bob")
    whys = {key: why for key, (_, why) in outcomes(payer).items() if why}
    assert whys == {"d:1": "not_enough_money", "d:2": "over_limit", "d:7": "over_day_limit"}
    assert in_held(payer) == 1000_00
    assert problems(payer) == []


def test_it_is_paid_once_when_that_x_id_has_an_account(everywhere: Book, log: list[Any]) -> None:
    say(everywhere, 1, f"{ORDER} pour le pain")
    open_account(everywhere, "mallory", 0)
    execute(everywhere, "UPDATE customers SET wrote_first = TRUE WHERE handle = 'mallory'")
    come_round(everywhere)
    come_round(everywhere)
    assert (balances(everywhere), in_held(everywhere)) == ({"alice": 80_00, "mallory": 20_00}, 0)
    assert states(everywhere) == ["booked"]
    assert "mallory has an account now, and your €20.00 is in it" in told(everywhere, "released")[0]
    assert "“pour le pain”" in told(everywhere, "notice")[0]
    assert [one["event"] for one in log if "payment" in one["event"]] == [
        "payment.held",
        "payment.released",
    ]
    assert problems(everywhere) == []


def test_a_payee_who_never_wrote_is_told_nothing(payer: Book) -> None:
    say(payer, 1, ORDER)
    open_account(payer, "mallory", 0)
    come_round(payer)
    assert (balances(payer)["mallory"], told(payer, "notice")) == (20_00, [])


def test_it_comes_back_by_itself_even_to_a_frozen_payer(everywhere: Book) -> None:
    say(everywhere, 1, ORDER)
    say(everywhere, 2, "#freeze")
    come_round(everywhere)
    assert in_held(everywhere) == 20_00
    let_time_pass(everywhere)
    come_round(everywhere)
    come_round(everywhere)
    assert (balances(everywhere), in_held(everywhere)) == ({"alice": 100_00}, 0)
    assert states(everywhere) == ["returned"]
    assert told(everywhere, "returned")[0].startswith("€20.00 is back in your account")
    assert problems(everywhere) == []


def test_the_payer_takes_it_back_once_and_nobody_else_can(everywhere: Book) -> None:
    say(everywhere, 1, ORDER)
    open_account(everywhere, "bob", 0)
    cancel = f"#cancel {reference(everywhere)}"
    say(everywhere, 2, cancel, "bob")
    assert in_held(everywhere) == 20_00
    say(everywhere, 3, cancel)
    say(everywhere, 4, cancel)
    whys = {key: why for key, (_, why) in outcomes(everywhere).items() if why}
    assert whys == dict.fromkeys(["d:2", "d:4"], "nothing_to_cancel")
    let_time_pass(everywhere)
    open_account(everywhere, "mallory", 0)
    come_round(everywhere)
    assert (balances(everywhere)["alice"], in_held(everywhere)) == (100_00, 0)
    assert (balances(everywhere)["mallory"], states(everywhere)) == (0, ["cancelled"])
    assert problems(everywhere) == []


def test_who_had_an_account_in_time_is_paid_however_late_the_timer_comes(payer: Book) -> None:
    say(payer, 1, ORDER)
    open_account(payer, "mallory", 0)
    let_time_pass(payer)
    execute(payer, "UPDATE customers SET opened_at = '2014-10-14T12:00:00.000000Z'")
    come_round(payer)
    assert balances(payer)["mallory"] == 20_00


def test_who_came_too_late_gets_nothing(payer: Book) -> None:
    say(payer, 1, ORDER)
    let_time_pass(payer)
    open_account(payer, "mallory", 0)
    execute(payer, "UPDATE customers SET opened_at = '2030-01-01T12:00:00.000000Z'")
    come_round(payer)
    assert balances(payer) == {"alice": 100_00, "mallory": 0}


def test_a_full_account_gets_what_there_is_room_for_and_the_rest_goes_back(
    everywhere: Book,
) -> None:
    say(everywhere, 1, ORDER)
    say(everywhere, 2, ORDER)
    open_account(everywhere, "mallory", 2470_00)
    come_round(everywhere)
    assert (states(everywhere), in_held(everywhere)) == (["booked", "held"], 20_00)
    let_time_pass(everywhere)
    come_round(everywhere)
    assert (states(everywhere), balances(everywhere)) == (
        ["booked", "returned"],
        {"alice": 80_00, "mallory": 2490_00},
    )
    assert problems(everywhere) == []


def test_an_association_has_room_for_all_of_it(payer: Book) -> None:
    say(payer, 1, ORDER)
    open_account(payer, "mallory", 9000_00, kind=Kind.ASSOCIATION)
    come_round(payer)
    assert balances(payer)["mallory"] == 9020_00


@pytest.mark.parametrize("enrols", [False, True])
def test_an_order_without_a_code_is_held_when_its_code_comes(
    everywhere: Book, *, enrols: bool
) -> None:
    say(everywhere, 1, "#20 @mallory")
    assert (states(everywhere), in_held(everywhere)) == (["waiting"], 0)
    if enrols:
        open_account(everywhere, "mallory", 0)
    say(everywhere, 2, f"#{PIN}")
    assert (states(everywhere), in_held(everywhere)) == (
        (["booked"], 0) if enrols else (["held"], 20_00)
    )
    assert problems(everywhere) == []
