"""Sabotages of the service: each takes away one thing that it relies on.

They are put on by `monkeypatch` and must be noticed by the tests beside; one that
is not noticed tells of a hole in the tests.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection

from smoney_bot import channels
from smoney_bot.bank import answering, case, paying, policy, redaction, teller
from smoney_bot.bank.customers import Customer
from smoney_bot.bank.desk import Outcome, Reply
from smoney_bot.bank.errors import TryLater
from smoney_bot.bank.messages import ClearMessage
from smoney_bot.bank.money import Cents
from smoney_bot.bank.orders import grammar
from smoney_bot.book import cards, guards, inbox, ledger, outbox, pins
from smoney_bot.book import codes as code_records
from smoney_bot.channels.x import posts
from smoney_bot.web import webhook
from smoney_bot.workers import counter, records, sender

Sabotage = Callable[[pytest.MonkeyPatch], None]


def _nothing(*_: object, **__: object) -> None:
    return None


def replies_in_another_transaction(patch: pytest.MonkeyPatch) -> None:
    """Write the answers after the money is committed."""
    later: list[Reply] = []
    serve = counter.Counter.serve

    def keep_back(_connection: Connection, replies: Iterable[Reply], _now: datetime) -> None:
        later.extend(replies)

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


def blind_resend(patch: pytest.MonkeyPatch) -> None:
    """Send again without looking."""
    patch.setattr(sender.Sender, "_find", _nothing)


def unknown_is_unsent(patch: pytest.MonkeyPatch) -> None:
    """Take a reply that may be out for one that is not."""
    patch.setattr(outbox, "unknown", outbox.wait)
    wait = outbox.wait

    def forgetful(connection: Connection, pending: outbox.Pending, **facts: Any) -> None:  # noqa: ANN401
        wait(connection, replace(pending, look_first=False), **facts)

    patch.setattr(outbox, "wait", forgetful)


def limits_ignored(patch: pytest.MonkeyPatch) -> None:
    """Do not count what was sent in a day."""
    patch.setattr(policy, "check_day", _nothing)


def reset_ignored(patch: pytest.MonkeyPatch) -> None:
    """Ask X again before the limit ends."""
    patch.setattr(sender.Sender, "_close", _nothing)
    record = sender.Sender._record  # noqa: SLF001 - what is sabotaged

    def hasty(self: Any, connection: Any, pending: Any, fate: Any) -> None:  # noqa: ANN401
        if isinstance(fate, channels.Wait):
            fate = channels.Wait(None, fate.why)
        record(self, connection, pending, fate)

    patch.setattr(sender.Sender, "_record", hasty)


def attempts_uncounted(patch: pytest.MonkeyPatch) -> None:
    """Check any number of codes."""

    def count(guard: guards.Guard, attempts: int, _now: datetime) -> tuple[guards.Guard, Any]:
        return guard, guards.Reserved(True, attempts, None)  # noqa: FBT003 - named in the class

    patch.setattr(guards, "count", count)


def payee_by_handle(patch: pytest.MonkeyPatch) -> None:
    """Pay whoever bore the name in the book, instead of whom X marked."""

    def known(one: case.Case, pay: Any) -> Customer | None:  # noqa: ANN401 - as the order's
        bearers = [c for c in one.desk.customers.values() if c.handle == pay.payee.handle]
        return bearers[0] if bearers else None

    def payees(_asked: Any, _handles: Any) -> Any:  # noqa: ANN401 - as the records'
        return ["111111111", "333333333", "444444444", "555555555"]

    patch.setattr(paying, "_known_payee", known)
    patch.setattr(records, "_payees", payees)


def codes_forever(patch: pytest.MonkeyPatch) -> None:
    """Let a code work again and again."""
    patch.setattr(cards, "use_up", _nothing)


def pins_forever(patch: pytest.MonkeyPatch) -> None:
    """Let a PIN that everybody has seen work again."""
    patch.setattr(pins, "use_up", _nothing)


def code_kept_when_refused(patch: pytest.MonkeyPatch) -> None:
    """Use a code up only if the order is carried out."""
    decision = teller._decision  # noqa: SLF001 - what is sabotaged

    def lenient(one: case.Case, outcome: Any, reason: str = "") -> Any:  # noqa: ANN401
        decided = decision(one, outcome, reason)
        return replace(decided, uses=()) if reason else decided

    patch.setattr(teller, "_decision", lenient)


def any_code_is_right(patch: pytest.MonkeyPatch) -> None:
    """Pay without looking at the code."""
    patch.setattr(case.Case, "check_code", _nothing)


def edits_accepted(patch: pytest.MonkeyPatch) -> None:
    """Take an edited post for a new one."""
    as_message = posts.as_message

    def fresh(post: posts.Post, *, bot_id: str) -> ClearMessage:
        return as_message(replace(post, chain=()), bot_id=bot_id)

    patch.setattr(posts, "as_message", fresh)


def private_mode_ignored(patch: pytest.MonkeyPatch) -> None:
    """Obey public orders of those who went private."""
    patch.setattr(teller, "_was_private", lambda *_: False)


def freeze_ignored(patch: pytest.MonkeyPatch) -> None:
    """Go on paying from a frozen account."""
    patch.setattr(paying, "State", SimpleNamespace(FROZEN=None, CLOSED=None))


def old_orders_carried_out(patch: pytest.MonkeyPatch) -> None:
    """Pay however old the order is."""
    patch.setattr(policy, "check_age", _nothing)


def ceiling_ignored(patch: pytest.MonkeyPatch) -> None:
    """Let any amount through."""
    patch.setattr(policy, "check_amount", _nothing)


def funds_ignored(patch: pytest.MonkeyPatch) -> None:
    """Pay what is not there."""
    patch.setattr(policy, "check_funds", _nothing)


def float_cents(patch: pytest.MonkeyPatch) -> None:
    """Count money in floats."""

    def floating(whole: int, cents: int = 0) -> Cents:
        return Cents(int(float(f"{whole}.{cents:02}") * 100))

    patch.setattr(grammar, "euros", floating)


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


def sending_leaves_no_trace(patch: pytest.MonkeyPatch) -> None:
    """Do not note that a reply is being sent."""
    patch.setattr(sender, "LEASE", timedelta(days=3650))


def payee_never_told(patch: pytest.MonkeyPatch) -> None:
    """Answer nobody."""
    patch.setattr(answering, "to_author", lambda *_, **__: ())


SABOTAGES: tuple[Sabotage, ...] = (
    replies_in_another_transaction,
    key_by_delivery,
    blind_resend,
    codes_forever,
    any_code_is_right,
    code_kept_when_refused,
    codes_in_another_transaction,
    acknowledged_before_kept,
    unknown_is_unsent,
    reset_ignored,
    attempts_uncounted,
    payee_by_handle,
    pins_forever,
    limits_ignored,
    edits_accepted,
    private_mode_ignored,
    freeze_ignored,
    old_orders_carried_out,
    ceiling_ignored,
    funds_ignored,
    float_cents,
    transfer_forgets_target,
    failure_means_done,
    leases_never_end,
    sending_leaves_no_trace,
    payee_never_told,
)
