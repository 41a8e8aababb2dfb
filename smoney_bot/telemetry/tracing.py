"""Spans for OpenTelemetry, if OTEL_EXPORTER_OTLP_ENDPOINT names a collector (extra `otel`).

One for each batch of messages and each reply that leaves, with counts and outcomes.
They hold no text, no name and no error's words. Without a collector a span costs
a microsecond and goes nowhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace

from smoney_bot.telemetry.crashes import NotInstalled
from smoney_bot.version import VERSION

#: OpenTelemetry's own name: its library reads this and its fellows by itself.
_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"

_tracer = trace.get_tracer("smoney_bot", VERSION)


@contextmanager
def span(name: str) -> Iterator[trace.Span]:
    """Time the block as one span; put figures and single words on it, nothing else."""
    # An exception may quote what a customer wrote: its name and words stay here.
    with _tracer.start_as_current_span(
        name, record_exception=False, set_status_on_exception=False
    ) as opened:
        yield opened


def export_spans() -> None:
    """Send spans to the collector of the environment, if it names one; raises `NotInstalled`."""
    if not os.environ.get(_ENDPOINT):
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - an extra
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - likewise
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - likewise
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - likewise
    except ModuleNotFoundError:
        message = f"{_ENDPOINT} needs OpenTelemetry's library: pip install 'smoney-bot[otel]'"
        raise NotInstalled(message) from None
    resource = Resource.create({"service.name": "smoney-bot", "service.version": VERSION})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
