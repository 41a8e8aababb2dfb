"""The sender: answers leave at the channel's pace; money never waits for them.

Each reply is claimed with a lease before it is sent. One whose fate is unknown
is looked for before it is sent again, so nobody reads it twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection
from structlog import get_logger

from smoney_bot.bank.answers import Unreachable
from smoney_bot.bank.desk import Reply
from smoney_bot.bank.errors import TryLater
from smoney_bot.bank.messages import post_of
from smoney_bot.bank.replies import DEFAULT_LANGUAGE, render
from smoney_bot.book import customers, outbox
from smoney_bot.book.engine import Book
from smoney_bot.book.outbox import Pending
from smoney_bot.channels import Channel, Delivery, Halt, Rejected, Sent, Unknown, Wait
from smoney_bot.telemetry import REPLIES

log = get_logger(__name__)

BATCH_MAX = 16
LEASE = timedelta(seconds=120)

#: Waits after a failure: 5 s, doubling to an hour; a reply older than a day is given up.
_BACKOFF_FIRST = timedelta(seconds=5)
_BACKOFF_LONGEST = timedelta(hours=1)
_REPLY_LIFE = timedelta(hours=24)

#: After a halt (no credits, keys revoked) the channel is asked again this much later.
_HALT = timedelta(minutes=5)


@dataclass(slots=True)
class Sender:
    """Serves the outbox; one per thread, with a channel of its own."""

    book: Book
    channel: Channel
    _closed_until: dict[bool, datetime] = field(default_factory=dict)  # by public or not

    def serve(self) -> int:
        """Send what is due; return how many replies were taken in hand."""

        def claim(connection: Connection) -> list[Pending]:
            now = self.book.now(connection)
            return outbox.claim(connection, now=now, limit=BATCH_MAX, lease=LEASE)

        taken = self.book.run(claim)
        for pending in taken:
            self._serve_one(pending)
        return len(taken)

    def _serve_one(self, pending: Pending) -> None:
        try:
            fate = self._deliver(pending)
        except TryLater as away:
            fate = Wait(None, str(away))
        self.book.run(lambda c: self._record(c, pending, fate))
        _report(pending, fate)

    def _deliver(self, pending: Pending) -> Delivery:
        reply = pending.reply
        if until := self._closed_until.get(reply.public):
            with self.book.reading() as connection:
                if self.book.now(connection) < until:
                    return Wait(until, "this way is closed for now")
            del self._closed_until[reply.public]
        if pending.look_first and (remote_id := self._find(reply)):
            return Sent(remote_id)
        if reply.in_reply_to is not None:
            return self.channel.post(reply.text, in_reply_to=reply.in_reply_to)
        return self.channel.direct(reply.text, to_x_id=reply.to_x_id)

    def _find(self, reply: Reply) -> str | None:
        if reply.in_reply_to is not None:
            return self.channel.find_post(reply.text, in_reply_to=reply.in_reply_to)
        return self.channel.find_direct(reply.text, to_x_id=reply.to_x_id)

    def _record(self, connection: Connection, pending: Pending, fate: Delivery) -> None:
        now = self.book.now(connection)
        later = now + min(_BACKOFF_FIRST * (1 << min(pending.attempts, 10)), _BACKOFF_LONGEST)
        if not isinstance(fate, Sent) and now - pending.created_at > _REPLY_LIFE:
            fate = Rejected(f"older than a day: {fate.why}")
        match fate:
            case Sent(remote_id):
                outbox.sent(connection, pending, remote_id=remote_id, now=now)
            case Wait(until, why):
                self._close(pending.reply.public, until)
                outbox.wait(connection, pending, due_at=until or later, why=why)
            case Unknown(why):
                outbox.unknown(connection, pending, due_at=later, why=why)
            case Halt(why):
                self._close(public=True, until=now + _HALT)
                self._close(public=False, until=now + _HALT)
                outbox.wait(connection, pending, due_at=now + _HALT, why=why)
            case Rejected(why):
                outbox.give_up(connection, pending, why=why)
                self._point(connection, pending.reply, now)

    @staticmethod
    def _point(connection: Connection, reply: Reply, now: datetime) -> None:
        """Where a private answer to a post cannot arrive, say so there, and nothing else."""
        post_id = post_of(reply.message_key)
        if reply.public or reply.kind != "answer" or post_id is None:
            return
        if outbox.has(connection, reply.message_key, "pointer"):
            return
        author = customers.by_x_ids(connection, [reply.to_x_id]).get(reply.to_x_id)
        language = author.language if author else DEFAULT_LANGUAGE
        text = render(Unreachable(), language, public=True, reference=reply.reference)
        pointer = replace(reply, kind="pointer", in_reply_to=post_id, text=text)
        outbox.put(connection, [pointer], now)

    def _close(self, public: bool, until: datetime | None) -> None:  # noqa: FBT001 - the way's name
        if until is not None:
            self._closed_until[public] = until


def _report(pending: Pending, fate: Delivery) -> None:
    outcome = type(fate).__name__.lower()
    REPLIES.labels(outcome).inc()
    facts = {"reference": pending.reply.reference, "public": pending.reply.public}
    if isinstance(fate, Sent):
        log.info("reply.sent", remote_id=fate.remote_id, **facts)
    else:
        event = "reply." + outcome
        log.warning(event, why=fate.why, attempts=pending.attempts, **facts)
