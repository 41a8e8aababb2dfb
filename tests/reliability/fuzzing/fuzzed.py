"""Reading fuzzed tweets twice, by the bank and by hand, and comparing."""

from __future__ import annotations

import itertools
import time
from array import array
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Self

from orders_by_hand import Paid, payment_by_hand
from reliability_figures import chance
from tweets import BOT, tweets

from smoney_bot.bank.messages import ClearMessage
from smoney_bot.bank.orders import Order, Pay, read

#: What one process reads before it reports, and how many errors it tells of.
PART = 20_000
_TOLD_MAX = 5


@dataclass
class Tally:
    """What came of reading some tweets."""

    texts: int = 0
    payments: int = 0
    wrong: list[str] = field(default_factory=list)  # the text, and how it was read
    failed: list[str] = field(default_factory=list)  # the text, and what was raised
    slow_ns: int = 0  # the 99th percentile of one reading, of the slowest part

    def add(self, other: Self) -> None:
        """Take in what another part came to."""
        self.texts += other.texts
        self.payments += other.payments
        self.wrong += other.wrong
        self.failed += other.failed
        self.slow_ns = max(self.slow_ns, other.slow_ns)


def read_tweets(count: int, processes: int = 1) -> Tally:
    """Read *count* tweets in so many processes; the same ones every time."""
    starts = range(0, count, PART)
    sizes = [min(PART, count - start) for start in starts]
    whole = Tally()
    for tally in _parts(starts, sizes, processes):
        whole.add(tally)
    return whole


def _parts(starts: Iterable[int], sizes: Iterable[int], processes: int) -> Iterator[Tally]:
    if processes == 1:
        yield from map(read_part, starts, sizes)
        return
    # Not forked: this process has threads.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(read_part, starts, sizes)


def read_part(start: int, size: int) -> Tally:
    """Read the tweets from number *start* on."""
    tally, spent = Tally(texts=size), array("q")
    for message in itertools.islice(tweets(chance(f"tweets {start}")), size):
        began = time.thread_time_ns()
        try:
            order = read(message, BOT)
        except Exception as error:  # noqa: BLE001 - any is a failure of the figure
            tally.failed.append(f"{message.text!r}: {error!r}")
            continue
        spent.append(time.thread_time_ns() - began)
        tally.payments += isinstance(order, Pay)
        if why := disagreement(message, order, payment_by_hand(message)):
            tally.wrong.append(why)
    tally.slow_ns = sorted(spent)[len(spent) * 99 // 100]
    tally.wrong, tally.failed = tally.wrong[:_TOLD_MAX], tally.failed[:_TOLD_MAX]
    return tally


def disagreement(message: ClearMessage, order: Order, by_hand: Paid | None) -> str:
    """Return how the two readings differ; nothing if they agree."""
    if not isinstance(order, Pay):
        missed = by_hand is not None and by_hand.sure
        return f"{message.text!r}: not read as {by_hand}" if missed else ""
    at = order.code_at
    code = (
        None if at is None or by_hand is None else message.text[at : at + len(by_hand.code or "")]
    )
    read_as = (int(order.amount), order.payee.handle, order.payee.x_id, order.tag, code)
    meant = by_hand and (by_hand.cents, by_hand.handle, by_hand.x_id, by_hand.tag, by_hand.code)
    return "" if read_as == meant else f"{message.text!r}: {read_as}, by hand {meant}"
