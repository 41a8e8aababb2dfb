"""Naming: who bears the handles in orders that X has not marked, asked of X at once.

Handles change hands. An order that is a quarter of an hour old is carried out only if
the book too knows by that handle who bears it now, and knew so when it was written;
while X is away it is refused. So is one whose author has frozen the account since, who
does not want to wait for X.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from structlog import get_logger

from smoney_bot.bank import orders
from smoney_bot.bank.case import Rules
from smoney_bot.bank.errors import TryLater
from smoney_bot.bank.messages import Message
from smoney_bot.bank.orders.address import may_name_unmarked
from smoney_bot.book import customers, inbox
from smoney_bot.book.engine import Book
from smoney_bot.channels import Channel

log = get_logger(__name__)

#: How old an order may be for X's word alone to say whom it means (`threats.md` row 10).
NAME_LIFE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Named:
    """Who bears each handle (lower case, to X's id), and which messages can go on.

    Whom the messages with the keys `unsure` meant nobody can say for sure: these go on
    too, to be refused. Those `unnamed` cannot go on, because of `error`.
    """

    present: list[inbox.Claimed]
    handles: dict[str, str] = field(default_factory=dict)
    unsure: frozenset[str] = frozenset()
    unnamed: list[inbox.Claimed] = field(default_factory=list)
    error: Exception | None = None


def look_up(book: Book, channel: Channel, rules: Rules, claimed: Sequence[inbox.Claimed]) -> Named:
    """Return who bears the unmarked handles in *claimed*; only customers' words are looked up."""
    unmarked = {one.id: names for one in claimed if (names := _unmarked(one.message, rules))}
    if not unmarked:
        return Named(list(claimed))
    naming = [one for one in claimed if one.id in unmarked]
    known, now = _customers_among(book, naming)
    asking = [one for one in naming if one.message.author_id in known]
    late = [one for one in asking if one.message.written_at < now - NAME_LIFE]
    named = Named(list(claimed))
    handles = sorted({handle for one in asking for handle in unmarked[one.id]})
    error: Exception
    try:
        found = channel.resolve(handles) if handles else {}
    except TryLater as away:
        error = away
    except Exception as bug:
        log.exception("handles.failed")
        error = bug
    else:
        bearers = {handle.lower(): x_id for handle, x_id in found.items()}
        unsure = _unsure(book, late, unmarked, bearers) if late else frozenset()
        return replace(named, handles=bearers, unsure=unsure)
    hurried = {one.message.key for one in late} | _frozen_since(book, rules, asking)
    return _without(named, asking, error, hurried)


def _unsure(
    book: Book,
    late: Sequence[inbox.Claimed],
    unmarked: Mapping[int, Sequence[str]],
    bearers: Mapping[str, str],
) -> frozenset[str]:
    """Return the keys of those messages that may have meant somebody else by a handle."""
    with book.reading() as connection:
        borne = customers.borne_since(connection, bearers.values())

    def is_sure(handle: str, written_at: datetime) -> bool:
        by, since = borne.get(bearers.get(handle, ""), ("", written_at))
        return by == handle and since <= written_at

    return frozenset(
        one.message.key
        for one in late
        if not all(is_sure(handle.lower(), one.message.written_at) for handle in unmarked[one.id])
    )


def _without(
    named: Named, asking: Sequence[inbox.Claimed], error: Exception, hurried: set[str]
) -> Named:
    """Return *named* without those *asking*, but for those with the keys *hurried*."""
    unnamed = [one for one in asking if one.message.key not in hurried]
    waiting = {one.id for one in unnamed}
    return replace(
        named,
        present=[one for one in named.present if one.id not in waiting],
        unsure=frozenset(hurried),
        unnamed=unnamed,
        error=error,
    )


def _customers_among(
    book: Book, claimed: Sequence[inbox.Claimed]
) -> tuple[frozenset[str], datetime]:
    """Return which authors have an account, and the time: X bills each look-up."""
    with book.reading() as connection:
        known = customers.by_x_ids(connection, [one.message.author_id for one in claimed])
        return frozenset(known), book.now(connection)


def _frozen_since(book: Book, rules: Rules, claimed: Sequence[inbox.Claimed]) -> set[str]:
    """Return the keys of those messages behind which a freeze of their author waits."""
    with book.reading() as connection:
        waiting = inbox.waiting_of(connection, [one.message.author_id for one in claimed])
    frozen = {
        one.author_id for one in waiting if isinstance(orders.read(one, rules.bot), orders.Freeze)
    }
    return {one.message.key for one in claimed if one.message.author_id in frozen}


def _unmarked(message: Message, rules: Rules) -> tuple[str, ...]:
    """Return the handles in an order of which X had not said whose they are."""
    if not may_name_unmarked(message):
        return ()  # most: what can be seen without reading the order
    named = orders.named_in(orders.read(message, rules.bot))
    return tuple(one.handle for one in named if one.x_id is None)
