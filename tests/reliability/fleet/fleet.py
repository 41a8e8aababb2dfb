"""Several web processes and workers on one database, which are restarted in turn."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

from killed_service import KilledService

#: What operators are promised: a process that is told to end has ended by then.
DRAINS_SECONDS = 10.0

_STARTS_SECONDS = 30.0


@dataclass(slots=True)
class Fleet:
    """The processes; `roll` ends and starts one after another until `rest`."""

    webs: list[KilledService]
    workers: list[KilledService]
    doors_end_by: signal.Signals = signal.SIGTERM
    restarts: int = 0
    longest_end: float = 0.0  # seconds
    troubles: list[str] = field(default_factory=list)
    _rolling: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @property
    def ports(self) -> list[int]:
        """Where the doors are."""
        return [one.port for one in self.webs]

    def start(self) -> None:
        """Start everything; returns when all doors answer."""
        for one in (*self.webs, *self.workers):
            one.start()
        for one in self.webs:
            _wait_until_it_answers(one)

    def roll(self) -> None:
        """Begin to restart one process after another."""
        self._rolling.set()
        self._thread = threading.Thread(target=self._roll, daemon=True)
        self._thread.start()

    def rest(self) -> None:
        """Restart no more, once the round at hand is complete."""
        self._rolling.clear()
        if self._thread is not None:
            self._thread.join()

    def end(self) -> None:
        """End everything."""
        for one in (*self.webs, *self.workers):
            self._end(one, signal.SIGTERM)

    def _roll(self) -> None:
        # Doors and workers in turn, so that both kinds are always about to change.
        order = [*self.workers[::2], self.webs[0], *self.workers[1::2], *self.webs[1:]]
        while self._rolling.is_set():
            for one in order:
                self._end(one, self.doors_end_by if one in self.webs else signal.SIGTERM)
                one.start()
                if one in self.webs:
                    _wait_until_it_answers(one)
                self.restarts += 1

    def _end(self, one: KilledService, how: signal.Signals) -> None:
        started = time.monotonic()
        code = one.end(how)
        self.longest_end = max(self.longest_end, time.monotonic() - started)
        if how is signal.SIGTERM and code:
            self.troubles.append(f"ended with {code}: {one.log.name}")


def _wait_until_it_answers(web: KilledService) -> None:
    deadline = time.monotonic() + _STARTS_SECONDS
    while True:
        connection = HTTPConnection("127.0.0.1", web.port, timeout=5)
        try:
            connection.request("GET", "/health/live")
            if connection.getresponse().status == 200:
                return
        except OSError:
            assert time.monotonic() < deadline, web.log.read_text()[-2000:]
            time.sleep(0.02)
        finally:
            connection.close()


@contextmanager
def fleet(
    folder: Path,
    database_url: str,
    x_url: str,
    *,
    webs: int,
    workers: int,
    lease: float = 0,
    sabotage: str = "none",
    doors_end_by: signal.Signals = signal.SIGTERM,
) -> Iterator[Fleet]:
    """Have a fleet that is not started yet; whatever still runs at the end is killed."""
    with ExitStack() as processes:

        def make(run: str, count: int) -> list[KilledService]:
            return [
                processes.enter_context(
                    KilledService(
                        folder, database_url, x_url, lease=lease, run=run, sabotage=sabotage
                    )
                )
                for _ in range(count)
            ]

        running = Fleet(make("web", webs), make("work", workers), doors_end_by)
        try:
            yield running
        finally:
            running.rest()
