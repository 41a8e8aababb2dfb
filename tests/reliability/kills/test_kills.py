"""The daemon is killed at random moments under a stream of messages, and keeps its promises.

A promise is a 200: the message is on disk and will be worked once. Full counts
(`SMONEY_RELIABILITY=full`): 1,000 kills on SQLite, 1,000 on PostgreSQL;
`SMONEY_KILLS` asks for another number.
"""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from courier import Courier
from killed_service import KilledService, killed_service
from local_people import People, local_people
from reckoning import violations, wait_until_quiet
from reliability_figures import FULL, SEED, chance, record

from smoney_bot.book.engine import Book

KILLS = int(os.environ.get("SMONEY_KILLS") or (1_000 if FULL else 5))

#: One life in so many lasts long enough to take up what the others had in hand, in seconds.
_LONG_LIFE_EVERY, _LONG_LIFE = 50, 6.5

#: Seconds between two messages of one thread, and orders to pay for each kill.
PAUSE = 0.08 if FULL else 0.015
PAYERS = 120 if FULL else 8

#: Nothing leaves the boxes for so long: something is stuck.
QUIET_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Survived:
    """What became of a stream of messages after so many kills."""

    messages: int
    refused: int  # deliveries that got no 200 and were brought again
    broken: list[str]  # promises

    def note(self) -> str:
        """Say in one line what it took."""
        return f"{self.refused:,} deliveries brought again; no message set aside, none declined"


def kill_again_and_again(
    service: KilledService, courier: Courier, kills: int, dice: random.Random
) -> None:
    """Kill the service so often, most times within 0.1 s of its first promise."""
    for number in range(1, kills + 1):
        courier.heard.clear()
        service.start()
        if dice.random() < 0.9:
            assert courier.heard.wait(30), service.log.read_text()[-2000:]
        time.sleep(dice.uniform(0, 0.1) if number % _LONG_LIFE_EVERY else _LONG_LIFE)
        service.end()


def survive(
    folder: Path,
    url: str,
    kills: int,
    dice: random.Random,
    *,
    lease: float = 0,
    sabotage: str = "none",
) -> Survived:
    """Kill the service on *url* again and again; start it once more and reckon."""
    with (
        closing(Book(url)) as book,
        local_people() as people,
        killed_service(folder, url, people.url, lease=lease, sabotage=sabotage) as service,
    ):
        people.open(book, PAYERS)
        courier = Courier(people, service.port, dice, PAUSE)
        courier.start()
        kill_again_and_again(service, courier, kills, dice)
        service.start()
        return reckon(service, courier, book, people)


def reckon(service: KilledService, courier: Courier, book: Book, people: People) -> Survived:
    """Let the running service come to rest, end it, and compare."""
    courier.drain(60)
    wait_until_quiet(book, QUIET_SECONDS)
    service.end(signal.SIGTERM)
    return Survived(
        messages=len(courier.acknowledged),
        refused=courier.refused,
        broken=violations(book, people, courier.acknowledged),
    )


def test_a_service_that_is_killed_again_and_again_keeps_its_promises(
    sqlite_url: str, tmp_path: Path
) -> None:
    started = time.monotonic()
    survived = survive(tmp_path, sqlite_url, KILLS, chance("kills"))
    record(
        "kills of the whole service",
        counted=f"{KILLS:,} kills, {survived.messages:,} messages",
        violations=len(survived.broken),
        seconds=time.monotonic() - started,
        seed=SEED,
        engine="sqlite",
        note=survived.note(),
    )
    assert survived.broken == []
    assert survived.messages > KILLS


def test_a_service_that_promises_before_it_commits_loses_messages(
    sqlite_url: str, tmp_path: Path
) -> None:
    survived = survive(tmp_path, sqlite_url, 3, chance("early"), sabotage="early")
    assert [one for one in survived.broken if one.startswith("lost")]
