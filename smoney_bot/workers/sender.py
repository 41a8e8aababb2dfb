"""The sender: answers leave at the channel's pace; money never waits for them.

Each reply is claimed with a lease before it is sent, and no more of them than the
channel takes now. One whose fate is unknown is looked for before it is sent again,
so nobody reads it twice.
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
from smoney_bot.book import customers, outbox, windows
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import LostLease
from smoney_bot.book.outbox import Pending
from smoney_bot.channels import Channel, Delivery, Halt, Parked, Rejected, Sent, Unknown, Wait
from smoney_bot.channels.x.asking import NoAnswer
from smoney_bot.channels.x.budget import Budget, Purse
from smoney_bot.channels.x.pacing import Pacing
from smoney_bot.telemetry import REPLIES, span
from smoney_bot.workers import last_look

log = get_logger(__name__)

BATCH_MAX = 16
LEASE = timedelta(seconds=120)

#: What must be left of a lease when a reply leaves: more than X's longest silence.
_CALL_LONGEST = timedelta(seconds=30)

#: Waits after a failure: 5 s, doubling to an hour; a reply older than a day is given up.
_BACKOFF_FIRST = timedelta(seconds=5)
_BACKOFF_LONGEST = timedelta(hours=1)
REPLY_LIFE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class _Taken:
    """What one claim brought: replies too old to be sent, and those that may leave now."""

    old: list[Pending]
    ready: list[Pending]
    purse: Purse


@dataclass(slots=True)
class Sender:
    """Serves the outbox; one per thread, with a channel of its own."""

    book: Book
    channel: Channel
    budget: Budget = field(default_factory=Budget)

    _purse: Purse = Purse.FULL  # as it was last told in the log

    def serve(self) -> int:
        """Send what is due; return how many replies were taken in hand."""
        taken = self.book.run(self._claim)
        self._tell(taken.purse)
        for pending in taken.old:
            self._note(pending, _too_old(pending.error))
        for pending in taken.ready:
            self._serve_one(pending)
        return len(taken.old) + len(taken.ready)

    def _serve_one(self, pending: Pending) -> None:
        try:
            with span("send") as opened:
                fate = self._deliver(pending)
                opened.set_attribute("outcome", type(fate).__name__.lower())
            self._note(pending, fate)
        except LostLease:
            log.warning("lease.lost", replies=1)

    def _claim(self, connection: Connection) -> _Taken:
        now, pacing = self.book.now(connection), Pacing(self.book, self.budget)
        old = outbox.claim_old(connection, now=now, life=REPLY_LIFE, limit=BATCH_MAX, lease=LEASE)
        ready: list[Pending] = []
        for public in (True, False):
            room = pacing.room(connection, now, public=public)
            ready += outbox.claim(
                connection,
                now=now,
                limit=min(room.calls, BATCH_MAX - len(ready)),
                lease=LEASE,
                public=public,
                least=room.least,
            )
        return _Taken(old, ready, pacing.purse(connection, now))

    def _tell(self, purse: Purse) -> None:
        """Say once how the day's budget stands, whenever that has changed."""
        if purse is not self._purse:
            say = log.error if purse is Purse.EMPTY else log.warning
            say("budget.changed", purse=purse.name.lower(), euros=int(self.budget.day) // 100)
            self._purse = purse

    # Send ---------------------------------------------------------------------

    def _deliver(self, pending: Pending) -> Delivery:
        reply = pending.reply
        try:
            with self.book.reading() as connection:
                barred = last_look.bar(connection, reply)
            if barred is not None:
                return barred
            if pending.look_first and (remote_id := self._find(reply)):
                return Sent(remote_id)
            self._hold(pending)
            if reply.in_reply_to is not None:
                return self.channel.post(reply.text, in_reply_to=reply.in_reply_to)
            return self.channel.direct(reply.text, to_x_id=reply.to_x_id)
        except NoAnswer as away:
            return Wait(away.until, str(away))
        except TryLater as away:
            return Wait(None, str(away))

    def _hold(self, pending: Pending) -> None:
        """Have *pending* in hand for longer than a call may take; raise `LostLease` if it is not.

        X may have been slow with the replies before it, or with the look for it:
        then another process may be sending it by now.
        """
        with self.book.reading() as connection:
            now = self.book.now(connection)
        if now + _CALL_LONGEST > pending.lease_until:
            self.book.run(lambda c: outbox.hold(c, pending, now + LEASE))

    def _find(self, reply: Reply) -> str | None:
        if reply.in_reply_to is not None:
            return self.channel.find_post(reply.text, in_reply_to=reply.in_reply_to)
        return self.channel.find_direct(reply.text, to_x_id=reply.to_x_id)

    # Note what became of it ---------------------------------------------------

    def _note(self, pending: Pending, fate: Delivery) -> None:
        resumed = self.book.run(lambda c: self._record(c, pending, fate))
        _report(pending, fate)
        if resumed:
            log.info("halt.lifted")

    def _record(self, connection: Connection, pending: Pending, fate: Delivery) -> bool:
        """Write down what became of *pending*; return whether that ended a halt."""
        now = self.book.now(connection)
        later = now + min(_BACKOFF_FIRST * (1 << min(pending.attempts, 10)), _BACKOFF_LONGEST)
        if isinstance(fate, Wait | Unknown | Halt) and now - pending.created_at > REPLY_LIFE:
            outbox.give_up(connection, pending, why=_too_old(fate.why).why)
            return False
        match fate:
            case Sent(remote_id):
                outbox.sent(connection, pending, remote_id=remote_id, now=now)
                return windows.lift(connection)
            case Wait(until, why):
                outbox.wait(connection, pending, due_at=until or later, why=why)
            case Unknown(why):
                outbox.unknown(connection, pending, due_at=later, why=why)
            case Halt(why):
                windows.halt(connection, now)
                outbox.wait(connection, pending, due_at=now, why=why)
            case Parked(why):
                outbox.give_up(connection, pending, why=f"parked: {why}")
            case Rejected(why):
                outbox.give_up(connection, pending, why=why)
                _point(connection, pending.reply, now)
        return False


def _too_old(why: str) -> Rejected:
    return Rejected(f"older than a day: {why}" if why else "older than a day")


def _point(connection: Connection, reply: Reply, now: datetime) -> None:
    """Where a private answer to a post cannot arrive, say so there, and nothing else."""
    post_id = post_of(reply.message_key)
    if reply.public or reply.kind != "answer" or post_id is None:
        return
    author = customers.by_x_ids(connection, [reply.to_x_id]).get(reply.to_x_id)
    silent = author is not None and author.silent
    if silent or outbox.has(connection, reply.message_key, "pointer"):
        return
    language = author.language if author else DEFAULT_LANGUAGE
    text = render(Unreachable(), language, public=True, reference=reply.reference)
    pointer = replace(reply, kind="pointer", in_reply_to=post_id, text=text)
    outbox.put(connection, [pointer], now)


def _report(pending: Pending, fate: Delivery) -> None:
    outcome = type(fate).__name__.lower()
    REPLIES.labels(outcome).inc()
    facts = {
        "reference": pending.reply.reference,
        "key": pending.reply.message_key,
        "public": pending.reply.public,
    }
    if isinstance(fate, Sent):
        log.info("reply.sent", remote_id=fate.remote_id, **facts)
        return
    event = "reply." + outcome
    # An operator must act on these two; see docs/alarms.md.
    say = log.error if isinstance(fate, Halt | Parked) else log.warning
    say(event, why=fate.why, attempts=pending.attempts, **facts)
