"""Naming: who bears the handles in orders that X has not marked, asked of X at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

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


@dataclass(frozen=True, slots=True)
class Named:
    """Who bears each handle (lower case, to X's id), and which messages can go on.

    Those `unnamed` cannot, because of `error`.
    """

    present: list[inbox.Claimed]
    handles: dict[str, str] = field(default_factory=dict)
    unnamed: list[inbox.Claimed] = field(default_factory=list)
    error: Exception | None = None


def look_up(book: Book, channel: Channel, rules: Rules, claimed: Sequence[inbox.Claimed]) -> Named:
    """Return who bears the unmarked handles in *claimed*; only customers' words are looked up."""
    unmarked = {one.id: _unmarked_handles(one.message, rules) for one in claimed}
    _leave_out_strangers(book, unmarked, claimed)
    handles = {handle for each in unmarked.values() for handle in each}
    if not handles:
        return Named(list(claimed))
    error: Exception
    try:
        found = channel.resolve(sorted(handles))
    except TryLater as away:
        error = away
    except Exception as bug:
        log.exception("handles.failed")
        error = bug
    else:
        return Named(list(claimed), {handle.lower(): x_id for handle, x_id in found.items()})
    return Named(
        present=[one for one in claimed if not unmarked[one.id]],
        unnamed=[one for one in claimed if unmarked[one.id]],
        error=error,
    )


def _leave_out_strangers(
    book: Book, unmarked: dict[int, tuple[str, ...]], claimed: Sequence[inbox.Claimed]
) -> None:
    """Ask nothing for people without an account: X bills each look-up."""
    authors = {one.message.author_id for one in claimed if unmarked[one.id]}
    if not authors:
        return
    with book.reading() as connection:
        known = customers.by_x_ids(connection, authors)
    for one in claimed:
        if one.message.author_id not in known:
            unmarked[one.id] = ()


def _unmarked_handles(message: Message, rules: Rules) -> tuple[str, ...]:
    """Return the handles in an order of which X had not said whose they are."""
    if not may_name_unmarked(message):
        return ()  # most: what can be seen without reading the order
    named = orders.named_in(orders.read(message, rules.bot))
    return tuple(one.handle for one in named if one.x_id is None)
