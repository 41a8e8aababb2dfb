"""A bank to which things happen: its network, its disk and its clock go wrong in turn.

Bank, X and clock are those of the simulation. X brings each body as X does: three
times more after a failure, then never again.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from network import Network
from one_thread import Clock
from sqlalchemy import event
from whole_bank import X_URL, WholeBank

from smoney_bot.channels.x.budget import Budget
from smoney_bot.channels.x.client import XClient
from smoney_bot.channels.x.pacing import Pacing
from smoney_bot.channels.x.session import Session

#: When X brings a body again that was not acknowledged (its older documentation).
_AGAIN = (timedelta(seconds=3), timedelta(seconds=30), timedelta(minutes=5))

_NO_LIMIT = 2**31 - 2  # pages of a SQLite file: its own limit is lower


@dataclass
class Letter:
    """One body on its way to the door."""

    body: bytes
    due: datetime
    failures: int = 0


class BankClock(Clock):
    """The bank's own clock: X's, unless it is *ahead* (or behind)."""

    def __init__(self, true: Clock) -> None:
        super().__init__()
        self._true = true
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        """Return the time as the bank knows it."""
        return self._true.now() + self.ahead


class TroubledBank(WholeBank):
    """The bank on the database at *url*."""

    budget = Budget()  # for X, a day

    def __init__(self, url: str) -> None:
        self.letters: list[Letter] = []
        self.lost = 0  # bodies that X brings no more
        self.failures = 0  # calls, deliveries and turns that failed
        self.network: Network | None = None
        super().__init__(url)

    def start(self) -> None:
        """Build everything that a process has in memory."""
        if self.network is None:
            self.network, self.bank_clock = Network(self.clock), BankClock(self.clock)
            self.network.carry = self.line.send
        super().start()
        self.book.clock = self.bank_clock

    def turn(self) -> None:
        """Let X bring what is due, and every loop of the bank have its turn, whatever fails."""
        self._bring()
        for serve in (self._count, self._send, self.timers.serve, self.catching_up.serve):
            # The service logs what fails, and its loop goes on.
            try:
                serve()
            except Exception:  # noqa: BLE001 - as the loop does
                self.failures += 1

    def pass_time(self, seconds: float, step: float = 5.0) -> None:
        """Let time pass, with a turn in every *step* (seconds)."""
        end = self.clock.time + timedelta(seconds=seconds)
        while self.clock.time < end:
            self.turn()
            self.clock.time += timedelta(seconds=step)

    def _count(self) -> None:
        while self.counter.serve():
            pass

    def _send(self) -> None:
        while self.sender.serve():
            pass

    def _bring(self) -> None:
        self.letters += [Letter(body, self.clock.time) for body in self.mail]
        self.mail.clear()
        waiting, self.letters = self.letters, []
        for letter in waiting:
            if letter.due > self.clock.time:
                self.letters.append(letter)
            elif not self._brought(letter.body):
                self._again(letter)

    def _brought(self, body: bytes) -> bool:
        with suppress(Exception):
            return self.deliver(body) == 200
        return False

    def _again(self, letter: Letter) -> None:
        self.failures += 1
        if letter.failures == len(_AGAIN):
            self.lost += 1
            return
        letter.due = self.clock.time + _AGAIN[letter.failures]
        letter.failures += 1
        self.letters.append(letter)

    def _client(self) -> XClient:
        """Return a client as the daemon has it: it keeps X's pace."""
        client = super()._client()
        session = Session(X_URL, gate=Pacing(self.book, self.budget))
        assert self.network is not None
        session.mount("http://", self.network)
        client._x.session = session  # noqa: SLF001 - in place of the line
        return client


class Disk:
    """The disk under a bank on SQLite: while it is *full*, the file grows by no page."""

    def __init__(self, bank: TroubledBank) -> None:
        self.full = False
        writer = bank.book._writer  # noqa: SLF001 - where pages are limited
        with closing(sqlite3.connect(writer.url.database or "")) as raw:
            raw.execute("VACUUM")  # no free page is left, so that the file has to grow soon
        event.listen(writer, "checkout", self._measure)

    def _measure(self, connection: Any, *_: object) -> None:  # noqa: ANN401 - the driver's
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages if self.full else _NO_LIMIT}")
