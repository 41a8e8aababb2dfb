"""Workers are killed, and PostgreSQL itself, under a stream of messages: promises are kept.

The PostgreSQL that is killed runs as shipped: each commit is synced. Full counts
(`SMONEY_RELIABILITY=full`): 1,000 kills of the service, 200 of the postmaster.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from courier import Courier
from killed_service import killed_service
from local_people import local_people
from own_postgres import OwnPostgres, own_postgres
from reliability_figures import FULL, SEED, chance, record
from test_kills import PAUSE, PAYERS, Survived, reckon, survive

from smoney_bot.book import migrations
from smoney_bot.book.engine import Book

KILLS = int(os.environ.get("SMONEY_KILLS") or (1_000 if FULL else 2))
POSTMASTER_KILLS = max(1, KILLS // 5)

#: Seconds after which a dead worker's messages are free: as shipped it is a minute.
LEASE = 0.3


@pytest.fixture
def postgres(_postgres: str) -> Iterator[OwnPostgres]:
    """A PostgreSQL of one's own; the shared one makes its system user."""
    with own_postgres() as server:
        assert server.ask("SHOW fsync") == "on"
        yield server


def test_workers_that_are_killed_again_and_again_keep_their_promises(
    postgres_url: Callable[[], str], tmp_path: Path
) -> None:
    started, url = time.monotonic(), postgres_url()
    survived = survive(tmp_path, url, KILLS, chance("workers"), lease=LEASE)
    _show("kills of the whole service", KILLS, survived, started)
    assert survived.broken == []


@pytest.mark.skipif(not FULL, reason="a server of its own takes half a minute")
def test_a_database_that_is_killed_again_and_again_keeps_the_promises(
    postgres: OwnPostgres, tmp_path: Path
) -> None:
    started, dice = time.monotonic(), chance("postmaster")
    url = postgres.create("book")
    migrations.upgrade(url)
    with (
        closing(Book(url)) as book,
        local_people() as people,
        killed_service(tmp_path, url, people.url, lease=LEASE) as service,
    ):
        people.open(book, PAYERS)
        courier = Courier(people, service.port, dice, PAUSE)
        service.start()
        courier.start()
        for _ in range(POSTMASTER_KILLS):
            courier.heard.clear()
            assert courier.heard.wait(30), service.log.read_text()[-2000:]
            time.sleep(dice.uniform(0, 0.3))
            postgres.kill()
            postgres.start()
        survived = reckon(service, courier, book, people)
    _show("kills of the postmaster", POSTMASTER_KILLS, survived, started)
    assert survived.broken == []


def _show(name: str, kills: int, survived: Survived, started: float) -> None:
    record(
        name,
        counted=f"{kills:,} kills, {survived.messages:,} messages",
        violations=len(survived.broken),
        seconds=time.monotonic() - started,
        seed=SEED,
        engine="postgresql",
        note=survived.note(),
    )
