"""What keeps the service going: its loops' last rounds, X's limits, what X costs."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Integer, Text

from smoney_bot.book.columns import BigId, Moment
from smoney_bot.book.tables.base import table

#: When each loop last came round, whichever process runs it: one that died shows.
rounds = table(
    "rounds",
    Column("loop", Text, primary_key=True),
    Column("every_seconds", Integer, nullable=False),  # the longest it may rest
    Column("came_round_at", Moment, nullable=False),
    CheckConstraint("every_seconds > 0", name="every_is_positive"),
)

#: What X's headers say of its limits, shared by all processes; a halt of all sending is
#: a window of the endpoint "*".
windows = table(
    "windows",
    Column("endpoint", Text, primary_key=True),
    Column("span", Text, primary_key=True),  # see book/windows.py
    Column("limit", Integer, nullable=False),
    Column("remaining", Integer, nullable=False),
    Column("resets_at", Moment, nullable=False),
    CheckConstraint("remaining >= 0", name="remaining_is_not_negative"),
)

#: What X bills, by UTC day and kind of call; in millionths of a dollar, its own money.
spending = table(
    "spending",
    Column("day", Text, primary_key=True),  # 2026-11-24
    Column("call", Text, primary_key=True),
    Column("calls", BigId, nullable=False),
    Column("micro_dollars", BigId, nullable=False),
    CheckConstraint("calls >= 0", name="calls_not_negative"),
    CheckConstraint("micro_dollars >= 0", name="micro_dollars_not_negative"),
)

#: What X was asked to show today: it bills each of these once in a UTC day.
readings = table(
    "readings",
    Column("day", Text, primary_key=True),
    Column("call", Text, primary_key=True),
    Column("x_id", Text, primary_key=True),
)

#: People without an account who were told how it works: once a day is enough.
strangers = table(
    "strangers",
    Column("x_id", Text, primary_key=True),
    Column("answered_at", Moment, nullable=False),
)
