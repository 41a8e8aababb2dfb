"""No code is left by a service that is killed in the middle of its work, again and again."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

from canary_run import BODY, cards
from canary_search import found
from canary_texts import CLEAN, WAYS, spell
from counts import COUNTS, FULL
from figures import show
from reliability_figures import chance
from small_bank import PLACES, SmallBank, crowd, small_bank
from watched_door import SECRET_KEYS, Door
from x_bodies import SECRET, SMONEY, Event

from smoney_bot.book.engine import Book

KILLS = 20 if COUNTS is FULL else 1
FORMATS = itertools.cycle(("json", "text"))

#: How long a start may take on a machine that has much else to do.
_START_SECONDS = 120


@contextmanager
def daemon(folder: Path, url: str) -> Iterator[tuple[subprocess.Popen[bytes], Door]]:
    """Run `smoney-bot serve`, all that it writes in a file; end it if nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "DATABASE_URL": url,
        "SECRET_KEYS": SECRET_KEYS,
        "X_API_URL": "http://127.0.0.1:9",  # nobody: answers wait
        "X_BOT_ID": SMONEY.x_id,
        "X_CONSUMER_KEY": "invented",
        "X_CONSUMER_SECRET": SECRET,
        "X_ACCESS_TOKEN": "invented",
        "X_ACCESS_TOKEN_SECRET": "invented",
        "X_BEARER_TOKEN": "invented",
        "PORT": str(port),
        "LOG_LEVEL": "debug",
        "LOG_FORMAT": next(FORMATS),
    }
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("SMONEY_")
    }
    with (folder / "all.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "smoney_bot", "serve"],
            cwd=folder,
            env=inherited | {f"SMONEY_{name}": value for name, value in settings.items()},
            stdout=log,
            stderr=log,
        )
    connection = HTTPConnection("127.0.0.1", port)
    try:
        _wait_until_ready(process, Door(connection))
        yield process, Door(connection)
    finally:
        connection.close()
        process.kill()
        process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], door: Door) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the service ended by itself"
        with suppress(OSError):
            if door.ask("GET", "/health/ready") == 200:
                return
        time.sleep(0.05)
    raise AssertionError("the service did not start")


def _told(bank: SmallBank, shown: list[tuple[str, ...]]) -> Iterator[Event]:
    """Yield a message for each code, one of every customer in turn."""
    combinations = itertools.cycle(itertools.product(CLEAN, WAYS))
    for place in range(PLACES):
        for payer, card in zip(bank.payers[1:], shown, strict=True):
            words, way = next(combinations)
            yield way(bank.pen, payer.person, spell(words, card[place]))


def _left(bank: SmallBank) -> int:
    return bank.number("SELECT count(*) FROM inbox WHERE state IN ('received', 'claimed')")


@dataclass
class Kills:
    """One book, and a service on it that is killed as often as it is started."""

    bank: SmallBank
    url: str
    folder: Path
    canaries: frozenset[str]
    hits: dict[str, str] = field(default_factory=dict)
    journals: int = 0  # left open by a kill
    unfinished: int = 0  # messages that a kill found in the box or in hand

    def kill_after(self, events: list[Event]) -> None:
        """Start the service, bring *events*, and kill it with the work in its hands."""
        with daemon(self.folder, self.url) as (process, door):
            for first in range(0, len(events), BODY):
                assert door.bring(events[first : first + BODY]) == 200
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.journals += sum(one.stat().st_size > 0 for one in self.folder.glob("book.db-*"))
        self.look()
        self.unfinished += _left(self.bank)

    def finish(self) -> None:
        """Start the service once more and stop it when all is done."""
        self.bank.hurry()
        with daemon(self.folder, self.url) as (process, _):
            deadline = time.monotonic() + 300
            while _left(self.bank) and time.monotonic() < deadline:
                time.sleep(0.1)
            process.terminate()
            assert process.wait(20) == 0
        self.look()

    def look(self) -> None:
        """Look for codes in all that lies in the folder."""
        for path in (*self.folder.glob("book.db*"), self.folder / "all.log"):
            self.hits.update(found(path.read_bytes(), self.canaries))


def test_a_service_that_is_killed_leaves_no_code(
    sqlite_book: Book, sqlite_url: str, tmp_path: Path
) -> None:
    made = cards(chance("killed"), -(-COUNTS.killed_canaries // PLACES))
    with small_bank(sqlite_book) as bank:
        bank.open(crowd(len(made)), made)
        kills = Kills(bank, sqlite_url, tmp_path, frozenset(itertools.chain(*made)))
        events = list(_told(bank, made))
        step = -(-len(events) // KILLS)
        for start in range(0, len(events), step):
            kills.kill_after(events[start : start + step])
        kills.finish()
        assert _left(bank) == 0
        assert bank.number("SELECT count(*) FROM inbox") == len(events)
        assert bank.problems() == []
    show(
        "canaries, killed processes",
        violations=len(kills.hits),
        codes=len(events),
        kills=KILLS,
        journals_left_open=kills.journals,
        messages_in_the_middle=kills.unfinished,
    )
    assert kills.hits == {}
    assert kills.unfinished > 0
