"""How often each call may be made: X's windows of 15 minutes and of 24 hours.

Figures: docs.x.com, fundamentals, rate limits (pay-per-use, 2026).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from smoney_bot.channels.sandbox.oauth import Caller

QUARTER = 15 * 60
DAY = 24 * 60 * 60

#: The prefixes of the headers that tell a window's state.
_WINDOW = "x-rate-limit"
_USER_DAY = "x-user-limit-24hour"
_APP_DAY = "x-app-limit-24hour"


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many calls: per user and per app in 15 minutes, and both in 24 hours.

    None: no limit of that kind. Zero: never.
    """

    user: int | None = None
    app: int | None = None
    user_day: int | None = None
    app_day: int | None = None


@dataclass(frozen=True, slots=True)
class _Window:
    limit: int
    used: int
    ends: float


class RateLimits:
    """Counts calls on a clock that gives seconds since 1970. Thread-safe."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, str, str], _Window] = {}

    def count(
        self, endpoint: str, allowance: Allowance, caller: Caller
    ) -> tuple[bool, dict[str, str]]:
        """Count one call and return whether it is allowed, and the headers to answer with."""
        now = self._clock()
        with self._lock:
            windows = {
                prefix: self._window((endpoint, prefix, who), limit, seconds, now)
                for prefix, who, limit, seconds in _limits(allowance, caller)
            }
            allowed = all(window.used < window.limit for window in windows.values())
            if allowed:
                windows = {p: replace(w, used=w.used + 1) for p, w in windows.items()}
            for prefix, who, _, _ in _limits(allowance, caller):
                self._windows[endpoint, prefix, who] = windows[prefix]
        return allowed, _headers(windows)

    def _window(self, key: tuple[str, str, str], limit: int, seconds: int, now: float) -> _Window:
        """Return the window that is running, or a new one that starts with this call."""
        window = self._windows.get(key)
        return window if window and window.ends > now else _Window(limit, 0, now + seconds)


def _limits(allowance: Allowance, caller: Caller) -> Iterator[tuple[str, str, int, int]]:
    """Yield (prefix, whose, limit, seconds) for each limit that bears on the caller."""
    quarter = allowance.app if caller.user_id is None else allowance.user
    if quarter is not None:
        yield _WINDOW, caller.user_id or "", quarter, QUARTER
    if allowance.user_day is not None and caller.user_id is not None:
        yield _USER_DAY, caller.user_id, allowance.user_day, DAY
    if allowance.app_day is not None:
        yield _APP_DAY, "", allowance.app_day, DAY


def _headers(windows: dict[str, _Window]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for prefix, window in windows.items():
        headers[f"{prefix}-limit"] = str(window.limit)
        headers[f"{prefix}-remaining"] = str(window.limit - window.used)
        headers[f"{prefix}-reset"] = str(int(window.ends))
    return headers
