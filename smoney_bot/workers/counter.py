"""The counter: takes messages from the inbox, has them judged and decided, writes.

For each batch: claim it and count the codes about to be tried, check them in threads
outside every lock, then one transaction in which the records are locked, laid on the
desk, decided in order and written back. Where handles must be looked up, that comes
after the claim, and the counting after that. A crash anywhere leaves the messages to
the next claim.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter

from sqlalchemy import Connection
from structlog import get_logger

from smoney_bot.bank import teller
from smoney_bot.bank.case import Rules
from smoney_bot.bank.codes import Checked
from smoney_bot.bank.desk import Decision
from smoney_bot.bank.errors import TryLater
from smoney_bot.bank.holds import HOLD, RETURN
from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.orders.address import may_name_unmarked
from smoney_bot.book import inbox
from smoney_bot.book.engine import Book
from smoney_bot.book.errors import CodeAlreadyUsed, LostLease, Outrun
from smoney_bot.channels import Channel
from smoney_bot.telemetry import (
    BATCH_MESSAGES,
    BATCH_SECONDS,
    CODE_SECONDS,
    CODES,
    MESSAGES,
    span,
)
from smoney_bot.workers import judging, naming, records, reserving

log = get_logger(__name__)

BATCH_MAX = 64
LEASE = timedelta(seconds=60)

#: So many messages keep the threads busy for longer than another batch takes to be claimed.
_MANY = 16

#: A message that was in hand when a process died is taken again only by one that has
#: lived so long. What kills every process at once (no memory, a restart in a loop) is
#: then not blamed on whatever happened to be in hand.
PROVEN_AFTER = timedelta(seconds=5)

#: How long a message waits after a machine was away: 5 s, doubling to half a minute, so
#: that a minute after an outage nobody waits for it any more.
_AWAY_FIRST = timedelta(seconds=5)
_AWAY_LONGEST = timedelta(seconds=30)


@dataclass(slots=True)
class Counter:
    """Serves the inbox. `pool` checks codes: as many threads as cores, no more.

    `on_many` is called when there is so much to check that another counter of the
    same pool may claim meanwhile: then the cores check while one of them writes.
    """

    book: Book
    rules: Rules
    channel: Channel
    pool: Executor
    keyring: Keyring
    on_many: Callable[[], None] = lambda: None

    _owed: list[inbox.Claimed] = field(default_factory=list)  # not given back: the book was away
    _since: datetime | None = None  # when it first looked into the inbox, UTC

    def serve(self) -> int:
        """Serve one batch; return how many messages it held."""
        started = perf_counter()
        self._give_back_owed()
        try:
            claimed, reserved = self._take_up()
        except Outrun:
            return 0  # all is left for the next round
        if not claimed:
            return 0
        if len(claimed) >= _MANY:
            self.on_many()
        with span("batch") as opened:
            opened.set_attribute("messages", len(claimed))
            named = naming.look_up(self.book, self.channel, self.rules, claimed)
            if named.error is not None:
                self._put_back(named.unnamed, named.error)
            if reserved is None:
                reserved = self.book.run(partial(self._reserve, named.present))
            here = {one.id for one in named.present}
            claims = [one for one in reserved if one.claimed.id in here]
            self._decide(self._judge(claims), named)
        BATCH_SECONDS.observe(perf_counter() - started)
        BATCH_MESSAGES.observe(len(claimed))
        return len(claimed)

    # Claim and judge -----------------------------------------------------

    def _take_up(self) -> tuple[list[inbox.Claimed], list[judging.Claim] | None]:
        """Claim a batch and count its codes in one transaction: each waits for the disk.

        Without the claims, where somebody must be looked up first, and after a
        fault: what makes the counting fail must not undo the claim, or it would be
        tried for ever.
        """
        try:
            return self.book.run(self._claim_and_reserve)
        except (TryLater, Outrun):
            raise
        except Exception:
            log.exception("reserving.failed")
            return self.book.run(lambda c: self._claim(c, self.book.now(c))), None

    def _claim_and_reserve(
        self, connection: Connection
    ) -> tuple[list[inbox.Claimed], list[judging.Claim] | None]:
        now = self.book.now(connection)
        claimed = self._claim(connection, now)
        if not claimed or any(may_name_unmarked(one.message) for one in claimed):
            return claimed, None
        return claimed, reserving.reserve(connection, claimed, now)

    def _claim(self, connection: Connection, now: datetime) -> list[inbox.Claimed]:
        self._since = self._since or now
        proven = now >= self._since + PROVEN_AFTER
        return inbox.claim(connection, now=now, limit=BATCH_MAX, lease=LEASE, crashed=proven)

    def _reserve(
        self, claimed: Sequence[inbox.Claimed], connection: Connection
    ) -> list[judging.Claim]:
        return reserving.reserve(connection, claimed, self.book.now(connection))

    def _judge(self, claims: Sequence[judging.Claim]) -> list[records.Judged]:
        """Check the codes of each message; one that cannot be checked spoils no other."""
        # To hand a claim to a thread costs more than to judge one that takes no hash.
        slow = [one for one in claims if one.is_slow]
        hashed = dict(zip(map(id, slow), self.pool.map(self._check, slow), strict=True))
        judged = []
        for claim in claims:
            checked = hashed[id(claim)] if claim.is_slow else self._check(claim)
            if isinstance(checked, Exception):
                self._put_back([claim.claimed], checked)
            else:
                judged.append(records.Judged(claim.claimed, checked))
        return judged

    def _check(self, claim: judging.Claim) -> Checked | Exception:
        started = perf_counter()
        try:
            checked = judging.check(claim, self.keyring)
        except Exception as error:
            log.exception("code.failed", key=claim.message.key)
            return error
        if checked.codes:
            CODE_SECONDS.observe(perf_counter() - started)
        for verdict in ["locked"] if checked.locked else [one.verdict for one in checked.codes]:
            CODES.labels(verdict).inc()
        return checked

    # Decide and write ----------------------------------------------------------

    def _decide(self, judged: Sequence[records.Judged], named: naming.Named) -> None:
        """Decide and write *judged* in one transaction; apart if one of them spoils it."""
        if not judged:
            return
        try:
            decisions = self.book.run(lambda c: self._write(c, judged, named))
        except TryLater as away:
            log.warning("book.away", why=str(away))
            self._owed.extend(one.claimed for one in judged)
        except LostLease:
            log.warning("lease.lost", messages=len(judged))
        except Exception as error:
            if len(judged) > 1:
                for one in judged:
                    self._decide([one], named)
                return
            log.exception("message.failed", key=judged[0].message.key)
            self._put_back([judged[0].claimed], error)
        else:
            for decision in decisions:
                _report(decision)

    def _write(
        self, connection: Connection, judged: Sequence[records.Judged], named: naming.Named
    ) -> list[Decision]:
        desk = records.lay(connection, judged, named, self.rules, self.book.now(connection))
        decisions = []
        for one in judged:
            decision = teller.decide(
                self.rules,
                desk,
                one.message,
                reference=one.claimed.reference,
                checked=one.checked,
            )
            desk.settle(decision)
            decisions.append(decision)
        records.write(connection, judged, decisions, desk.now)
        return decisions

    # Give back -----------------------------------------------------------------

    def _put_back(self, claimed: Iterable[inbox.Claimed], error: Exception) -> None:
        """Give messages back to the inbox, to be tried again after a while."""
        for one in claimed:
            try:
                self.book.run(partial(self._put_one_back, one, error))
            except LostLease:
                log.warning("lease.lost", messages=1)

    def _put_one_back(
        self, claimed: inbox.Claimed, error: Exception, connection: Connection
    ) -> None:
        now = self.book.now(connection)
        inbox.put_back(
            connection,
            claimed,
            due_at=now + _wait(claimed, error),
            reason=_why(error),
            now=now,
            blameless=isinstance(error, TryLater),
        )

    def _give_back_owed(self) -> None:
        """Give back what could not be written while the book was away: it is not to blame."""
        while self._owed:
            self._put_back(self._owed[-1:], TryLater("the book was away"))
            self._owed.pop()


def _wait(claimed: inbox.Claimed, error: Exception) -> timedelta:
    """Return how long a message waits for its next attempt."""
    if isinstance(error, CodeAlreadyUsed):
        return timedelta(0)  # the next judgement will see it used
    return min(_AWAY_FIRST * (1 << min(claimed.attempts, 10)), _AWAY_LONGEST)


def _why(error: Exception) -> str:
    """Name an error without its text, which may quote what a customer wrote."""
    return str(error) if isinstance(error, TryLater) else type(error).__name__


def _report(decision: Decision) -> None:
    MESSAGES.labels(decision.outcome.value).inc()
    facts = {
        "reference": decision.reference,
        "key": decision.message_key,
        "outcome": decision.outcome.value,
    }
    if decision.reason:
        facts["reason"] = decision.reason
    cents = int(decision.transfer.amount) if decision.transfer is not None else 0
    kind = decision.transfer.kind if decision.transfer is not None else ""
    if kind == HOLD:
        log.info("payment.held", amount_cents=cents, **facts)
    elif kind == RETURN:
        log.info("payment.taken_back", amount_cents=cents, **facts)
    elif kind:
        log.info("payment.booked", amount_cents=cents, **facts)
    else:
        log.info("message.decided", **facts)
