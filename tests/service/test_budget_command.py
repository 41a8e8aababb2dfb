"""`smoney-bot x budget`: what X has cost, in euros, for people and for machines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from driver import Service

from smoney_bot.book import spending
from smoney_bot.book.engine import Book


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    url = f"sqlite:///{tmp_path}/book.db"
    rates = {"X_BUDGET_DAY": "5.00", "X_EURO_PER_DOLLAR": "0.90"}
    with Service(tmp_path, url, "http://127.0.0.1:9", **rates) as running:
        running.call("db", "upgrade")
        yield running


def test_it_tells_days_kinds_and_what_is_left(service: Service, tmp_path: Path) -> None:
    empty = service.json("x", "budget")
    assert empty == {"today": {"spent": "0.000", "budget": "5.00", "purse": "full"}, "calls": []}
    book = Book(f"sqlite:///{tmp_path}/book.db")
    with book.writing() as connection:
        now = book.now(connection)
        spending.add(connection, "replies posted", 500, 5_000_000, now)
        spending.add(connection, "posts read", 1, 5_000, now - timedelta(days=1))
        spending.add(connection, "posts read", 1, 5_000, now - timedelta(days=9))
    book.close()
    told = service.json("x", "budget")
    assert told["today"] == {"spent": "4.500", "budget": "5.00", "purse": "low"}
    assert [(one["call"], one["calls"], one["euros"]) for one in told["calls"]] == [
        ("replies posted", 500, "4.500"),
        ("posts read", 1, "0.004"),
    ]
    shown = service.call("x", "budget", "--days", "30")
    assert shown.out.count("posts read") == 2
    assert "4.500 of 5.00 euros" in shown.err
