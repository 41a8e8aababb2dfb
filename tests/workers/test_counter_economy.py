"""What a payment costs the database: two transactions, a fixed number of statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Never

import pytest
from sqlalchemy import Engine, event
from structlog.testing import capture_logs
from workers_cast import (
    PIN,
    SECOND,
    Saying,
    balances,
    card,
    counter,
    execute,
    keep,
    lately,
    open_account,
    outcomes,
    problems,
    rows,
    serve_all,
)

from smoney_bot.book import codes as code_records
from smoney_bot.book import inbox
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import Outrun
from smoney_bot.workers.counter import Counter

#: Of one payment, from its claim to its answer in the outbox. More is slower: each is a
#: journey to PostgreSQL.
STATEMENTS_MAX = 28


@contextmanager
def counted() -> Iterator[list[str]]:
    """Note each statement and each commit of whatever book."""
    seen: list[str] = []

    def statement(_: Any, __: Any, words: str, *___: Any) -> None:  # noqa: ANN401 - SQLAlchemy's
        if not words.startswith("BEGIN"):
            seen.append(words)

    def commit(_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's
        seen.append("COMMIT")

    event.listen(Engine, "before_cursor_execute", statement)
    event.listen(Engine, "commit", commit)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", statement)
        event.remove(Engine, "commit", commit)


@pytest.fixture
def paying(book: Book) -> Book:
    """A book in which alice orders to pay bob by a code of her card."""
    open_account(book, "alice", 5000, places=2)
    open_account(book, "bob", 0)
    keep(book, [Saying(1, "alice", f"@Smoney #20 @bob #{card(1)[0]}")])
    return book


def _commits(book: Book) -> int:
    with counted() as seen, counter(book) as serving:
        assert serving.serve() == 1
    assert balances(book) == {"alice": 3000, "bob": 2000}
    return seen.count("COMMIT")


def test_a_payment_takes_two_transactions_and_a_fixed_number_of_statements(paying: Book) -> None:
    with counted() as seen, counter(paying) as serving:
        assert serving.serve() == 1
    assert balances(paying) == {"alice": 3000, "bob": 2000}
    assert seen.count("COMMIT") == 2
    assert len(seen) - 2 <= STATEMENTS_MAX, "\n".join(seen)


def test_a_counter_that_counts_apart_from_the_claim_takes_one_more(
    paying: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the check above."""
    monkeypatch.setattr("smoney_bot.workers.counter.may_name_unmarked", lambda _: True)
    assert _commits(paying) == 3


def test_a_counter_that_is_outrun_leaves_all_for_its_next_round(
    paying: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    def outrun(*_: object, **__: object) -> Never:
        raise Outrun

    with counter(paying) as serving, capture_logs() as logged:
        with monkeypatch.context() as faster:
            faster.setattr(inbox, "claim", outrun)
            assert serving.serve() == 0
        assert logged == []
        assert serving.serve() == 1


def test_the_attempt_is_on_the_disk_before_the_code_is_checked(paying: Book) -> None:
    seen: list[tuple[Any, ...]] = []
    question = "SELECT state, attempts, counted, failures FROM inbox, guards WHERE failures > 0"

    def look() -> None:
        seen.extend(rows(paying, question))

    with counter(paying, meanwhile=look) as serving:
        serving.serve()
    assert [(state, attempts, bool(was)) for state, attempts, was, _ in seen] == [
        ("claimed", 1, True)
    ]


def test_who_must_be_looked_up_is_counted_after_the_claim(book: Book) -> None:
    """Nobody answers there, so it waits; and no attempt was counted."""
    open_account(book, "alice", 5000)
    now = Saying(lately(), "alice", f"#20 @bob #{PIN}", public=False, marked=False)
    keep(book, [now])
    assert serve_all(book) == 1
    assert outcomes(book)[now.key][0] == "received"
    assert rows(book, "SELECT max(failures) FROM guards") == [(0,)]


def _fail(*_: object) -> Never:
    raise RuntimeError("cannot count")


def _serve_on(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """Serve while codes cannot be counted, again and again, each time after the lease ran out."""
    monkeypatch.setattr("smoney_bot.workers.counter.PROVEN_AFTER", 0 * SECOND)
    monkeypatch.setattr(code_records, "reserve", _fail)
    with capture_logs(), counter(book) as serving:
        for _ in range(inbox.CRASHES_MAX + 1):
            with suppress(RuntimeError):
                serving.serve()
            execute(book, "UPDATE inbox SET lease_until = due_at WHERE state = 'claimed'")


def test_a_message_that_cannot_be_counted_is_set_aside_like_any_other(
    paying: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        _serve_on(paying, patch)
    assert outcomes(paying) == {"t:1": ("set_aside", "crashed")}
    assert balances(paying) == {"alice": 5000, "bob": 0}
    assert problems(paying) == []


def test_a_counting_that_takes_the_claim_with_it_is_caught(
    paying: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: nothing is noted of it, and it is tried for ever."""
    together = Counter._claim_and_reserve  # noqa: SLF001 - what is sabotaged
    monkeypatch.setattr(Counter, "_take_up", lambda self: self.book.run(partial(together, self)))
    _serve_on(paying, monkeypatch)
    assert outcomes(paying) == {"t:1": ("received", "")}
