"""What the book says of the desk, as gauges."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily

from smoney_bot.bank.branch import Colour, RequestKind
from smoney_bot.book.vitals import Vitals, seconds_since

#: From five minutes to a week; help is due after half an hour.
_BUCKETS = (300, 900, 1800, 3600, 14_400, 86_400, 172_800, 604_800)


def desk_figures(found: Vitals) -> Iterator[GaugeMetricFamily | GaugeHistogramMetricFamily]:
    """Yield what waits at the desk, for how long, and how long its answers took."""
    waiting = GaugeMetricFamily(
        "smoney_desk_requests", "Requests that wait for an answer.", labels=["kind", "colour"]
    )
    for kind, colour in product(RequestKind, Colour):
        waiting.add_metric([kind, colour], found.desk.waiting[kind, colour])
    yield waiting
    yield GaugeMetricFamily(
        "smoney_desk_oldest_seconds",
        "Age of the oldest of them.",
        seconds_since(found.desk.oldest, found.now) or 0,
    )
    took = GaugeHistogramMetricFamily(
        "smoney_desk_answer_seconds",
        "From request to answer, of the answers of the last 24 hours.",
        labels=["kind"],
    )
    for kind, seconds in found.desk.answer_seconds.items():
        took.add_metric([kind], _buckets(seconds), sum(seconds))
    yield took
    in_time = GaugeMetricFamily(
        "smoney_desk_answers_in_time",
        "Those of these answers that came by the time promised.",
        labels=["kind"],
    )
    for kind in RequestKind:
        in_time.add_metric([kind], found.desk.in_time[kind])
    yield in_time


def _buckets(seconds: list[float]) -> list[tuple[str, float]]:
    counted = [(str(float(edge)), float(sum(one <= edge for one in seconds))) for edge in _BUCKETS]
    return [*counted, ("+Inf", float(len(seconds)))]
