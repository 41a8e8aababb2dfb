"""Easter Sunday of the Gregorian calendar, from which movable holidays are counted."""

from __future__ import annotations

from datetime import date


def easter(year: int) -> date:
    """Return Easter Sunday of *year*.

    The anonymous algorithm of *Nature*, 20 April 1876, as Jean Meeus gives it in
    *Astronomical Algorithms*, chapter 8; its letters are kept, so that it can be compared.
    """
    a = year % 19
    b, c = divmod(year, 100)
    d, e = divmod(b, 4)
    f = (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    l = (32 + 2 * e + 2 * i - h - k) % 7  # noqa: E741 - the source's letter
    m = (a + 11 * h + 22 * l) // 451
    month, day = divmod(h + l - 7 * m + 114, 31)
    return date(year, month, day + 1)


def days_after(day: date) -> int:
    """Return how many days *day* is after Easter Sunday of its year; less than 0 before it."""
    return (day - easter(day.year)).days
