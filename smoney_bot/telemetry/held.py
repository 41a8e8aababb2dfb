"""What the book says of money that rests with the bank for others, as gauges."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily

from smoney_bot.book.vitals import Vitals, seconds_since


def held_figures(found: Vitals) -> Iterator[GaugeMetricFamily]:
    """Yield what is held, for how long, whether any of it is late, and the open collections."""
    held, now = found.held, found.now
    yield GaugeMetricFamily(
        "smoney_held_payments", "Payments held for people without an account.", held.count
    )
    yield GaugeMetricFamily("smoney_held_cents", "What they come to, in cents.", held.cents)
    yield GaugeMetricFamily(
        "smoney_held_oldest_seconds",
        "Age of the oldest of them.",
        seconds_since(held.oldest, now) or 0,
    )
    yield GaugeMetricFamily(
        "smoney_held_late_seconds",
        "Since the first of them should have gone back.",
        seconds_since(held.first_end, now) or 0,
    )
    yield GaugeMetricFamily(
        "smoney_collections_open", "Collections that take gifts.", held.collections
    )
