"""Collecting: ends the collections whose time is over, and moves what they gathered.

Each step is a transaction of its own that guards itself, so a crash between two of
them, or a second process, changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection
from structlog import get_logger

from smoney_bot.bank import collections as rules
from smoney_bot.bank.collections import Collection, CollectionState
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Payment, Reply
from smoney_bot.bank.replies import render
from smoney_bot.book import collections, customers, gifts, outbox
from smoney_bot.book.engine import Book
from smoney_bot.workers.steps import Steps

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Collecting:
    """Does what is due for collections, a step for each of them at a time."""

    book: Book

    def serve(self) -> int:
        """End what is over, then move the money of what has ended; return how many go on."""
        with self.book.reading() as connection:
            over = collections.over(connection, self.book.now(connection))
            ended = collections.ended(connection)
        steps, go_on = Steps(), 0
        for one in over:
            steps.take(f"collection {one} ends", partial(self.book.run, partial(self._end, one)))
        for one in [*ended, *over]:
            go_on += steps.take(
                f"collection {one}", partial(self.book.run, partial(self._move, one))
            )
        steps.end()
        return go_on

    def _end(self, collection_id: int, connection: Connection) -> int:
        if collections.end(connection, collection_id, self.book.now(connection)):
            log.info("collection.ended", collection=collection_id)
        return 0

    def _move(self, collection_id: int, connection: Connection) -> bool:
        """Pay out, or give the next gifts back; return whether there is more to do."""
        collection = collections.held_still(connection, collection_id)
        if collection.state is not CollectionState.CLOSED:
            return False
        return (self._give_back if collection.fails else self._pay_out)(connection, collection)

    def _pay_out(self, connection: Connection, collection: Collection) -> bool:
        total = gifts.pay_out(connection, collection, self.book.now(connection))
        self._tell_owner(connection, collection, rules.PaidOut(total))
        log.info("collection.paid_out", collection=collection.id, amount_cents=int(total))
        return False

    def _give_back(self, connection: Connection, collection: Collection) -> bool:
        given = gifts.give_back(connection, collection, self.book.now(connection))
        givers = customers.by_ids(connection, {one.payer_id for one in given})
        told = [_to_giver(one, givers[one.payer_id], collection) for one in given]
        self._put(connection, [one for one in told if one is not None])
        log.info("collection.gave_back", collection=collection.id, gifts=len(given))
        if len(given) == gifts.AT_ONCE:
            return True
        self._tell_owner(connection, collection, rules.NotReached())
        return False

    def _tell_owner(
        self, connection: Connection, collection: Collection, said: rules.Answer
    ) -> None:
        owner = customers.by_ids(connection, [collection.owner_id])[collection.owner_id]
        key = f"collection:{collection.tag}"
        told = _notice(owner, said, key=key, kind="notice", reference=collection.tag)
        self._put(connection, [told] if told else [])

    def _put(self, connection: Connection, replies: list[Reply]) -> None:
        for unfit in outbox.put(connection, replies, self.book.now(connection)):
            log.error("reply.unfit", reference=unfit.reply.reference, why=unfit.why)


def _to_giver(gift: Payment, giver: Customer, collection: Collection) -> Reply | None:
    said = rules.GiftReturned(gift.amount, collection.tag)
    return _notice(giver, said, key=gift.message_key, kind="return", reference=gift.reference)


def _notice(
    to: Customer, said: rules.Answer, *, key: str, kind: str, reference: str
) -> Reply | None:
    """Return a direct message, if X and its reader let the bot write it."""
    if to.silent or not to.wrote_first:
        return None
    return Reply(
        message_key=key,
        kind=kind,
        to_x_id=to.x_id,
        in_reply_to=None,
        text=render(said, to.language, public=False, reference=reference),
        reference=reference,
    )
