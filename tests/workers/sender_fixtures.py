"""Fixtures of the tests of the sender: they name this module in `pytest_plugins`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sender_cast import ALICE, KEYS, Clock, LaterBook, LocalX, Stage, sending
from structlog.testing import capture_logs
from workers_cast import BOT

from smoney_bot.channels.sandbox.api import create_api
from smoney_bot.channels.sandbox.deliveries import Deliveries
from smoney_bot.channels.sandbox.faults import Faults
from smoney_bot.channels.sandbox.limits import Allowance
from smoney_bot.channels.sandbox.world import World
from smoney_bot.workers.sender import Sender


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.server.stop()


@pytest.fixture
def allowances() -> dict[str, Allowance]:
    """How often calls may be made; a test may say otherwise by `parametrize`."""
    return {}


@pytest.fixture
def x(stage: Stage, allowances: Mapping[str, Allowance]) -> Iterator[LocalX]:
    """A fresh X with alice on it."""
    clock, faults = Clock(), Faults()
    world = World(clock)
    world.add_user("Smoney", "Smoney", x_id=BOT.x_id, automated=True)
    world.add_user("alice", "Alice", x_id=ALICE)
    deliveries = Deliveries(world, consumer_secret=KEYS.consumer_secret, bot_id=BOT.x_id)
    stage.app = create_api(
        world, app=KEYS, deliveries=deliveries, faults=faults, allowances=allowances
    )
    stage.calls.clear()
    yield LocalX(stage.server.url, clock, world, faults, stage.calls)
    deliveries.close()


@pytest.fixture
def late_book(sqlite_url: str, x: LocalX) -> Iterator[LaterBook]:
    """A book on SQLite, on the clock of X."""
    book = LaterBook(sqlite_url, x.clock)
    yield book
    book.close()


@pytest.fixture
def each_book(book_url: str, x: LocalX) -> Iterator[LaterBook]:
    """The same, once on each engine."""
    book = LaterBook(book_url, x.clock)
    yield book
    book.close()


@pytest.fixture
def sender(late_book: LaterBook, x: LocalX) -> Sender:
    """A sender that keeps X's pace."""
    return sending(late_book, x)


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    """The lines of the log."""
    with capture_logs() as lines:
        yield lines
