"""Strangers: told once a day how it works, never asked about at X, and cheap in any number."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs
from workers_cast import (
    Saying,
    execute,
    keep,
    lately,
    open_account,
    outcomes,
    rows,
    serve_all,
    x_id,
)

from smoney_bot.book import strangers
from smoney_bot.book.engine import Book

TOLD = ("refused", "no_account")
QUIET = ("ignored", "told_today")

#: X marks no handle in a direct message at times; then the bank has to ask whose it is.
UNMARKED = "#20 @bob"


def test_a_stranger_is_told_once_a_day(book: Book) -> None:
    keep(book, [Saying(n, "mallory", f"@Smoney #20 @bob #0748219{n}") for n in range(5)])
    serve_all(book)
    assert list(outcomes(book).values()) == [TOLD] + [QUIET] * 4
    keep(
        book, [Saying(9, "mallory", "@Smoney #help"), Saying(10, "mallory", "#help", public=False)]
    )
    serve_all(book)
    assert [outcomes(book)[key] for key in ("t:9", "d:10")] == [QUIET, QUIET]
    assert rows(book, "SELECT to_x_id, priority FROM outbox") == [(x_id("mallory"), 2)]


def test_the_next_day_a_stranger_is_told_again(sqlite_book: Book) -> None:
    keep(sqlite_book, [Saying(1, "mallory", "@Smoney #help")])
    serve_all(sqlite_book)
    execute(sqlite_book, "UPDATE strangers SET answered_at = '2026-01-01T00:00:00.000000Z'")
    keep(sqlite_book, [Saying(2, "mallory", "@Smoney #help")])
    serve_all(sqlite_book)
    assert outcomes(sqlite_book)["t:2"] == TOLD


def test_a_stranger_who_says_stop_is_not_answered_at_all(sqlite_book: Book) -> None:
    keep(sqlite_book, [Saying(1, "mallory", "@Smoney #stop")])
    serve_all(sqlite_book)
    assert outcomes(sqlite_book)["t:1"] == QUIET
    assert rows(sqlite_book, "SELECT count(*) FROM outbox") == [(0,)]


def test_who_opens_an_account_is_heard_at_once(sqlite_book: Book) -> None:
    keep(sqlite_book, [Saying(1, "alice", "@Smoney #balance")])
    serve_all(sqlite_book)
    open_account(sqlite_book, "alice", 100)
    keep(sqlite_book, [Saying(2, "alice", "@Smoney #balance")])
    serve_all(sqlite_book)
    assert outcomes(sqlite_book)["t:2"] == ("applied", "")


def test_x_is_never_asked_whom_a_stranger_wants_to_pay(sqlite_book: Book) -> None:
    """X bills the question, and nobody listens there: alice's order waits for the answer."""
    open_account(sqlite_book, "alice", 100)
    keep(sqlite_book, [Saying(1, "mallory", UNMARKED, public=False, marked=False)])
    keep(sqlite_book, [now := Saying(lately(), "alice", UNMARKED, public=False, marked=False)])
    with capture_logs():
        serve_all(sqlite_book)
    assert outcomes(sqlite_book)["d:1"] == TOLD
    assert outcomes(sqlite_book)[now.key][0] == "received"


def test_what_x_delivers_is_put_on_the_bill(book: Book) -> None:
    open_account(book, "alice", 100)
    keep(book, [Saying(n, "mallory", "@Smoney #help") for n in range(4)])
    keep(book, [Saying(9, "alice", "#help", public=False)])
    serve_all(book)
    billed = dict(_billed(book))
    assert billed == {"posts delivered": 20_000, "direct messages delivered": 10_000}


def _billed(book: Book) -> list[tuple[Any, ...]]:
    return rows(book, "SELECT call, micro_dollars FROM spending")


def test_a_bank_that_answers_every_stranger_is_noticed(
    sqlite_book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    monkeypatch.setattr(strangers, "told", lambda *_: set())
    monkeypatch.setattr(strangers, "pass_over", lambda *_: [])
    keep(sqlite_book, [Saying(n, "mallory", "@Smoney #help") for n in range(3)])
    serve_all(sqlite_book)
    assert rows(sqlite_book, "SELECT count(*) FROM outbox") == [(3,)]
