"""Findings: what was looked at, how it is, and the one thing to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

#: Clocks that differ by more judge codes and limits wrongly.
SKEW_MAX = timedelta(seconds=5)


class Mark(StrEnum):
    """How something is."""

    GREEN = "green"
    YELLOW = "yellow"  # works, or cannot be seen from here: somebody should look
    RED = "red"  # does not work
    NOTE = "note"  # neither good nor bad


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `advice` is the one thing to do."""

    check: str
    mark: Mark
    said: str
    advice: str = ""


def green(check: str, said: str) -> Finding:
    """Return that *check* is well."""
    return Finding(check, Mark.GREEN, said)


def yellow(check: str, said: str, advice: str) -> Finding:
    """Return that somebody should look."""
    return Finding(check, Mark.YELLOW, said, advice)


def red(check: str, said: str, advice: str) -> Finding:
    """Return that *check* does not work."""
    return Finding(check, Mark.RED, said, advice)


def note(check: str, said: str, advice: str = "") -> Finding:
    """Return a fact, or that something was not looked at."""
    return Finding(check, Mark.NOTE, said, advice)


def clock(check: str, there: datetime, here: datetime) -> Finding:
    """Compare another clock with ours, both in UTC."""
    ahead = (here - there).total_seconds()
    if abs(ahead) > SKEW_MAX.total_seconds():
        said = f"ours is {abs(ahead):.0f} s {'ahead' if ahead > 0 else 'behind'}"
        return red(check, said, "Set this machine's clock by NTP.")
    return green(check, "the same as ours")


def age(span: timedelta) -> str:
    """Write a span the way people say it: 40 min, 5 h, 3 days."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 120:  # noqa: PLR2004 - two hours
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"  # noqa: PLR2004 - two days
