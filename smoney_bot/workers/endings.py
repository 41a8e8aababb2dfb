"""What ends by itself and is told to people: what was held, and asks nobody answered.

The state, the money and the line to whom it concerns are one transaction: nobody
hears of it twice, and nobody of what did not happen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import Connection
from structlog import get_logger

from smoney_bot.bank import replies
from smoney_bot.bank.answers import Answer, Received
from smoney_bot.bank.asks import Ask, AsksOver, Part
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Reply
from smoney_bot.bank.holds import Arrived, CameBack
from smoney_bot.bank.links import unlinked
from smoney_bot.bank.policy import Limits
from smoney_bot.book import asks, customers, holds, outbox
from smoney_bot.book.engine import Book
from smoney_bot.book.holds import Ended
from smoney_bot.workers.steps import Steps

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Endings:
    """Pays and gives back what is held, and ends asks, each when its time has come."""

    book: Book
    limits: Limits

    def serve(self) -> int:
        """Look once, and write only if something ends; return 0, for nothing goes on."""
        steps = Steps()
        steps.take("holds", self._serve_holds)
        steps.take("asks", self._serve_asks)
        steps.end()
        return 0

    def _serve_holds(self) -> int:
        with self.book.reading() as connection:
            due = holds.any_due(connection, self.book.now(connection), self.limits)
        if due:
            for one in self.book.run(self._end_holds):
                _report(one)
        return 0

    def _serve_asks(self) -> int:
        with self.book.reading() as connection:
            end = asks.next_end(connection)
            over = end is not None and end <= self.book.now(connection)
        if over:
            log.info("ask.expired", asks=self.book.run(self._end_asks))
        return 0

    def _end_holds(self, connection: Connection) -> list[Ended]:
        now = self.book.now(connection)
        ended = holds.settle(connection, now, self.limits)
        _put(connection, [line for one in ended for line in _about_hold(one)], now)
        return ended

    def _end_asks(self, connection: Connection) -> int:
        now = self.book.now(connection)
        over = asks.expire(connection, now)
        people = customers.by_ids(connection, {who for one in over for who in _sides(one)})
        messages = groupby(sorted(over, key=_message), key=_message)
        lines = [line for _, same in messages for line in _about_asks(list(same), people)]
        _put(connection, lines, now)
        return len(over)


def _report(one: Ended) -> None:
    facts = {
        "reference": one.payment.reference,
        "key": one.payment.message_key,
        "amount_cents": int(one.payment.amount),
    }
    if one.payee is None:
        log.info("payment.returned", **facts)
    else:
        log.info("payment.released", **facts)


def _sides(ask: Ask) -> tuple[int, int]:
    return ask.asker_id, ask.asked_id


def _message(ask: Ask) -> str:
    return ask.message_key


def _about_hold(one: Ended) -> Iterable[Reply]:
    payment = one.payment
    key, reference = payment.message_key, payment.reference
    if one.payee is None:
        back = CameBack(payment.amount, payment.payee_handle)
        yield from _line(one.payer, back, key, reference, "returned")
        return
    arrived = Arrived(payment.amount, payment.payee_handle)
    yield from _line(one.payer, arrived, key, reference, "released")
    got = Received(payment.amount, one.payer.handle, unlinked(payment.note))
    yield from _line(one.payee, got, key, reference, "notice")


def _about_asks(same: list[Ask], people: dict[int, Customer]) -> Iterable[Reply]:
    """Yield one line for all parts of a bill that nobody paid."""
    first = same[0]
    said = AsksOver(tuple(Part(people[one.asked_id].handle, one.amount) for one in same))
    kind = f"over-{first.asked_id}"  # were they too many for one round, another one follows
    yield from _line(people[first.asker_id], said, first.message_key, first.reference, kind)


def _line(to: Customer, said: Answer, key: str, reference: str, kind: str) -> Iterable[Reply]:
    """Yield the line, if X and the customer let the bot write to them.

    Never in public: the order has had its one reply there.
    """
    if to.wrote_first and not to.silent:
        text = replies.render(said, to.language, public=False, reference=reference)
        yield Reply(
            message_key=key,
            kind=kind,
            to_x_id=to.x_id,
            in_reply_to=None,
            text=text,
            reference=reference,
        )


def _put(connection: Connection, lines: Iterable[Reply], now: datetime) -> None:
    for unfit in outbox.put(connection, lines, now):
        log.error("reply.unfit", reference=unfit.reply.reference, why=unfit.why)
