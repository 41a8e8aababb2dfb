"""The daemon itself: how soon it answers, and how much memory it takes at rest."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

from benchmarks.bodies import SETTINGS
from benchmarks.postgres import Postgres
from benchmarks.rounds import Extent, Figure, Goal
from smoney_bot.book import migrations

START = Goal("start", "from the start of `serve` to its first 200", "two seconds", 1, at_most=True)
MEMORY = Goal("memory", "memory of `serve` at rest", "150 MB", 1, at_most=True)

_ROOT = Path(__file__).parents[2]
_START_SECONDS = 2.0
_MEMORY_MB = 150.0
_REST_SECONDS = 5
_RESIDENT = re.compile(r"^VmRSS:\s+(\d+) kB", re.MULTILINE)

#: X is where nobody listens, so that the daemon asks in vain, as on a bad day.
_NOWHERE = {
    "SMONEY_X_API_URL": "http://127.0.0.1:9",
    **{
        f"SMONEY_X_{name}": "invented"
        for name in ("CONSUMER_KEY", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET", "BEARER_TOKEN")
    },
}


def measure(postgres: Postgres, extent: Extent) -> list[Figure]:
    """Return how soon and how light `serve` is, on PostgreSQL; the first start compiles."""
    url = postgres.create("serving")
    migrations.upgrade(url)
    starts, sizes = [], []
    with TemporaryDirectory(prefix="smoney-bench-") as name:
        for _ in range(extent.rounds + 1):
            with _served(url, Path(name)) as (daemon, waited):
                starts.append(waited)
                sleep(_REST_SECONDS)
                sizes.append(_resident_mb(daemon.pid))
            extent.tell()
    start, size = median(starts[1:]), median(sizes[1:])
    return [
        Figure(START, start / _START_SECONDS, note=f"{start:.2f} s on PostgreSQL"),
        Figure(MEMORY, size / _MEMORY_MB, note=f"{size:.0f} MB on PostgreSQL, door and workers"),
    ]


@contextmanager
def _served(url: str, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """Run `smoney-bot serve` in *folder*; yield it and how many seconds its first 200 took."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {**SETTINGS, **_NOWHERE, "SMONEY_DATABASE_URL": url, "SMONEY_PORT": str(port)}
    compiled = {"PYTHONPYCACHEPREFIX": str(folder), "PYTHONPATH": str(_ROOT)}
    environment = os.environ | settings | compiled
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # as where it was installed
    started = perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "smoney_bot", "serve"],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as daemon:
        try:
            while not _answers(port):
                assert daemon.poll() is None, "the daemon ended"
                sleep(0.005)
            yield daemon, perf_counter() - started
        finally:
            daemon.terminate()


def _answers(port: int) -> bool:
    door = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        door.request("GET", "/health/live")
        return door.getresponse().status == 200  # noqa: PLR2004 - the status
    except OSError:
        return False
    finally:
        door.close()


def _resident_mb(process: int) -> float:
    found = _RESIDENT.search(Path(f"/proc/{process}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024
