"""Twelve scenarios: what customers do, phase by phase, and what X does meanwhile.

Between two phases the bank comes to rest. A phase acts on the local X alone: no
customer notices that the bank died.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from invariants import visible
from whole_bank import BOT, BY_HANDLE, PIN, WholeBank, card

from smoney_bot.channels.sandbox.faults import Fault

Phase = Callable[[WholeBank], None]

_POSTS = ("POST", "/2/tweets")


def post(bank: WholeBank, handle: str, words: str) -> None:
    """Let somebody address the bot in public."""
    bank.world.post(BY_HANDLE[handle].x_id, f"@Smoney {words}")


def write(bank: WholeBank, handle: str, words: str) -> None:
    """Let somebody write to the bot alone."""
    bank.world.send_direct(BY_HANDLE[handle].x_id, BOT.x_id, words)


def _paid(bank: WholeBank) -> None:
    post(bank, "alice", f"#20 @bob #{card('alice')[0]}")


def _declined(bank: WholeBank) -> None:
    post(bank, "alice", "#20 @bob #01000000")


def _refused(bank: WholeBank) -> None:
    post(bank, "alice", f"#251 @bob #{card('alice')[0]}")


def _waiting(bank: WholeBank) -> None:
    post(bank, "alice", "#20 @bob")


def _confirmed(bank: WholeBank) -> None:
    write(bank, "alice", f"#{card('alice')[0]}")


def _cancelled(bank: WholeBank) -> None:
    (answer,) = (text for _, text in visible(bank))
    write(bank, "alice", f"#cancel {answer.rpartition(' ')[2]}")


def _private(bank: WholeBank) -> None:
    post(bank, "alice", "#private")


def _paid_in_private(bank: WholeBank) -> None:
    write(bank, "alice", f"#20 @bob #{PIN}")


def _deleted_at_once(bank: WholeBank) -> None:
    _paid(bank)
    bank.world.delete(bank.world.timeline(1)[0].id)


def _answer_lost(bank: WholeBank) -> None:
    bank.faults.script(*_POSTS, Fault(status=503, done=True))
    _paid(bank)


def _rate_limited(bank: WholeBank) -> None:
    reset = bank.clock.time + timedelta(minutes=15)
    headers = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": f"{reset.timestamp():.0f}"}
    bank.faults.script(*_POSTS, Fault(status=429, headers=headers))
    _paid(bank)


def _two_authors(bank: WholeBank) -> None:
    post(bank, "alice", f"#20 @entraide #{card('alice')[0]}")
    post(bank, "bob", f"#30 @entraide #{card('bob')[0]}")


def _by_direct(bank: WholeBank) -> None:
    write(bank, "bob", "#help")
    write(bank, "alice", f"#20 @bob #{card('alice')[0]}")


def _quoted(bank: WholeBank) -> None:
    _paid(bank)
    of = bank.world.timeline(1)[0].id
    words = f"@Smoney #20 @bob #{card('carol')[0]}"
    bank.world.post(BY_HANDLE["carol"].x_id, words, quote_of=of)


SCENARIOS: dict[str, tuple[Phase, ...]] = {
    "paid": (_paid,),
    "declined": (_declined,),
    "refused": (_refused,),
    "waiting and confirmed": (_waiting, _confirmed),
    "cancelled": (_waiting, _cancelled),
    "private": (_private, _paid_in_private),
    "reply rejected": (_deleted_at_once,),
    "reply unknown": (_answer_lost,),
    "rate limited": (_rate_limited,),
    "two authors in a batch": (_two_authors,),
    "direct messages": (_by_direct,),
    "quote": (_quoted,),
}
