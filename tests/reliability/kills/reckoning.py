"""The reckoning after the last start: what was promised against what stands in the book."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from local_people import APP, START_CENTS, People, Told
from sqlalchemy import Connection, text

from smoney_bot.bank.errors import TryLater
from smoney_bot.book import audit, inbox, outbox
from smoney_bot.book.engine import Book

#: Set aside is not among them: no message may be blamed for the kills.
_DECIDED = {"ignored", "refused", "declined", "applied"}
_POLL_SECONDS = 0.1


def wait_until_quiet(book: Book, seconds: float) -> None:
    """Return once both boxes are empty; fail when for so long nothing more has left them."""
    least, deadline = math.inf, time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(TryLater), book.reading() as connection:
            waits = inbox.waiting(connection)[0] + outbox.waiting(connection)[0]
            if not waits:
                return
            if waits < least:  # a slow machine may have thousands to send
                least, deadline = waits, time.monotonic() + seconds
        time.sleep(_POLL_SECONDS)
    raise AssertionError("messages and replies still wait")


def violations(book: Book, people: People, acknowledged: Mapping[str, Told]) -> list[str]:
    """Return what does not hold; nothing if all promises were kept."""
    with book.reading() as connection:
        return [
            *_lost(connection, acknowledged),
            *_declined(connection),
            *_paid_otherwise(connection, acknowledged.values()),
            *(f"audit: {problem.rule}: {problem.subject}" for problem in audit.verify(connection)),
            *_unanswered(connection),
            *_told_twice(people),
        ]


def _lost(connection: Connection, acknowledged: Iterable[str]) -> Iterator[str]:
    told = connection.execute(text("SELECT key, state, reason, crashes, errors FROM inbox"))
    found = {key: facts for key, *facts in told}
    for key in acknowledged:
        state, *why = found.get(key, (None,))
        if state not in _DECIDED:
            yield f"lost: {key} is {state} {why}"


def _declined(connection: Connection) -> Iterator[str]:
    """No right code is refused: one that was tried before a kill is no new attempt after it."""
    question = "SELECT key, reason FROM inbox WHERE state = 'declined'"
    yield from (f"declined: {key}, {reason}" for key, reason in _pairs(connection, question))


def _paid_otherwise(connection: Connection, told: Iterable[Told]) -> Iterator[str]:
    """Each order to pay moved one euro once if it was applied, and nothing if not."""
    orders = {one.key: one.payer for one in told if one.payer}
    applied = dict(_pairs(connection, "SELECT key, state FROM inbox WHERE state = 'applied'"))
    question = "SELECT key, amount_cents FROM transfers WHERE kind = 'payment'"
    booked = dict(_pairs(connection, question))
    for key in orders.keys() | booked.keys():
        paid, due = booked.get(key, 0), 100 if key in orders and key in applied else 0
        if paid != due:
            yield f"paid otherwise: {key} moved {paid} cents, not {due}"
    yield from _balances_off(connection, Counter(orders[key] for key in orders if key in applied))


def _balances_off(connection: Connection, paid: Counter[str]) -> Iterator[str]:
    """What was paid left its payer: started, less one euro for each, and what came in."""
    question = (
        "SELECT x_id, balance_cents - (SELECT coalesce(sum(amount_cents), 0) FROM transfers"
        " WHERE target_id = accounts.id AND kind = 'payment') FROM balances"
        " JOIN accounts ON accounts.id = account_id"
        " JOIN customers ON customers.id = customer_id"
    )
    for x_id, cents in _pairs(connection, question):
        if int(str(cents)) != START_CENTS - 100 * paid[str(x_id)]:
            yield f"balance off: {x_id} has {cents} cents after {paid[str(x_id)]} payments"


def _unanswered(connection: Connection) -> Iterator[str]:
    """Every answer left, under a name of its own."""
    states = dict(_pairs(connection, "SELECT id, state FROM outbox WHERE state <> 'sent'"))
    yield from (f"not sent: reply {number} is {state}" for number, state in states.items())
    named = "SELECT remote_id, count(*) FROM outbox GROUP BY remote_id HAVING count(*) > 1"
    yield from (
        f"one post for {count} replies: {name}" for name, count in _pairs(connection, named)
    )


def _told_twice(people: People) -> Iterator[str]:
    world = people.world
    posts = (p for p in world.timeline(1_000_000) if p.author_id == APP.bot_id)
    directs = (d for d in world.directs(APP.bot_id) if d.sender_id == APP.bot_id)
    seen: Counter[tuple[str | None, str]] = Counter((p.in_reply_to, p.text) for p in posts)
    seen.update((d.recipient_id, d.text) for d in directs)
    yield from (f"told {count} times, to {to}" for (to, _), count in seen.items() if count > 1)


def _pairs(connection: Connection, question: str) -> Iterator[tuple[object, object]]:
    return ((row[0], row[1]) for row in connection.execute(text(question)))
