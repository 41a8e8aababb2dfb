"""How the desk stands, in figures: what waits in which colour, how long answers took."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, text

from smoney_bot.bank.branch import Colour, RequestKind
from smoney_bot.book.tables import requests

#: Answers of so long ago do not say how the desk is doing now.
LATELY = timedelta(hours=24)

# Literal, because PostgreSQL uses a partial index only where it sees the state.
_WAITS = text("requests.state IN ('open', 'taken')")


@dataclass(frozen=True, slots=True)
class DeskFigures:
    """The requests that wait, by kind and colour; and what was answered in the last 24 hours."""

    waiting: Counter[tuple[RequestKind, Colour]] = field(default_factory=Counter)
    oldest: datetime | None = None  # since when somebody waits
    answer_seconds: dict[RequestKind, list[float]] = field(default_factory=dict)
    in_time: Counter[RequestKind] = field(default_factory=Counter)  # of these answers


def due(connection: Connection, now: datetime) -> DeskFigures:
    """Return how the desk stands at *now*: two short looks, each by an index."""
    waiting: Counter[tuple[RequestKind, Colour]] = Counter()
    opened: list[datetime] = []
    columns = (requests.c.kind, requests.c.opened_at, requests.c.soon_at, requests.c.due_at)
    for row in connection.execute(select(*columns).where(_WAITS)):
        waiting[row.kind, _colour(now, row.soon_at, row.due_at)] += 1
        opened.append(row.opened_at)
    took, in_time = _answered(connection, now)
    return DeskFigures(waiting, min(opened, default=None), took, in_time)


def _colour(now: datetime, soon_at: datetime, due_at: datetime) -> Colour:
    if now > due_at:
        return Colour.RED
    return Colour.AMBER if now >= soon_at else Colour.GREEN


def _answered(
    connection: Connection, now: datetime
) -> tuple[dict[RequestKind, list[float]], Counter[RequestKind]]:
    """Return how many seconds each first answer of the last 24 hours took, by kind.

    And how many of them came by the time that the customer was told.
    """
    in_time: Counter[RequestKind] = Counter()
    took: dict[RequestKind, list[float]] = {kind: [] for kind in RequestKind}
    columns = (
        requests.c.kind,
        requests.c.opened_at,
        requests.c.due_at,
        requests.c.answered_at,
    )
    lately = select(*columns).where(requests.c.answered_at > now - LATELY)
    for row in connection.execute(lately):
        took[row.kind].append((row.answered_at - row.opened_at).total_seconds())
        in_time[row.kind] += row.answered_at <= row.due_at
    return took, in_time
