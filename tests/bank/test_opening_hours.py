"""When an answer is due: always while the desk is open, never earlier than it may be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoney_bot.bank.branch import RequestKind
from smoney_bot.bank.easter import easter
from smoney_bot.bank.opening_hours import (
    Hours,
    deadlines,
    due,
    read_dates,
    read_week,
    usual,
)

PARIS = ZoneInfo("Europe/Paris")
HELP, LOAN = RequestKind.HELP, RequestKind.LOAN
USUAL = usual()
#: Open at night too, when clocks change.
NIGHTLY = replace(USUAL, week=read_week("mon-sun 00:00-24:00"), closed=frozenset())
NIGHTLY_IN_FRANCE = replace(NIGHTLY, closed=USUAL.closed)


def at(text: str) -> datetime:
    """A moment by the clock in Paris."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("now", "help_due", "loan_due"),
    [
        # An ordinary Tuesday; lunch is no pause here.
        ("2026-11-24T10:00", "2026-11-24T10:30", "2026-11-26T20:00"),
        ("2026-11-24T07:00", "2026-11-24T08:30", "2026-11-26T20:00"),
        ("2026-11-24T19:30", "2026-11-24T20:00", "2026-11-26T20:00"),
        ("2026-11-24T19:50", "2026-11-25T08:20", "2026-11-26T20:00"),
        # Friday evening, Saturday evening, Sunday.
        ("2026-11-27T20:00", "2026-11-28T09:30", "2026-11-30T20:00"),
        ("2026-11-28T16:45", "2026-11-30T08:15", "2026-12-01T20:00"),
        ("2026-11-29T12:00", "2026-11-30T08:30", "2026-12-01T20:00"),
        # Christmas 2026 is a Friday.
        ("2026-12-24T19:55", "2026-12-26T09:25", "2026-12-28T20:00"),
        # Easter Monday, Ascension and Whit Monday of 2027: 29 March, 6 and 17 May. So is 8 May.
        ("2027-03-27T16:45", "2027-03-30T08:15", "2027-03-31T20:00"),
        ("2027-05-05T19:45", "2027-05-07T08:15", "2027-05-10T20:00"),
        ("2027-05-15T16:45", "2027-05-18T08:15", "2027-05-19T20:00"),
    ],
)
def test_an_answer_is_due_as_people_expect(now: str, help_due: str, loan_due: str) -> None:
    assert due(at(now), HELP, USUAL) == at(help_due)
    assert due(at(now), LOAN, USUAL) == at(loan_due)


def test_the_last_third_begins_in_opening_hours_too() -> None:
    assert deadlines(at("2026-11-24T10:00"), HELP, USUAL).soon_at == at("2026-11-24T10:20")
    assert deadlines(at("2026-11-24T19:50"), HELP, USUAL).soon_at == at("2026-11-25T08:10")
    # 10 + 12 + 12 hours of opening until Thursday evening; 22 h 40 of them are two thirds.
    soon = deadlines(at("2026-11-24T10:00"), LOAN, USUAL).soon_at
    assert soon == at("2026-11-26T08:40")


def test_a_day_on_which_clocks_change_is_as_long_as_it_is() -> None:
    for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 7, 1), 24)):
        ((start, end),) = NIGHTLY.spans(day)
        assert end - start == timedelta(hours=hours)
    # Clocks go from 02:00 to 03:00: half an hour after 01:45 is 03:15 on the wall.
    assert due(at("2026-03-29T01:45"), HELP, NIGHTLY) == at("2026-03-29T03:15")
    gone = replace(NIGHTLY, week=read_week("sun 02:00-03:00 mon 08:00-09:00"))
    assert due(at("2026-03-29T01:00"), HELP, gone) == at("2026-03-30T08:30")
    twice = replace(NIGHTLY, week=read_week("sun 02:00-03:00"))
    ((start, end),) = twice.spans(date(2026, 10, 25))
    assert end - start == timedelta(hours=2)


