"""Opening hours: when the desk is open, and by when a request is answered. Pure.

Help is due after so many minutes of opening time; everything else when the desk
closes on the second day that it is open, not counting the day of the request. Hours
are those of a clock on the wall, so a day on which clocks change is as long as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from smoney_bot.bank.branch import RequestKind
from smoney_bot.bank.easter import days_after

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_RANGE = re.compile(rf"({'|'.join(_DAYS)})(?:-({'|'.join(_DAYS)}))?")
_SPAN = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")
_DATE = re.compile(r"(?:([0-9]{4})-)?([0-9]{2})-([0-9]{2})")
_MOVABLE = re.compile(r"easter(?:\+[1-9][0-9]?|-[1-9][0-9]?)?")
_LEAP_YEAR = 2000

USUAL_WEEK = "mon-fri 08:00-20:00 sat 09:00-17:00"
#: The French public holidays (Code du travail, L3133-1); the last three are Easter Monday,
#: Ascension and Whit Monday.
USUAL_CLOSED = "01-01 05-01 05-08 07-14 08-15 11-01 11-11 12-25 easter+1 easter+39 easter+50"
USUAL_ZONE = "Europe/Paris"

#: A desk that does not open within so many days is none.
_LOOK_AHEAD = 400

#: Minutes of a day, from and to.
Span = tuple[int, int]
Week = tuple[tuple[Span, ...], ...]


@dataclass(frozen=True, slots=True)
class Hours:
    """When the desk is open, and how long an answer may take.

    `week` has the spans of each weekday, Monday first; `closed` the days on which
    it stays shut, of one year (`2026-05-14`) or of every (`12-25`, `easter+1`).
    """

    week: Week
    closed: frozenset[str]
    zone: ZoneInfo
    help_time: timedelta = timedelta(minutes=30)
    days: int = 2

    def local(self, moment: datetime) -> datetime:
        """Return *moment* as a clock at the desk shows it."""
        return moment.astimezone(self.zone)

    def is_open(self, moment: datetime) -> bool:
        """Whether somebody is there; at the very moment of closing somebody still is."""
        day = self.local(moment).date()
        # The span of the day before ends at midnight, and midnight is the next day's.
        both = [*self.spans(day - timedelta(days=1)), *self.spans(day)]
        return any(start <= moment <= end for start, end in both)

    def spans(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Yield from when to when (UTC) the desk is open on *day*."""
        if not self.closed.isdisjoint(_names(day)):
            return
        midnight = datetime.combine(day, time.min, self.zone)
        for first, last in self.week[day.weekday()]:
            # Within one zone Python adds as a clock on the wall does.
            start, end = (midnight + timedelta(minutes=one) for one in (first, last))
            if start.astimezone(UTC) < end.astimezone(UTC):
                yield start.astimezone(UTC), end.astimezone(UTC)


class Deadlines(NamedTuple):
    """From when on an answer is urgent, and by when it is due (UTC)."""

    soon_at: datetime
    due_at: datetime


def usual() -> Hours:
    """Return the hours of a desk for which nothing else is said."""
    return Hours(read_week(USUAL_WEEK), read_dates(USUAL_CLOSED), ZoneInfo(USUAL_ZONE))


def due(now: datetime, kind: RequestKind, hours: Hours) -> datetime:
    """Return by when a request made at *now* is answered (UTC); always in opening hours."""
    if kind is RequestKind.HELP:
        return _after(now, hours.help_time, hours)
    left = hours.days
    for spans in _days(hours.local(now).date() + timedelta(days=1), hours):
        left -= 1
        if left == 0:
            return spans[-1][1]
    raise AssertionError  # pair: _days


def deadlines(now: datetime, kind: RequestKind, hours: Hours) -> Deadlines:
    """Return the moments at which a request made at *now* turns amber, and red."""
    end = due(now, kind, hours)
    between = (_overlap(one, (now, end)) for one in _spans_from(now, hours, until=end))
    return Deadlines(_after(now, sum(between, timedelta()) * 2 / 3, hours), end)


def read_week(text: str) -> Week:
    """Return the hours that *text* tells: `mon-fri 08:00-12:00 13:00-18:00 sat 09:00-17:00`.

    Raises `ValueError` for anything else, and for a week without hours.
    """
    week: list[tuple[Span, ...]] = [()] * len(_DAYS)
    days: list[int] = []
    for word in text.lower().split():
        if found := _DAY_RANGE.fullmatch(word):
            days = _range(*found.groups())
        else:
            span = _read_span(word)
            for day in days:
                week[day] = (*week[day], span)
    if not days or not any(week) or not all(map(_in_order, week)):
        raise ValueError(f"write opening hours as {USUAL_WEEK}")
    return tuple(week)


def read_dates(text: str) -> frozenset[str]:
    """Return the days in *text*: `12-25` is one of every year, `2026-05-14` of that year.

    So is `easter+1` one of every year: so many days after Easter Sunday, or before it.
    Raises `ValueError` for anything else.
    """
    for word in text.split():
        if _MOVABLE.fullmatch(word):
            continue
        found = _DATE.fullmatch(word)
        if found is None:
            raise ValueError(f"{word} is no day: write 12-25, 2026-05-14 or easter+1")
        date(int(found[1] or _LEAP_YEAR), int(found[2]), int(found[3]))
    return frozenset(text.split())


def _names(day: date) -> tuple[str, str, str]:
    """Return what *day* is called among the days on which the desk stays shut."""
    after = days_after(day)
    return f"{day:%m-%d}", day.isoformat(), f"easter{after:+}" if after else "easter"


def _range(first: str, last: str | None) -> list[int]:
    start, end = _DAYS.index(first), _DAYS.index(last or first)
    if start > end:
        raise ValueError(f"{first}-{last} is no range of days: write fri sun for two of them")
    return list(range(start, end + 1))


def _read_span(word: str) -> Span:
    found = _SPAN.fullmatch(word)
    if found is None:
        raise ValueError(f"{word} is neither days nor hours: write mon-fri and 08:00-20:00")
    hours = [int(one) for one in found.groups()]
    return hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]


def _in_order(spans: tuple[Span, ...]) -> bool:
    """Return whether spans follow each other, within one day."""
    edges = [edge for span in spans for edge in span]
    return edges == sorted(set(edges)) and all(edge <= 24 * 60 for edge in edges)


def _after(now: datetime, needed: timedelta, hours: Hours) -> datetime:
    """Return the moment before which the desk is open for as long as *needed*, from *now* on."""
    for start, end in _spans_from(now, hours):
        begin = max(start, now.astimezone(UTC))  # in UTC an hour is an hour
        if end - begin >= needed:
            return begin + needed
        needed -= end - begin
    raise AssertionError  # pair: _days


def _spans_from(
    now: datetime, hours: Hours, until: datetime | None = None
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the spans that end after *now*, no more of them after *until*."""
    for spans in _days(hours.local(now).date(), hours):
        yield from (one for one in spans if one[1] > now)
        if until is not None and spans[-1][1] >= until:
            return


def _days(first: date, hours: Hours) -> Iterator[list[tuple[datetime, datetime]]]:
    """Yield the spans of each day from *first* on that has any."""
    shut = 0
    while shut < _LOOK_AHEAD:
        spans = list(hours.spans(first))
        shut = 0 if spans else shut + 1
        if spans:
            yield spans
        first += timedelta(days=1)
    raise ValueError("the desk never opens again")


def _overlap(one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> timedelta:
    return max(min(one[1], other[1]) - max(one[0], other[0]), timedelta())
