"""The keeper: writes what arrives into the inbox, in groups, before anyone says 200.

One thread, one statement for whatever queued while the last one committed: an idle
bank answers at once, a busy one shares the price of a commit (`docs/performance.md`:
G5). A second thread, or a third, brought nothing: what is short is the interpreter.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from structlog import get_logger

from smoney_bot.bank.errors import TryLater
from smoney_bot.bank.messages import Message
from smoney_bot.book import inbox
from smoney_bot.book.engine import Book
from smoney_bot.telemetry import KEPT

log = get_logger(__name__)

#: Calls whose messages share one transaction, and calls that may wait for theirs.
_GROUP_MAX = 64
_WAITING_MAX = 2000

_ENDED = "the keeper has ended"


@dataclass(frozen=True, slots=True)
class _Call:
    messages: Sequence[Message]
    loop: asyncio.AbstractEventLoop
    kept: asyncio.Future[frozenset[str]]

    def settle(self, new: frozenset[str] | TryLater) -> None:
        """Tell the waiting call, in its own loop."""
        if self.kept.done():  # the caller hung up
            return
        if isinstance(new, TryLater):
            self.kept.set_exception(new)
        else:
            self.kept.set_result(new)


class Keeper:
    """Keeps messages durably; `start` it before use, `stop` it to drain."""

    def __init__(self, book: Book, on_kept: Callable[[], None] = lambda: None) -> None:
        self._book = book
        self._on_kept = on_kept
        self._calls: queue.Queue[_Call | None] = queue.Queue(_WAITING_MAX)
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self._ended = False

    @property
    def alive(self) -> bool:
        """Whether what is given to `keep` will be written."""
        return self._thread.is_alive() and not self._ended

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, then end."""
        self._calls.put(None)
        self._thread.join()

    async def keep(self, messages: Sequence[Message]) -> frozenset[str]:
        """Return once *messages* are on disk: the keys of those that are new there.

        Raises `TryLater` when the database is away, too many calls wait or the
        keeper has ended.
        """
        loop = asyncio.get_running_loop()
        call = _Call(messages, loop, loop.create_future())
        try:
            if self.alive:
                self._calls.put_nowait(call)
        except queue.Full:
            raise TryLater("too many deliveries at once") from None
        if not self.alive:  # asked after the put: a keeper that ends later finds this call
            call.kept.cancel()
            raise TryLater(_ENDED)
        return await call.kept

    def _run(self) -> None:
        try:
            self._serve()
        finally:
            self._ended = True
            self._send_away()

    def _send_away(self) -> None:
        """Tell whoever still waits that nobody writes any more."""
        with suppress(queue.Empty):
            while True:
                if (call := self._calls.get_nowait()) is not None:
                    self._answer([call], TryLater(_ENDED))

    def _serve(self) -> None:
        while (first := self._calls.get()) is not None:
            group, ending = [first], False
            while len(group) < _GROUP_MAX and not ending:
                try:
                    call = self._calls.get_nowait()
                except queue.Empty:
                    break
                if call is None:
                    ending = True
                else:
                    group.append(call)
            self._survive(group)
            if ending:
                return

    def _survive(self, group: list[_Call]) -> None:
        """Write *group*; a fault beside the writing, which tells its own, ends nothing."""
        try:
            self._write(group)
        except BaseException as error:
            self._answer(group, TryLater(f"keeper: {type(error).__name__}"))
            if not isinstance(error, Exception):
                raise  # the thread is to end: nobody waits for it any more
            log.exception("keeper.failed")

    def _write(self, group: list[_Call]) -> None:
        messages = [message for call in group for message in call.messages]
        try:
            # Once more does no harm: the second time nothing of it is new.
            new = self._book.run_single(lambda c: inbox.keep_new(c, messages, self._book.moment(c)))
        except TryLater as away:
            log.warning("inbox.away", why=str(away))
            self._answer(group, away)
        except Exception as error:
            log.exception("inbox.failed")
            self._answer(group, TryLater(f"inbox: {type(error).__name__}"))
        else:
            self._answer(group, new)
            self._on_kept()
            KEPT.inc(len(new))

    @staticmethod
    def _answer(group: list[_Call], new: frozenset[str] | TryLater) -> None:
        """Wake the waiting calls, from the keeper's thread.

        All of a loop at once: to wake it is a system call, at which the loop's own
        thread takes over, and the keeper waits for its turn.
        """
        for loop in {call.loop for call in group}:
            mine = [call for call in group if call.loop is loop]
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_settle, mine, new)


def _settle(calls: list[_Call], new: frozenset[str] | TryLater) -> None:
    for call in calls:
        call.settle(new)
