"""Registering: looks every hour whether X still brings us everything, and mends it.

X switches a webhook off that failed its challenges for a day, and loses
subscriptions with their webhook. What comes meanwhile is caught up with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from structlog import get_logger

from smoney_bot.bank.errors import TryLater
from smoney_bot.book import registrations
from smoney_bot.book.engine import Book
from smoney_bot.book.registrations import Registration
from smoney_bot.channels.x import registration
from smoney_bot.channels.x.admin import XAdmin
from smoney_bot.channels.x.refusals import XRefuses, advice
from smoney_bot.channels.x.registration import Act, Step
from smoney_bot.telemetry import WEBHOOK_VALID, X_REPAIRS

log = get_logger(__name__)

#: How often the loop looks whether a look at X is due.
EVERY_SECONDS = 30.0

_LOOK_AFTER = timedelta(hours=1)
_AFTER_TROUBLE = timedelta(minutes=5)


@dataclass(slots=True)
class Registering:
    """Keeps the webhook at *url* as X should know it; one per thread.

    Only once `smoney-bot x register` has registered it.
    """

    book: Book
    x: XAdmin
    url: str
    _not_before: datetime | None = field(default=None)

    def serve(self) -> int:
        """Look at X if it is time; return 0, so that the loop sleeps."""
        with self.book.reading() as connection:
            now, known = self.book.now(connection), registrations.find(connection)
        # Set at every turn: another process may have had the last look.
        WEBHOOK_VALID.set(known is not None and known.sound)
        if known is not None and self._is_due(known, now):
            self._look(known, now)
        return 0

    def _is_due(self, known: Registration, now: datetime) -> bool:
        if self._not_before is not None and now < self._not_before:
            return False
        return now >= known.seen_at + (_LOOK_AFTER if known.sound else _AFTER_TROUBLE)

    def _look(self, known: Registration, now: datetime) -> None:
        self._not_before = now + _AFTER_TROUBLE
        refused = ""
        try:
            found = registration.put_right(self.x, self.url)
        except TryLater as away:
            log.warning("x.registration_away", why=str(away))
            return
        except XRefuses as refusal:
            refused = advice(refusal)
        if refused:
            log.error("x.registration_refused", why=refused)
            self._note(known.webhook_id, sound=False)
            return
        report(found.steps)
        self._note(found.webhook_id, sound=found.sound)

    def _note(self, webhook_id: str, *, sound: bool) -> None:
        WEBHOOK_VALID.set(sound)
        self.book.run(lambda c: registrations.note(c, webhook_id, self.book.now(c), sound=sound))


def report(steps: Sequence[Step]) -> None:
    """Log and count what was not as it should be; what we can do without is only logged."""
    for step in steps:
        facts = {"thing": step.thing, "act": step.act.name.lower(), "detail": step.detail}
        if step.hurts:
            log.error("x.not_repaired", **facts)
        elif step.act is Act.REFUSED:
            log.info("x.done_without", **facts)
        elif step.act is not Act.KEPT:
            log.warning("x.repaired", **facts)
        if step.hurts or step.act not in (Act.KEPT, Act.REFUSED):
            X_REPAIRS.labels(step.act.name.lower()).inc()
