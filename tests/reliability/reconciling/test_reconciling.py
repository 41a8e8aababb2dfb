"""What X's webhooks lose comes back by its lists: everything once, and soon.

Full count (`SMONEY_RELIABILITY=full`): on each engine 5,000 orders in three
hours: one without any webhook, one in which the whole service is away, one with
a fifth of the webhooks lost. X shows no more and answers no more often than the
real one; time is the simulation's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
import whole_bank
from lossy_bank import LossyBank, Reconciling
from reliability_figures import FULL, SEED, chance, record
from sqlalchemy import Connection, make_url
from structlog.testing import capture_logs
from whole_bank import hasten

from smoney_bot.bank.errors import TryLater
from smoney_bot.bank.redaction import conceal
from smoney_bot.book import cursors
from smoney_bot.workers.catching_up import CatchingUp, Way

MINUTES = 60 if FULL else 2
#: X shows the latest 800 mentions, so no more of them may wait in the second phase.
ORDERS = (2_000, 700, 2_300) if FULL else (12, 12, 12)

_move = cursors.move


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Spare hashes and log lines."""
    hasten(monkeypatch)
    with capture_logs():
        yield


class FailsToMove(Reconciling):
    """As long as the service is away the database is, too: what is read first cannot be kept."""

    def before_return(self) -> None:
        left = ["mentions", "directs"]

        def move(connection: Connection, name: str, position: str, now: datetime) -> None:
            if name in left:
                left.remove(name)
                raise TryLater("the database is away or busy")
            _move(connection, name, position, now)

        cursors.move = move


class EarlyCursor(CatchingUp):
    """A sabotage: moves the cursor first, and keeps then what it has read."""

    def _look(self, way: Way, now: datetime, cursor: cursors.Cursor | None) -> int:
        position = cursor.position if cursor else "0"
        caught = way.read(self.x, position, bot_id=self.bot.x_id)
        self.book.run(lambda c: _move(c, way.name, caught.position, now))
        messages = [conceal(one, self.keyring, self.bot) for one in caught.messages]
        return len(self.book.run(lambda c: self._keep(c, way, caught.position, messages)))


def _reconcile(url: str) -> tuple[list[str], Reconciling]:
    """Run it in a thread of its own: a browser of another test may hold this one's loop."""

    def work() -> tuple[list[str], Reconciling]:
        dice = chance("reconciling")
        bank = LossyBank(url, dice)
        try:
            running = FailsToMove(bank, dice, MINUTES, ORDERS)
            return running.run(), running
        finally:
            bank.close()

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as beside:
        patch.setattr(cursors, "move", _move)  # put back at the end
        return beside.submit(work).result()


def test_what_webhooks_lose_is_applied_once_and_soon(book_url: str) -> None:
    started = time.monotonic()
    violations, running = _reconcile(book_url)
    slowest = max(running.caught_up_after, default=None)
    record(
        "webhooks lost",
        engine=make_url(book_url).get_backend_name(),
        counted=f"{sum(ORDERS):,} orders",
        violations=len(violations),
        seconds=time.monotonic() - started,
        seed=SEED,
        note=f"{MINUTES} min without webhooks, {MINUTES} min away, then a fifth lost;"
        f" caught up after {slowest} at most (virtual)",
    )
    assert violations == []


def test_the_count_notices_a_cursor_that_moves_before_the_commit(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    monkeypatch.setattr(whole_bank, "CatchingUp", EarlyCursor)
    violations, _ = _reconcile(sqlite_url)
    assert any(one.startswith("not applied") for one in violations)
