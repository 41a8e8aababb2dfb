"""What the desk, held money and the console come to in the metrics."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from console_cast import House, ask_desk, house, pay
from prometheus_client import CollectorRegistry
from sqlalchemy import update

from smoney_bot.bank.desk import PaymentState
from smoney_bot.bank.money import euros
from smoney_bot.bank.operators import Role
from smoney_bot.book import collections, tables
from smoney_bot.book.engine import Book
from smoney_bot.channels.x.budget import Budget
from smoney_bot.telemetry import metrics
from smoney_bot.telemetry.figures import Figures

HELP = {"kind": "help"}


@pytest.fixture
def bank(sqlite_book: Book) -> Iterator[House]:
    with house(sqlite_book) as running:
        yield running


def measured(bank: House, name: str, **labels: str) -> float | None:
    """Return what a scrape tells now."""
    registry = CollectorRegistry()
    registry.register(Figures(bank.book, Budget()))
    return registry.get_sample_value(name, labels)


def change_requests(bank: House, reference: str, **values: object) -> None:
    requests = tables.requests
    this = update(requests).where(requests.c.reference == reference).values(**values)
    bank.book.run(lambda c: c.execute(this))


def test_an_overdue_request_is_red_at_the_desk_and_in_the_metrics(bank: House) -> None:
    ask_desk(bank.book, bank.alice, "7K3Q-48")
    red = {"kind": "help", "colour": "red"}
    assert measured(bank, "smoney_desk_requests", **red) == 0
    late = bank.book.run(bank.book.now) - timedelta(seconds=1)
    moments = {"opened_at": late - timedelta(minutes=30), "soon_at": late, "due_at": late}
    change_requests(bank, "7K3Q-48", **moments)
    assert measured(bank, "smoney_desk_requests", **red) == 1
    assert 'class="state red"' in bank.as_(Role.TELLER).get("/console/desk").text


def test_answers_in_time_are_counted_apart_from_late_ones(bank: House) -> None:
    now = bank.book.run(bank.book.now)
    for number, minutes in enumerate((20, 40)):
        ask_desk(bank.book, bank.alice, f"7K3Q-4{number}")
        row = {
            "opened_at": now - timedelta(hours=2),
            "soon_at": now - timedelta(minutes=100),
            "due_at": now - timedelta(minutes=90),
            "answered_at": now - timedelta(minutes=120 - minutes),
            "state": "answered",
        }
        change_requests(bank, f"7K3Q-4{number}", **row)
    assert measured(bank, "smoney_desk_answers_in_time", **HELP) == 1
    assert measured(bank, "smoney_desk_answer_seconds_gcount", **HELP) == 2
    assert measured(bank, "smoney_desk_answer_seconds_bucket", le="1800.0", **HELP) == 1


def test_held_money_tells_how_much_how_old_and_how_late_it_is(bank: House) -> None:
    now = bank.book.run(bank.book.now)
    assert measured(bank, "smoney_held_payments") == 0
    for number, days in ((501, 1), (502, 3)):
        at = now - timedelta(days=days)
        pay(bank.book, number, bank.alice, "mallory", 10_50, at, PaymentState.HELD)
    assert measured(bank, "smoney_held_payments") == 2
    assert measured(bank, "smoney_held_cents") == 21_00
    assert measured(bank, "smoney_held_oldest_seconds") == pytest.approx(3 * 86_400, abs=60)
    assert measured(bank, "smoney_held_late_seconds") == 0
    week_old = now - timedelta(days=7, hours=1)
    pay(bank.book, 503, bank.alice, "mallory", 10_50, week_old, PaymentState.HELD)
    assert measured(bank, "smoney_held_late_seconds") == pytest.approx(3600, abs=60)


def test_collections_count_while_they_take_gifts(bank: House) -> None:
    now = bank.book.run(bank.book.now)
    opened = bank.book.run(
        lambda c: collections.open_collection(
            c,
            tag="jardin",
            owner=bank.bob,
            title="Un jardin",
            goal=euros(100),
            ends_at=None,
            all_or_nothing=False,
            now=now,
        )
    )
    assert measured(bank, "smoney_collections_open") == 1
    bank.book.run(lambda c: collections.end(c, opened.id, now))
    assert measured(bank, "smoney_collections_open") == 0


def counted(name: str, outcome: str) -> float:
    counter = getattr(metrics, name)
    return float(counter.labels(outcome)._value.get())  # noqa: SLF001 - the library's own tests do


def test_signing_in_and_what_is_refused_are_counted(bank: House) -> None:
    watched = (
        ("SIGN_INS", "admitted"),
        ("SIGN_INS", "turned_away"),
        ("DEEDS", "done"),
        ("DEEDS", "unwilling"),
        ("DEEDS", "not_allowed"),
        ("DEEDS", "foreign_form"),
    )
    before = [counted(*one) for one in watched]
    teller, viewer = bank.as_(Role.TELLER), bank.as_(Role.VIEWER)
    bank.sign_in("reader")
    bank.sign_in("reader", "wrong password")
    freeze = f"/console/customers/{bank.alice.id}/freeze"
    teller.send(freeze)
    teller.post(freeze)
    teller.send("/console/messages/retry", key="t:none")
    viewer.send(freeze)
    assert [counted(*one) for one in watched] == [one + 1 for one in before]
