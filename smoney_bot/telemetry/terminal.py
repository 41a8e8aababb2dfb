"""The log as people read it: time, level, what happened, and what it happened to.

21:04:13 info    payment.booked           reference=7K3Q-48 amount_cents=2000 key=t:19
"""

from __future__ import annotations

from io import StringIO
from typing import TextIO

import structlog
from structlog.dev import Column, ConsoleRenderer, KeyValueColumnFormatter
from structlog.typing import ExcInfo

from smoney_bot.telemetry.masking import mask

_LEVEL_WIDTH = len("warning")
_EVENT_WIDTH = 24


class _Level:
    """A level in its colour, without brackets."""

    def __init__(self, *, colours: bool) -> None:
        self._styles = ConsoleRenderer.get_default_level_styles(colours)
        self._reset = ConsoleRenderer.get_default_column_styles(colours).reset

    def __call__(self, key: str, value: object) -> str:
        """Return the level padded, so that what follows stands in a column."""
        del key
        level = str(value)
        return f"{self._styles.get(level, '')}{level:{_LEVEL_WIDTH}}{self._reset}"


def renderer(*, colours: bool) -> ConsoleRenderer:
    """Return what writes a line for people; tracebacks without local variables."""
    style = ConsoleRenderer.get_default_column_styles(colours)

    def bare(value_style: str, width: int = 0) -> KeyValueColumnFormatter:
        return KeyValueColumnFormatter(None, value_style, style.reset, _shown, width=width)

    def fact(value_style: str) -> KeyValueColumnFormatter:
        return KeyValueColumnFormatter(style.kv_key, value_style, style.reset, _shown)

    return ConsoleRenderer(
        columns=[
            Column("timestamp", bare(style.timestamp)),
            Column("level", _Level(colours=colours)),
            Column("event", bare(style.bright, _EVENT_WIDTH)),
            Column("reference", fact(style.bright + style.kv_value)),
            Column("", fact("")),
            Column("logger", lambda _, name: f"{style.timestamp}[{name}]{style.reset}"),
        ],
        exception_formatter=_write_traceback,
        sort_keys=False,
    )


def _shown(value: object) -> str:
    """Write a fact on the line it belongs to, whatever is in it."""
    words = str(value)
    plain = words.isprintable() and not set(words) & set("\"'=")
    return words if plain else repr(words)


def _write_traceback(stream: TextIO, exc_info: ExcInfo) -> None:
    """Write a traceback without local variables, digits starred as in JSON."""
    plain = StringIO()
    structlog.dev.plain_traceback(plain, exc_info)
    stream.write(mask(plain.getvalue()))
