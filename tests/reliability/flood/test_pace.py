"""More replies than X takes at once: none is refused, none is lost, none is sent twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import pytest
from paced_x import ClockBook, PacedX, backlog, paced_x, put, sender, serve_together
from reliability_figures import FULL, record
from structlog.testing import capture_logs

from smoney_bot.workers.sender import REPLY_LIFE


@dataclass(frozen=True)
class Extent:
    """How many replies, and how many of them X takes in 15 minutes."""

    replies: int
    a_window: int


#: `threats.md` row 40. At X's pace they take 12.5 hours, less than the life of a reply.
EXTENT = Extent(5_000, 100) if FULL else Extent(40, 10)
_WINDOW = timedelta(minutes=15, seconds=2)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with capture_logs():
        yield


@dataclass(frozen=True)
class Course:
    """How it went: what waited after each round, and what X had to refuse."""

    backlogs: list[int]
    refused: int
    early: int  # posts taken between two windows


def send_all(url: str, x: PacedX, extent: Extent, *, paced: bool = True) -> tuple[Course, set[str]]:
    """Let two senders send everything, window by window; return how, and what is missing."""
    book = ClockBook(url, x.clock)
    lines = put(book, x, extent.replies)
    senders = [sender(book, x, paced=paced) for _ in range(2)]
    backlogs, early, passed = [extent.replies], 0, timedelta(0)
    while backlogs[-1] and passed < REPLY_LIFE:
        serve_together(senders)
        taken = x.statuses[201]
        # Nothing may leave before the window has passed.
        x.clock.ahead += _WINDOW / 2
        serve_together(senders)
        early += x.statuses[201] - taken
        x.clock.ahead += _WINDOW / 2
        passed += _WINDOW
        backlogs.append(backlog(book))
    book.close()
    seen = x.visible()
    missing = {line for line in lines if seen[line] != 1}
    return Course(backlogs, x.statuses[429], early), missing


def test_a_backlog_leaves_at_the_pace_of_x(book_url: str) -> None:
    started = time.monotonic()
    with paced_x(EXTENT.a_window) as x:
        course, missing = send_all(book_url, x, EXTENT)
    grown = sum(later > earlier for earlier, later in pairwise(course.backlogs))
    windows = len(course.backlogs) - 1
    record(
        "replies at X's pace, two senders",
        counted=f"{EXTENT.replies:,} replies at {EXTENT.a_window} in 15 min",
        violations=course.refused + course.early + len(missing) + grown,
        seconds=time.monotonic() - started,
        seed="-",
        engine=book_url.partition(":")[0].partition("+")[0],
        note=f"{windows} windows; {course.refused} calls before a reset",
    )
    assert (course.refused, course.early) == (0, 0)
    assert missing == set()
    assert grown == 0
    assert windows == EXTENT.replies // EXTENT.a_window


def test_senders_that_keep_no_pace_are_noticed(sqlite_url: str) -> None:
    with paced_x(10) as x:
        course, _ = send_all(sqlite_url, x, Extent(25, 10), paced=False)
    assert course.refused > 0
