"""What the book says of the service, as gauges read at each scrape.

Every process tells the same of these: take the maximum over instances. Two
scrapes within a second share one look at the book.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from time import monotonic

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from smoney_bot.bank.errors import TryLater
from smoney_bot.book import vitals
from smoney_bot.book.engine import Book
from smoney_bot.book.vitals import Queue, Vitals, seconds_since
from smoney_bot.channels.x.budget import Budget
from smoney_bot.telemetry.desk import desk_figures
from smoney_bot.telemetry.held import held_figures

_CACHED_SECONDS = 1.0
_MILLION = 1_000_000

_Family = GaugeMetricFamily | GaugeHistogramMetricFamily


def registry_of(book: Book, budget: Budget) -> CollectorRegistry:
    """Return all there is to measure: what this process counts, and what *book* says."""
    registry = CollectorRegistry()
    registry.register(REGISTRY)
    registry.register(Figures(book, budget))
    return registry


class Figures(Collector):
    """Reads the book when Prometheus asks; while it is away, only `smoney_book_up` is told."""

    def __init__(self, book: Book, budget: Budget) -> None:
        self._book = book
        self._budget = budget
        self._lock = threading.Lock()
        self._told: list[_Family] = []
        self._until = 0.0

    def collect(self) -> Iterator[_Family]:
        """Yield the gauges."""
        with self._lock:
            if monotonic() >= self._until:
                self._told = list(self._look())
                self._until = monotonic() + _CACHED_SECONDS
            told = self._told
        yield from told

    def _look(self) -> Iterator[_Family]:
        up = "Whether the book answers (1) or is away (0)."
        try:
            found = vitals.read(self._book)
        except TryLater:
            yield GaugeMetricFamily("smoney_book_up", up, 0)
            return
        yield GaugeMetricFamily("smoney_book_up", up, 1)
        yield from _boxes(found)
        yield from _loops(found)
        yield from _ledger(found)
        yield from _x(found, self._budget)
        yield from desk_figures(found)
        yield from held_figures(found)


def _boxes(found: Vitals) -> Iterator[GaugeMetricFamily]:
    yield from _queue("smoney_inbox_waiting", "messages not decided yet", found.messages, found)
    yield from _queue(
        "smoney_outbox_waiting", "replies that have not left yet", found.replies, found
    )
    yield GaugeMetricFamily(
        "smoney_inbox_set_aside",
        "Messages that failed too often and wait for an operator.",
        found.set_aside,
    )
    yield GaugeMetricFamily(
        "smoney_outbox_given_up", "Replies of the last 24 hours that were given up.", found.given_up
    )
    if (silence := seconds_since(found.kept_at, found.now)) is not None:
        yield GaugeMetricFamily(
            "smoney_inbox_silence_seconds", "Since the last message came in.", silence
        )


def _queue(name: str, what: str, queue: Queue, found: Vitals) -> Iterator[GaugeMetricFamily]:
    yield GaugeMetricFamily(name, f"Number of {what}.", queue.count)
    age = queue.age_seconds(found.now)
    yield GaugeMetricFamily(f"{name}_seconds", f"Age of the oldest of {what}.", age)


def _loops(found: Vitals) -> Iterator[GaugeMetricFamily]:
    rested = GaugeMetricFamily(
        "smoney_loop_rested_seconds", "Since a loop last came round.", labels=["loop"]
    )
    allowed = GaugeMetricFamily(
        "smoney_loop_rest_max_seconds", "How long it may rest.", labels=["loop"]
    )
    for one in found.rounds:
        rested.add_metric([one.loop], one.rested_seconds(found.now))
        allowed.add_metric([one.loop], one.every_seconds)
    yield from (rested, allowed)


def _ledger(found: Vitals) -> Iterator[GaugeMetricFamily]:
    yield GaugeMetricFamily(
        "smoney_book_must_recover",
        "Whether the book was restored and pays nothing yet.",
        int(found.must_recover is not None),
    )
    yield from _queue(
        "smoney_ledger_unsealed", "transfers behind the last page", found.unsealed, found
    )
    if (age := seconds_since(found.sealed_at, found.now)) is not None:
        yield GaugeMetricFamily(
            "smoney_ledger_seal_age_seconds", "Since the last page was closed.", age
        )


def _x(found: Vitals, budget: Budget) -> Iterator[GaugeMetricFamily]:
    labels = ["endpoint", "span"]
    limit = GaugeMetricFamily(
        "smoney_x_window_limit", "Calls that X takes in a window.", labels=labels
    )
    left = GaugeMetricFamily(
        "smoney_x_window_remaining", "Calls that X still takes in it.", labels=labels
    )
    for one in found.windows:
        limit.add_metric([one.endpoint, one.span], one.limit)
        left.add_metric([one.endpoint, one.span], one.at(found.now).remaining)
    spent = GaugeMetricFamily(
        "smoney_x_spent_dollars", "What X bills for this UTC day so far.", labels=["call"]
    )
    for kind in found.spent:
        spent.add_metric([kind.call], kind.micro_dollars / _MILLION)
    yield from (limit, left, spent)
    yield GaugeMetricFamily(
        "smoney_x_budget_dollars",
        "What a UTC day may cost at X.",
        budget.micro_dollars / _MILLION,
    )
    age = GaugeMetricFamily(
        "smoney_x_list_age_seconds", "Since a list of X was last read.", labels=["list"]
    )
    for name, read_at in found.lists_read_at.items():
        age.add_metric([name], seconds_since(read_at, found.now) or 0)
    yield age
    yield GaugeMetricFamily(
        "smoney_x_halted", "Whether X takes nothing from us for now.", int(found.halted)
    )
    yield GaugeMetricFamily(
        "smoney_x_registered", "Whether X was told to bring us messages.", int(found.registered)
    )
