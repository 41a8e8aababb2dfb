"""Telemetry: the log format and the metrics, set up once.

One line per change of state on standard output, JSON for machines or readable
on a terminal, with the reference of the payment and times in UTC. Never the
text of a message, a code, a PIN or a token: nothing here takes one.
"""

from __future__ import annotations

import logging
import re
import sys
from io import StringIO
from typing import Any, TextIO

import structlog
from prometheus_client import Counter, Histogram
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

MESSAGES = Counter("smoney_messages", "Messages by how they ended.", ["outcome"])
KEPT = Counter("smoney_messages_kept", "Messages kept in the inbox, each once.")
TURNED_AWAY = Counter("smoney_deliveries_refused", "Webhook calls refused.", ["why"])
REPLIES = Counter("smoney_replies", "Replies by what became of them.", ["outcome"])
BATCH_SECONDS = Histogram("smoney_batch_seconds", "From claim to commit of a batch, in seconds.")

#: Libraries that write headers, bodies or tokens when asked for more detail.
_PINNED = (
    "tweepy",
    "urllib3",
    "requests",
    "requests_oauthlib",
    "oauthlib",
    "sqlalchemy",
    "alembic",
    "uvicorn",
    "uvicorn.access",
    "uvicorn.error",
)

#: Four digits in a row or more, in a text of somebody else's making, may be a code.
_DIGITS = re.compile(r"\d{4,}")


def configure(log_format: str, level: str, stream: TextIO | None = None) -> None:
    """Send every log line, ours and the libraries', to *stream* in one format.

    *log_format* is `json`, `text`, or `auto`: text on a terminal, else JSON.
    """
    stream = stream or sys.stdout
    text = log_format == "text" or (log_format == "auto" and stream.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _mask_foreign],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_render(text=text, colours=stream.isatty()),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _PINNED:
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.handlers, logger.propagate = [], True


def _render(*, text: bool, colours: bool) -> list[Processor]:
    if text:
        return [
            structlog.dev.ConsoleRenderer(
                colors=colours, exception_formatter=_write_traceback, pad_event_to=24
            )
        ]
    # Local variables of a traceback may hold anything: they are never shown.
    tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return [
        structlog.processors.ExceptionRenderer(tracebacks),
        _mask_exception,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]


def _mask(words: str) -> str:
    return _DIGITS.sub(lambda found: "*" * len(found[0]), words)


def _mask_foreign(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Star digits in lines that we did not word ourselves."""
    line["event"] = _mask(str(line.get("event", "")))
    return line


def _mask_exception(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Star digits in the words of exceptions: they quote what they stumbled over."""
    if "exception" in line:
        line["exception"] = _masked(line["exception"])
    return line


def _masked(told: Any, name: str = "") -> Any:  # noqa: ANN401 - what a traceback is told in
    """Return a traceback as structlog tells it, digits starred in all but names and places."""
    if isinstance(told, dict):
        return {name: _masked(value, name) for name, value in told.items()}
    if isinstance(told, list):
        return [_masked(one, name) for one in told]
    return _mask(told) if isinstance(told, str) and name != "filename" else told


def _write_traceback(stream: TextIO, exc_info: ExcInfo) -> None:
    """Write a traceback without local variables, digits starred as in JSON."""
    plain = StringIO()
    structlog.dev.plain_traceback(plain, exc_info)
    stream.write(_mask(plain.getvalue()))
