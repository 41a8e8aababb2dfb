"""The threads of the workers: each runs one loop until it is told to stop.

A loop serves as long as there is work, then sleeps until it is woken or a
second has passed. Stopping finishes the batch in hand and leaves the rest in
its box.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from structlog import get_logger

from smoney_bot.bank.case import Rules
from smoney_bot.bank.errors import TryLater
from smoney_bot.bank.keys import Keyring
from smoney_bot.book.engine import Book
from smoney_bot.channels.x.client import XClient
from smoney_bot.workers import catching_up, sealing, timers
from smoney_bot.workers.catching_up import CatchingUp
from smoney_bot.workers.counter import Counter
from smoney_bot.workers.sealing import Sealing
from smoney_bot.workers.sender import Sender
from smoney_bot.workers.timers import Timers

log = get_logger(__name__)

_POLL_SECONDS = 1.0
_AFTER_ERROR_SECONDS = 2.0


class Loop:
    """Calls *serve* again and again in a thread of its own."""

    def __init__(self, name: str, serve: Callable[[], int], poll: float = _POLL_SECONDS) -> None:
        self._name = name
        self._serve = serve
        self._poll = poll
        self._awake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def wake(self) -> None:
        """Look for work now; any thread may call this."""
        self._awake.set()

    def stop(self) -> None:
        """Ask for the end; returns at once. `join` waits for it."""
        self._stopping.set()
        self._awake.set()

    def join(self) -> None:
        """Wait until the batch in hand is finished."""
        self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._awake.clear()
            try:
                served = self._serve()
            except TryLater as away:
                log.warning("loop.away", loop=self._name, why=str(away))
                self._stopping.wait(_AFTER_ERROR_SECONDS)
            except Exception:
                log.exception("loop.failed", loop=self._name)
                self._stopping.wait(_AFTER_ERROR_SECONDS)
            else:
                if not served and not self._stopping.is_set():
                    self._awake.wait(self._poll)


class Workers:
    """All loops of one process: counter, sender, timers, sealing, catching up."""

    def __init__(
        self,
        book: Book,
        rules: Rules,
        keyring: Keyring,
        open_channel: Callable[[], XClient],
        threads: int,
    ) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="codes")
        counter = Counter(book, rules, open_channel(), self._pool, keyring)
        self._sender = Loop("sender", Sender(book, open_channel()).serve)
        self._counter = Loop("counter", self._serving(counter))
        reading = CatchingUp(book, open_channel(), keyring, rules.bot)
        self._loops = (
            self._counter,
            self._sender,
            Loop("timers", Timers(book).serve, poll=timers.EVERY_SECONDS),
            Loop("sealing", Sealing(book, keyring).serve, poll=sealing.EVERY_SECONDS),
            Loop("catching-up", self._waking(reading.serve), poll=catching_up.EVERY_SECONDS),
        )

    def start(self) -> None:
        """Start every loop."""
        for loop in self._loops:
            loop.start()
        log.info("workers.started")

    def wake(self) -> None:
        """Serve the inbox now: something was kept."""
        self._counter.wake()

    def stop(self) -> None:
        """Finish what is in hand, leave the rest in its box."""
        for loop in self._loops:
            loop.stop()
        for loop in self._loops:
            loop.join()
        self._pool.shutdown()
        log.info("workers.stopped")

    def _waking(self, read: Callable[[], int]) -> Callable[[], int]:
        def serve() -> int:
            if read():
                self._counter.wake()
            return 0

        return serve

    def _serving(self, counter: Counter) -> Callable[[], int]:
        def serve() -> int:
            served = counter.serve()
            if served:
                self._sender.wake()
            return served

        return serve
