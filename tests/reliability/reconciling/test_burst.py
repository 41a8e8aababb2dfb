"""X replays what it has: 2,500 deliveries a second. Each is on disk or told 503; memory is bounded.

Full count (`SMONEY_RELIABILITY=full`): ten seconds on each engine, over real
connections to the real door in a process of its own, which is killed behind the
last answer.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from burst import Burst, of_status
from driver import Service
from reliability_figures import FULL, SEED, record
from sqlalchemy import text

from smoney_bot.book.engine import Book

PER_SECOND, SECONDS = 2_500, 10.0 if FULL else 0.3
ENGINES = ["sqlite", "postgresql"] if FULL else ["sqlite"]

#: How much memory the door may take on during a burst, in MB: a thousand calls
#: in hand, and two thousand that wait for the commit of theirs.
ROOM_MB = 150


@pytest.fixture
def burst_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of a fresh database on the engine that the test asks for."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    make: Callable[[], str] = request.getfixturevalue("postgres_url")
    return make()


@contextmanager
def _door(service: Service, *sabotage: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the door until the end of the block, and kill it there at the latest."""
    program = Path(__file__).with_name("door_process.py")
    door = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, program, *sabotage],
        cwd=service.folder,
        env=service.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        service.wait_ready()
        yield door
    finally:
        door.kill()
        door.wait()


def _megabytes(process: subprocess.Popen[bytes], name: str) -> int:
    """Return what Linux says of the memory of *process*."""
    found = re.search(rf"{name}:\s+([0-9]+) kB", Path(f"/proc/{process.pid}/status").read_text())
    assert found is not None
    return int(found[1]) // 1024


def _kept(url: str) -> set[str]:
    book = Book(url)
    with book.reading() as connection:
        keys = set(connection.execute(text("SELECT key FROM inbox")).scalars())
    book.close()
    return keys


def _burst_at(service: Service, *sabotage: str, seconds: float) -> tuple[Burst, int]:
    """Have a burst at a door that is killed right after; return what it took in memory, in MB."""
    with _door(service, *sabotage) as door:
        before = _megabytes(door, "VmRSS")
        burst = Burst(service.port, round(PER_SECOND * seconds), PER_SECOND)
        # A thread of its own: a browser of another test may hold this one's loop.
        bringing = threading.Thread(target=burst.run)
        bringing.start()
        bringing.join()
        grown = _megabytes(door, "VmHWM") - before
    return burst, grown


@pytest.mark.parametrize("burst_url", ENGINES, indirect=True)
def test_every_delivery_of_a_burst_is_on_disk_or_told_503(burst_url: str, tmp_path: Path) -> None:
    started = time.monotonic()
    with Service(tmp_path, burst_url, "http://127.0.0.1:9") as service:
        burst, grown = _burst_at(service, seconds=SECONDS)
    kept, refused = of_status(burst, 200), of_status(burst, 503)
    lost, unanswered = kept - _kept(burst_url), burst.count - len(kept) - len(refused)
    record(
        "burst at the door",
        engine=burst_url.partition(":")[0].partition("+")[0],
        counted=f"{burst.count:,} deliveries due at {PER_SECOND:,}/s",
        violations=len(lost) + unanswered,
        seconds=time.monotonic() - started,
        seed=SEED,
        note=f"sent in {burst.seconds:.1f} s; {len(kept):,} kept, {len(refused):,} told 503;"
        f" {grown} MB more memory at most",
    )
    assert (lost, unanswered) == (set(), 0)
    assert kept
    assert grown < ROOM_MB


@pytest.mark.skipif(not FULL, reason="another process; the keeper's own tests have this control")
def test_the_count_notices_a_door_that_says_200_before_the_commit(
    sqlite_url: str, tmp_path: Path
) -> None:
    """The negative control."""
    with Service(tmp_path, sqlite_url, "http://127.0.0.1:9") as service:
        burst, _ = _burst_at(service, "early", seconds=1.0)
    assert of_status(burst, 200) - _kept(sqlite_url)
