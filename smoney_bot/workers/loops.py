"""The threads of the workers: each runs one loop until it is told to stop.

A loop serves as long as there is work, then sleeps until it is woken or a
second has passed. Stopping finishes the batch in hand and leaves the rest in
its box.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from structlog import get_logger

from smoney_bot.bank.case import Rules
from smoney_bot.bank.errors import TryLater
from smoney_bot.bank.keys import Keyring
from smoney_bot.book.engine import Book
from smoney_bot.channels.x.budget import Budget
from smoney_bot.channels.x.client import XClient
from smoney_bot.telemetry import LOOP_ERRORS
from smoney_bot.workers import catching_up, sealing, timers
from smoney_bot.workers import registering as registration
from smoney_bot.workers.catching_up import CatchingUp
from smoney_bot.workers.counter import Counter
from smoney_bot.workers.registering import Registering
from smoney_bot.workers.sealing import Sealing
from smoney_bot.workers.sender import Sender
from smoney_bot.workers.timers import Timers
from smoney_bot.workers.watch import Watch

log = get_logger(__name__)

_POLL_SECONDS = 1.0
_AFTER_ERROR_SECONDS = 2.0

#: A loop is late after three of its periods and the longest that its work may take:
#: a minute, unless X may keep it waiting. 16 replies, each looked for and then sent,
#: end after 16 x 2 x 13 s of silence; catching up reads 26 pages, registering asks and
#: mends a dozen things.
_WORK_SECONDS = 60.0
_SENDER_WORK_SECONDS = 420.0
_CATCHING_UP_WORK_SECONDS = 400.0
_REGISTERING_WORK_SECONDS = 300.0


class Loop:
    """Calls *serve* again and again in a thread of its own.

    It looks for work every *poll* seconds; one round of work takes no longer than
    *work_seconds*, or something is wrong. A round counts if nothing was raised and
    *fine* says yes.
    """

    def __init__(
        self,
        name: str,
        serve: Callable[[], int],
        poll: float = _POLL_SECONDS,
        *,
        work_seconds: float = _WORK_SECONDS,
        fine: Callable[[], bool] = lambda: True,
    ) -> None:
        self.name = name
        self.may_rest_seconds = math.ceil(3 * poll + work_seconds)
        self._serve = serve
        self._poll = poll
        self._fine = fine
        self._came_round: Callable[[str], None] = lambda _: None
        self._errors = LOOP_ERRORS.labels(name)
        self._awake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self, came_round: Callable[[str], None] | None = None) -> None:
        """Begin to serve; *came_round* hears the name after each round that counts."""
        self._came_round = came_round or self._came_round
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
                if self._fine():
                    self._came_round(self.name)
            except TryLater as away:
                log.warning("loop.away", loop=self.name, why=str(away))
                self._rest_after_error()
            except Exception:
                log.exception("loop.failed", loop=self.name)
                self._rest_after_error()
            else:
                if not served and not self._stopping.is_set():
                    self._awake.wait(self._poll)

    def _rest_after_error(self) -> None:
        self._errors.inc()
        self._stopping.wait(_AFTER_ERROR_SECONDS)


class Workers:
    """All loops of one process: two counters, sender, timers, sealing, catching up.

    *registering*, if X is to reach us, keeps us registered there.
    """

    def __init__(
        self,
        book: Book,
        rules: Rules,
        keyring: Keyring,
        open_channel: Callable[[], XClient],
        threads: int,
        registering: Registering | None = None,
        budget: Budget | None = None,
    ) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="codes")
        helper = Counter(book, rules, open_channel(), self._pool, keyring)
        helping = Loop("counter-2", self._serving(helper))
        counter = Counter(book, rules, open_channel(), self._pool, keyring, on_many=helping.wake)
        sender = Sender(book, open_channel(), budget or Budget())
        self._sender = Loop("sender", sender.serve, work_seconds=_SENDER_WORK_SECONDS)
        self._counter = Loop("counter", self._serving(counter))
        reading = CatchingUp(book, open_channel(), keyring, rules.bot)
        self._loops: tuple[Loop, ...] = (
            self._counter,
            helping,
            self._sender,
            Loop("timers", Timers(book, rules.limits).serve, poll=timers.EVERY_SECONDS),
            Loop("sealing", Sealing(book, keyring).serve, poll=sealing.EVERY_SECONDS),
            Loop(
                "catching-up",
                self._waking(reading.serve),
                poll=catching_up.EVERY_SECONDS,
                work_seconds=_CATCHING_UP_WORK_SECONDS,
                fine=reading.is_sound,
            ),
        )
        if registering is not None:
            every = registration.EVERY_SECONDS
            work = _REGISTERING_WORK_SECONDS
            self._loops += (Loop("registering", registering.serve, poll=every, work_seconds=work),)
        self._watch = Watch(book, {loop.name: loop.may_rest_seconds for loop in self._loops})

    def start(self) -> None:
        """Start every loop, each watched."""
        self._watch.begin()
        for loop in self._loops:
            loop.start(self._watch.came_round)
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
