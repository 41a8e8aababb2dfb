"""A flood of mentions by strangers: every payment is made, and each stranger is told once."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from flooded_bank import Flood, ask, messages, open_accounts, violations, weather
from reliability_figures import FULL, SEED, chance, record
from structlog.testing import capture_logs

from smoney_bot.book import strangers
from smoney_bot.book.engine import Book

#: `threats.md` row 39.
_GOAL_MS = 1.0

FLOOD = Flood(50_000, 2_000, 500, 50) if FULL else Flood(1_500, 60, 30, 10)
SMALL = Flood(100, 5, 5, 5)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with capture_logs():
        yield


def test_a_flood_costs_little_and_stops_no_payment(sqlite_book: Book) -> None:
    open_accounts(sqlite_book, FLOOD.payers)
    said = messages(FLOOD, chance("flood"))
    started = time.monotonic()
    spent = weather(sqlite_book, said)
    wrong = violations(sqlite_book, FLOOD)
    answered = ask(sqlite_book, "SELECT count(*) FROM strangers")[0][0]
    keeping, serving = (1000 * one / len(said) for one in (spent.keeping, spent.serving))
    record(
        "flood by strangers",
        counted=f"{FLOOD.shouts:,} mentions by {FLOOD.shouters:,}, {FLOOD.payments} payments",
        violations=len(wrong),
        seconds=time.monotonic() - started,
        seed=SEED,
        engine="sqlite",
        note=f"CPU per message: {keeping:.2f} ms to keep, {serving:.2f} ms to decide;"
        f" {answered:,} told once",
    )
    assert wrong == []
    assert answered <= FLOOD.shouters
    if FULL:
        assert keeping + serving < _GOAL_MS


def test_a_bank_that_forgets_whom_it_told_is_noticed(
    sqlite_book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strangers, "told", lambda *_: set())
    monkeypatch.setattr(strangers, "pass_over", lambda *_: [])
    open_accounts(sqlite_book, SMALL.payers)
    weather(sqlite_book, messages(SMALL, chance("flood, forgetful")))
    assert any("was told" in one for one in violations(sqlite_book, SMALL))
