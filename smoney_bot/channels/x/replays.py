"""Replays: what X tried to bring, once more, in windows that follow X's rules.

X replays the last 24 hours, from a minute at least 31 minutes ago up to one at
least 10 minutes ago, and advises two hours at a time. Source: X, Account Activity
API, "Webhooks replay API".
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from itertools import pairwise

REACH = timedelta(hours=24)
_WINDOW = timedelta(hours=2)
_MINUTE = timedelta(minutes=1)

#: X's own figures and a minute more, for clocks that differ.
_FROM_AT_LATEST = timedelta(minutes=32)
_TO_AT_LATEST = timedelta(minutes=11)

#: How X writes a minute of UTC.
_FORMAT = "%Y%m%d%H%M"


class NothingToReplay(ValueError):
    """The span is too short or too long for X; the message says how long it may be."""


def windows(now: datetime, span: timedelta) -> list[tuple[str, str]]:
    """Return the windows that cover the last *span* before *now* (UTC), oldest first.

    Neighbours share a minute: X's pages differ on whether the last one counts.
    Raises `NothingToReplay`.
    """
    if not _FROM_AT_LATEST <= span <= REACH:
        raise NothingToReplay("X replays from 32 minutes ago at least, and 24 hours at most")
    begin = max(_minute(now - span), _minute(now - REACH) + 2 * _MINUTE)
    end = _minute(now - _TO_AT_LATEST)
    count = math.ceil((end - begin) / _WINDOW)
    length = (end - begin) / count  # even: the last one must not begin too late
    edges = [*(_minute(begin + number * length) for number in range(count)), end]
    return [(edge(start), edge(stop)) for start, stop in pairwise(edges)]


def edge(moment: datetime) -> str:
    """Write a moment (UTC) as X wants it."""
    return moment.strftime(_FORMAT)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