_SPANS = ("08:00-12:00", "13:00-18:30", "22:00-24:00", "00:00-03:00", "02:15-02:45")
_HOURS = st.builds(
    lambda days, spans, closed, minutes, count: Hours(
        read_week(" ".join(f"{day} {' '.join(sorted(spans))}" for day in sorted(days))),
        frozenset(closed),
        PARIS,
        timedelta(minutes=minutes),
        count,
    ),
    st.sets(st.sampled_from(["mon", "wed", "thu", "sat", "sun"]), min_size=1),
    st.sampled_from([_SPANS[:2], _SPANS[3:4], _SPANS[1:3], _SPANS[4:]]),
    st.sets(st.sampled_from(["12-25", "03-29", "2026-10-25", "02-29"])),
    st.integers(1, 600),
    st.integers(1, 10),
)
_MOMENTS = st.integers(0, 6 * 366 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def open_between(start: datetime, end: datetime, hours: Hours) -> timedelta:
    """Count opening time by looking at each day, in another way than the program does."""
    day, total = start.astimezone(PARIS).date() - timedelta(days=1), timedelta()
    while day <= end.astimezone(PARIS).date():
        for first, last in hours.spans(day):
            total += max(min(last, end) - max(first, start), timedelta())
        day += timedelta(days=1)
    return total


@given(_MOMENTS, _HOURS, st.sampled_from(RequestKind))
def test_it_is_due_while_the_desk_is_open_and_exactly_when_it_should(
    now: datetime, hours: Hours, kind: RequestKind
) -> None:
    soon, end = deadlines(now, kind, hours)
    assert now <= soon <= end
    assert hours.is_open(end)
    assert hours.is_open(soon)
    opening = open_between(now, end, hours)
    assert abs(open_between(now, soon, hours) - opening * 2 / 3) < timedelta(milliseconds=1)
    if kind is HELP:
        assert opening == hours.help_time
        return
    today, last = now.astimezone(PARIS).date(), (end - timedelta(minutes=1)).astimezone(PARIS)
    days = ((last.date() - today).days - one for one in range((last.date() - today).days))
    opened = [day for day in days if any(hours.spans(today + timedelta(days=day)))]
    assert len(opened) == hours.days


def test_a_desk_that_ignored_its_hours_would_be_caught() -> None:
    """The negative control: plain minutes end at night, on Sundays and on holidays."""
    plain = [at(text) + USUAL.help_time for text in ("2026-11-24T23:00", "2026-11-29T12:00")]
    assert not any(map(USUAL.is_open, plain))
    assert not USUAL.is_open(at("2026-12-25T10:00"))
    assert USUAL.is_open(at("2026-11-24T20:00"))
    assert not USUAL.is_open(at("2026-11-24T20:01"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mon-fri",
        "08:00-20:00",
        "mon 20:00-08:00",
        "mon 08:00-12:00 11:00-13:00",
        "mon 08:00-08:00",
        "mon 8-20",
        "mon 08:00-25:00",
        "mon 08:00-24:30",
        "fri-mon 08:00-20:00",
        "lun 08:00-20:00",
    ],
)
def test_hours_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        read_week(text)


def test_holidays_are_days_that_exist() -> None:
    assert read_dates("") == frozenset()
    assert read_dates("12-25 2026-05-14 02-29") == {"12-25", "2026-05-14", "02-29"}
    assert read_dates("easter easter-2 easter+39") == {"easter", "easter-2", "easter+39"}
    wrong = ("25-12", "2026-02-29", "christmas", "12/25", "easter+0", "easter39", "easter+100")
    for text in wrong:
        with pytest.raises(ValueError, match=r"."):
            read_dates(text)


#: As almanacs have them; the last five are the earliest and the latest that there are.
EASTERS = (
    "2000-04-23 2008-03-23 2011-04-24 2014-04-20 2024-03-31 2025-04-20 2026-04-05 2027-03-28"
    " 2028-04-16 2049-04-18 2076-04-19 1818-03-22 2285-03-22 1886-04-25 1943-04-25 2038-04-25"
)


def test_easter_falls_where_almanacs_have_it() -> None:
    for one in EASTERS.split():
        assert easter(int(one[:4])).isoformat() == one


def test_easter_is_a_sunday_from_22_march_to_25_april() -> None:
    found = [easter(year) for year in range(1600, 2400)]
    assert {one.weekday() for one in found} == {6}
    assert {f"{one:%m-%d}" for one in found} <= {
        f"{date(2001, 3, 22) + timedelta(days=day):%m-%d}" for day in range(35)
    }


def test_the_desk_is_shut_on_eleven_days_of_the_year_in_france() -> None:
    for year in range(2026, 2040):
        days = [date(year, 1, 1) + timedelta(days=one) for one in range(365)]
        shut = [one for one in days if not list(NIGHTLY_IN_FRANCE.spans(one))]
        # Ascension may fall on 1 or 8 May: one day less.
        movable = {easter(year) + timedelta(days=one) for one in (1, 39, 50)}
        assert movable <= set(shut)
        assert len(shut) == 11 - sum((one.month, one.day) in {(5, 1), (5, 8)} for one in movable)


def test_a_desk_that_never_opens_again_says_so() -> None:
    closed = {f"{date(2028, 1, 1) + timedelta(days=one):%m-%d}" for one in range(366)}
    with pytest.raises(ValueError, match="never opens"):
        due(at("2026-11-24T10:00"), HELP, replace(USUAL, closed=frozenset(closed)))
