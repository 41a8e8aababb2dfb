"""Catching up with X: a webhook may be lost, so mentions and direct messages are read as well.

X gives up on a webhook after five minutes. Every minute the latest are read
anew into the same inbox; the keys keep each once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection
from structlog import get_logger

from smoney_bot.bank.keys import Keyring
from smoney_bot.bank.messages import Message, written_at
from smoney_bot.bank.orders import Bot
from smoney_bot.bank.redaction import conceal
from smoney_bot.book import cursors, inbox
from smoney_bot.book.engine import Book
from smoney_bot.channels.x import catch_up
from smoney_bot.channels.x.asking import NoAnswer
from smoney_bot.channels.x.catch_up import Caught
from smoney_bot.channels.x.client import XClient
from smoney_bot.telemetry import KEPT

log = get_logger(__name__)

#: How often the loop looks whether something is due.
EVERY_SECONDS = 5.0

#: Where the first look of all begins: what is older would be too late anyway.
_FIRST_REACH = timedelta(hours=24)

#: After a failure the next look comes in its usual time, doubled each time up to this.
_PAUSE_LONGEST = timedelta(minutes=15)


class _Read(Protocol):
    def __call__(self, x: XClient, position: str, *, bot_id: str) -> Caught: ...


@dataclass(frozen=True, slots=True)
class Way:
    """One of X's lists, under the name of its cursor, and how often it is read."""

    name: str
    every: timedelta
    read: _Read


#: X answers 300 questions about mentions in 15 minutes, but 15 about direct messages;
#: what it lists again on the same day it does not bill again.
WAYS = (
    Way("mentions", timedelta(seconds=60), catch_up.mentions),
    Way("directs", timedelta(seconds=90), catch_up.directs),
)


@dataclass(slots=True)
class _Pause:
    """No look before `until` (UTC); how many `failures` came before the last one.

    `ours`: X answered, and the fault lies here.
    """

    failures: int
    until: datetime
    ours: bool


@dataclass(frozen=True, slots=True)
class CatchingUp:
    """Reads X's lists into the inbox; one per thread, with a client of its own.

    When each was last read stands in the book, so several processes share the
    turns, and after an outage the first look comes at once.
    """

    book: Book
    x: XClient
    keyring: Keyring
    bot: Bot
    _pauses: dict[str, _Pause] = field(default_factory=dict)

    def serve(self) -> int:
        """Read what is due; return how many messages were new."""
        return sum(self._serve(way) for way in WAYS)

    def catch_up(self) -> int:
        """Read everything now; return how many messages were new. Raises `TryLater`."""
        return sum(self._look(way, *self._stand(way)) for way in WAYS)

    def is_sound(self) -> bool:
        """Whether nothing of our own keeps it from reading; X may, and that shows elsewhere."""
        return not any(pause.ours for pause in self._pauses.values())

    def _serve(self, way: Way) -> int:
        now, cursor = self._stand(way)
        pause = self._pauses.get(way.name)
        if (pause and now < pause.until) or (cursor and now < cursor.moved_at + way.every):
            return 0
        try:
            return self._look(way, now, cursor)
        except NoAnswer as away:
            self._pause(way, now, away.until, ours=False)
            log.warning("catch_up.away", way=way.name, why=str(away))
            return 0
        except Exception:
            # What was read could not be kept. X counts and bills each reading, so it
            # is not asked again at once, as the loop would.
            self._pause(way, now, None, ours=True)
            raise

    def _stand(self, way: Way) -> tuple[datetime, cursors.Cursor | None]:
        with self.book.reading() as connection:
            return self.book.now(connection), cursors.find(connection, way.name)

    def _look(self, way: Way, now: datetime, cursor: cursors.Cursor | None) -> int:
        position = cursor.position if cursor else catch_up.id_at_moment(now - _FIRST_REACH)
        caught = way.read(self.x, position, bot_id=self.bot.x_id)
        messages = [conceal(one, self.keyring, self.bot) for one in caught.messages]
        new = self.book.run(lambda c: self._keep(c, way, caught.position, messages))
        self._pauses.pop(way.name, None)
        KEPT.inc(len(new))
        _report(way, caught, new, position)
        return len(new)

    def _keep(
        self, connection: Connection, way: Way, position: str, messages: list[Message]
    ) -> frozenset[str]:
        """Keep *messages* and move the cursor past them: both, or neither."""
        now = self.book.now(connection)
        new = inbox.keep_new(connection, messages, now)
        cursors.move(connection, way.name, position, now)
        return new

    def _pause(self, way: Way, now: datetime, until: datetime | None, *, ours: bool) -> None:
        failures = self._pauses[way.name].failures + 1 if way.name in self._pauses else 0
        usual = now + min(way.every * (1 << min(failures, 10)), _PAUSE_LONGEST)
        self._pauses[way.name] = _Pause(failures, until or usual, ours)


def _report(way: Way, caught: Caught, new: frozenset[str], position: str) -> None:
    for message in caught.messages:
        if message.key in new:
            log.info("message.kept", key=message.key, form=message.form.value)
    said = log.info if new else log.debug
    said("catch_up.done", way=way.name, new=len(new), ignored=len(caught.ignored))
    if caught.gap:
        # What is missing can only come back by X's replay, within a day.
        after = written_at(position).isoformat()
        log.warning("catch_up.gap", way=way.name, after=after, seen=len(caught.messages))
