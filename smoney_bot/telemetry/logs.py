"""The log: one line per change of state on standard output.

JSON for machines, or readable on a terminal; with the reference of the payment
and times in UTC. `docs/logs.md` lists every event.
"""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from smoney_bot.telemetry import terminal
from smoney_bot.telemetry.masking import mask, masked

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

_OURS = "smoney_bot."


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
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if text else "iso", utc=True),
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
    _leave_out_what_nobody_reads()
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _PINNED:
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.handlers, logger.propagate = [], True


def _leave_out_what_nobody_reads() -> None:
    """Spare each line the search for its place in the code, its thread and its process.

    They took a third of its time. As in "Optimization" of Python's logging HOWTO.
    """
    logging._srcfile = None  # noqa: SLF001 - the documented way
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def _render(*, text: bool, colours: bool) -> list[Processor]:
    if text:
        return [_name_strangers_only, terminal.renderer(colours=colours)]
    # Local variables of a traceback may hold anything: they are never shown.
    tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return [
        structlog.processors.ExceptionRenderer(tracebacks),
        _mask_exception,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]


def _mask_foreign(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Star digits in lines that we did not word ourselves."""
    line["event"] = mask(str(line.get("event", "")))
    return line


def _mask_exception(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Star digits in the words of exceptions: they quote what they stumbled over."""
    if "exception" in line:
        line["exception"] = masked(line["exception"])
    return line


def _name_strangers_only(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Leave out our own module's name: the event tells people enough."""
    if str(line.get("logger", "")).startswith(_OURS):
        del line["logger"]
    return line
