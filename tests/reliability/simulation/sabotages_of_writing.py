"""Sabotages of the writing: what is kept, when, in which transaction, and once."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, update

from smoney_bot.bank import redaction
from smoney_bot.bank.desk import Outcome, Reply
from smoney_bot.bank.errors import TryLater
from smoney_bot.bank.messages import ClearMessage
from smoney_bot.book import codes as code_records
from smoney_bot.book import inbox, ledger, outbox, tables
from smoney_bot.web import webhook
from smoney_bot.workers import counter, records, sender


def replies_in_another_transaction(patch: pytest.MonkeyPatch) -> None:
    """Write the answers after the money is committed."""
    later: list[Reply] = []
    serve = counter.Counter.serve

    def keep_back(
        _connection: Connection, replies: Iterable[Reply], _now: datetime
    ) -> list[outbox.Unfit]:
        later.extend(replies)
        return []

    def serve_then_write(self: counter.Counter) -> int:
        later.clear()
        served = serve(self)
        replies = list(later)
        if replies:
            self.book.run(lambda c: outbox.put(c, replies, self.book.now(c)))
        return served

    patch.setattr(records, "outbox", SimpleNamespace(put=keep_back))
    patch.setattr(counter.Counter, "serve", serve_then_write)


def codes_in_another_transaction(patch: pytest.MonkeyPatch) -> None:
    """Use codes up after the money is committed."""
    later: list[Any] = []
    serve = counter.Counter.serve

    def serve_then_use(self: counter.Counter) -> int:
        later.clear()
        served = serve(self)
        for uses, now in later:
            self.book.run(lambda c, uses=uses, now=now: code_records.use_up(c, uses, now))  # type: ignore[misc] # bound at once
        return served

    kept = {name: getattr(code_records, name) for name in code_records.__all__}
    kept["use_up"] = lambda _c, uses, now: later.append((uses, now))
    patch.setattr(records, "codes", SimpleNamespace(**kept))
    patch.setattr(counter.Counter, "serve", serve_then_use)


def acknowledged_before_kept(patch: pytest.MonkeyPatch) -> None:
    """Say 200 whatever became of the message."""
    keep = webhook.Door._keep  # noqa: SLF001 - what is sabotaged

    async def hopeful(self: webhook.Door, delivery: Any) -> None:  # noqa: ANN401 - as the door's
        try:
            await keep(self, delivery)
        except TryLater:
            return

    patch.setattr(webhook.Door, "_keep", hopeful)


def key_by_delivery(patch: pytest.MonkeyPatch) -> None:
    """Name a message by its delivery instead of its post."""
    numbers = itertools.count(1)
    conceal = redaction.conceal

    def renamed(message: ClearMessage, *others: Any) -> Any:  # noqa: ANN401 - passed through
        return conceal(replace(message, key=f"t:{next(numbers)}"), *others)

    patch.setattr(webhook, "conceal", renamed)


def failure_means_done(patch: pytest.MonkeyPatch) -> None:
    """Close a message that failed as if it had asked for nothing."""

    def close(self: counter.Counter, claimed: Iterable[Any], _error: Exception) -> None:
        decided = [inbox.Decided(one, Outcome.IGNORED, "failed") for one in claimed]
        self.book.run(lambda c: inbox.finish(c, decided, self.book.now(c)))

    patch.setattr(counter.Counter, "_put_back", close)
    patch.setattr(counter, "TryLater", ZeroDivisionError)


def leases_never_end(patch: pytest.MonkeyPatch) -> None:
    """Keep what a dead process had in hand for ever."""
    patch.setattr(counter, "LEASE", timedelta(days=3650))


def sending_leases_never_end(patch: pytest.MonkeyPatch) -> None:
    """Keep the replies that a dead process was sending for ever."""
    patch.setattr(sender, "LEASE", timedelta(days=3650))


def transfer_forgets_target(patch: pytest.MonkeyPatch) -> None:
    """Take the money, and give it to nobody."""
    move = ledger._move  # noqa: SLF001 - what is sabotaged

    def half(connection: Connection, booked: Iterable[Any]) -> None:
        move(connection, booked)
        for one in booked:
            connection.exec_driver_sql(
                "UPDATE balances SET balance_cents = balance_cents - 1"  # noqa: S608 - ids of ours
                f" WHERE account_id = {one.target} AND balance_cents > 0"
            )

    patch.setattr(ledger, "_move", half)


def key_by_arrival(patch: pytest.MonkeyPatch) -> None:
    """Keep a message anew each time it arrives, as if its key were not unique."""
    numbers = itertools.count(1)
    row = inbox._row  # noqa: SLF001 - what is sabotaged

    def another(message: Any) -> Any:  # noqa: ANN401 - as the inbox's
        return {**row(message), "key": f"{message.key}/{next(numbers)}"}

    patch.setattr(inbox, "_row", another)


def crashed_taken_at_once(patch: pytest.MonkeyPatch) -> None:
    """Blame a message for whatever kills every process soon after its start."""
    patch.setattr(counter, "PROVEN_AFTER", timedelta(0))


def lease_without_fence(patch: pytest.MonkeyPatch) -> None:
    """Let whoever had a message once write its end, however late."""
    table = tables.inbox
    mine = (table.c.id == bindparam("row_id")) & (table.c.fence >= bindparam("held_fence"))
    unfenced = update(table).where(mine).values(lease_until=None)
    patch.setattr(inbox, "_held", unfenced)
    patch.setattr(inbox, "_FINISH", inbox._finishing(unfenced))  # noqa: SLF001 - what is sabotaged


def deletions_ignored(patch: pytest.MonkeyPatch) -> None:
    """Carry out what was taken back before it was read."""
    patch.setattr(records, "deletions", SimpleNamespace(among=lambda *_: frozenset()))
