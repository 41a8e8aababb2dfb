"""What health says of each thing that can be stuck: a warning, or not ready."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from door_cast import settings
from sqlalchemy import Connection
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from smoney_bot.bank.desk import Reply
from smoney_bot.bank.messages import Form, Message
from smoney_bot.bank.money import euros
from smoney_bot.book import (
    backups,
    cursors,
    customers,
    inbox,
    ledger,
    outbox,
    rounds,
    spending,
    windows,
)
from smoney_bot.book.engine import Book
from smoney_bot.book.rounds import Round
from smoney_bot.web.app import create_app

MINUTE = timedelta(minutes=1)

Happening = Callable[[Connection, datetime], object]


@pytest.fixture(autouse=True)
def _logged() -> Iterator[None]:
    with capture_logs():
        yield


@pytest.fixture
def client(book: Book, book_url: str) -> Iterator[TestClient]:
    with TestClient(create_app(settings(book_url), book)) as client:
        yield client


def _message(number: int, at: datetime) -> Message:
    return Message(
        key=f"t:{number}",
        form=Form.POST,
        edited=False,
        message_id=str(number),
        author_id="111111111",
        author_handle="alice",
        text="@Smoney #20 @bob #********",
        written_at=at,
        body=(0, 26),
        mentions=(),
        codes=(),
    )


def _kept(minutes: int) -> Happening:
    """A message came in so long ago."""

    def happen(connection: Connection, now: datetime) -> None:
        at = now - minutes * MINUTE
        inbox.keep(connection, [_message(1, at)], at)

    return happen


def _set_aside(connection: Connection, now: datetime) -> None:
    _kept(30)(connection, now)
    connection.exec_driver_sql(
        "UPDATE inbox SET state = 'set_aside', decided_at = received_at WHERE key = 't:1'"
    )


def _answered(minutes: int, state: str) -> Happening:
    """A reply was written so long ago, and has come to *state*."""

    def happen(connection: Connection, now: datetime) -> None:
        reply = Reply(
            message_key="t:1",
            kind="answer",
            to_x_id="111111111",
            in_reply_to="1",
            text="Done.",
            reference="7K3Q-48",
        )
        outbox.put(connection, [reply], now - minutes * MINUTE)
        connection.exec_driver_sql(f"UPDATE outbox SET state = '{state}'")  # noqa: S608 - a word of ours

    return happen


def _unsealed(minutes: int) -> Happening:
    """Money came in so long ago and stands in no page."""

    def happen(connection: Connection, now: datetime) -> None:
        alice = customers.open_account(
            connection, handle=f"a{minutes}", x_id=f"1{minutes}", now=now
        )
        ledger.deposit(connection, alice, euros(5), f"first {minutes}", now - minutes * MINUTE)

    return happen


def _rested(minutes: int) -> Happening:
    """The counter came round so long ago; it may rest for five minutes."""
    return lambda connection, now: rounds.note(
        connection, [Round("counter", 300, now - minutes * MINUTE)]
    )


def _spent(dollars: int) -> Happening:
    return lambda connection, now: spending.add(connection, "post", 1, dollars * 1_000_000, now)


def _read(minutes: int) -> Happening:
    """X's mentions were read so long ago."""
    return lambda connection, now: cursors.move(connection, "mentions", "1", now - minutes * MINUTE)


def _halted(connection: Connection, now: datetime) -> None:
    windows.halt(connection, now)


#: What happens, which check tells of it, how, and the status of the whole.
TABLE: list[tuple[Happening, str, str, int]] = [
    (_rested(1), "loop counter", "ok", 200),
    (_rested(6), "loop counter", "failing", 503),
    (_kept(0), "messages", "ok", 200),
    (_kept(2), "messages", "warning", 200),
    (_kept(16), "messages", "failing", 503),
    (_set_aside, "set_aside", "warning", 200),
    (_answered(10, "pending"), "replies", "ok", 200),
    (_answered(40, "pending"), "replies", "warning", 200),
    (_answered(10, "gave_up"), "given_up", "warning", 200),
    (_answered(25 * 60, "gave_up"), "given_up", "ok", 200),
    (_unsealed(1), "sealing", "ok", 200),
    (_unsealed(11), "sealing", "warning", 200),
    (_spent(15), "budget", "ok", 200),
    (_spent(16), "budget", "warning", 200),
    (_read(50), "reading", "ok", 200),
    (_read(61), "reading", "warning", 200),
    (_halted, "sending", "warning", 200),
    (backups.mark_restored, "recovery", "failing", 503),
]


def test_each_thing_that_can_be_stuck_is_told(book: Book, client: TestClient) -> None:
    for happening, name, standing, status in TABLE:
        with book.writing() as connection:
            now = book.now(connection)
            happening(connection, now)
        answer = client.get("/health/ready")
        told = answer.json()
        assert (told["checks"][name]["status"], answer.status_code) == (standing, status), name
        assert told["status"] == ("ready" if status == 200 else "not ready")
        assert ("why" in told) is (status == 503)
        _forget(book)


def _forget(book: Book) -> None:
    """Undo what happened: each row of the table begins anew."""
    with book.writing() as connection:
        for table in ("rounds", "inbox", "outbox", "spending", "windows", "cursors"):
            connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - words of ours


def test_a_book_without_trouble_has_no_warning_but_that_nobody_works(client: TestClient) -> None:
    checks = client.get("/health/ready").json()["checks"]
    assert {name for name, one in checks.items() if one["status"] != "ok"} == {"loops"}


def test_health_names_neither_people_nor_words(book: Book, client: TestClient) -> None:
    with book.writing() as connection:
        now = book.now(connection)
        _set_aside(connection, now)
        _answered(40, "pending")(connection, now)
    shown = client.get("/health/ready").text
    for word in ("alice", "111111111", "t:1", "@bob", "Done.", "7K3Q-48"):
        assert word not in shown
