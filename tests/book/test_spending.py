"""What X bills is counted by day and kind, and what it shows twice a day only once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from book_cast import NOON, together

from smoney_bot.bank.money import euros
from smoney_bot.book import spending
from smoney_bot.book.engine import Book
from smoney_bot.channels.x.budget import Budget, Purse, next_day

DAY = timedelta(days=1)


def test_what_is_spent_adds_up_by_day_and_kind(book: Book) -> None:
    def work(index: int) -> None:
        book.run(lambda c: spending.add(c, "replies", 1, 10_000, NOON + index % 2 * DAY))

    assert [one for one in together(work) if one is not None] == []
    book.run(lambda c: spending.add(c, "reads", 3, 15_000, NOON))
    book.run(lambda c: spending.add(c, "nothing", 0, 0, NOON))
    with book.reading() as connection:
        assert spending.today(connection, NOON) == 95_000
        assert spending.today(connection, NOON + 2 * DAY) == 0
        found = [(one.day, one.call, one.calls) for one in spending.listing(connection, NOON)]
    assert found == [
        ("2026-11-25", "replies", 8),
        ("2026-11-24", "reads", 3),
        ("2026-11-24", "replies", 8),
    ]


def test_what_x_shows_again_on_the_same_day_is_not_counted(book: Book) -> None:
    def show(*x_ids: str, days: int = 0, call: str = "posts") -> int:
        return book.run(lambda c: spending.first_shown(c, call, x_ids, NOON + days * DAY))

    assert show("1", "2", "2") == 2
    assert show("2", "3") == 1
    assert show("3", call="people") == 1
    assert show() == 0
    assert show("1", "2", "3", days=1) == 3
    with book.reading() as connection:
        kept = connection.exec_driver_sql("SELECT DISTINCT day FROM readings").all()
    assert [tuple(row) for row in kept] == [("2026-11-25",)], "yesterday's are forgotten"


@pytest.mark.parametrize(
    ("spent", "purse"),
    [
        (0, Purse.FULL),
        (7_999_999, Purse.FULL),
        (8_000_000, Purse.LOW),
        (9_999_999, Purse.LOW),
        (10_000_000, Purse.EMPTY),
    ],
)
def test_the_purse_is_low_at_four_fifths(spent: int, purse: Purse) -> None:
    assert Budget(euros(10)).purse(spent) is purse


def test_a_dearer_euro_buys_more_dollars() -> None:
    budget = Budget(euros(9), Decimal("0.90"))
    assert budget.micro_dollars == 10_000_000
    assert budget.in_euros(1_000_000) == Decimal("0.900")


def test_a_budget_of_nothing_is_spent_at_once() -> None:
    assert Budget(euros(0)).purse(0) is Purse.EMPTY


def test_the_next_day_begins_at_midnight_utc() -> None:
    assert next_day(NOON).isoformat() == "2026-11-25T00:00:00+00:00"
