"""A million tweets, bent in every way, and not one is read as a payment that it is not.

Full counts (`SMONEY_RELIABILITY=full`): 1,000,000 read, 20,000 of them through the
whole bank. Each weaker reading has been written by somebody, and is caught here.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest
from fuzzed import Tally, read_part, read_tweets
from reliability_figures import FULL, SEED, chance, record
from weaker import (
    an_order_anywhere,
    digits_of_every_script,
    letters_of_every_script,
    the_beginning_only,
)
from whole_way import ALL_WAYS, LONG_POSTS, sent_through

from smoney_bot.book.engine import Book

READ = 1_000_000 if FULL else 5_000
SENT = 20_000 if FULL else 100
SABOTAGED = 2_000

_PROCESSES = (os.cpu_count() or 1) if FULL else 1
_MILLISECOND_NS = 1_000_000


def test_no_fuzzed_tweet_is_read_as_a_payment_that_it_is_not() -> None:
    started = time.monotonic()
    tally = read_tweets(READ, _PROCESSES)
    _record("fuzzed tweets read", tally, time.monotonic() - started)
    assert tally.wrong == tally.failed == []
    assert tally.slow_ns < _MILLISECOND_NS
    assert READ // 20 < tally.payments < READ // 2


def _record(name: str, tally: Tally, seconds: float) -> None:
    record(
        name,
        counted=f"{tally.texts:,} tweets, {tally.payments:,} payments",
        violations=len(tally.wrong) + len(tally.failed),
        seconds=seconds,
        seed=SEED,
        engine="none",
        note=f"99 of 100 within {tally.slow_ns / 1000:.0f} µs",
    )


@pytest.mark.parametrize(
    "weaken", [digits_of_every_script, letters_of_every_script, an_order_anywhere]
)
def test_a_weaker_reading_is_caught(
    weaken: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    weaken(monkeypatch)
    assert read_part(0, SABOTAGED).wrong != []


def test_fuzzed_tweets_move_what_they_ask_for_through_the_whole_bank(sqlite_book: Book) -> None:
    started = time.monotonic()
    outcome = sent_through(sqlite_book, SENT, chance("whole way"), ALL_WAYS)
    record(
        "fuzzed tweets, the whole way",
        counted=f"{outcome.tweets:,} tweets, {outcome.paid:,} payments",
        violations=len(outcome.wrong),
        seconds=time.monotonic() - started,
        seed=SEED,
        engine="sqlite",
        note="every balance as asked",
    )
    assert outcome.wrong == []
    assert outcome.paid > SENT // 50


def test_a_bank_that_reads_the_beginning_of_a_long_post_is_caught(
    sqlite_book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    the_beginning_only(monkeypatch)
    assert sent_through(sqlite_book, 150, chance("long posts"), LONG_POSTS).wrong != []
