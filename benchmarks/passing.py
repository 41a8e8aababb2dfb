"""Transfers through the book's own functions: many submitters, batches of whatever queued.

The same way as the counter goes: lock the accounts in order, decide in memory,
write in bulk, one commit. Each transfer has its verdict. Two writers were no faster.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from time import perf_counter

from sqlalchemy import Connection

from smoney_bot.bank.desk import Transfer
from smoney_bot.bank.money import Cents
from smoney_bot.book import ledger
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import AlreadyBooked

#: Transfers that share a transaction at most.
_BATCH_MAX = 128


class Verdict(StrEnum):
    """What became of one transfer."""

    BOOKED = "booked"
    TWICE = "twice"  # its key stands in the book already
    REFUSED = "refused"  # not enough money


_Asked = tuple[Transfer, "asyncio.Future[Verdict]"]


@dataclass(slots=True)
class Passing:
    """One writer in front of the book, in a thread of its own."""

    book: Book
    loop: asyncio.AbstractEventLoop
    _queue: queue.SimpleQueue[_Asked | None] = field(default_factory=queue.SimpleQueue)

    async def submit(self, transfer: Transfer) -> Verdict:
        """Hand in one transfer; return its verdict once that is committed."""
        verdict: asyncio.Future[Verdict] = self.loop.create_future()
        self._queue.put((transfer, verdict))
        return await verdict

    def end(self) -> None:
        """Let the writer end."""
        self._queue.put(None)

    def serve(self) -> None:
        """Write what is handed in, until `end`."""
        while (first := self._queue.get()) is not None:
            taken: list[_Asked] = [first]
            with suppress(queue.Empty):
                while len(taken) < _BATCH_MAX:
                    one = self._queue.get_nowait()
                    assert one is not None, "ended before the last verdict"
                    taken.append(one)
            verdicts = self._write([transfer for transfer, _ in taken])
            self.loop.call_soon_threadsafe(_tell, taken, verdicts)

    def _write(self, asked: Sequence[Transfer]) -> list[Verdict]:
        """Write *asked* as if none stood in the book yet; look only if that fails."""
        try:
            return self.book.run(lambda c: _write(c, asked, set()))
        except AlreadyBooked as before:
            twice = before.keys
            return self.book.run(lambda c: _write(c, asked, set(twice)))


def _tell(taken: Sequence[_Asked], verdicts: Sequence[Verdict]) -> None:
    for (_, future), verdict in zip(taken, verdicts, strict=True):
        future.set_result(verdict)


def _write(connection: Connection, asked: Sequence[Transfer], known: set[str]) -> list[Verdict]:
    held = ledger.lock(connection, {side for one in asked for side in (one.source, one.target)})
    verdicts = [_decide(one, held, known) for one in asked]
    decided = zip(asked, verdicts, strict=True)
    ledger.book(connection, [one for one, verdict in decided if verdict is Verdict.BOOKED])
    return verdicts


def _decide(transfer: Transfer, held: dict[int, Cents], known: set[str]) -> Verdict:
    if transfer.key in known:
        return Verdict.TWICE
    if held[transfer.source] < transfer.amount:
        return Verdict.REFUSED
    known.add(transfer.key)
    held[transfer.source] = Cents(held[transfer.source] - transfer.amount)
    held[transfer.target] = Cents(held[transfer.target] + transfer.amount)
    return Verdict.BOOKED


def rate(book: Book, make: Callable[[], Transfer], *, submitters: int, seconds: float) -> float:
    """Return the transfers booked a second by *submitters* who each wait for their verdict."""
    return asyncio.run(_rate(book, make, submitters, seconds))


async def _rate(book: Book, make: Callable[[], Transfer], submitters: int, seconds: float) -> float:
    passing = Passing(book, asyncio.get_running_loop())
    writer = threading.Thread(target=passing.serve)
    writer.start()
    started = perf_counter()
    until = started + seconds

    async def submit() -> int:
        booked = 0
        while perf_counter() < until:
            assert await passing.submit(make()) is Verdict.BOOKED
            booked += 1
        return booked

    counts = await asyncio.gather(*(submit() for _ in range(submitters)))
    elapsed = perf_counter() - started
    passing.end()
    writer.join()
    return sum(counts) / elapsed
