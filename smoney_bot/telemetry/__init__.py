"""Telemetry: what the service tells of itself, set up once.

    logs.py      one line per change of state; with terminal, its form for people
    masking.py   stars for digits that we did not word ourselves
    metrics.py   what this process counts
    figures.py   what the book says, read at each scrape; with desk
    crashes.py   errors to Sentry, if a DSN is set
    tracing.py   spans for OpenTelemetry, if a collector is set

Never the text of a message, a code, a PIN or a token: nothing here takes one.
"""

from __future__ import annotations

from smoney_bot.telemetry.crashes import NotInstalled, report_crashes
from smoney_bot.telemetry.logs import configure
from smoney_bot.telemetry.metrics import (
    BATCH_MESSAGES,
    BATCH_SECONDS,
    CODE_SECONDS,
    CODES,
    KEPT,
    LOOP_ERRORS,
    MESSAGES,
    REPLIES,
    TURNED_AWAY,
    WEBHOOK_SECONDS,
    WEBHOOK_VALID,
    X_REPAIRS,
    count_x_call,
)
from smoney_bot.telemetry.tracing import export_spans, span

__all__ = [
    "BATCH_MESSAGES",
    "BATCH_SECONDS",
    "CODES",
    "CODE_SECONDS",
    "KEPT",
    "LOOP_ERRORS",
    "MESSAGES",
    "REPLIES",
    "TURNED_AWAY",
    "WEBHOOK_SECONDS",
    "WEBHOOK_VALID",
    "X_REPAIRS",
    "NotInstalled",
    "configure",
    "count_x_call",
    "export_spans",
    "report_crashes",
    "span",
]
