"""Ids as X makes them: 64 bits that carry their own time and only ever grow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

#: X counts milliseconds from 2010-11-04; 22 bits below tell ids of one millisecond apart.
EPOCH_MS = 1_288_834_974_657
_LOW_BITS = 22


class Snowflakes:
    """A maker of ids on a clock that gives seconds since 1970. Not thread-safe."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> str:
        """Return a new id, larger than all before even if the clock stands still."""
        ms = round(self._clock() * 1000) - EPOCH_MS
        self._last = max(ms << _LOW_BITS, self._last + 1)
        return str(self._last)

    def now(self) -> datetime:
        """Return the clock's time, UTC."""
        return datetime.fromtimestamp(self._clock(), UTC)


def moment(snowflake: str) -> datetime:
    """Return the moment, UTC and to the millisecond, that an id carries."""
    ms = (int(snowflake) >> _LOW_BITS) + EPOCH_MS
    return datetime.fromtimestamp(ms // 1000, UTC) + timedelta(milliseconds=ms % 1000)
