"""Web processes and workers are restarted in turn under a stream of orders: none is lost, none
is answered twice.

PostgreSQL, as shipped: each commit is synced. `make fleet` runs it with 20,000 orders
(`SMONEY_FLEET=full`; any other value: 60). Two orders in five pay, with codes whose
hashes have Argon2id's lowest cost; the others are refused or ask for a balance.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from fleet import DRAINS_SECONDS, Fleet, fleet
from local_people import PLACES, People, local_people
from own_postgres import own_postgres
from reckoning import violations, wait_until_quiet
from reliability_figures import SEED, chance, record
from sqlalchemy import text
from two_doors import TwoDoors

from smoney_bot.book import migrations
from smoney_bot.book.engine import Book

FULL = os.environ.get("SMONEY_FLEET") == "full"
ORDERS, WEBS, WORKERS = (20_000, 2, 4) if FULL else (60, 2, 2)
QUIET_SECONDS = 3_600.0 if FULL else 60.0

pytestmark = pytest.mark.skipif(
    "SMONEY_FLEET" not in os.environ, reason="so many processes take half a minute: make fleet"
)

_OUTCOMES = (
    "SELECT count(*), count(DISTINCT key) FROM inbox"
    " WHERE state IN ('ignored', 'refused', 'declined', 'applied')"
)
_ANSWERS = "SELECT count(*), count(DISTINCT message_key) FROM outbox WHERE kind = 'answer'"


@dataclass(frozen=True)
class Course:
    """What became of the orders."""

    outcomes: tuple[int, int]  # all, and those of different messages
    answers: tuple[int, int]
    applied: int
    broken: list[str]


@pytest.fixture
def url(request: pytest.FixtureRequest, _postgres: str) -> Iterator[str]:
    """A PostgreSQL of one's own in a full run; the shared one makes its system user."""
    if not FULL:
        make: Callable[[], str] = request.getfixturevalue("postgres_url")
        yield make()
        return
    with own_postgres() as server:
        assert server.ask("SHOW fsync") == "on"
        made = server.create("book")
        migrations.upgrade(made)
        yield made


def run(book: Book, people: People, ships: Fleet, orders: int, name: str) -> tuple[Course, int]:
    """Bring *orders* while the fleet is restarted; return what came of it, and shut doors met."""
    people.open(book, orders * 2 // 5 // PLACES + 10)  # each order that pays has its own code
    doors = TwoDoors(people, ships.ports, chance(name), orders, 0 if FULL else 0.02)
    ships.start()
    doors.start()
    ships.roll()
    doors.join(QUIET_SECONDS)
    wait_until_quiet(book, QUIET_SECONDS)
    ships.rest()
    wait_until_quiet(book, QUIET_SECONDS)
    ships.end()
    return _course(book, people, doors), doors.turned_away


def _course(book: Book, people: People, doors: TwoDoors) -> Course:
    broken = violations(book, people, doors.acknowledged)
    with book.reading() as connection:
        all_, different = connection.execute(text(_OUTCOMES)).one()
        answers, answered = connection.execute(text(_ANSWERS)).one()
        paid = "SELECT count(*) FROM inbox WHERE state = 'applied' AND key LIKE 't:%'"
        applied = connection.execute(text(paid)).scalar_one()
    return Course((all_, different), (answers, answered), applied, broken)


def test_restarts_in_turn_lose_no_order_and_answer_none_twice(url: str, tmp_path: Path) -> None:
    started = time.monotonic()
    with (
        closing(Book(url)) as book,
        local_people() as people,
        fleet(tmp_path, url, people.url, webs=WEBS, workers=WORKERS) as ships,
    ):
        course, turned_away = run(book, people, ships, ORDERS, "fleet")
    record(
        f"restarts in turn, {WEBS} web and {WORKERS} work",
        counted=f"{ORDERS:,} orders, {course.outcomes[0]:,} outcomes",
        violations=len(course.broken) + len(ships.troubles),
        seconds=time.monotonic() - started,
        seed=SEED,
        engine="postgresql",
        note=f"{ships.restarts} restarts, the longest end {ships.longest_end:.1f} s;"
        f" {turned_away} shut doors; {course.applied:,} paid",
    )
    assert course.broken == []
    assert ships.troubles == []
    assert course.outcomes == (ORDERS, ORDERS)
    assert course.answers == (ORDERS, ORDERS)
    assert ships.restarts >= WEBS + WORKERS
    assert ships.longest_end < DRAINS_SECONDS
    assert course.applied > 0


def test_a_door_that_promises_before_it_commits_loses_orders(url: str, tmp_path: Path) -> None:
    with (
        closing(Book(url)) as book,
        local_people() as people,
        fleet(
            tmp_path,
            url,
            people.url,
            webs=2,
            workers=2,
            lease=1.0,
            sabotage="early",
            doors_end_by=signal.SIGKILL,
        ) as ships,
    ):
        course, _ = run(book, people, ships, 300, "early fleet")
    assert [one for one in course.broken if one.startswith("lost") and "is None" in one]
