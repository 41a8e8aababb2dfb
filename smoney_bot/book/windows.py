"""Windows: how many calls X still answers, and until when; shared by all processes.

X counts calls by endpoint in windows of 15 minutes and of a day. A call is taken
out of its windows before it is made, and X's headers correct the count after it:
so all processes together never make more calls than X has left.

A halt is a window of its own (`ALL`): while it lasts nothing is sent, and each
time it has passed one call may try whether X sends again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from smoney_bot.book import upserts
from smoney_bot.book.listed import is_in
from smoney_bot.book.tables import windows


class Span(StrEnum):
    """How long a window lasts, and whose calls it counts."""

    QUARTER = "15min"
    DAY = "day"  # the account's
    APP_DAY = "app-day"  # of all accounts that our app speaks for
    HALT = "halt"

    @property
    def lasts(self) -> timedelta:
        """How long it is from the first call to the reset."""
        return _LASTS.get(self, timedelta(hours=24))


_LASTS = {Span.QUARTER: timedelta(minutes=15), Span.HALT: timedelta(minutes=5)}

#: The endpoint of the window that stops all sending.
ALL = "*"

#: X tells a reset in whole seconds, cut off; a window may last a little longer.
_ROUNDING = timedelta(seconds=1)

#: What is left of a call that has no limit.
_MANY = 1_000_000

#: A reset that is later than we thought by this much belongs to another window.
_ANOTHER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Limit:
    """What X documents: so many calls in each such span."""

    span: Span
    calls: int


@dataclass(frozen=True, slots=True)
class Window:
    """How many calls remain of `limit` until `resets_at` (UTC)."""

    endpoint: str
    span: Span
    limit: int
    remaining: int
    resets_at: datetime

    def at(self, now: datetime) -> Window:
        """Return this window as it stands at *now*: a new one, if it has passed."""
        if now < self.resets_at:
            return self
        return Window(self.endpoint, self.span, self.limit, self.limit, now + self.span.lasts)


@dataclass(frozen=True, slots=True)
class Told:
    """One window as X's headers tell it; `resets_at` in whole seconds, UTC."""

    span: Span
    limit: int
    remaining: int
    resets_at: datetime


def reserve(
    connection: Connection, endpoint: str, limits: Sequence[Limit], now: datetime, *, sends: bool
) -> datetime | None:
    """Take one call out of all windows that bear on it, and return None.

    If one of them is used up nothing is taken, and the moment is returned when it
    resets (UTC). *limits* are what X documents, until X itself has told.
    """
    standing = _lock(connection, endpoint, limits, now, sends=sends)
    used_up = [window.resets_at for window in standing if window.remaining <= 0]
    if used_up:
        return max(used_up)
    for window in standing:
        _write(connection, replace(window, remaining=window.remaining - 1))
    return None


def left(
    connection: Connection, endpoint: str, limits: Sequence[Limit], now: datetime, *, sends: bool
) -> int:
    """Return how many calls X would answer now."""
    known = [one.at(now) for one in _found(connection, _bearing(endpoint, sends=sends))]
    spans = {window.span for window in known}
    unknown = [limit.calls for limit in limits if limit.span not in spans]
    return min([window.remaining for window in known] + unknown, default=_MANY)


def note(connection: Connection, endpoint: str, told: Iterable[Told], now: datetime) -> None:
    """Correct the windows of *endpoint* by what X told with an answer.

    Calls that are under way are not in X's count yet, so within one window the
    smaller count is true; and of an old window nothing is to be learnt.
    """
    held = _found(connection, _bearing(endpoint, sends=False), lock=True)
    found = {window.span: window for window in held}
    for one in told:
        if one.resets_at <= now:
            continue
        ours = found.get(one.span)
        same = ours is not None and now < ours.resets_at > one.resets_at - _ANOTHER
        remaining = min(ours.remaining, one.remaining) if ours and same else one.remaining
        ends = one.resets_at + _ROUNDING
        _write(connection, Window(endpoint, one.span, one.limit, max(remaining, 0), ends))


def close(connection: Connection, endpoint: str, span: Span, until: datetime) -> None:
    """Let nothing through to *endpoint* before *until* (UTC)."""
    row = asdict(Window(endpoint, span, limit=1, remaining=0, resets_at=until))
    upserts.add_or_change(connection, windows, [row], anew=("remaining", "resets_at"))


def halt(connection: Connection, now: datetime) -> None:
    """Stop all sending; in five minutes one call may try again."""
    close(connection, ALL, Span.HALT, now + Span.HALT.lasts)


def lift(connection: Connection) -> bool:
    """End the halt: X has taken something; return whether there was one."""
    return connection.execute(_LIFT).rowcount > 0


_LIFT = delete(windows).where(windows.c.endpoint == ALL)


def halted(connection: Connection) -> bool:
    """Return whether sending is stopped, until a call gets through again."""
    return bool(_found(connection, _bearing(ALL, sends=False)))


def listing(connection: Connection) -> list[Window]:
    """Return every window, by endpoint."""
    return _windows(connection.execute(_ALL))


def _lock(
    connection: Connection, endpoint: str, limits: Sequence[Limit], now: datetime, *, sends: bool
) -> list[Window]:
    """Return the windows that bear on a call as they stand now, each held by us."""
    bearing = _bearing(endpoint, sends=sends)
    found = _found(connection, bearing, lock=True)
    spans = {window.span for window in found}
    first = [
        Window(endpoint, limit.span, limit.calls, limit.calls, now + limit.span.lasts)
        for limit in limits
        if limit.span not in spans
    ]
    if first:
        upserts.add_once(connection, windows, [asdict(one) for one in first])
        found = _found(connection, bearing, lock=True)
    return [window.at(now) for window in found]


def _bearing(endpoint: str, *, sends: bool) -> list[str]:
    return [ALL, endpoint] if sends else [endpoint]


def _found(connection: Connection, endpoints: list[str], *, lock: bool = False) -> list[Window]:
    statement = _HELD if lock else _THESE
    return _windows(connection.execute(statement, {"endpoints": endpoints}))


_ALL = select(windows).order_by(windows.c.endpoint, windows.c.span)
_THESE = _ALL.where(is_in(windows.c.endpoint, "endpoints"))
_HELD = _THESE.with_for_update()


def _windows(found: Iterable[Row[*tuple[Any, ...]]]) -> list[Window]:
    return [
        Window(row.endpoint, Span(row.span), row.limit, row.remaining, row.resets_at)
        for row in found
    ]


def _write(connection: Connection, window: Window) -> None:
    changed = ("limit", "remaining", "resets_at")
    upserts.add_or_change(connection, windows, [asdict(window)], anew=changed)
