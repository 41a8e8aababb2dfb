"""The loop that keeps us registered: when it looks, what it mends, what it tells."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs
from x_side import APP, BOT, XSide, x_side

from smoney_bot.book import registrations
from smoney_bot.book.engine import Book
from smoney_bot.channels.sandbox.faults import Fault
from smoney_bot.channels.x.registration import put_right
from smoney_bot.telemetry import WEBHOOK_VALID, X_REPAIRS
from smoney_bot.workers.registering import Registering

HOUR, MINUTES = timedelta(minutes=61), timedelta(minutes=6)


@pytest.fixture
def x() -> Iterator[XSide]:
    with x_side() as running:
        yield running


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    with capture_logs() as lines:
        yield lines


def note(book: Book, webhook_id: str, ago: timedelta, *, sound: bool = True) -> None:
    book.run(lambda c: registrations.note(c, webhook_id, book.now(c) - ago, sound=sound))


def known(book: Book) -> registrations.Registration:
    with book.reading() as connection:
        found = registrations.find(connection)
    assert found is not None
    return found


def registered(x: XSide, book: Book, ago: timedelta = HOUR) -> str:
    webhook_id = put_right(x.admin(), x.webhook_url).webhook_id
    note(book, webhook_id, ago)
    return webhook_id


def lose(x: XSide, kind: str, user_id: str | None = BOT) -> None:
    found = x.deliveries.subscriptions.find(kind, user_id)
    assert found is not None
    x.deliveries.subscriptions.remove(found.id)


def valid() -> float:
    return float(next(iter(WEBHOOK_VALID.collect())).samples[0].value)


def repairs(act: str) -> float:
    return float(next(iter(X_REPAIRS.labels(act).collect())).samples[0].value)


def test_a_lost_subscription_is_made_again_and_told(
    x: XSide, book: Book, logged: list[Any]
) -> None:
    webhook_id = registered(x, book)
    lose(x, "dm.received")
    before = repairs("created")
    assert Registering(book, x.admin(), x.webhook_url).serve() == 0
    assert x.deliveries.subscriptions.find("dm.received", BOT) is not None
    assert (known(book).webhook_id, known(book).sound) == (webhook_id, True)
    (line,) = logged
    assert (line["event"], line["log_level"]) == ("x.repaired", "warning")
    assert (line["thing"], line["act"]) == ("subscription dm.received", "created")
    assert (repairs("created") - before, valid()) == (1, 1)


def test_it_does_not_look_before_an_hour_has_passed(x: XSide, sqlite_book: Book) -> None:
    registered(x, sqlite_book, ago=timedelta(minutes=59))
    lose(x, "dm.received")
    Registering(sqlite_book, x.admin(), x.webhook_url).serve()
    assert x.deliveries.subscriptions.find("dm.received", BOT) is None


def test_unless_it_is_known_to_be_broken(x: XSide, sqlite_book: Book) -> None:
    webhook_id = registered(x, sqlite_book)
    note(sqlite_book, webhook_id, MINUTES, sound=False)
    lose(x, "dm.received")
    Registering(sqlite_book, x.admin(), x.webhook_url).serve()
    assert x.deliveries.subscriptions.find("dm.received", BOT) is not None


def test_an_operator_who_took_it_back_keeps_it_so(x: XSide, book: Book, logged: list[Any]) -> None:
    registered(x, book)
    book.run(registrations.forget)
    (hook,) = x.deliveries.webhooks.all()
    x.deliveries.webhooks.remove(hook.id)
    Registering(book, x.admin(), x.webhook_url).serve()
    assert x.deliveries.webhooks.all() == []
    assert (valid(), logged) == (0, [])


def test_a_webhook_that_does_not_pass_raises_an_alarm_and_is_tried_again(
    x: XSide, sqlite_book: Book, logged: list[Any]
) -> None:
    webhook_id = registered(x, sqlite_book)
    x.door.secret = "another"
    x.deliveries.webhooks.check(webhook_id)
    loop = Registering(sqlite_book, x.admin(), x.webhook_url)
    loop.serve()
    assert (valid(), known(sqlite_book).sound) == (0, False)
    (line,) = logged
    assert (line["event"], line["log_level"]) == ("x.not_repaired", "error")

    x.door.secret = APP.consumer_secret
    loop.serve()
    assert valid() == 0, "five minutes have not passed"
    note(sqlite_book, webhook_id, MINUTES, sound=False)
    Registering(sqlite_book, x.admin(), x.webhook_url).serve()
    assert (valid(), known(sqlite_book).sound) == (1, True)


def test_a_webhook_that_x_has_deleted_is_made_anew(x: XSide, sqlite_book: Book) -> None:
    old = registered(x, sqlite_book)
    x.deliveries.webhooks.remove(old)
    Registering(sqlite_book, x.admin(), x.webhook_url).serve()
    assert known(sqlite_book).webhook_id == x.deliveries.webhooks.all()[0].id != old


def test_an_x_that_is_away_changes_nothing_and_is_left_in_peace(
    x: XSide, sqlite_book: Book, logged: list[Any]
) -> None:
    registered(x, sqlite_book)
    before = known(sqlite_book)
    x.faults.script("GET", "/2/webhooks", Fault(status=503))
    loop = Registering(sqlite_book, x.admin(), x.webhook_url)
    loop.serve()
    loop.serve()
    assert [line["event"] for line in logged] == ["x.registration_away"]
    assert known(sqlite_book) == before


def test_an_x_that_refuses_raises_an_alarm(x: XSide, sqlite_book: Book, logged: list[Any]) -> None:
    registered(x, sqlite_book)
    x.faults.script("GET", "/2/webhooks", Fault(status=403, body={"detail": "no"}))
    Registering(sqlite_book, x.admin(), x.webhook_url).serve()
    (line,) = logged
    assert (line["event"], line["log_level"]) == ("x.registration_refused", "error")
    assert (valid(), known(sqlite_book).sound) == (0, False)


def test_what_the_bank_can_do_without_raises_no_alarm(
    x: XSide, sqlite_book: Book, logged: list[Any]
) -> None:
    registered(x, sqlite_book)
    lose(x, "oauth.revoke", None)
    before = repairs("refused")
    x.faults.script("POST", "/2/activity", Fault(status=400, body={"detail": "unknown"}))
    Registering(sqlite_book, x.admin(), x.webhook_url).serve()
    assert [line["event"] for line in logged] == ["x.done_without"]
    assert (valid(), repairs("refused") - before) == (1, 0)


def test_what_another_process_saw_counts_here_too(x: XSide, sqlite_book: Book) -> None:
    note(sqlite_book, "1", timedelta(0), sound=False)
    Registering(sqlite_book, x.admin(), x.webhook_url).serve()
    assert valid() == 0
    note(sqlite_book, "1", timedelta(0), sound=True)
    Registering(sqlite_book, x.admin(), x.webhook_url).serve()
    assert valid() == 1
