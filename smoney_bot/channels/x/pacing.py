"""Pacing: no call that X would refuse, none that is too dear, and every one on the bill.

The counts stand in the book, so that all processes and threads keep one pace.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import requests
from sqlalchemy import Connection
from structlog import get_logger

from smoney_bot.bank.desk import Priority
from smoney_bot.book import spending, windows
from smoney_bot.book.engine import Book
from smoney_bot.book.windows import Span, Told
from smoney_bot.channels.x.budget import Budget, Purse, next_day
from smoney_bot.channels.x.endpoints import DIRECTS, ENDPOINTS, POSTS, Endpoint
from smoney_bot.channels.x.prices import PRICES
from smoney_bot.channels.x.problems import is_days_cap
from smoney_bot.channels.x.session import Shut
from smoney_bot.channels.x.strict_json import BadBody, id_at, object_at, objects_at, read_object

log = get_logger(__name__)

#: X's headers about a window begin with these.
_SPANS = {
    "x-rate-limit": Span.QUARTER,
    "x-user-limit-24hour": Span.DAY,
    "x-app-limit-24hour": Span.APP_DAY,
}

#: The rest after a 429 that does not say until when.
_UNTOLD = timedelta(seconds=60)

#: The rest after the account's cap of a day: X hands it out in slices so long.
_SLICE = timedelta(minutes=30)

_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Room:
    """How many replies may leave now, and the least important that is among them."""

    calls: int
    least: Priority


@dataclass(frozen=True, slots=True)
class Pacing:
    """A `Gate` for the session under tweepy, and the sender's view of what may leave."""

    book: Book
    budget: Budget = field(default_factory=Budget)

    # Before a call ------------------------------------------------------------

    def admit(self, endpoint: str) -> None:
        """Take one call out of what X has left; raise `Shut`, or `TryLater` without the book."""
        known = ENDPOINTS.get(endpoint)
        if known is not None and (shut := self.book.run(lambda c: self._reserve(c, known))):
            raise shut

    def _reserve(self, connection: Connection, call: Endpoint) -> Shut | None:
        now = self.book.now(connection)
        if call.need < self.purse(connection, now):
            return Shut(next_day(now), "the day's budget is spent")
        until = windows.reserve(connection, call.window, call.limits, now, sends=call.sends)
        return Shut(until, "X's limit is reached") if until else None

    def purse(self, connection: Connection, now: datetime) -> Purse:
        """Return how much of today's budget is left."""
        return self.budget.purse(spending.today(connection, now))

    def room(self, connection: Connection, now: datetime, *, public: bool) -> Room:
        """Return what may leave now by posts (*public*) or by direct messages."""
        call, purse = POSTS if public else DIRECTS, self.purse(connection, now)
        if purse is Purse.EMPTY:
            return Room(0, Priority.PAYMENT)
        calls = windows.left(connection, call.window, call.limits, now, sends=True)
        return Room(calls, Priority.USUAL if purse is Purse.LOW else Priority.HELP)

    # After it -----------------------------------------------------------------

    def heed(self, endpoint: str, answer: requests.Response) -> None:
        """Note what X told with *answer*, and what it cost.

        Never raises: what X has taken must not look as if it had not.
        """
        known = ENDPOINTS.get(endpoint)
        if known is None:
            return
        try:
            self.book.run(lambda c: self._note(c, known, answer))
        except Exception:
            log.exception("pace.not_noted", endpoint=endpoint)

    def _note(self, connection: Connection, call: Endpoint, answer: requests.Response) -> None:
        now = self.book.now(connection)
        told = list(_told(answer.headers))
        windows.note(connection, call.window, told, now)
        refused = answer.status_code == requests.codes.too_many_requests
        if refused and not any(one.remaining == 0 and one.resets_at > now for one in told):
            windows.close(connection, call.window, Span.QUARTER, now + _UNTOLD)
        if is_days_cap(answer.status_code, answer.content):
            windows.close(connection, call.window, Span.QUARTER, now + _SLICE)
        if answer.ok:
            calls = 1 if call.sends else _first_shown(connection, call, answer, now)
            spending.add(connection, call.billed, calls, calls * PRICES[call.billed], now)


def _first_shown(
    connection: Connection, call: Endpoint, answer: requests.Response, now: datetime
) -> int:
    """Return how many things *answer* shows that X has not billed today."""
    try:
        facts = read_object(answer.content)
    except BadBody:
        return 0
    listed = objects_at(facts, "data") or [object_at(facts, "data")]
    ids = [id_at(one, "id") for one in listed]
    return spending.first_shown(connection, call.billed, filter(None, ids), now)


def _told(headers: Mapping[str, str]) -> Iterator[Told]:
    """Yield the windows that X's headers tell of."""
    for prefix, span in _SPANS.items():
        values = [headers.get(f"{prefix}-{name}", "") for name in ("limit", "remaining", "reset")]
        if all(_NUMBER.fullmatch(value) for value in values):
            limit, remaining, reset = map(int, values)
            yield Told(span, limit, remaining, datetime.fromtimestamp(reset, UTC))
