"""Nineteen scenarios: what customers do, phase by phase, and what X does meanwhile.

Between two phases the bank comes to rest. A phase acts on the local X alone (no
customer notices that the bank died), or is what an operator did, by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from invariants import visible
from one_thread import START
from sqlalchemy import Connection
from whole_bank import BOT, BY_HANDLE, PIN, WholeBank, card

from smoney_bot.bank.money import euros
from smoney_bot.bank.policy import ASK_LIFE, HOLD_LIFE
from smoney_bot.book import collections, customers
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


def _edited_meanwhile(bank: WholeBank) -> None:
    """The post is edited before it is answered, and X does not say that the answer is out."""
    _answer_lost(bank)
    bank.world.edit(bank.said[-1], "@Smoney what a day")


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


def _given(bank: WholeBank) -> None:
    """Two people give to a collection that the operator has opened."""
    with bank.points.at_rest():
        bank.book.run(_open_collection)
    write(bank, "alice", f"#20 @entraide #jardin #{card('alice')[0]}")
    post(bank, "bob", f"#30 @entraide #jardin #{card('bob')[0]}")


def _open_collection(connection: Connection) -> None:
    owner = customers.by_handle(connection, "entraide")
    assert owner is not None
    collections.open_collection(
        connection,
        tag="jardin",
        owner=owner,
        title="Un jardin",
        goal=euros(1000),
        ends_at=None,
        all_or_nothing=True,
        now=START,
    )


def _gone_back(bank: WholeBank) -> None:
    """The operator ends the collection below its goal."""
    with bank.points.at_rest():
        bank.book.run(lambda c: collections.end(c, 1, START))


def _paid_out(bank: WholeBank) -> None:
    """The operator ends the collection, whose goal has been lowered and reached."""
    with bank.points.at_rest():
        bank.book.run(_reach)
    _gone_back(bank)


def _reach(connection: Connection) -> None:
    connection.exec_driver_sql("UPDATE collections SET goal_cents = 5000")
    collections.note_reached(connection, [1], START)


def _held(bank: WholeBank) -> None:
    write(bank, "alice", "#help")  # so that she can be told what becomes of it
    post(bank, "alice", f"#20 @mallory #{card('alice')[0]}")


def _enrolled(bank: WholeBank) -> None:
    bank.enrol("mallory")


def _taken_back(bank: WholeBank) -> None:
    (held,) = (text for _, text in visible(bank) if " set aside for " in text)
    write(bank, "alice", f"#cancel {held.rpartition(' ')[2]}")


def _a_week_later(bank: WholeBank) -> None:
    bank.clock.time += max(HOLD_LIFE, ASK_LIFE)


def _shared(bank: WholeBank) -> None:
    write(bank, "bob", "#help")
    write(bank, "carol", "#help")
    bank.settle()
    write(bank, "alice", "split 60 @bob @carol")


def _part_paid(bank: WholeBank) -> None:
    (told,) = (text for _, text in visible(bank) if "shared" in text)
    write(bank, "bob", f"#pay {told.rpartition(' ')[2]} #{card('bob')[0]}")


SCENARIOS: dict[str, tuple[Phase, ...]] = {
    "paid": (_paid,),
    "declined": (_declined,),
    "refused": (_refused,),
    "waiting and confirmed": (_waiting, _confirmed),
    "cancelled": (_waiting, _cancelled),
    "private": (_private, _paid_in_private),
    "reply rejected": (_deleted_at_once,),
    "reply unknown": (_answer_lost,),
    "reply unknown, post edited": (_edited_meanwhile,),
    "rate limited": (_rate_limited,),
    "two authors in a batch": (_two_authors,),
    "direct messages": (_by_direct,),
    "quote": (_quoted,),
    "held and paid": (_held, _enrolled),
    "held and taken back": (_held, _taken_back, _enrolled),
    "held and returned": (_held, _a_week_later),
    "shared, paid and ended": (_shared, _part_paid, _a_week_later),
    "gifts given back": (_given, _gone_back),
    "gifts paid out": (_given, _paid_out),
}
